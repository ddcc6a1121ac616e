"""Who the patient is and where the disease stands: cancer, histology, recurrence, biopsy, intervals (2.1).

The course of the disease is laid out by :mod:`~fhir_mappings.features.course`; here it is concluded from.
"""

from __future__ import annotations

import calendar
import datetime as dt
from collections.abc import Iterable, Mapping
from typing import Final

from fhir_mappings.features import statements
from fhir_mappings.features.course import (
    BIOPSY,
    CANCER,
    MALIGNANT,
    MAY_BE_CERVICAL,
    SUSPECTED,
    DiseaseCourse,
    Rule,
    Timeline,
    counts,
    is_cervical,
    is_pathology,
)
from fhir_mappings.features.fields import Histology, Sex, Windows
from fhir_mappings.features.radiotherapy import Course
from fhir_mappings.features.statements import (
    CONTRADICTION,
    STATED,
    Statement,
    counted,
    decides,
    happened,
    newer,
    settle,
    sorted_evidence,
)
from fhir_mappings.findings import Amount, Choice, Evidence, Feature, Finding, Moment
from fhir_mappings.history import (
    ClinicalStatus,
    Concepts,
    Diagnosis,
    Exposure,
    Fact,
    History,
    Occurrence,
    Patient,
    Verification,
)
from fhir_mappings.kleene import Tri
from fhir_mappings.partial_dates import PartialDate, before
from fhir_mappings.value_sets import groups

NUMBER: Final = "own-recurrence-number"

_GONE: Final = frozenset({ClinicalStatus.REMISSION, ClinicalStatus.RESOLVED})
_CANCER_OR_HISTORY: Final[Concepts] = CANCER | groups.CERVICAL_CANCER_HISTORY_POSSIBLE
_ANY_CANCER: Final[Concepts] = groups.OTHER_PRIMARY_CANCER | groups.CANCER_SITE_UNSPECIFIED
_OWN_BIOPSY: Final = frozenset({BIOPSY})
_HISTOLOGY: Final[Mapping[Histology, groups.Group]] = {
    Histology.SQUAMOUS: groups.HISTOLOGY_SQUAMOUS,
    Histology.ADENOCARCINOMA: groups.HISTOLOGY_ADENOCARCINOMA,
    Histology.ADENOSQUAMOUS: groups.HISTOLOGY_ADENOSQUAMOUS,
    Histology.NEUROENDOCRINE: groups.HISTOLOGY_NEUROENDOCRINE,
    Histology.OTHER: groups.HISTOLOGY_OTHER,
}
_ANY_HISTOLOGY: Final[Concepts] = frozenset().union(*_HISTOLOGY.values())
_SEXES: Final[Mapping[str, Sex]] = {
    **dict.fromkeys(("female-typical", "female", "f"), Sex.FEMALE),
    **dict.fromkeys(("male-typical", "male", "m"), Sex.MALE),
    **dict.fromkeys(("complex", "specified", "other", "oth"), Sex.OTHER),
}


def derive_disease(
    history: History, today: dt.date, windows: Windows, *, courses: tuple[Course, ...], prior_pelvic_rt: Finding
) -> tuple[dict[str, Feature], Timeline]:
    """Identity and disease (decision model 2.1).

    Args:
        history: the history.
        today: facts dated later do not count.
        windows: limits; of these ``persistent_months`` is used here.
        courses: radiotherapy on record.
        prior_pelvic_rt: the finding of :mod:`~fhir_mappings.features.radiotherapy`; an explicit no of radiotherapy is
            part of "never treated".

    Returns:
        The features by name, and the timeline that sites and treatment build on.
    """
    cancer = _cervical_cancer(history, today)
    other = _other_primary(history, today)
    course = DiseaseCourse(history, today, courses, other)
    recurrence = _recurrence(course, prior_pelvic_rt)
    timeline = Timeline(
        course.treated_until,
        course.evidence_since,
        course.advanced_since,
        other,
        course.worsened,
    )
    since = Moment()
    if recurrence.is_yes and course.evidence_since is not None:
        first = [sign.evidence for sign in course.present if sign.date is not None]
        since = Moment(course.evidence_since, sorted_evidence(first)[:1])
    end = _primary_end(course)
    features: dict[str, Feature] = {
        "deceased": _deceased(history.patient),
        "sex_param": _sex(history.patient),
        "evidence_of_cervix": _evidence_of_cervix(history, today),
        "age": _age(history.patient, today),
        "cervical_cancer": cancer,
        "cancer_disowned": _disowned(history),
        "other_primary_cancer": other,
        "histology": _histology(course),
        "primary_treatment_end": end,
        "recurrence": recurrence,
        "recurrence_suspected": _suspected(course),
        "recurrence_date": since,
        "persistent": _persistent(course, recurrence, windows),
        "recurrence_number": _number(course, recurrence),
        "biopsy_proof": _biopsy(course, recurrence),
        "disease_free_interval": _interval(course, recurrence),
    }
    return features, timeline


# ------------------------------------------------------------------------------------------------ who the patient is


def _deceased(patient: Patient | None) -> Finding:
    if patient is None or patient.deceased is Tri.UNKNOWN:
        return Finding()
    text = "recorded as deceased" if patient.deceased is Tri.YES else "recorded as not deceased"
    return Finding(patient.deceased, (Evidence(patient.reference, text),))


def _sex(patient: Patient | None) -> Choice[Sex]:
    """Sex for clinical use, else birth sex, else gender; a code that says nothing passes on to the next."""
    if patient is None:
        return Choice()
    for code, label in (
        (patient.sex_for_clinical_use, "sex for clinical use"),
        (patient.birth_sex, "birth sex"),
        (patient.gender, "administrative gender"),
    ):
        sex = _SEXES.get(code.casefold())
        if sex is not None:
            return Choice(sex, (Evidence(patient.reference, f"{label}: {sex.value}"),))
    return Choice()


def _evidence_of_cervix(history: History, today: dt.date) -> Finding:
    """Yes by sex for clinical use, birth sex, a gynaecological procedure or pathology (G3); never no."""
    found: list[Evidence] = []
    patient = history.patient
    if patient is not None:
        for code, label in (
            (patient.sex_for_clinical_use, "sex for clinical use"),
            (patient.birth_sex, "birth sex"),
        ):
            if _SEXES.get(code.casefold()) is Sex.FEMALE:
                found.append(Evidence(patient.reference, f"{label}: female"))
    places = groups.SITE_CERVIX | {"site-uterus"}
    found += [
        Evidence(item.reference, "procedure on cervix or uterus", item.end or item.start)
        for item in history.treatments
        if item.occurrence is Occurrence.DONE
        and happened(item.start or item.end, today)
        and (decides(item, groups.GYNAECOLOGICAL_PROCEDURE) or (item.body_sites & places and not item.text_only))
    ]
    found += [
        Evidence(item.reference, "cervix or uterus removed", item.date)
        for item in history.diagnoses_about(groups.GYNAECOLOGICAL_PROCEDURE)
        if decides(item, groups.GYNAECOLOGICAL_PROCEDURE) and counts(item, today)
    ]
    found += [
        Evidence(item.reference, "pathology of cervix or uterus", item.date)
        for item in statements.values(history, groups.TUMOUR_MORPHOLOGY | {BIOPSY}, today)
        if item.body_sites & places
    ]
    return Finding(Tri.YES, sorted_evidence(found)) if found else Finding()


def _age(patient: Patient | None, today: dt.date) -> Amount:
    if patient is None or patient.birth is None or patient.birth.earliest > today:
        return Amount(unit="years")
    birth = patient.birth
    youngest = max(0, _years(birth.latest, today))
    return Amount(
        youngest,
        _years(birth.earliest, today),
        "years",
        evidence=(Evidence(patient.reference, f"born {birth}"),),
    )


def _years(birth: dt.date, today: dt.date) -> int:
    return today.year - birth.year - ((today.month, today.day) < (birth.month, birth.day))


# --------------------------------------------------------------------------------------------------------- the cancer


def _cervical_cancer(history: History, today: dt.date) -> Finding:
    """Yes by a confirmed Condition of any clinical status, history included; the record never says no."""
    sure: list[Evidence] = []
    maybe: list[Evidence] = []
    for item in history.diagnoses_about(MAY_BE_CERVICAL):
        if counts(item, today) and is_cervical(item):
            sure.append(Evidence(item.reference, item.text or "cervical cancer", item.date))
        elif not item.disowned and item.concepts & _CANCER_OR_HISTORY:
            maybe.append(Evidence(item.reference, item.text or "possibly cervical cancer", item.date))
    if sure:
        return Finding(Tri.YES, sorted_evidence(sure))
    return Finding(possible=sorted_evidence(maybe))


def _disowned(history: History) -> Finding:
    """Whether every cervical cancer record was refuted or entered in error (scope row G1)."""
    records = [item for item in history.diagnoses_about(CANCER) if item.concepts & CANCER]
    evidence = sorted_evidence(
        Evidence(item.reference, "refuted or entered in error", item.date) for item in records if item.disowned
    )
    if not records:
        return Finding()
    if len(evidence) == len(records):
        return Finding(Tri.YES, evidence)
    owned = [Evidence(item.reference, "cervical cancer", item.date) for item in records if not item.disowned]
    return Finding(Tri.NO, sorted_evidence(owned))


def _other_primary(history: History, today: dt.date) -> Finding:
    """Another primary cancer, of any clinical status; a record that lists none does not say that there is none."""
    sure: list[Evidence] = []
    maybe: list[Evidence] = []
    for item in history.diagnoses_about(_ANY_CANCER):
        named = decides(item, groups.OTHER_PRIMARY_CANCER)
        # A code of unstated organ with a body site away from the cervix names another organ's cancer.
        placed = decides(item, groups.CANCER_SITE_UNSPECIFIED) and bool(item.body_sites & groups.SITE_OTHER_DISTANT)
        if item.disowned or not (named or placed) or is_cervical(item) or not happened(item.date, today):
            continue
        evidence = Evidence(item.reference, item.text or "another primary cancer", item.date)
        (sure if item.verification is Verification.CONFIRMED else maybe).append(evidence)
    return Finding(Tri.YES if sure else Tri.UNKNOWN, sorted_evidence(sure), sorted_evidence(maybe))


# ---------------------------------------------------------------------------------------------------------- recurrence


def _recurrence(course: DiseaseCourse, prior_pelvic_rt: Finding) -> Finding:
    """Rules (a) to (e) of the decision model, and the ways to no; the newest statement wins.

    A no needs complete diagnoses, observations and reports, each of which could hold a newer sign (SAFE-05).
    """
    signs = sorted_evidence(sign.evidence for sign in course.signs)
    doubts = sorted_evidence(sign.evidence for sign in course.suspicions)
    remissions = course.remissions
    free = [each.evidence for each in remissions]
    if course.signs:
        if not remissions or _outlasts(course, remissions):
            return Finding(Tri.YES, signs, doubts)
        # A clinical status is of today, whatever the date of its Condition.
        standing = any(
            sign.rule is Rule.STATUS or newer(remissions[-1].date, sign.date) is not Tri.YES for sign in course.signs
        )
        if standing:
            return Finding(evidence=sorted_evidence([*signs, *free]), possible=doubts, note=CONTRADICTION)
    elif not remissions:
        return _without_signs(course, prior_pelvic_rt, doubts)
    last = remissions[-1]
    if any(newer(last.date, sign.date) is not Tri.YES for sign in course.suspicions):
        return Finding(possible=doubts, note="suspected again after remission")
    return _no(course, (last.evidence,))


def _outlasts(course: DiseaseCourse, remissions: list[Statement[bool]]) -> bool:
    """Whether a sign of recurrence holds against the remissions on record.

    A dated sign does when it is newer than the last remission. A status without a date of its own (the clinicalStatus
    of a Condition that began with the primary) does when every remission can be the one after primary treatment, that
    is, when no sign of recurrence and no salvage treatment came before it.
    """
    last = remissions[-1].date
    if any(newer(sign.date, last) is Tri.YES for sign in course.signs):
        return True
    standing = [sign for sign in course.signs if sign.rule is Rule.STATUS]
    earlier = [sign for sign in course.signs if sign.rule is not Rule.STATUS]
    return bool(standing) and not earlier and len(course.episodes) <= 1 and last is not None


def _without_signs(course: DiseaseCourse, prior_pelvic_rt: Finding, doubts: tuple[Evidence, ...]) -> Finding:
    if never := _never_treated(course, prior_pelvic_rt):
        return _no(course, never)
    if doubts:
        return Finding(possible=doubts)
    cured = [item for item in course.cancers if item.clinical in _GONE]
    if cured:
        text = "cervical cancer recorded as in remission or resolved"
        return _no(course, sorted_evidence(Evidence(item.reference, text, item.date) for item in cured))
    return Finding()


def _no(course: DiseaseCourse, evidence: tuple[Evidence, ...]) -> Finding:
    matters = frozenset(
        CANCER | groups.METASTASIS | groups.RECURRENCE_STATED | groups.DISEASE_STATUS | {BIOPSY, SUSPECTED}
    )
    keys = ("conditions", "diagnosticReports", *STATED)
    if hindrance := statements.obstacle(course.history, keys, matters):
        return Finding(evidence=evidence, note=hindrance)
    return Finding(Tri.NO, evidence)


def _never_treated(course: DiseaseCourse, prior_pelvic_rt: Finding) -> tuple[Evidence, ...]:
    """Evidence that neither radiotherapy nor surgery nor drugs were ever given; empty unless it is explicit."""
    refused = [
        Evidence(item.reference, "operation not done", item.end or item.start)
        for item in course.history.treatments
        if item.occurrence is Occurrence.NOT_DONE and decides(item, groups.SURGERY)
    ]
    given = any(
        item.exposure is not Exposure.NOT_TAKEN and item.concepts & groups.SYSTEMIC_ANTINEOPLASTICS
        for item in course.history.drugs
    )
    operated = any(
        item.occurrence not in (Occurrence.NOT_DONE, Occurrence.PLANNED)
        and item.concepts & (groups.SURGERY | groups.CHEMOTHERAPY_DRUG_UNSPECIFIED)
        for item in course.history.treatments
    )
    drugs = ("procedures", "medicationStatements", "medicationAdministrations", "medicationRequests")
    hindrance = statements.obstacle(course.history, drugs, frozenset(groups.SURGERY | groups.SYSTEMIC_ANTINEOPLASTICS))
    if not (refused and prior_pelvic_rt.is_no) or given or operated or hindrance or course.episodes or course.undated:
        return ()
    return sorted_evidence([*refused, *prior_pelvic_rt.evidence])


def _suspected(course: DiseaseCourse) -> Finding:
    """A suspicion on record (scope row G6): stated, provisional, imaging, or a sign that needs a date or an origin."""
    yes, no = "recurrence suspected, as stated", "recurrence not suspected, as stated"
    said = statements.stated(course.history, SUSPECTED, course.today, yes=yes, no=no)
    evidence = [sign.evidence for sign in course.suspicions]
    if evidence or said.is_yes:
        return Finding(Tri.YES, sorted_evidence([*evidence, *(said.evidence if said.is_yes else ())]), said.possible)
    return said


def _primary_end(course: DiseaseCourse) -> Moment:
    possible = sorted_evidence(course.undated)
    if not course.episodes:
        return Moment(possible=possible, note="date of treatment not recorded" if possible else "")
    first = course.episodes[0]
    return Moment(first.end, sorted_evidence(first.evidence), possible)


def _persistent(course: DiseaseCourse, recurrence: Finding, windows: Windows) -> Finding:
    """Whether the first evidence came within the given months after primary treatment."""
    if recurrence.is_no:
        return Finding(Tri.NO, recurrence.evidence)
    if course.primary_end is None or course.first_since is None or not recurrence.is_yes:
        return Finding()
    limit = PartialDate(
        _months_on(course.primary_end.earliest, windows.persistent_months),
        _months_on(course.primary_end.latest, windows.persistent_months),
    )
    value = ~before(limit, course.first_since)
    return Finding(value, _both_ends(course), note="exact dates needed" if value is Tri.UNKNOWN else "")


def _months_on(day: dt.date, months: int) -> dt.date:
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return dt.date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


def _both_ends(course: DiseaseCourse) -> tuple[Evidence, ...]:
    first = [sign.evidence for sign in course.signs if sign.date == course.first_since]
    last = course.episodes[0].evidence[-1:] if course.episodes else ()
    return sorted_evidence([*last, *first])


def _interval(course: DiseaseCourse, recurrence: Finding) -> Amount:
    """Months from the end of primary treatment to the first evidence of the first recurrence."""
    if course.primary_end is None or course.first_since is None or not recurrence.is_yes:
        return Amount(unit="months")
    low = _months_between(course.primary_end.latest, course.first_since.earliest)
    high = _months_between(course.primary_end.earliest, course.first_since.latest)
    return Amount(low, high, "months", course.first_since, _both_ends(course))


def _months_between(start: dt.date, end: dt.date) -> float:
    """Whole calendar months and the rest as a share of 31 days, so that the same day of the month is a whole number."""
    whole = (end.year - start.year) * 12 + end.month - start.month
    if _months_on(start, whole) > end:
        whole -= 1
    return round(whole + (end - _months_on(start, whole)).days / 31, 2)


def _number(course: DiseaseCourse, recurrence: Finding) -> Amount:
    """Stated, else recurrences separated by completed curative salvage, as far as the record is complete."""
    said = settle(counted(course.history, frozenset({NUMBER}), course.today, "recurrences"))
    if said.value is not None:
        return Amount.exactly(said.value, date=said.date, evidence=said.evidence)
    if said.contradicted:
        return Amount(evidence=said.evidence, note=CONTRADICTION)
    hindrance = statements.obstacle(
        course.history, ("procedures",), frozenset(groups.RADIOTHERAPY | groups.SURGERY_MAJOR)
    )
    if not recurrence.is_yes or hindrance:
        return Amount(note=hindrance)
    salvage = course.episodes[1:]
    rounds = len(salvage) + (1 if course.present and course.treated_until == _last_end(course) else 0)
    evidence = sorted_evidence([*recurrence.evidence, *(each for episode in salvage for each in episode.evidence)])
    if not course.present:
        return Amount(max(1, len(salvage)), 1 + len(salvage), evidence=evidence)
    return Amount.exactly(max(1, rounds), evidence=evidence)


def _last_end(course: DiseaseCourse) -> PartialDate | None:
    return course.episodes[-1].end if course.episodes else None


# ------------------------------------------------------------------------------------------------- biopsy and histology


def _biopsy(course: DiseaseCourse, recurrence: Finding) -> Finding:
    """Malignant pathology on or after the first evidence of the present disease; benign when that is the newest.

    Our own code speaks of the recurrence by definition, so it also counts where no treatment date places it. A no needs
    complete observations, questionnaire answers and reports.
    """
    said: list[Statement[bool]] = []
    maybe: list[Evidence] = []
    own = {item.reference for item in course.history.observed_about(_OWN_BIOPSY) if BIOPSY in item.concepts}
    for date, evidence in course.malignant:
        placed = course.of_present(date)
        if (
            evidence.reference in own
            and placed is Tri.UNKNOWN
            and course.primary_end is None
            and date is not None
            and not recurrence.is_no
        ):
            placed = Tri.YES
        if placed is Tri.YES:
            said.append(Statement(True, date, evidence))
        elif placed is Tri.UNKNOWN:
            maybe.append(evidence)
    yes, no = "biopsy shows cancer", "biopsy shows no cancer"
    firm, loose = statements.answers(course.history, BIOPSY, course.today, yes=yes, no=no)
    said += [
        each
        for each in firm
        if not each.value and (course.treated_until is None or newer(each.date, course.treated_until) is Tri.YES)
    ]
    maybe += [*loose, *_unread_pathology(course)]
    verdict = settle(said)
    possible = sorted_evidence(maybe)
    if verdict.contradicted:
        return Finding(evidence=verdict.evidence, possible=possible, note=CONTRADICTION)
    if verdict.value is None:
        return Finding(possible=possible)
    if verdict.value:
        return Finding(Tri.YES, verdict.evidence)
    keys = ("diagnosticReports", *STATED)
    hindrance = statements.obstacle(course.history, keys, frozenset(groups.TUMOUR_MORPHOLOGY | {BIOPSY}))
    if hindrance or possible:
        return Finding(evidence=verdict.evidence, possible=possible, note=hindrance)
    return Finding(Tri.NO, verdict.evidence)


def _unread_pathology(course: DiseaseCourse) -> Iterable[Evidence]:
    """Reports of biopsies that only a person can read, dated with the present disease."""
    for report in course.history.reports:
        unread = report.free_text and report.concepts & groups.BIOPSY and not report.conclusions & MALIGNANT
        if unread and course.of_present(report.date) is not Tri.NO and happened(report.date, course.today):
            yield Evidence(report.reference, "biopsy report whose result is free text", report.date)


def _histology(course: DiseaseCourse) -> Choice[Histology]:
    """The newest confirmed type; pathology of the present disease goes before everything older."""
    fresh: list[Statement[Histology]] = []
    older: list[Statement[Histology]] = []
    mixed: list[Evidence] = []
    for fact, concepts, date in _typed(course):
        if concepts.isdisjoint(_ANY_HISTOLOGY):
            continue
        kinds = [kind for kind, group in _HISTOLOGY.items() if concepts & group]
        evidence = Evidence(fact.reference, ", ".join(kind.value for kind in kinds), date)
        if len(kinds) > 1:
            mixed.append(evidence)
        else:
            is_fresh = not isinstance(fact, Diagnosis) and course.of_present(date) is Tri.YES
            (fresh if is_fresh else older).append(Statement(kinds[0], date, evidence))
    verdict = settle(fresh or older)
    possible = sorted_evidence(mixed)
    if verdict.contradicted:
        return Choice(None, verdict.evidence, possible, CONTRADICTION)
    return Choice(verdict.value, verdict.evidence, possible)


def _typed(course: DiseaseCourse) -> Iterable[tuple[Fact, frozenset[str], PartialDate | None]]:
    """Facts that can name the type of the cervical cancer, with the concepts that do."""
    for item in course.cancers:
        yield item, item.concepts | item.morphology, item.date
    for observation in statements.values(course.history, groups.TUMOUR_MORPHOLOGY, course.today):
        if not course.foreign(observation):
            yield observation, observation.value.concepts, observation.date
    for report in course.history.reports:
        if is_pathology(report, course.today):
            yield report, report.conclusions, report.date
