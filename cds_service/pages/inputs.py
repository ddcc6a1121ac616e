"""The inputs page (TR-07): each fact that rules read, its codes, its age limits, and what happens when it is missing.

Which codes stand behind a fact is not written down here but was measured: every concept of the value sets was put into
a record, and the facts that changed were noted (``measured.json``).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from functools import cache
from typing import Final

from cds_service.cards import label
from cds_service.guideline import thresholds as t
from cds_service.guideline.draft_order_checks import ORDER_FACTS
from cds_service.guideline.judgements import JUDGEMENTS, read_by
from cds_service.guideline.missing_data import prompt_for
from cds_service.guideline.thresholds import Threshold
from cds_service.pages.measured import measured
from cds_service.pages.tables import tables
from cds_service.published.value_sets import group_id
from fhir_mappings.features.fields import FEATURES, RecurrenceFeatures
from fhir_mappings.findings import Amount, Choice, Finding, Moment
from fhir_mappings.value_sets import CONCEPTS, GROUPS
from fhir_mappings.value_sets.systems import SYSTEM_NAMES

KIND_WORDS: Final[Mapping[type, str]] = {
    Finding: "yes, no or unknown",
    Amount: "number or unknown",
    Choice: "one of several, or unknown",
    Moment: "date or unknown",
}
_STAGING: Final = (
    *("site_central_pelvic", "site_pelvic_sidewall", "site_pelvic_nodal", "site_paraaortic", "site_distant"),
    *("site_lung", "site_mediastinum", "site_liver", "site_bone", "site_brain", "site_peritoneal"),
    *("site_supraclavicular", "site_inguinal", "site_other_distant", "isolated_chest", "n_distant_lesions"),
    *("pelvic_node_count", "adequate_staging", "pet_ct_recent", "pelvic_mri_recent"),
)
AGE_LIMITS: Final[Mapping[str, tuple[Threshold, ...]]] = {
    **dict.fromkeys(_STAGING, (t.STAGING_DAYS,)),
    **dict.fromkeys(
        ("sign_leg_oedema_unilateral", "sign_sciatic_pain", "sign_hydronephrosis", "sidewall_triad"), (t.SIGNS_DAYS,)
    ),
    "central_size_cm": (t.CENTRAL_SIZE_DAYS,),
    "pregnant": (t.PREGNANCY_DAYS, t.PREGNANCY_TEST_DAYS),
    "ecog": (t.ECOG_FRESH_DAYS, t.ECOG_USABLE_DAYS),
    **dict.fromkeys(("creatinine", "crcl"), (t.CREATININE_ORDER_DAYS, t.CREATININE_OVERVIEW_DAYS)),
    **dict.fromkeys(("weight_kg", "bsa_m2"), (t.WEIGHT_DAYS,)),
    **dict.fromkeys(("anc", "platelets", "hb"), (t.BLOOD_COUNT_DAYS,)),
    **dict.fromkeys(("bilirubin_xuln", "ast_alt_xuln"), (t.LIVER_DAYS,)),
    **dict.fromkeys(("bp_systolic", "bp_diastolic"), (t.BLOOD_PRESSURE_DAYS,)),
    **dict.fromkeys(
        ("urine_dipstick", "urine_protein_creatinine_ratio", "urine_protein_24h", "urine_protein"),
        (t.URINE_PROTEIN_DAYS,),
    ),
}
"""Feature -> how old a record may be; the facts left out have no limit (an earlier treatment stays one)."""

UNITS: Final[Mapping[str, str]] = {
    "age": "years, from the date of birth",
    "central_size_cm": "cm (mm is converted)",
    "ecog": "score 0 to 5; a Karnofsky score is translated",
    "pdl1_cps": "combined positive score 0 to 100, no unit; a tumour proportion score does not count",
    "her2_ihc": "score 0 to 3",
    "creatinine": "mg/dL (umol/L and mmol/L are converted)",
    "crcl": "mL/min, measured, or by Cockcroft and Gault from creatinine, weight, age and sex",
    "anc": "per mm3 (10*9/L, 10*3/uL are converted)",
    "platelets": "per mm3 (10*9/L, 10*3/uL are converted)",
    "hb": "g/dL (g/L is converted)",
    "bilirubin_xuln": "times the upper limit that the laboratory states",
    "ast_alt_xuln": "times the upper limit that the laboratory states",
    "bp_systolic": "mm[Hg] (kPa is converted)",
    "bp_diastolic": "mm[Hg] (kPa is converted)",
    "urine_protein_creatinine_ratio": "mg/mg (mg/g, mg/mmol, g/mol are converted)",
    "urine_protein_24h": "g in 24 hours (mg is converted)",
    "weight_kg": "kg (g and pounds are converted)",
    "height_cm": "cm (m, mm, inches and feet are converted)",
    "bsa_m2": "m2, recorded, or from height and weight",
    "disease_free_interval": "months",
    "gestation_weeks": "weeks",
}
"""Feature -> unit that rules use, and what is converted into it; a value without a unit that needs one is not used."""

MISSING_EVENT: Final = "Not recorded is not taken for absent: it is listed under “Confirm before treating”."
MISSING_ALONE: Final = "Rows that need it are possible at most, and the card lists it as not known."


@dataclass(frozen=True, slots=True)
class CodeList:
    """A published list of codes: the id of its ValueSet, what it means, how many codes, of which systems."""

    id: str
    meaning: str
    codes: int
    systems: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class InputView:
    """One fact about the patient.

    Attributes:
        name: the feature; names it in the decisions extension, and is its fragment.
        label: its words on cards.
        kind: what values it takes.
        event: an event is never asked for, only listed for confirmation.
        mcode: the mCODE element that carries it, where one does.
        unit: unit and conversions; empty for what has none.
        age_limits: how old a record may be.
        missing: what happens when it is not known.
        rows: ids of rows that read it outright.
        through: judgements and order facts that rest on it, in words.
        patient: elements of Patient that change it.
        codes: published lists of the codes that change it.
    """

    name: str
    label: str
    kind: str
    event: bool
    mcode: str
    unit: str
    age_limits: tuple[str, ...]
    missing: str
    rows: tuple[str, ...]
    through: tuple[str, ...]
    patient: tuple[str, ...]
    codes: tuple[CodeList, ...]


def _concept_list(name: str) -> CodeList:
    concept = CONCEPTS[name]
    return CodeList(name, concept.title, len(concept.rows), _systems((name,)))


def _systems(names: Iterable[str]) -> tuple[str, ...]:
    found = {row.system for name in names for row in CONCEPTS[name].rows}
    return tuple(sorted(SHORT_NAMES.get(system, system) for system in found))


SHORT_NAMES: Final[Mapping[str, str]] = {uri: name for name, uri in SYSTEM_NAMES.items()}
"""URI of a code system -> its short name in the value set files."""


def code_lists(concepts: Iterable[str]) -> tuple[CodeList, ...]:
    """The fewest published lists that hold these concepts: the largest groups first, then single concepts."""
    left = set(concepts)
    wanted = frozenset(left)
    lists: list[CodeList] = []
    whole = sorted(
        ((name, group) for name, group in GROUPS.items() if len(group) > 1 and group <= wanted),
        key=lambda each: (-len(each[1]), each[0]),
    )
    for name, group in whole:
        if len(group & left) == len(group):
            lists.append(
                CodeList(
                    group_id(name),
                    group.meaning.rstrip("."),
                    sum(len(CONCEPTS[c].rows) for c in group),
                    _systems(group),
                )
            )
            left -= group
    return (*lists, *(_concept_list(name) for name in sorted(left)))


@cache
def read_by_rows() -> Mapping[str, tuple[str, ...]]:
    """Feature, judgement or order fact -> ids of the rows that read it outright, in the order of the tables."""
    found: dict[str, dict[str, None]] = {}
    for table in tables():
        for row in table.rows:
            for name, _ in row.reads:
                found.setdefault(name, {})[row.id] = None
    return {name: tuple(rows) for name, rows in found.items()}


@cache
def rests_on(name: str) -> frozenset[str]:
    """The features of the patient that a feature, judgement or order fact comes to in the end."""
    if name in FEATURES:
        return frozenset({name})
    parts = read_by(name) if name in JUDGEMENTS else measured().order_facts.get(name, ())
    return frozenset(each for part in parts for each in rests_on(part))


def _through(name: str) -> tuple[str, ...]:
    return tuple(label(each) for each in (*JUDGEMENTS, *ORDER_FACTS) if name in rests_on(each))


def _missing(name: str) -> str:
    if FEATURES[name].event:
        return MISSING_EVENT
    prompt = prompt_for(name)
    if prompt is None:
        return MISSING_ALONE
    return f"Asked for: “{prompt.title}” {prompt.changes}"


def _limit(threshold: Threshold) -> str:
    return f"{threshold.show()} ({threshold.meaning})"


@cache
def inputs() -> tuple[InputView, ...]:
    """Every feature in the order of the decision model."""
    kinds = {each.name: type(each.default) for each in fields(RecurrenceFeatures)}
    rows = read_by_rows()
    return tuple(
        InputView(
            name=name,
            label=question.label,
            kind=KIND_WORDS[kinds[name]],
            event=question.event,
            mcode=question.mcode,
            unit=UNITS.get(name, ""),
            age_limits=tuple(map(_limit, AGE_LIMITS.get(name, ()))),
            missing=_missing(name),
            rows=rows.get(name, ()),
            through=_through(name),
            patient=tuple(element for element, names in measured().patient.items() if name in names),
            codes=code_lists(measured().features.get(name, ())),
        )
        for name, question in FEATURES.items()
    )
