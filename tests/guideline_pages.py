"""What the guideline pages show and only a run can tell: ``cds_service/pages/measured.json``.

``python -m tests.guideline_pages`` (``make pages``) writes it anew, and the stored copy of the current version with it:

- of each row, the vignettes in which it speaks and those in which it has to stay silent;
- of each feature, the concepts whose presence in a record changes it, found by trying every concept of the value sets;
- of each order fact, the features that it rests on, found by making every feature known in turn;
- which features change with the patient's date of birth, and which with the sex recorded.

A test compares the file with a new run, so that the pages never tell of another state of the code.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import msgspec

from cds_service.guideline import knowledge
from cds_service.guideline.decide import Occasion, decide
from cds_service.guideline.draft_order_checks import CHECKS, order_facts
from cds_service.guideline.rule import Decided
from cds_service.guideline.thresholds import WINDOWS
from cds_service.pages import measured as facts
from cds_service.pages import releases, render, tables
from fhir_mappings import versions
from fhir_mappings.features.derive import derive
from fhir_mappings.features.fields import FEATURES, Purpose, RecurrenceFeatures
from fhir_mappings.findings import Amount, Feature, Finding, Moment
from fhir_mappings.history import (
    Allergy,
    ClinicalStatus,
    Dose,
    DraftOrder,
    DrugRecord,
    History,
    Intent,
    Laterality,
    Patient,
    Priority,
    Value,
)
from fhir_mappings.kleene import Tri
from fhir_mappings.partial_dates import PartialDate
from fhir_mappings.value_sets import CONCEPTS, groups
from tests.history_builders import TODAY, diagnosis, drug, history, observed, plan, report, treatment
from tests.vignette import Vignette, vignettes

FILE: Final = Path(__file__).parents[1] / "cds_service" / "pages" / "measured.json"
KEPT: Final = FILE.parent / releases.FOLDER
SHOWN: Final = 3
"""Vignettes named for each row and side; the rest is counted."""
RECENT: Final = -5
HER: Final = Patient(reference="Patient/p", birth=PartialDate.on(dt.date(1970, 1, 1)), gender="female")

# ------------------------------------------------------------------------------------------- vignettes


def _history(case: Vignette) -> History:
    return versions.read(case.record())


def _purpose(case: Vignette) -> Purpose:
    return Purpose.OVERVIEW if case.hook == Occasion.PATIENT_VIEW.value else Purpose.ORDER


def _features(case: Vignette, read: History) -> RecurrenceFeatures:
    return derive(read, today=case.today, purpose=_purpose(case), windows=WINDOWS)


def _decided(case: Vignette, read: History) -> Decided:
    return decide(_features(case, read), read.drafts, occasion=Occasion(case.hook), today=case.today)


def _speaking(case: Vignette, decided: Decided) -> set[str]:
    """Rows that put something out in the case, the scope row, and those that the vignette says fire."""
    rows = {decided.scope_row, *case.fires}
    for decision in decided.decisions:
        rows.update((decision.row, decision.code) if decision.code in tables.PROMPT_CODES else (decision.row,))
    return rows


def _silent(case: Vignette) -> set[str]:
    """Rows whose condition is no, as the vignette says, and checks whose code must not be there."""
    rows = set(case.rests)
    for never in case.never:
        if never.row:
            rows.add(never.row)
            continue
        rows.update(check.id for checks in CHECKS.values() for check in checks if check.code == never.code)
        rows.update({never.code} & tables.PROMPT_CODES)
    return rows


def _named(cases: Iterable[Vignette]) -> list[dict[str, str]]:
    """The first cases, of as many files as there are."""
    by_file: dict[str, list[Vignette]] = defaultdict(list)
    for case in cases:
        by_file[case.file].append(case)
    order = [case for depth in range(SHOWN) for several in by_file.values() for case in several[depth : depth + 1]]
    return [{"id": case.id, "story": case.story} for case in order[:SHOWN]]


def rows_shown() -> tuple[dict[str, Any], dict[str, Any]]:
    """Row -> its vignettes; and how many vignettes there are and what they cover."""
    speaking: dict[str, list[Vignette]] = defaultdict(list)
    silent: dict[str, list[Vignette]] = defaultdict(list)
    codes: set[str] = set()
    decisions = 0
    for case in vignettes():
        decided = _decided(case, _history(case))
        spoke = _speaking(case, decided)
        codes.update(decision.code for decision in decided.decisions)
        decisions += len(decided.decisions)
        for row in spoke:
            speaking[row].append(case)
        for row in _silent(case) - spoke:
            silent[row].append(case)
    rows = {
        row: {
            "speaks": len(speaking[row]),
            "speaksIn": _named(speaking[row]),
            "silent": len(silent[row]),
            "silentIn": _named(silent[row]),
        }
        for row in sorted(tables.ROW_IDS)
    }
    totals = {
        "vignettes": len(vignettes()),
        "files": len({case.file for case in vignettes()}),
        "byHook": dict(sorted(Counter(case.hook for case in vignettes()).items())),
        "decisions": decisions,
        "codesPutOut": len(codes),
        "rows": len(tables.ROW_IDS),
        "rowsThatSpeak": sum(bool(row["speaks"]) for row in rows.values()),
        "rowsWithoutVignette": sorted(row for row in tables.ROW_IDS if not speaking[row]),
    }
    return rows, totals


# ------------------------------------------------------------------------------- codes behind features


Facts = tuple[object, ...]
"""Facts of a record."""


def _before() -> Facts:
    """A proven recurrence after pelvic radiotherapy, so that what is asked only of a recurrence can be answered."""
    return (
        diagnosis("cervical-cancer", "2023-01-10", clinical=ClinicalStatus.RECURRENCE, reference="Condition/c"),
        treatment("radiotherapy-pelvis-external-beam", "2023-02-01", "2023-03-20", reference="Procedure/rt"),
        observed("own-tumour-at-site", value=True, date=-20, sites="site-cervix", reference="Observation/t"),
    )


_VALUES: Final = (
    Value(truth=True),
    Value(number=2.0),
    Value(number=2.0, unit="cm"),
    Value(token="positive"),
    Value(token="combined positive score (cps) 5"),
)


_CODED: Final = (
    *("cancer-disease-status", "tumour-morphology-observation", "ecog-performance-status", "pregnancy-test"),
    *("microsatellite-instability-result", "ret-rearrangement", "her2-immunostain"),
)
"""Observations whose value is a code."""
_UNITS: Final = ("wk", "mg/dL", "kg", "cm", "/uL", "mm[Hg]", "U/L", "m2", "g/d", "mg/mg", "mL/min")

Probe = tuple[Facts, Facts]
"""A record without the concept, and the same with it."""


def _gene(marks: frozenset[str]) -> Facts:
    component = ((frozenset({"gene-studied"}), Value(concepts=marks)),)
    value = Value(token="positive")
    return (observed("genomic-variant-result", value, RECENT, components=component, reference="Observation/g"),)


def _coded(marks: frozenset[str]) -> Facts:
    value = Value(concepts=marks)
    return tuple(observed(carrier, value, RECENT, reference=f"Observation/{carrier}") for carrier in _CODED)


def _typed(morphology: tuple[str, ...]) -> Facts:
    return (diagnosis("cervical-cancer", "2023-01-10", morphology=morphology, reference="Condition/m"),)


def _concluded(conclusions: tuple[str, ...]) -> Facts:
    return (report("biopsy-any", RECENT, conclusions=conclusions, reference="DiagnosticReport/x"),)


def _condition(name: str) -> Iterator[Probe]:
    marks = frozenset({name})
    active, side = ClinicalStatus.ACTIVE, Laterality.ONE_SIDE
    stated = diagnosis(name, RECENT, clinical=active, grade=3, laterality=side, reference="Condition/x")
    yield (), (stated,)
    yield (), (diagnosis(name, -400, clinical=ClinicalStatus.RESOLVED, reference="Condition/x"),)
    yield (), (observed(name, value=True, date=RECENT, reference="Observation/said"),)
    yield _typed(()), _typed((name,))
    yield _concluded(()), _concluded((name,))
    yield _coded(frozenset()), _coded(marks)
    yield _gene(frozenset()), _gene(marks)


def _beam(qualifiers: tuple[str, ...]) -> Facts:
    return (treatment("radiotherapy-external-beam", -90, qualifiers=qualifiers, reference="Procedure/q"),)


def _procedure(name: str) -> Iterator[Probe]:
    yield (), (treatment(name, -60, reference="Procedure/x"), treatment(name, RECENT, reference="Procedure/y"))
    yield _beam(()), _beam((name,))
    yield (), (report(name, RECENT, reference="DiagnosticReport/x"),)
    yield (), (plan(name, 20, priority=Priority.ELECTIVE, reference="ServiceRequest/x"),)


def _cycle(drugs: tuple[str, ...]) -> Facts:
    return (treatment("chemotherapy-procedure", -30, drugs=drugs, reference="Procedure/d"),)


def _medication(name: str) -> Iterator[Probe]:
    dose = Dose(value=20, unit="mg")
    taken = drug(name, -30, kind=DrugRecord.STATEMENT, current=Tri.YES, dose=dose, reference="MedicationStatement/x")
    yield (), (drug(name, -30, reference="MedicationAdministration/x"), taken)
    yield _cycle(()), _cycle((name,))
    yield (), (Allergy(reference="AllergyIntolerance/x", concepts=frozenset({name}), severe=Tri.YES),)


def _observation(name: str) -> Iterator[Probe]:
    for site in ("site-cervix", "site-bone"):
        for number, value in enumerate(_VALUES):
            yield (), (observed(name, value, RECENT, sites=site, reference=f"Observation/{number}"),)
    numbers = [Value(number=60.0, unit=unit, reference_high=40.0) for unit in _UNITS]
    yield (), tuple(observed(name, value, RECENT, reference=f"Observation/{value.unit}") for value in numbers)
    part = ((frozenset({name}), Value(number=90.0, unit="mm[Hg]")),)
    yield (), (observed("blood-pressure-panel", None, RECENT, components=part, reference="Observation/p"),)


def _sites(sites: tuple[str, ...]) -> Facts:
    """Facts that take a body site: a metastasis, radiotherapy, a tumour seen."""
    return (
        diagnosis("metastasis-from-cervical-cancer-site-unspecified", RECENT, sites=sites, reference="Condition/s"),
        treatment("radiotherapy-external-beam", "2023-02-01", "2023-03-20", sites=sites, reference="Procedure/s"),
        observed("own-tumour-at-site", value=True, date=RECENT, sites=sites, reference="Observation/s"),
    )


def _body_site(name: str) -> Iterator[Probe]:
    yield _sites(()), _sites((name,))


_PROBES: Final = {
    "condition": _condition,
    "morphology": _condition,
    "status": _condition,
    "finding": _condition,
    "procedure": _procedure,
    "medication": _medication,
    "observation": _observation,
    "body-site": _body_site,
}
_ALSO_ALONE: Final = frozenset({"condition", "status", "finding"})
"""Kinds that are tried in a bare record as well: beside a recurrence that is stated they may say nothing new."""


def _answers(facts: Facts) -> dict[str, Feature]:
    told = derive(history(*facts, patient=HER), today=TODAY, purpose=Purpose.OVERVIEW, windows=WINDOWS)
    return told.mapping()


def _changed(before: Mapping[str, Feature], after: Mapping[str, Feature]) -> set[str]:
    return {name for name in FEATURES if before[name] != after[name]}


def concepts_behind() -> dict[str, list[str]]:
    """Feature -> the concepts that change it when a record has them."""
    found: dict[str, set[str]] = {name: set() for name in FEATURES}
    bases: dict[Facts, dict[str, Feature]] = {}
    for context in (_before(), ()):
        for concept in CONCEPTS.values():
            if not context and concept.kind not in _ALSO_ALONE:
                continue
            for without, with_it in _PROBES[concept.kind](concept.name):
                bare = (*context, *without)
                if bare not in bases:
                    bases[bare] = _answers(bare)
                for feature in _changed(bases[bare], _answers((*context, *with_it))):
                    found[feature].add(concept.name)
    return {name: sorted(concepts) for name, concepts in found.items()}


# ----------------------------------------------------------------------- what order facts rest on


_COMPARED_WITH: Final = {
    "last_tv_date": "eye_exam_date",
    "recurrence_date": "pet_ct_date",
    "last_major_surgery_date": "pet_ct_date",
}
"""Dates that say something only beside another date."""


def _made_known(name: str) -> tuple[Feature, ...]:
    kind = type(getattr(RecurrenceFeatures(), name))
    if kind is Amount:
        return (Amount.exactly(2.0), Amount.exactly(20.0))
    if kind is Moment:
        return tuple(Moment(PartialDate.on(TODAY + dt.timedelta(days=days))) for days in (-3, 3))
    return (Finding(Tri.YES), Finding(Tri.NO)) if kind is Finding else ()


def _drafts() -> Iterator[tuple[DraftOrder, ...]]:
    """One draft of every family, of flat dose and of dose by weight, each with another beside it."""
    one = {
        *(sorted(groups.CISPLATIN | groups.CARBOPLATIN | groups.TOPOTECAN | groups.TISOTUMAB_VEDOTIN)),
        *("bevacizumab", "paclitaxel-formulation-unspecified", "pembrolizumab", "radiotherapy-pelvis-external-beam"),
        *sorted(groups.EXENTERATION | groups.SURGERY_MAJOR | groups.IMAGING_PET)[:6],
    }
    for concept in sorted(one):
        for unit in ("mg", "mg/kg", "mg/m2", "{AUC}"):
            draft = DraftOrder(
                reference="MedicationRequest/x",
                resource_type="MedicationRequest",
                concepts=frozenset({concept}),
                doses=(Dose(value=5, unit=unit),),
                intent=Intent.CURATIVE,
            )
            yield (draft,)


def order_facts_behind() -> dict[str, list[str]]:
    """Order fact -> the features that change it once they are known."""
    found: dict[str, set[str]] = defaultdict(set)
    for drafts in _drafts():
        for name in FEATURES:
            beside: dict[str, Feature] = {}
            if name in _COMPARED_WITH:
                beside = {_COMPARED_WITH[name]: Moment(PartialDate.on(TODAY - dt.timedelta(days=9)))}
            bare = RecurrenceFeatures(**beside)  # type: ignore[arg-type]
            before = order_facts(drafts[0], drafts, bare, TODAY)
            for known in _made_known(name):
                told = RecurrenceFeatures(**{**beside, name: known})  # type: ignore[arg-type]
                after = order_facts(drafts[0], drafts, told, TODAY)
                for fact in (each for each in before if before[each] != after[each]):
                    found[fact].add(name)
    return {fact: sorted(names) for fact, names in sorted(found.items())}


# --------------------------------------------------------------------------- birth date and sex


def patient_elements_behind() -> dict[str, list[str]]:
    """Features that change with the date of birth, and with the sex recorded, in any vignette."""
    found: dict[str, set[str]] = {"birthDate": set(), "sex": set()}
    others = {
        "birthDate": ({"birth": None}, {"birth": PartialDate.on(dt.date(1941, 5, 6))}),
        "sex": ({"gender": "", "birth_sex": "", "sex_for_clinical_use": ""}, {"birth_sex": "M", "gender": "male"}),
    }
    for case in vignettes():
        read = _history(case)
        if read.patient is None or (case.name and case.hook != Occasion.PATIENT_VIEW.value):
            continue  # variations of an order differ in the order
        told = _features(case, read).mapping()
        for element, changes in others.items():
            for change in changes:
                patient = msgspec.structs.replace(read.patient, **change)  # type: ignore[arg-type]
                found[element] |= _changed(told, _features(case, dataclasses.replace(read, patient=patient)).mapping())
    return {element: [name for name in FEATURES if name in names] for element, names in found.items()}


# ------------------------------------------------------------------------------------------- file


def measured() -> dict[str, Any]:
    """The content of the file."""
    rows, totals = rows_shown()
    return {
        "knowledge": knowledge.VERSION,
        "totals": totals,
        "rows": rows,
        "features": concepts_behind(),
        "orderFacts": order_facts_behind(),
        "patient": patient_elements_behind(),
    }


def written(content: Mapping[str, Any]) -> str:
    """The file's text."""
    return json.dumps(content, indent=1, ensure_ascii=False) + "\n"


def stored() -> releases.Stored:
    """What is kept of the current version beside its page."""
    return releases.Stored(knowledge.VERSION, knowledge.DATE, knowledge.content_hash(), releases.digests())


def page() -> str:
    """The current version as it is kept."""
    return render.whole(root=releases.ROOT_MARK, notice=releases.NOTICE_MARK)


def main() -> None:
    """Write the measured facts, then the copy of the current version, which shows them."""
    FILE.write_text(written(measured()), encoding="utf-8")
    facts.measured.cache_clear()
    KEPT.mkdir(exist_ok=True)
    kept = msgspec.json.format(msgspec.json.encode(stored()), indent=1).decode()
    KEPT.joinpath(f"{knowledge.VERSION}.json").write_text(f"{kept}\n", encoding="utf-8")
    KEPT.joinpath(f"{knowledge.VERSION}.html").write_text(page(), encoding="utf-8")


if __name__ == "__main__":
    main()
