"""Which FHIR elements the readers read, and what they say about a person (TR-05, TR-20).

Taken from the readers themselves: for each resource type the top-level elements that a reader asks for, the extensions
that it knows by URL, and the codes of the value sets. Anything else is dropped before it can reach a rule.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Final

import fhir_mappings
from fhir_mappings.r4 import draft_order, known_names, patient
from fhir_mappings.r4.source import Form
from fhir_mappings.value_sets import CONCEPTS

BOOKKEEPING: Final = frozenset({"id", "contained", "extension"})
"""Elements that say nothing of a person by themselves."""


@dataclass(frozen=True, slots=True)
class Personal:
    """Data about who a person is, as the source attributes of 45 CFR 170.315(b)(11)(iv) ask for.

    Attributes:
        key: of the source attribute.
        words: in plain words.
        elements: ``Type.element`` of FHIR, and parts of the URLs of extensions.
        codes: codes that carry it as an Observation or Condition.
    """

    key: str
    words: str
    elements: tuple[str, ...]
    codes: tuple[str, ...]


PERSONAL: Final[tuple[Personal, ...]] = (
    Personal("useOfRace", "race", ("us-core-race", "/race"), ("32624-9", "46463-6", "103579009")),
    Personal("useOfEthnicity", "ethnicity", ("us-core-ethnicity", "ethnicity"), ("69490-1", "42784-9", "397731000")),
    Personal("useOfLanguage", "language", ("Patient.communication", "Patient.language"), ("54899-0", "63898-1")),
    Personal("useOfSexualOrientation", "sexual orientation", ("sexualOrientation",), ("76690-7", "94098-1")),
    Personal("useOfGenderIdentity", "gender identity", ("genderIdentity",), ("76691-5", "46273003", "285116001")),
    Personal(
        "useOfSex",
        "sex",
        ("Patient.gender", "us-core-birthsex", "us-core-sex", "sexParameterForClinicalUse"),
        ("76689-9", "99502-7"),
    ),
    Personal("useOfDateOfBirth", "date of birth", ("Patient.birthDate",), ("21112-8", "30525-0")),
    Personal(
        "useOfSocialDeterminants",
        "social determinants of health",
        ("Patient.address", "Patient.maritalStatus", "Coverage", "Account"),
        ("93025-5", "88121-9", "71802-3", "67875-5", "76437-3", "82589-3", "63512-8", "96777-8"),
    ),
    Personal(
        "useOfHealthStatusAssessments",
        "health status assessments",
        (),
        ("89247-1", "89262-0", "82810-3", "72166-2", "44249-1", "89243-0", "11367-0"),
    ),
)
"""Source attributes (5) to (13)."""

SIGNALS: Final = (
    *(
        "Media",
        "ImagingStudy.series",
        "DocumentReference",
        "Binary",
        "MolecularSequence",
        "Observation.valueSampledData",
    ),
    *(
        "Observation.valueAttachment",
        "DiagnosticReport.media",
        "DiagnosticReport.presentedForm",
        "component.SampledData",
    ),
)
"""Images, signals and raw sequences, none of which may be read (TR-20)."""


@cache
def forms() -> tuple[Form, ...]:
    """How each FHIR version is read: ``FORM`` of every version folder, R4 first."""
    folders = [each.name for each in pkgutil.iter_modules(fhir_mappings.__path__) if each.ispkg]
    found = [getattr(importlib.import_module(f"fhir_mappings.{name}"), "FORM", None) for name in folders]
    return tuple(
        sorted((form for form in found if isinstance(form, Form)), key=lambda form: form.models.version != "R4")
    )


@cache
def elements() -> tuple[str, ...]:
    """``Type.element`` of everything that a reader of any FHIR version asks for, drafts included, sorted."""
    found = {f"Patient.{name}" for name in patient.ELEMENTS}
    for form in forms():
        found |= {f"{kind}.{name}" for kind, reader in form.readers.items() for name in reader.elements}
    found |= {f"{kind}.{name}" for kind, names in draft_order.READ.items() for name in names}
    return tuple(sorted(name for name in found if name.partition(".")[2] not in BOOKKEEPING))


@cache
def extensions() -> tuple[str, ...]:
    """URLs of the extensions that readers know, sorted; all others are dropped before a resource is read."""
    return tuple(sorted(url for url in known_names.EXTENSIONS if url.startswith("http")))


@cache
def codes() -> Mapping[str, str]:
    """Code -> concept, over all value sets; what is not among them is not looked at."""
    return {row.code: concept.name for concept in CONCEPTS.values() for row in concept.rows}


def read_of(personal: Personal) -> tuple[str, ...]:
    """The elements, extensions and codes that are read and carry this, as they stand in FHIR; empty for none."""
    places = (*elements(), *extensions())
    named = [place for place in places if any(part in place for part in personal.elements)]
    coded = [f"{codes()[code]} ({code})" for code in personal.codes if code in codes()]
    return (*named, *coded)


def signals_read() -> tuple[str, ...]:
    """Elements read that carry images, signals or raw sequences; there must be none."""
    return tuple(name for name in elements() if name.startswith(SIGNALS) or any(name == each for each in SIGNALS))
