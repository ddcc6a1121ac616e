"""Words in place of a code: what a resource without a known code may be about.

A match makes a fact ``text_only``: its concepts say what to ask the clinician about, and never decide (record
representation, "Text"). A row matches when the text holds all its parts, in any case. Words that mostly mean something
else are left out on purpose: ``cervical`` alone (the neck), ``recurrent`` alone (infections), ``PET`` alone
(petechiae). Texts that speak of somebody else, of screening, or of an absence do not count.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Final

from fhir_mappings.history import NONE, Concepts

Rows = tuple[tuple[tuple[str, ...], str], ...]
"""(parts of words in lower case, concept)."""

_NOT_ABOUT: Final = (
    "family",
    "screening",
    "vaccin",
    "no evidence",
    "negative for",
    "rule out",
    "risk of",
    "fear of",
    "denies",
    "without",
    "in situ",
    "intraepithelial",
    "benign",
)

_PROCEDURES: Final[Rows] = (
    (("radiother",), "radiotherapy-any"),
    (("radiation th",), "radiotherapy-any"),
    (("radiation treat",), "radiotherapy-any"),
    (("radiation oncol", "treat"), "radiotherapy-any"),
    (("irradiation",), "radiotherapy-any"),
    (("external beam",), "radiotherapy-external-beam"),
    (("brachyther",), "radiotherapy-brachytherapy"),
    (("chemoradi",), "chemoradiation"),
    (("radiochemo",), "chemoradiation"),
    (("chemother",), "chemotherapy-procedure"),
    (("immunother", "cancer"), "chemotherapy-procedure"),
    (("exenterat",), "pelvic-exenteration"),
    (("radical hysterectom",), "radical-hysterectomy"),
    (("hysterectom",), "hysterectomy-extent-unspecified"),
    (("trachelectom",), "trachelectomy"),
    (("lymphadenectom",), "lymphadenectomy-site-unspecified"),
    (("ectomy",), "surgery-any"),
    (("laparotom",), "surgery-any"),
    (("laparoscop",), "surgery-any"),
    (("resection",), "surgery-any"),
    (("colostomy",), "surgery-any"),
    (("ileostomy",), "surgery-any"),
    (("surgery",), "surgery-any"),
    (("slit lamp",), "own-slit-lamp-examination"),
    (("slit-lamp",), "own-slit-lamp-examination"),
    (("hospice",), "own-hospice"),
)
_EXAMINATIONS: Final[Rows] = (
    (("pet/ct",), "imaging-pet-ct"),
    (("pet-ct",), "imaging-pet-ct"),
    (("pet ct",), "imaging-pet-ct"),
    (("pet scan",), "imaging-pet"),
    (("positron",), "imaging-pet"),
    (("mri", "pelvi"), "imaging-mri-pelvis"),
    (("magnetic resonance", "pelvi"), "imaging-mri-pelvis"),
    (("ct", "chest", "abdomen", "pelvis"), "imaging-ct-chest-abdomen-pelvis"),
    (("biops",), "biopsy-any"),
    (("histopathol",), "biopsy-any"),
    (("surgical pathol",), "biopsy-any"),
)
_MEASURES: Final[Rows] = (
    (("combined positive score",), "own-pdl1-cps"),
    (("pd-l1", "cps"), "own-pdl1-cps"),
    (("pdl1", "cps"), "own-pdl1-cps"),
    (("pd-l1",), "pd-l1-report-text"),
    (("pdl1",), "pd-l1-report-text"),
    (("ecog",), "ecog-performance-status"),
    (("performance status",), "ecog-performance-status"),
    (("karnofsky",), "karnofsky-performance-status"),
    (("her2",), "her2-immunostain"),
    (("mismatch repair",), "mismatch-repair-protein-result"),
    (("microsatellite",), "microsatellite-instability-result"),
    (("mutational burden",), "tumour-mutational-burden"),
    (("cancer", "status"), "cancer-disease-status"),
    (("recurrence", "suspect"), "own-suspected-recurrence"),
    (("hospice",), "own-hospice"),
)
_CONDITIONS: Final[Rows] = (
    (("cervi", "cancer"), "cervical-cancer"),
    (("cervi", "carcinoma"), "cervical-cancer"),
    (("cervi", "malignan"), "cervical-cancer"),
    (("cervi", "squamous"), "cervical-cancer"),
    (("recurren", "cancer"), "recurrent-malignancy-unspecified-site"),
    (("recurren", "carcinoma"), "recurrent-malignancy-unspecified-site"),
    (("recurren", "malignan"), "recurrent-malignancy-unspecified-site"),
    (("recurren", "tumo"), "recurrent-malignancy-unspecified-site"),
    (("metasta",), "metastasis-unspecified-site"),
    (("cancer",), "cancer-any-primary"),
    (("carcinoma",), "cancer-any-primary"),
    (("malignan",), "cancer-any-primary"),
    (("radiother",), "history-of-radiotherapy"),
    (("radiation th",), "history-of-radiotherapy"),
    (("irradiation",), "history-of-radiotherapy"),
    (("chemother",), "history-of-chemotherapy"),
    (("hysterectom",), "history-of-hysterectomy"),
    (("bowel", "perforat"), "gi-perforation"),
    (("intestin", "perforat"), "gi-perforation"),
    (("gastrointestin", "perforat"), "gi-perforation"),
    (("vagin", "fistula"), "fistula-vaginal-or-genitourinary"),
    (("enter", "fistula"), "fistula-gastrointestinal"),
    (("hospice",), "own-hospice"),
    (("comfort care",), "own-hospice"),
)

TELLING: Final[dict[str, Rows]] = {
    "Condition": _CONDITIONS,
    "Procedure": (*_PROCEDURES, *_EXAMINATIONS),
    "ServiceRequest": (*_PROCEDURES, *_EXAMINATIONS),
    "Appointment": (*_PROCEDURES, *_EXAMINATIONS),
    "Observation": _MEASURES,
    "DiagnosticReport": (*_EXAMINATIONS, *_MEASURES),
    "ImagingStudy": _EXAMINATIONS,
}
"""Resource type -> rows."""

_ANY_OF_THEM: Final = {
    resource_type: re.compile("|".join(sorted({re.escape(parts[0]) for parts, _ in rows})))
    for resource_type, rows in TELLING.items()
}
"""Resource type -> the first words of its rows: nearly every text has none, and is done with by one look."""


def hinted(resource_type: str, text: str) -> Concepts:
    """Concepts that a text may point to, in a resource of that type; those that a closer one implies are dropped."""
    lower = text.lower()
    if _ANY_OF_THEM[resource_type].search(lower) is None or any(word in lower for word in _NOT_ABOUT):
        return NONE
    found = {concept for parts, concept in TELLING[resource_type] if all(part in lower for part in parts)}
    for general, closer in _IMPLIED:
        if found & closer:
            found.discard(general)
    return frozenset(found)


def hinted_by_any(resource_type: str, texts: Collection[str]) -> Concepts:
    """Concepts that any of the texts may point to; all texts are done with by one look where none has such a word."""
    if _ANY_OF_THEM[resource_type].search("\n".join(texts).lower()) is None:
        return NONE
    return NONE.union(*(hinted(resource_type, text) for text in texts))


_IMPLIED: Final[tuple[tuple[str, frozenset[str]], ...]] = (
    ("radiotherapy-any", frozenset({"radiotherapy-brachytherapy", "radiotherapy-external-beam", "chemoradiation"})),
    ("chemotherapy-procedure", frozenset({"chemoradiation"})),
    ("hysterectomy-extent-unspecified", frozenset({"radical-hysterectomy"})),
    (
        "surgery-any",
        frozenset(
            {
                *("pelvic-exenteration", "radical-hysterectomy", "hysterectomy-extent-unspecified", "trachelectomy"),
                *("lymphadenectomy-site-unspecified", "biopsy-any"),
            }
        ),
    ),
    ("imaging-pet", frozenset({"imaging-pet-ct"})),
    ("pd-l1-report-text", frozenset({"own-pdl1-cps"})),
    (
        "cancer-any-primary",
        frozenset({"cervical-cancer", "metastasis-unspecified-site", "recurrent-malignancy-unspecified-site"}),
    ),
)
"""General concept -> the closer ones beside which it says nothing more."""
