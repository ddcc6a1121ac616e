"""Events of the patient's past and present that rule a treatment out or call for care (decision model, 2.4, last row).

All are events (decision model, section 0, rule 3): not recorded stays unknown. A resolved condition counts as "ever". A
no comes only from an explicit statement inside its window while nothing is hidden; unverified codes, unconfirmed
conditions and text make a feature possible.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import Final

from msgspec.structs import replace

from fhir_mappings.features.fields import Windows
from fhir_mappings.features.measured import Measurement, amount_of, grade, graded, incomplete, measurements
from fhir_mappings.features.statements import STATED, decides, obstacle, sorted_evidence, stated
from fhir_mappings.features.weighing import (
    Said,
    about,
    conditions,
    ever,
    findings,
    future,
    in_window,
    joined,
    last_date,
    of_condition,
    postdated,
    present,
    relevant,
    sure,
    surely_before,
)
from fhir_mappings.findings import Amount, Evidence, Feature, Finding, Moment
from fhir_mappings.history import Allergy, Concepts, Exposure, History, Occurrence, Verification
from fhir_mappings.kleene import Tri
from fhir_mappings.partial_dates import PartialDate
from fhir_mappings.value_sets import groups

SEVERE: Final = 3
"""CTCAE grade from which an event is severe."""

LIFE_THREATENING: Final = 4

_KEYS: Final = ("conditions", *STATED)
_HOSPICE: Final[Concepts] = groups.HOSPICE - {"own-hospice"}
_LUNG_BLEEDING: Final = frozenset({"pulmonary-haemorrhage"})
_KERATITIS: Final = frozenset({"keratitis"})
_PNEUMONITIS: Final = groups.PNEUMONITIS | {"radiation-pneumonitis"}
_IMMUNE_EVENTS: Final = groups.MYOCARDITIS | groups.SEVERE_SKIN_REACTION | {"immune-neuropathy-or-myasthenia"}
_PACLITAXEL: Final[Concepts] = groups.PACLITAXEL_NOT_PROTEIN_BOUND
_ANY_DRUG_ALLERGY: Final = frozenset({"drug-allergy-any"})

_EVER: Final[tuple[tuple[str, Concepts, str], ...]] = (
    ("gi_perforation", groups.GI_PERFORATION, "gastrointestinal perforation"),
    ("htn_crisis", groups.HYPERTENSIVE_CRISIS, "hypertensive crisis or encephalopathy"),
    ("pres", groups.PRES, "posterior reversible encephalopathy syndrome"),
    ("nephrotic", groups.NEPHROTIC_SYNDROME, "nephrotic syndrome"),
    ("heart_failure", groups.HEART_FAILURE, "heart failure"),
    ("necrotising_fasciitis", groups.NECROTISING_FASCIITIS, "necrotising fasciitis"),
    ("ocular_severe", groups.OCULAR_SEVERE, "severe eye disease"),
)
"""Features that hold once the condition was ever recorded: name, concepts, words for the evidence."""

_ALLERGIES: Final[tuple[tuple[str, Concepts], ...]] = (
    ("allergy_cisplatin", groups.CISPLATIN),
    ("allergy_carboplatin", groups.CARBOPLATIN),
    ("allergy_paclitaxel", _PACLITAXEL),
)


def derive_events(history: History, *, today: dt.date, windows: Windows) -> dict[str, Feature]:
    """Every event feature, ``hospice`` and ``metastasis_symptoms``.

    Args:
        history: all facts.
        today: the day of the question; what is dated later is not counted.
        windows: ``signs`` bounds explicit denials and current signs, in days.

    Returns:
        Feature by field name of RecurrenceFeatures; unknown where nothing is recorded.
    """
    features: dict[str, Feature] = {
        name: _ever(history, concepts, words, today, windows) for name, concepts, words in _EVER
    }
    features |= {name: _allergy(history, concepts, today) for name, concepts in _ALLERGIES}
    features |= _fistula(history, today, windows)
    features |= _bleeding(history, today, windows)
    features |= _clots(history, today, windows)
    features |= {
        "autoimmune_active": ever(
            conditions(history, groups.AUTOIMMUNE_DISEASE, today=today, text="autoimmune disease", only_present=True)
        ),
        "transplant": _transplant(history, today),
        "irae_severe": _immune_related(history, today),
        "ocular_unresolved": _unresolved_eye(history, today),
        "pneumonitis_grade": _pneumonitis(history, today),
        "hospice": _hospice(history, today),
        "metastasis_symptoms": _symptoms(history, today, windows),
    }
    return features


def _said(history: History, concepts: Concepts, words: str, today: dt.date, windows: Windows) -> tuple[Said, ...]:
    return (
        *conditions(history, concepts, today=today, text=words),
        *findings(history, concepts, today=today, window=windows.signs, text=words),
    )


def _ever(history: History, concepts: Concepts, words: str, today: dt.date, windows: Windows) -> Finding:
    hindrance = obstacle(history, _KEYS, concepts)
    if not history.diagnoses_about(concepts) and not history.observed_about(concepts):
        return ever((), hindrance=hindrance)
    aside = postdated(history, concepts, today)
    return ever(_said(history, concepts, words, today, windows), hindrance=hindrance, aside=aside)


def _no_event(values: Iterable[Measurement], today: dt.date, windows: Windows, words: str) -> tuple[Said, ...]:
    """A stated grade 0, inside the window of signs, as an explicit no."""
    return tuple(
        Said(Tri.NO, replace(each.evidence, text=f"no {words} (grade 0)"))
        for each in values
        if each.firm and each.interval == (0, 0) and in_window(each.date, today, windows.signs) is Tri.YES
    )


# ------------------------------------------------------------------------------- fistula


def _fistula(history: History, today: dt.date, windows: Windows) -> dict[str, Feature]:
    """Active fistula (not over, or grade 4 ever) and healed fistula (resolved, below grade 4).

    Fistulas of anus or rectum alone are mostly benign: possible, unless of grade 3 or more. The newest stated grade
    counts as active from 1, as none at 0.
    """
    active: list[Said] = []
    healed: list[Said] = []
    for each in relevant(history, groups.FISTULA, today):
        worst = each.grade or 0
        benign = bool(each.concepts & groups.FISTULA_ANORECTAL) and worst < SEVERE
        certain = sure(each, groups.FISTULA | groups.FISTULA_ANORECTAL) and not benign
        said = Said(Tri.YES if certain else Tri.UNKNOWN, of_condition(each, each.text or "fistula"))
        (active if present(each, today) or worst >= LIFE_THREATENING else healed).append(said)
    grades = measurements(history, frozenset({"own-fistula-grade"}), grade, "fistula, grade")
    usable = [each for each in grades if each.interval is not None and not future(each.date, today)]
    last = [each for each in usable if not any(surely_before(each.date, other.date) for other in usable if other.firm)]
    active += _no_event(last, today, windows, "fistula")
    for stated_grade in usable:
        low, high = stated_grade.interval or (0, 0)
        if high < 1:
            continue
        now = stated_grade in last or low >= LIFE_THREATENING
        said = Said(Tri.YES if now and low >= 1 and stated_grade.firm else Tri.UNKNOWN, stated_grade.evidence)
        (active if now else healed).append(said)
    hindrance = obstacle(history, _KEYS, groups.FISTULA | {"own-fistula-grade"})
    return {"fistula_active": ever(active, hindrance=hindrance), "fistula_healed": ever(healed)}


# ------------------------------------------------------------------------------ bleeding


def _bleeding(history: History, today: dt.date, windows: Windows) -> dict[str, Feature]:
    """Grade of the latest haemorrhage, severe ones with date, vaginal bleeding now, haemoptysis, brain or lung."""
    own = measurements(history, frozenset({"own-haemorrhage-grade"}), grade, "haemorrhage, grade")
    recorded = graded(history, groups.HAEMORRHAGE, "haemorrhage", today=today, only_present=False)
    latest = incomplete(
        amount_of((*own, *recorded), unit="", today=today),
        history,
        groups.HAEMORRHAGE | {"own-haemorrhage-grade"},
        *_KEYS,
    )
    severe = _severe((*own, *recorded), today, windows)
    hindrance = obstacle(history, _KEYS, groups.HAEMORRHAGE | {"own-haemorrhage-grade"})
    severe_bleeding = ever(severe, hindrance=hindrance)
    coughed = _ever(history, groups.HAEMOPTYSIS, "haemoptysis", today, windows)
    inside = _ever(
        history,
        groups.HAEMORRHAGE_INTRACRANIAL | _LUNG_BLEEDING,
        "intracranial or pulmonary haemorrhage",
        today,
        windows,
    )
    if not inside.known and coughed.is_yes:
        inside = replace(inside, possible=sorted_evidence((*inside.possible, *coughed.evidence)))
    return {
        "haemorrhage_grade": latest,
        "severe_haemorrhage": severe_bleeding,
        "severe_haemorrhage_date": _moment(severe_bleeding),
        "vaginal_bleeding_current": _vaginal(history, today, windows),
        "haemoptysis": coughed,
        "haemoptysis_date": _moment(coughed),
        "cns_or_lung_haemorrhage": inside,
    }


def _severe(values: Iterable[Measurement], today: dt.date, windows: Windows) -> tuple[Said, ...]:
    """Haemorrhages of grade 3 or more; one of unclear grade is possible; a stated grade 0 is a no."""
    every = tuple(each for each in values if not future(each.date, today))
    said = [
        Said(Tri.YES if each.firm and each.interval is not None else Tri.UNKNOWN, each.evidence)
        for each in every
        if each.interval is None or each.interval[0] >= SEVERE
    ]
    return (*said, *_no_event(every, today, windows, "haemorrhage"))


def _vaginal(history: History, today: dt.date, windows: Windows) -> Finding:
    """Vaginal bleeding that is not over, dated within the window of signs, of grade 1, 2 or unsaid."""
    said = []
    ungraded = False
    for each in relevant(history, groups.HAEMORRHAGE_VAGINAL, today):
        if not present(each, today) or each.grade == 0 or (each.grade or 0) >= SEVERE:
            continue
        dated = in_window(each.date, today, windows.signs)
        certain = dated is Tri.YES and sure(each, groups.HAEMORRHAGE_VAGINAL)
        ungraded = ungraded or (certain and each.grade is None)
        said.append(Said(Tri.YES if certain else Tri.UNKNOWN, of_condition(each, each.text or "vaginal bleeding")))
    seen = findings(history, groups.HAEMORRHAGE_VAGINAL, today=today, window=windows.signs, text="vaginal bleeding")
    said += [
        each if in_window(each.evidence.date, today, windows.signs) is Tri.YES else Said(Tri.UNKNOWN, each.evidence)
        for each in seen
    ]
    hindrance = obstacle(history, _KEYS, groups.HAEMORRHAGE_VAGINAL)
    return ever(said, note="the grade is not recorded" if ungraded else "", hindrance=hindrance)


def _moment(event: Finding) -> Moment:
    """Newest day of an event that is yes; unknown with a note when no day is recorded."""
    if not event.is_yes:
        return Moment(possible=event.possible)
    last = last_date(event.evidence)
    note = "" if last is not None else "the date is not recorded"
    return Moment(last, event.evidence, event.possible, note)


# --------------------------------------------------------------------------------- clots


def _clots(history: History, today: dt.date, windows: Windows) -> dict[str, Feature]:
    """Arterial and venous thromboembolism; the grade is the worst recorded of the venous ones."""
    arterial = _ever(history, groups.ARTERIAL_THROMBOEMBOLISM, "arterial thromboembolism", today, windows)
    clot = groups.VENOUS_THROMBOEMBOLISM | groups.VENOUS_THROMBOEMBOLISM_HISTORY
    superficial = conditions(
        history, groups.VENOUS_THROMBOEMBOLISM_POSSIBLE, today=today, text="phlebitis or clot, vein not said"
    )
    venous = ever(
        (
            *_said(history, clot, "venous thromboembolism", today, windows),
            *(Said(Tri.UNKNOWN, each.evidence) for each in superficial),
        ),
        hindrance=obstacle(history, _KEYS, clot),
    )
    own = measurements(history, frozenset({"own-thromboembolism-grade"}), grade, "thromboembolism, grade")
    recorded = graded(history, clot, "venous thromboembolism", today=today, only_present=False)
    worst = _worst((*own, *recorded), today)
    return {
        "arterial_thromboembolism": arterial,
        "arterial_thromboembolism_date": _moment(arterial),
        "venous_thromboembolism": venous,
        "vte_grade": incomplete(worst, history, clot | {"own-thromboembolism-grade"}, *_KEYS),
    }


def _worst(values: Iterable[Measurement], today: dt.date) -> Amount:
    """The highest grade on record: what was once severe stays on record as such."""
    past = [each for each in values if not future(each.date, today)]
    known = [(each.interval, each) for each in past if each.firm and each.interval is not None]
    loose = sorted_evidence(each.evidence for each in past if not each.firm or each.interval is None)
    if not known:
        return Amount(possible=loose, note=joined(*sorted({each.cause for each in past})))
    low = max(interval[0] for interval, _ in known)
    high = max(interval[1] for interval, _ in known)
    top = sorted_evidence(each.evidence for interval, each in known if interval[1] >= high)
    return Amount(low, high, "", last_date(top), top, loose)


# ----------------------------------------------------------------------------- allergies


def _allergy(history: History, concepts: Concepts, today: dt.date) -> Finding:
    """A severe reaction to a drug: confirmed, active and severe is yes; mild only is no; the rest is possible.

    Protein-bound paclitaxel is another formulation and an allergy to an unnamed drug may be any: both are possible.
    """
    kin = groups.PACLITAXEL if concepts & groups.PACLITAXEL else concepts
    said = []
    for each in history.allergies:
        if not about(each, kin | _ANY_DRUG_ALLERGY) or future(each.date, today):
            continue
        said.append(
            Said(_severity(each, concepts), Evidence(each.reference, each.text or "allergy on record", each.date))
        )
    hindrance = obstacle(history, ("allergyIntolerances",), concepts | _ANY_DRUG_ALLERGY)
    return ever(said, hindrance=hindrance)


def _severity(allergy: Allergy, concepts: Concepts) -> Tri:
    if not decides(allergy, concepts) or allergy.verification is not Verification.CONFIRMED or not allergy.active:
        return Tri.UNKNOWN
    return allergy.severe


# ------------------------------------------------------------------ transplant and immunity


def _transplant(history: History, today: dt.date) -> Finding:
    """A transplanted solid organ, an allogeneic transplant, or graft-versus-host disease, which follows one.

    Transplanted marrow or stem cells of an unsaid donor are possible; skin, bone and cornea do not count.
    """
    said = [*conditions(history, groups.TRANSPLANT, today=today, text="transplant")]
    said += [
        Said(Tri.UNKNOWN, of_condition(each, each.text or "transplant, kind not said"))
        for each in relevant(history, groups.TRANSPLANT_POSSIBLE, today)
        if not about(each, groups.TRANSPLANT | groups.TRANSPLANT_TISSUE)
    ]
    for done in history.treatments_about(groups.TRANSPLANT):
        if future(done.start, today):
            continue
        if done.occurrence in (Occurrence.PLANNED, Occurrence.NOT_DONE):
            continue
        certain = done.occurrence is Occurrence.DONE and decides(done, groups.TRANSPLANT)
        evidence = Evidence(done.reference, done.text or "transplant", done.start)
        said.append(Said(Tri.YES if certain else Tri.UNKNOWN, evidence))
    return ever(said)


def _first_inhibitor(history: History, today: dt.date) -> PartialDate | None:
    """Day of the first immune checkpoint inhibitor that was surely given; None when there is none with a date."""
    days = [
        each.start
        for each in history.drugs_about(groups.IMMUNE_CHECKPOINT_INHIBITORS)
        if each.exposure is Exposure.GIVEN
        and decides(each, groups.IMMUNE_CHECKPOINT_INHIBITORS)
        and each.start is not None
        and not future(each.start, today)
    ]
    return min(days, key=lambda day: (day.latest, day.earliest), default=None)


def _immune_related(history: History, today: dt.date) -> Finding:
    """A permanent-stop event after a checkpoint inhibitor: myocarditis, SJS or TEN, pneumonitis 3-4, nerve disease.

    These have other causes too: without a checkpoint inhibitor on record that began before, the event is possible.
    """
    start = _first_inhibitor(history, today)
    grounds = _IMMUNE_EVENTS | groups.PNEUMONITIS | groups.AUTOIMMUNE_DISEASE
    said = []
    for each in relevant(history, _IMMUNE_EVENTS | groups.PNEUMONITIS, today):
        severe = about(each, _IMMUNE_EVENTS) or (each.grade or 0) >= SEVERE
        mild = not severe and each.grade is not None
        earlier = start is not None and each.date is not None and surely_before(each.date, start)
        if mild or earlier:
            continue
        later = start is not None and each.date is not None and each.date.earliest >= start.latest
        certain = severe and later and sure(each, grounds)
        words = of_condition(each, each.text or "possible immune-related event")
        said.append(Said(Tri.YES if certain else Tri.UNKNOWN, words))
    loose = start is None and bool(said)
    return ever(said, note="no checkpoint inhibitor with a date on record before it" if loose else "")


def _unresolved_eye(history: History, today: dt.date) -> Finding:
    """Disease of the eye surface of grade 3 or more that is not over; keratitis without a grade is possible.

    No code says "confluent"; the grade stands for it. An ulcer of the conjunctiva has no code of its own either.
    """
    said = []
    for each in relevant(history, groups.OCULAR_SURFACE, today):
        if not present(each, today):
            continue
        severe = (each.grade or 0) >= SEVERE
        if not severe and (each.grade is not None or not each.concepts & _KERATITIS):
            continue
        certain = severe and sure(each, groups.OCULAR_SURFACE | _KERATITIS | groups.OCULAR_SEVERE)
        said.append(Said(Tri.YES if certain else Tri.UNKNOWN, of_condition(each, each.text or "keratitis")))
    return ever(said)


def _pneumonitis(history: History, today: dt.date) -> Amount:
    """Highest grade of a pneumonitis that is not over, or of an earlier one of grade 3 or more."""
    now = graded(history, _PNEUMONITIS, "pneumonitis", today=today)
    over = (
        each
        for each in graded(history, _PNEUMONITIS, "pneumonitis", today=today, only_present=False)
        if each.interval is not None and each.interval[0] >= SEVERE
    )
    return incomplete(_worst((*now, *over), today), history, _PNEUMONITIS, "conditions")


# --------------------------------------------------------------- hospice, symptoms of metastasis


def _hospice(history: History, today: dt.date) -> Finding:
    """Hospice or comfort-only care: our own code (newest answer), an active order, care under way, or a condition.

    Palliative care is not hospice care. An own answer "no" beside a current order or care is a contradiction.
    """
    own = stated(history, "own-hospice", today, yes="hospice or comfort-only care", no="no hospice care")
    words = "hospice or comfort-only care"
    said = [*conditions(history, _HOSPICE, today=today, text=words, only_present=True)]
    said += [
        Said(
            Tri.YES if decides(each, _HOSPICE) else Tri.UNKNOWN, Evidence(each.reference, f"{words} ordered", each.date)
        )
        for each in history.plans
        if about(each, _HOSPICE) and each.active
    ]
    for done in history.treatments_about(_HOSPICE):
        if future(done.start, today):
            continue
        if done.occurrence in (Occurrence.PLANNED, Occurrence.NOT_DONE):
            continue
        certain = done.occurrence in (Occurrence.DONE, Occurrence.UNDER_WAY) and decides(done, _HOSPICE)
        said.append(Said(Tri.YES if certain else Tri.UNKNOWN, Evidence(done.reference, words, done.start)))
    recorded = ever(said)
    possible = sorted_evidence((*own.possible, *recorded.possible))
    if own.is_no and recorded.is_yes:
        evidence = sorted_evidence((*own.evidence, *recorded.evidence))
        return Finding(Tri.UNKNOWN, evidence, possible, "records contradict one another")
    if own.is_yes or recorded.is_yes:
        return Finding(Tri.YES, sorted_evidence((*own.evidence, *recorded.evidence)), possible)
    return replace(own, possible=possible)


def _symptoms(history: History, today: dt.date, windows: Windows) -> Finding:
    """Pain or bleeding from a metastasis: our own two codes within the window of signs, Kleene OR."""
    since = PartialDate.on(today - dt.timedelta(days=windows.signs))
    parts = [
        stated(history, code, today, yes=yes, no=no, since=since)
        for code, yes, no in (
            ("own-metastasis-pain", "painful metastasis", "no pain from metastasis"),
            ("own-metastasis-bleeding", "bleeding metastasis", "no bleeding from metastasis"),
        )
    ]
    value = parts[0].value | parts[1].value
    decisive = [each for each in parts if each.value is value]
    return Finding(
        value,
        sorted_evidence(item for each in decisive for item in each.evidence),
        sorted_evidence(item for each in parts for item in each.possible),
        joined(*(each.note for each in decisive)),
    )
