"""Who the patient is and where the disease stands: cancer, histology, recurrence, biopsy, intervals (2.1).

Recurrence can only be told from first treatment and what came after it, so the history is first laid out as episodes of
curative treatment with signs of disease between them (:class:`Timeline`); every other feature reads from that.
"""

from __future__ import annotations

import calendar
import datetime as dt
import enum
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from fhir_mappings.features import radiotherapy, statements
from fhir_mappings.features.fields import Histology, Sex, Windows
from fhir_mappings.features.radiotherapy import Reach
from fhir_mappings.features.statements import (
    CONTRADICTION,
    STATED,
    Statement,
    counted,
    decides,
    happened,
    newer,
    order,
    settle,
    sorted_evidence,
)
from fhir_mappings.findings import Amount, Choice, Evidence, Feature, Finding, Moment
from fhir_mappings.history import (
    ClinicalStatus,
    Diagnosis,
    Exposure,
    Fact,
    History,
    Intent,
    Observed,
    Occurrence,
    Patient,
    Report,
    Treatment,
    Verification,
)
from fhir_mappings.kleene import Tri
from fhir_mappings.partial_dates import PartialDate, before, days
from fhir_mappings.value_sets import groups

SPECIMEN_DAYS: Final = 42
"""Pathology and new diagnoses up to six weeks after an operation describe what was removed, not a recurrence."""

PARTS_DAYS: Final = 183
"""Parts of one treatment (surgery, then radiotherapy) follow each other within half a year; later ones are salvage."""

SUSPECTED: Final = "own-suspected-recurrence"
BIOPSY: Final = "own-biopsy-malignant"
NUMBER: Final = "own-recurrence-number"

_CANCER: Final = frozenset(groups.CERVICAL_CANCER | groups.CERVICAL_CANCER_HISTORY)
_BACK: Final = frozenset({ClinicalStatus.RECURRENCE, ClinicalStatus.RELAPSE})
_GONE: Final = frozenset({ClinicalStatus.REMISSION, ClinicalStatus.RESOLVED})
_OVER: Final = _GONE | {ClinicalStatus.INACTIVE}
_STATED_METASTASIS: Final = groups.CERVICAL_CANCER_SEPARATE_METASTASIS
"""The code itself names cervical cancer as the origin: no other primary can explain it."""

_CURATIVE_SURGERY: Final = frozenset(
    {
        *("radical-hysterectomy", "hysterectomy-total", "hysterectomy-extent-unspecified", "trachelectomy"),
        *("uterus-resection-component", "cervix-resection-component", "cervical-stump-excision"),
        *groups.EXENTERATION,
    }
)
_HISTOLOGY: Final[Mapping[Histology, groups.Group]] = {
    Histology.SQUAMOUS: groups.HISTOLOGY_SQUAMOUS,
    Histology.ADENOCARCINOMA: groups.HISTOLOGY_ADENOCARCINOMA,
    Histology.ADENOSQUAMOUS: groups.HISTOLOGY_ADENOSQUAMOUS,
    Histology.NEUROENDOCRINE: groups.HISTOLOGY_NEUROENDOCRINE,
    Histology.OTHER: groups.HISTOLOGY_OTHER,
}
_MALIGNANT: Final = frozenset().union(groups.MALIGNANT_MORPHOLOGY, *_HISTOLOGY.values())
_M1: Final = re.compile(r"[cpyra]*m1[abc]?")
_SEXES: Final[Mapping[str, Sex]] = {
    **dict.fromkeys(("female-typical", "female", "f"), Sex.FEMALE),
    **dict.fromkeys(("male-typical", "male", "m"), Sex.MALE),
    **dict.fromkeys(("complex", "specified", "other", "oth"), Sex.OTHER),
}


@dataclass(frozen=True, slots=True)
class Timeline:
    """What later features need to know of the course of the disease.

    Attributes:
        treated_until: end of the last completed curative treatment before the present disease; None when unknown.
        evidence_since: first evidence of the present disease (sign or suspicion); None when unknown.
        advanced_since: first evidence of any recurrence, or of metastasis of the primary; systemic treatment before it
            was part of primary treatment.
        other_primary: another primary cancer that could explain a metastasis.
        worsened: disease statuses "worsened", oldest first.
    """

    treated_until: PartialDate | None = None
    evidence_since: PartialDate | None = None
    advanced_since: PartialDate | None = None
    other_primary: Finding = Finding()
    worsened: tuple[Statement[bool], ...] = ()


class _Rule(enum.Enum):
    """Why a record is a sign of recurrence (decision model 2.1, letters of the recurrence row)."""

    STATUS = "a"
    CODE = "b"
    SECONDARY = "c"
    BIOPSY = "d"
    WORSENED = "e"
    SUSPICION = "G6"


@dataclass(frozen=True, slots=True)
class _Sign:
    """A record that speaks of disease after treatment."""

    rule: _Rule
    date: PartialDate | None
    evidence: Evidence
    attributed: bool = True
    """Whether it surely belongs to the cervical cancer rather than to another primary."""


@dataclass(frozen=True, slots=True)
class _Episode:
    """Curative treatments that belong together; ``end`` is the last day, ``surgery`` the ends of its operations."""

    end: PartialDate
    evidence: tuple[Evidence, ...]


@dataclass(frozen=True, slots=True)
class _Curative:
    start: PartialDate
    end: PartialDate
    evidence: Evidence
    operation: bool


def derive_disease(
    history: History, today: dt.date, windows: Windows, *, prior_pelvic_rt: Finding
) -> tuple[dict[str, Feature], Timeline]:
    """Identity and disease (decision model 2.1).

    Args:
        history: the history.
        today: facts dated later do not count.
        windows: limits; of these ``persistent_months`` and the radiotherapy minimum are used here.
        prior_pelvic_rt: the finding of :mod:`~fhir_mappings.features.radiotherapy`; an explicit no of radiotherapy is
            part of "never treated".

    Returns:
        The features by name, and the timeline that sites and treatment build on.
    """
    cancer = _cervical_cancer(history, today)
    other = _other_primary(history, today)
    course = _Course(history, today, windows, other)
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
        for item in history.diagnoses
        if decides(item, groups.GYNAECOLOGICAL_PROCEDURE) and _counts(item, today)
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


def _counts(diagnosis: Diagnosis, today: dt.date) -> bool:
    """Whether a diagnosis is confirmed, not disowned and not dated after today."""
    return (
        not diagnosis.disowned and diagnosis.verification is Verification.CONFIRMED and happened(diagnosis.date, today)
    )


def _is_cervical(diagnosis: Diagnosis) -> bool:
    """Cervical cancer by code, or a cancer of unstated organ with the cervix as body site."""
    return decides(diagnosis, _CANCER) or (
        decides(diagnosis, groups.CANCER_SITE_UNSPECIFIED) and bool(diagnosis.body_sites & groups.SITE_CERVIX)
    )


def _cervical_cancer(history: History, today: dt.date) -> Finding:
    """Yes by a confirmed Condition of any clinical status, history included; the record never says no."""
    sure = [
        Evidence(item.reference, item.text or "cervical cancer", item.date)
        for item in history.diagnoses
        if _counts(item, today) and _is_cervical(item)
    ]
    maybe = [
        Evidence(item.reference, item.text or "possibly cervical cancer", item.date)
        for item in history.diagnoses
        if not item.disowned
        and item.concepts & (_CANCER | groups.CERVICAL_CANCER_HISTORY_POSSIBLE)
        and not (_counts(item, today) and _is_cervical(item))
    ]
    if sure:
        return Finding(Tri.YES, sorted_evidence(sure))
    return Finding(possible=sorted_evidence(maybe))


def _disowned(history: History) -> Finding:
    """Whether every cervical cancer record was refuted or entered in error (scope row G1)."""
    records = [item for item in history.diagnoses if item.concepts & _CANCER]
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
    for item in history.diagnoses:
        named = decides(item, groups.OTHER_PRIMARY_CANCER)
        # A code of unstated organ with a body site away from the cervix names another organ's cancer.
        placed = decides(item, groups.CANCER_SITE_UNSPECIFIED) and bool(item.body_sites & groups.SITE_OTHER_DISTANT)
        if item.disowned or not (named or placed) or _is_cervical(item) or not happened(item.date, today):
            continue
        evidence = Evidence(item.reference, item.text or "another primary cancer", item.date)
        (sure if item.verification is Verification.CONFIRMED else maybe).append(evidence)
    return Finding(Tri.YES if sure else Tri.UNKNOWN, sorted_evidence(sure), sorted_evidence(maybe))


# ------------------------------------------------------------------------------------------------ course of the disease


class _Course:
    """Curative episodes, signs of disease and remissions of one history, in order of time.

    Attributes:
        episodes: primary treatment first, then completed curative salvage.
        undated: curative treatments without a date.
        signs: signs of recurrence that stand after primary treatment (or need no date).
        suspicions: records that may be signs.
        present: dated signs and suspicions of the present disease, oldest first.
    """

    def __init__(self, history: History, today: dt.date, windows: Windows, other: Finding) -> None:
        self.history = history
        self.today = today
        self.other = other
        self._foreign = frozenset(
            item.reference
            for item in history.diagnoses
            if decides(item, groups.OTHER_PRIMARY_CANCER) and not _is_cervical(item)
        )
        self.cancers = sorted(
            (item for item in history.diagnoses if _counts(item, today) and _is_cervical(item)),
            key=lambda item: order(item.date, item.reference),
        )
        self._curative, self.undated = self._treatments(windows)
        found = sorted(self._candidates(), key=lambda sign: order(sign.date, sign.evidence.reference))
        self.episodes = self._grouped([sign.date for sign in found if sign.date is not None])
        self.primary_end = self.episodes[0].end if self.episodes else None
        self.anchor = self.primary_end or self._half_a_year_on()
        self.signs: list[_Sign] = []
        self.suspicions: list[_Sign] = []
        for sign in found:
            self._sort_in(sign)
        self._place()

    # what was done

    def _treatments(self, windows: Windows) -> tuple[list[_Curative], list[Evidence]]:
        dated: list[_Curative] = []
        undated: list[Evidence] = []
        for course in radiotherapy.courses(self.history, self.today, windows):
            ours = Reach.REACHED in (course.pelvis, course.paraaortic) or bool(course.treatment.reasons & _CANCER)
            if course.curative and ours:
                self._add(course.treatment, course.evidence, dated, undated, operation=False)
        for item in self.history.treatments:
            done = item.occurrence is Occurrence.DONE and item.intent is not Intent.PALLIATIVE
            if done and decides(item, _CURATIVE_SURGERY) and happened(item.start or item.end, self.today):
                if "hysterectomy-extent-unspecified" in item.concepts and self._before_diagnosis(item):
                    continue
                text = item.text or "operation on the cancer"
                self._add(item, Evidence(item.reference, text, item.end or item.start), dated, undated, operation=True)
        dated.sort(key=lambda each: (*order(each.end, each.evidence.reference), each.operation))
        return dated, undated

    @staticmethod
    def _add(
        item: Treatment, evidence: Evidence, dated: list[_Curative], undated: list[Evidence], *, operation: bool
    ) -> None:
        start, end = item.start or item.end, item.end or item.start
        if start is None or end is None:
            undated.append(evidence)
        else:
            dated.append(_Curative(start, end, evidence, operation))

    def _before_diagnosis(self, item: Treatment) -> bool:
        """A hysterectomy of unstated extent before the cancer was found was done for another reason."""
        onsets = [cancer.onset for cancer in self.cancers if cancer.onset is not None]
        when = item.end or item.start
        return bool(onsets) and when is not None and all(before(when, onset) is Tri.YES for onset in onsets)

    def _grouped(self, signs: Iterable[PartialDate]) -> list[_Episode]:
        """Treatments within half a year of each other, without a sign of new disease between, are one episode."""
        dates = [date for date in signs if not self._of_specimen(date)]
        episodes: list[_Episode] = []
        for each in self._curative:
            last = episodes[-1] if episodes else None
            if last is not None and self._continues(last, each, dates):
                latest = max((last.end, each.end), key=lambda date: (date.latest, date.earliest))
                episodes[-1] = _Episode(latest, (*last.evidence, each.evidence))
            else:
                episodes.append(_Episode(each.end, (each.evidence,)))
        return episodes

    @staticmethod
    def _continues(last: _Episode, each: _Curative, signs: Iterable[PartialDate]) -> bool:
        if days(last.end, each.start).low > PARTS_DAYS:
            return False
        return not any(newer(date, last.end) is Tri.YES and before(date, each.start) is Tri.YES for date in signs)

    def _of_specimen(self, date: PartialDate) -> bool:
        return any(
            each.operation and days(each.start, date).low >= 0 and days(each.end, date).high <= SPECIMEN_DAYS
            for each in self._curative
        )

    def _half_a_year_on(self) -> PartialDate | None:
        """Without a treatment date: from half a year after the first diagnosis on, evidence is not of the primary."""
        onsets = [item.onset for item in self.cancers if item.onset is not None and not _says_back(item)]
        if not onsets:
            return None
        first = min(onsets, key=lambda date: (date.latest, date.earliest))
        on = dt.timedelta(days=PARTS_DAYS)
        return PartialDate(first.earliest + on, first.latest + on)

    # what was found

    def foreign(self, fact: Observed | Report) -> bool:
        """Whether the record is about another cancer, by its focus or its body site."""
        if not isinstance(fact, Observed):
            return False
        return bool(self._foreign & frozenset(fact.focus)) or bool(self._foreign and fact.body_sites & {"site-breast"})

    def _candidates(self) -> Iterable[_Sign]:
        for item in self.history.diagnoses:
            if not item.disowned and happened(item.date, self.today):
                yield from self._from_diagnosis(item)
        for date, evidence in self.malignant():
            yield _Sign(_Rule.BIOPSY, date, evidence)
        for observation in statements.values(self.history, groups.DISEASE_STATUS, self.today):
            if self.foreign(observation):
                continue
            clear = not self.other.is_yes or bool(observation.focus)
            if observation.value.concepts & groups.DISEASE_WORSENED:
                text = Evidence(observation.reference, "disease status: worsened", observation.date)
                yield _Sign(_Rule.WORSENED, observation.date, text, clear)
            if "distant-metastasis-present" in observation.value.concepts:
                text = Evidence(observation.reference, "distant metastasis present", observation.date)
                yield _Sign(_Rule.SUSPICION, observation.date, text, clear)
        yield from self._seen()

    def _from_diagnosis(self, item: Diagnosis) -> Iterable[_Sign]:
        sure = item.verification is Verification.CONFIRMED
        cervical = _is_cervical(item)
        text = item.text or "diagnosis of recurrence or spread"
        evidence = Evidence(item.reference, text, item.date)
        coded = decides(item, groups.LOCAL_RECURRENCE) or (cervical and bool(item.concepts & groups.RECURRENCE_STATED))
        general = decides(item, groups.RECURRENT_CANCER_SITE_UNSPECIFIED) and not cervical
        secondary = decides(item, groups.METASTASIS) and item.clinical not in _OVER
        if coded:
            yield _Sign(_Rule.CODE if sure else _Rule.SUSPICION, item.date, evidence)
        elif general:
            yield _Sign(_Rule.CODE if sure and self.cancers else _Rule.SUSPICION, item.date, evidence, self._alone)
        elif cervical and item.clinical in _BACK:
            yield _Sign(_Rule.STATUS if sure else _Rule.SUSPICION, item.date, evidence)
        elif secondary:
            named = bool(item.concepts & _STATED_METASTASIS)
            yield _Sign(_Rule.SECONDARY if sure else _Rule.SUSPICION, item.date, evidence, named or self._alone)
        elif decides(item, groups.POSSIBLE_VAULT_RECURRENCE) and item.clinical not in _OVER:
            yield _Sign(_Rule.SUSPICION, item.date, evidence)

    @property
    def _alone(self) -> bool:
        """Whether no other primary cancer, recorded or hidden in data not obtained, could explain a metastasis."""
        hindrance = statements.obstacle(self.history, ("conditions",), frozenset(groups.OTHER_PRIMARY_CANCER))
        return not (self.other.is_yes or self.other.possible or hindrance)

    def malignant(self) -> Iterable[tuple[PartialDate | None, Evidence]]:
        """Pathology that shows cancer: our own code, coded morphology, conclusions of pathology reports."""
        for observation in statements.values(self.history, groups.TUMOUR_MORPHOLOGY | {BIOPSY}, self.today):
            ours = BIOPSY in observation.concepts and observation.value.truth is True
            coded = bool(observation.value.concepts & _MALIGNANT) and BIOPSY not in observation.concepts
            if (ours or coded) and not self.foreign(observation):
                yield observation.date, Evidence(observation.reference, "biopsy shows cancer", observation.date)
        for report in self.history.reports:
            if _pathology(report, self.today) and report.conclusions & _MALIGNANT:
                yield report.date, Evidence(report.reference, "pathology report: cancer", report.date)

    def _seen(self) -> Iterable[_Sign]:
        """Suspicious imaging (tumour at a site, an M1 category), or a suspicion stated."""
        said = settle(self.stated_suspicion)
        if said.value:
            for each in self.stated_suspicion:
                if each.value:
                    yield _Sign(_Rule.SUSPICION, each.date, each.evidence)
        for observation in statements.values(self.history, frozenset({"own-tumour-at-site"}), self.today):
            if observation.value.truth:
                text = Evidence(observation.reference, "tumour seen on examination", observation.date)
                yield _Sign(_Rule.SUSPICION, observation.date, text)
        for observation in statements.values(self.history, frozenset({"tnm-distant-metastases"}), self.today):
            if _is_m1(observation) and not self.foreign(observation):
                text = Evidence(observation.reference, "distant metastasis category 1", observation.date)
                yield _Sign(_Rule.SUSPICION, observation.date, text)

    @property
    def stated_suspicion(self) -> tuple[Statement[bool], ...]:
        """Answers to whether recurrence is suspected."""
        yes, no = "recurrence suspected, as stated", "recurrence not suspected, as stated"
        return statements.answers(self.history, SUSPECTED, self.today, yes=yes, no=no)[0]

    # order of events

    def after(self, date: PartialDate | None, end: PartialDate | None) -> Tri:
        """Whether a sign of that date came after treatment that ended then, rather than from its specimen."""
        later = newer(date, end)
        if date is not None and later is not Tri.NO and self._of_specimen(date):
            return Tri.NO
        return later

    def _sort_in(self, sign: _Sign) -> None:
        later = self.after(sign.date, self.primary_end)
        if sign.rule in (_Rule.STATUS, _Rule.CODE) and sign.attributed:
            self.signs.append(sign)
        elif later is Tri.NO:
            return
        elif later is Tri.YES and sign.rule is not _Rule.SUSPICION and sign.attributed:
            self.signs.append(sign)
        elif sign.rule is not _Rule.BIOPSY or later is Tri.YES:
            # A biopsy of unknown order may be the first one: it raises no suspicion of its own.
            self.suspicions.append(sign)

    def _place(self) -> None:
        """Find the present disease: signs after the last curative treatment that has any after it."""
        dated = [sign for sign in (*self.signs, *self.suspicions) if sign.date is not None]
        ends: list[PartialDate | None] = [episode.end for episode in self.episodes] or [self.anchor]
        self.treated_until: PartialDate | None = ends[0] if self.episodes else None
        self.present: list[_Sign] = []
        for end in ends:
            later = [sign for sign in dated if self._belongs(sign, end)]
            if later:
                self.present = later
                self.treated_until = end if self.episodes else None
        if self.episodes and not self.present:
            self.treated_until = self.episodes[-1].end
        self.present.sort(key=lambda sign: order(sign.date, sign.evidence.reference))
        first = [sign for sign in dated if self._belongs(sign, ends[0])]
        self.evidence_since = _earliest(self.present)
        self.first_since = _earliest(first)

    def _belongs(self, sign: _Sign, end: PartialDate | None) -> bool:
        if end is None:
            return sign.rule is _Rule.CODE
        return self.after(sign.date, end) is Tri.YES

    def of_present(self, date: PartialDate | None) -> Tri:
        """Whether pathology of that date is of the present disease: on or after its first evidence."""
        if self.episodes and self.after(date, self.treated_until) is Tri.NO:
            return Tri.NO
        if date is None or self.evidence_since is None:
            return Tri.UNKNOWN
        return ~before(date, self.evidence_since)

    @property
    def advanced_since(self) -> PartialDate | None:
        """First evidence of recurrence or of distant spread at any time, that of the primary included."""
        dates = [
            item.date
            for item in self.history.diagnoses
            if _counts(item, self.today)
            and decides(item, groups.METASTASIS_DISTANT)
            and item.clinical not in _OVER
            and self._alone
        ]
        staged = {"cancer-stage-group", "figo-stage-cervix", "tnm-distant-metastases"}
        for observation in statements.values(self.history, frozenset(staged), self.today):
            stage_four = "figo-value-ivb" in observation.value.concepts
            if (stage_four or _is_m1(observation)) and not self.foreign(observation):
                dates.append(observation.date)
        known = [date for date in (*dates, self.first_since) if date is not None]
        return min(known, key=lambda date: (date.earliest, date.latest), default=None)

    @property
    def worsened(self) -> tuple[Statement[bool], ...]:
        """Disease statuses "worsened" that are surely about this cancer."""
        every = [*self.signs, *self.suspicions]
        found = [
            Statement(True, sign.date, sign.evidence)
            for sign in every
            if sign.rule is _Rule.WORSENED and sign.attributed
        ]
        return tuple(sorted(found, key=lambda each: order(each.date, each.evidence.reference)))

    @property
    def remissions(self) -> list[Statement[bool]]:
        """Full remission or no evidence of recurrence, with its date."""
        found: list[Statement[bool]] = []
        wanted = groups.DISEASE_STATUS | groups.DISEASE_FREE
        for observation in statements.values(self.history, wanted, self.today):
            free = observation.value.concepts & groups.DISEASE_FREE or (
                observation.concepts & groups.DISEASE_FREE and observation.value.truth is not False
            )
            if free and not self.foreign(observation):
                text = "disease status: full remission, no evidence of disease"
                evidence = Evidence(observation.reference, text, observation.date)
                found.append(Statement(True, observation.date, evidence))
        for item in self.history.diagnoses:
            if decides(item, groups.DISEASE_FREE) and _counts(item, self.today):
                evidence = Evidence(item.reference, "no evidence of recurrence", item.date)
                found.append(Statement(True, item.date, evidence))
        return sorted(found, key=lambda each: order(each.date, each.evidence.reference))


def _says_back(item: Diagnosis) -> bool:
    return item.clinical in _BACK or bool(item.concepts & groups.RECURRENCE_STATED)


def _is_m1(observation: Observed) -> bool:
    words = (observation.value.token, *(code.casefold() for _, code in observation.value.codes))
    return any(_M1.fullmatch(word) for word in words)


def _pathology(report: Report, today: dt.date) -> bool:
    """Whether the coded conclusions of the report can speak of tissue: final, not imaging."""
    return (
        report.final and not report.conflict and not report.concepts & groups.IMAGING and happened(report.date, today)
    )


def _earliest(signs: Iterable[_Sign]) -> PartialDate | None:
    dates = [sign.date for sign in signs if sign.date is not None]
    return min(dates, key=lambda date: (date.earliest, date.latest), default=None)


# ---------------------------------------------------------------------------------------------------------- recurrence


def _recurrence(course: _Course, prior_pelvic_rt: Finding) -> Finding:
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
            sign.rule is _Rule.STATUS or newer(remissions[-1].date, sign.date) is not Tri.YES for sign in course.signs
        )
        if standing:
            return Finding(evidence=sorted_evidence([*signs, *free]), possible=doubts, note=CONTRADICTION)
    elif not remissions:
        return _without_signs(course, prior_pelvic_rt, doubts)
    last = remissions[-1]
    if any(newer(last.date, sign.date) is not Tri.YES for sign in course.suspicions):
        return Finding(possible=doubts, note="suspected again after remission")
    return _no(course, (last.evidence,))


def _outlasts(course: _Course, remissions: list[Statement[bool]]) -> bool:
    """Whether a sign of recurrence holds against the remissions on record.

    A dated sign does when it is newer than the last remission. A status without a date of its own (the clinicalStatus
    of a Condition that began with the primary) does when every remission can be the one after primary treatment, that
    is, when no sign of recurrence and no salvage treatment came before it.
    """
    last = remissions[-1].date
    if any(newer(sign.date, last) is Tri.YES for sign in course.signs):
        return True
    standing = [sign for sign in course.signs if sign.rule is _Rule.STATUS]
    earlier = [sign for sign in course.signs if sign.rule is not _Rule.STATUS]
    return bool(standing) and not earlier and len(course.episodes) <= 1 and last is not None


def _without_signs(course: _Course, prior_pelvic_rt: Finding, doubts: tuple[Evidence, ...]) -> Finding:
    if never := _never_treated(course, prior_pelvic_rt):
        return _no(course, never)
    if doubts:
        return Finding(possible=doubts)
    cured = [item for item in course.cancers if item.clinical in _GONE]
    if cured:
        text = "cervical cancer recorded as in remission or resolved"
        return _no(course, sorted_evidence(Evidence(item.reference, text, item.date) for item in cured))
    return Finding()


def _no(course: _Course, evidence: tuple[Evidence, ...]) -> Finding:
    matters = frozenset(
        _CANCER | groups.METASTASIS | groups.RECURRENCE_STATED | groups.DISEASE_STATUS | {BIOPSY, SUSPECTED}
    )
    keys = ("conditions", "diagnosticReports", *STATED)
    if hindrance := statements.obstacle(course.history, keys, matters):
        return Finding(evidence=evidence, note=hindrance)
    return Finding(Tri.NO, evidence)


def _never_treated(course: _Course, prior_pelvic_rt: Finding) -> tuple[Evidence, ...]:
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


def _suspected(course: _Course) -> Finding:
    """A suspicion on record (scope row G6): stated, provisional, imaging, or a sign that needs a date or an origin."""
    yes, no = "recurrence suspected, as stated", "recurrence not suspected, as stated"
    said = statements.stated(course.history, SUSPECTED, course.today, yes=yes, no=no)
    evidence = [sign.evidence for sign in course.suspicions]
    if evidence or said.is_yes:
        return Finding(Tri.YES, sorted_evidence([*evidence, *(said.evidence if said.is_yes else ())]), said.possible)
    return said


def _primary_end(course: _Course) -> Moment:
    possible = sorted_evidence(course.undated)
    if not course.episodes:
        return Moment(possible=possible, note="date of treatment not recorded" if possible else "")
    first = course.episodes[0]
    return Moment(first.end, sorted_evidence(first.evidence), possible)


def _persistent(course: _Course, recurrence: Finding, windows: Windows) -> Finding:
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


def _both_ends(course: _Course) -> tuple[Evidence, ...]:
    first = [sign.evidence for sign in course.signs if sign.date == course.first_since]
    last = course.episodes[0].evidence[-1:] if course.episodes else ()
    return sorted_evidence([*last, *first])


def _interval(course: _Course, recurrence: Finding) -> Amount:
    """Months from the end of primary treatment to the first evidence of the first recurrence."""
    if course.primary_end is None or course.first_since is None or not recurrence.is_yes:
        return Amount(unit="months")
    low = _months_between(course.primary_end.latest, course.first_since.earliest)
    high = _months_between(course.primary_end.earliest, course.first_since.latest)
    return Amount(max(0.0, low), max(0.0, high), "months", course.first_since, _both_ends(course))


def _months_between(start: dt.date, end: dt.date) -> float:
    """Whole calendar months and the rest as a share of 31 days, so that the same day of the month is a whole number."""
    if end < start:
        return 0.0
    whole = (end.year - start.year) * 12 + end.month - start.month
    if _months_on(start, whole) > end:
        whole -= 1
    return round(whole + (end - _months_on(start, whole)).days / 31, 2)


def _number(course: _Course, recurrence: Finding) -> Amount:
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


def _last_end(course: _Course) -> PartialDate | None:
    return course.episodes[-1].end if course.episodes else None


# ------------------------------------------------------------------------------------------------- biopsy and histology


def _biopsy(course: _Course, recurrence: Finding) -> Finding:
    """Malignant pathology on or after the first evidence of the present disease; benign when that is the newest.

    Our own code speaks of the recurrence by definition, so it also counts where no treatment date places it. A no needs
    complete observations, questionnaire answers and reports.
    """
    said: list[Statement[bool]] = []
    maybe: list[Evidence] = []
    for date, evidence in course.malignant():
        placed = course.of_present(date)
        own = any(evidence.reference == item.reference and BIOPSY in item.concepts for item in course.history.observed)
        if own and placed is Tri.UNKNOWN and course.primary_end is None and date is not None and not recurrence.is_no:
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


def _unread_pathology(course: _Course) -> Iterable[Evidence]:
    """Reports of biopsies that only a person can read, dated with the present disease."""
    for report in course.history.reports:
        unread = report.free_text and report.concepts & groups.BIOPSY and not report.conclusions & _MALIGNANT
        if unread and course.of_present(report.date) is not Tri.NO and happened(report.date, course.today):
            yield Evidence(report.reference, "biopsy report whose result is free text", report.date)


def _histology(course: _Course) -> Choice[Histology]:
    """The newest confirmed type; pathology of the present disease goes before everything older."""
    fresh: list[Statement[Histology]] = []
    older: list[Statement[Histology]] = []
    mixed: list[Evidence] = []
    for fact, concepts, date in _typed(course):
        kinds = [kind for kind, group in _HISTOLOGY.items() if concepts & group]
        evidence = Evidence(fact.reference, ", ".join(kind.value for kind in kinds), date)
        if len(kinds) > 1:
            mixed.append(evidence)
        elif kinds:
            is_fresh = not isinstance(fact, Diagnosis) and course.of_present(date) is Tri.YES
            (fresh if is_fresh else older).append(Statement(kinds[0], date, evidence))
    verdict = settle(fresh or older)
    possible = sorted_evidence(mixed)
    if verdict.contradicted:
        return Choice(None, verdict.evidence, possible, CONTRADICTION)
    return Choice(verdict.value, verdict.evidence, possible)


def _typed(course: _Course) -> Iterable[tuple[Fact, frozenset[str], PartialDate | None]]:
    """Facts that can name the type of the cervical cancer, with the concepts that do."""
    for item in course.cancers:
        yield item, item.concepts | item.morphology, item.date
    for observation in statements.values(course.history, groups.TUMOUR_MORPHOLOGY, course.today):
        if not course.foreign(observation):
            yield observation, observation.value.concepts, observation.date
    for report in course.history.reports:
        if _pathology(report, course.today):
            yield report, report.conclusions, report.date
