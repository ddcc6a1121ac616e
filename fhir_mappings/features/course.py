"""The course of the disease: episodes of curative treatment, signs of disease between them, remissions.

Recurrence can only be told from first treatment and what came after it, so the history is laid out in time once
(:class:`DiseaseCourse`); :mod:`~fhir_mappings.features.disease` concludes from it, and :class:`Timeline` is what later
features need.
"""

from __future__ import annotations

import datetime as dt
import enum
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from msgspec import Struct

from fhir_mappings.features import statements
from fhir_mappings.features.radiotherapy import Course, Reach
from fhir_mappings.features.statements import Statement, decides, happened, newer, order, settle
from fhir_mappings.findings import Evidence, Finding
from fhir_mappings.history import (
    ClinicalStatus,
    Concepts,
    Diagnosis,
    History,
    Intent,
    Observed,
    Occurrence,
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

CANCER: Final = frozenset(groups.CERVICAL_CANCER | groups.CERVICAL_CANCER_HISTORY)
MAY_BE_CERVICAL: Final = frozenset(CANCER | groups.CERVICAL_CANCER_HISTORY_POSSIBLE | groups.CANCER_SITE_UNSPECIFIED)
"""Of a patient without any Condition about these nobody says that she has, or had, cervical cancer."""
MALIGNANT: Final = frozenset(
    groups.MALIGNANT_MORPHOLOGY
    | groups.HISTOLOGY_SQUAMOUS
    | groups.HISTOLOGY_ADENOCARCINOMA
    | groups.HISTOLOGY_ADENOSQUAMOUS
    | groups.HISTOLOGY_NEUROENDOCRINE
    | groups.HISTOLOGY_OTHER
)

_BACK: Final = frozenset({ClinicalStatus.RECURRENCE, ClinicalStatus.RELAPSE})
_OVER: Final = frozenset({ClinicalStatus.INACTIVE, ClinicalStatus.REMISSION, ClinicalStatus.RESOLVED})
_MAY_BE_SIGN: Final[Concepts] = (
    MAY_BE_CERVICAL
    | groups.LOCAL_RECURRENCE
    | groups.RECURRENT_CANCER_SITE_UNSPECIFIED
    | groups.METASTASIS
    | groups.POSSIBLE_VAULT_RECURRENCE
)
_STATED_METASTASIS: Final = groups.CERVICAL_CANCER_SEPARATE_METASTASIS
"""The code itself names cervical cancer as the origin: no other primary can explain it."""

_CURATIVE_SURGERY: Final = frozenset(
    {
        *("radical-hysterectomy", "hysterectomy-total", "hysterectomy-extent-unspecified", "trachelectomy"),
        *("uterus-resection-component", "cervix-resection-component", "cervical-stump-excision"),
        *groups.EXENTERATION,
    }
)
_STAGES: Final = frozenset({"cancer-stage-group", "figo-stage-cervix", "tnm-distant-metastases"})
_M1: Final = re.compile(r"[cpyra]*m1[abc]?")


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


class Rule(enum.Enum):
    """Why a record is a sign of recurrence (decision model 2.1, letters of the recurrence row)."""

    STATUS = "a"
    CODE = "b"
    SECONDARY = "c"
    BIOPSY = "d"
    WORSENED = "e"
    SUSPICION = "G6"


class Sign(Struct, frozen=True, gc=False):
    """A record that speaks of disease after treatment."""

    rule: Rule
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


def counts(diagnosis: Diagnosis, today: dt.date) -> bool:
    """Whether a diagnosis is confirmed, not disowned and not dated after today."""
    return (
        not diagnosis.disowned and diagnosis.verification is Verification.CONFIRMED and happened(diagnosis.date, today)
    )


def is_cervical(diagnosis: Diagnosis) -> bool:
    """Cervical cancer by code, or a cancer of unstated organ with the cervix as body site."""
    return decides(diagnosis, CANCER) or (
        decides(diagnosis, groups.CANCER_SITE_UNSPECIFIED) and bool(diagnosis.body_sites & groups.SITE_CERVIX)
    )


class DiseaseCourse:
    """Curative episodes, signs of disease and remissions of one history, in order of time.

    Attributes:
        episodes: primary treatment first, then completed curative salvage.
        undated: curative treatments without a date.
        signs: signs of recurrence that stand after primary treatment (or need no date).
        suspicions: records that may be signs.
        malignant: pathology that shows cancer, with its date.
        present: dated signs and suspicions of the present disease, oldest first.
    """

    def __init__(self, history: History, today: dt.date, courses: Iterable[Course], other: Finding) -> None:
        self.history = history
        self.today = today
        self.other = other
        self._foreign = frozenset(
            item.reference
            for item in history.diagnoses_about(groups.OTHER_PRIMARY_CANCER)
            if decides(item, groups.OTHER_PRIMARY_CANCER) and not is_cervical(item)
        )
        self.cancers = sorted(
            (item for item in history.diagnoses_about(MAY_BE_CERVICAL) if counts(item, today) and is_cervical(item)),
            key=lambda item: order(item.date, item.reference),
        )
        hindrance = statements.obstacle(history, ("conditions",), groups.OTHER_PRIMARY_CANCER)
        self._alone = not (other.is_yes or other.possible or hindrance)
        """Whether no other primary cancer, recorded or hidden in data not obtained, could explain a metastasis."""
        self._curative, self.undated = self._treatments(courses)
        self._operations = [(each.start.latest, each.end.earliest) for each in self._curative if each.operation]
        self.malignant = tuple(self._malignant())
        found = sorted(self._candidates(), key=lambda sign: order(sign.date, sign.evidence.reference))
        self.episodes = self._grouped([sign.date for sign in found if sign.date is not None])
        self.primary_end = self.episodes[0].end if self.episodes else None
        self.anchor = self.primary_end or self._half_a_year_on()
        self.signs: list[Sign] = []
        self.suspicions: list[Sign] = []
        for sign in found:
            self._sort_in(sign)
        self._place()

    # what was done

    def _treatments(self, courses: Iterable[Course]) -> tuple[list[_Curative], list[Evidence]]:
        dated: list[_Curative] = []
        undated: list[Evidence] = []
        for course in courses:
            ours = Reach.REACHED in (course.pelvis, course.paraaortic) or bool(course.treatment.reasons & CANCER)
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
            start <= date.earliest and (date.latest - end).days <= SPECIMEN_DAYS for start, end in self._operations
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

    def foreign(self, fact: Observed) -> bool:
        """Whether the observation is about another cancer, by its focus or its body site."""
        return bool(self._foreign & frozenset(fact.focus)) or bool(self._foreign and fact.body_sites & {"site-breast"})

    def _candidates(self) -> Iterable[Sign]:
        for item in self.history.diagnoses_about(_MAY_BE_SIGN):
            if not item.disowned and happened(item.date, self.today):
                yield from self._from_diagnosis(item)
        for date, evidence in self.malignant:
            yield Sign(Rule.BIOPSY, date, evidence)
        for observation in statements.values(self.history, groups.DISEASE_STATUS, self.today):
            if self.foreign(observation):
                continue
            clear = not self.other.is_yes or bool(observation.focus)
            if observation.value.concepts & groups.DISEASE_WORSENED:
                text = Evidence(observation.reference, "disease status: worsened", observation.date)
                yield Sign(Rule.WORSENED, observation.date, text, clear)
            if "distant-metastasis-present" in observation.value.concepts:
                text = Evidence(observation.reference, "distant metastasis present", observation.date)
                yield Sign(Rule.SUSPICION, observation.date, text, clear)
        yield from self._seen()

    def _from_diagnosis(self, item: Diagnosis) -> Iterable[Sign]:
        sure = item.verification is Verification.CONFIRMED
        cervical = is_cervical(item)
        text = item.text or "diagnosis of recurrence or spread"
        evidence = Evidence(item.reference, text, item.date)
        coded = decides(item, groups.LOCAL_RECURRENCE) or (cervical and bool(item.concepts & groups.RECURRENCE_STATED))
        general = decides(item, groups.RECURRENT_CANCER_SITE_UNSPECIFIED) and not cervical
        secondary = decides(item, groups.METASTASIS) and item.clinical not in _OVER
        if coded:
            yield Sign(Rule.CODE if sure else Rule.SUSPICION, item.date, evidence)
        elif general:
            yield Sign(Rule.CODE if sure and self.cancers else Rule.SUSPICION, item.date, evidence, self._alone)
        elif cervical and item.clinical in _BACK:
            yield Sign(Rule.STATUS if sure else Rule.SUSPICION, item.date, evidence)
        elif secondary:
            named = bool(item.concepts & _STATED_METASTASIS)
            yield Sign(Rule.SECONDARY if sure else Rule.SUSPICION, item.date, evidence, named or self._alone)
        elif decides(item, groups.POSSIBLE_VAULT_RECURRENCE) and item.clinical not in _OVER:
            yield Sign(Rule.SUSPICION, item.date, evidence)

    def _malignant(self) -> Iterable[tuple[PartialDate | None, Evidence]]:
        """Pathology that shows cancer: our own code, coded morphology, conclusions of pathology reports."""
        for observation in statements.values(self.history, groups.TUMOUR_MORPHOLOGY | {BIOPSY}, self.today):
            ours = BIOPSY in observation.concepts and observation.value.truth is True
            coded = bool(observation.value.concepts & MALIGNANT) and BIOPSY not in observation.concepts
            if (ours or coded) and not self.foreign(observation):
                yield observation.date, Evidence(observation.reference, "biopsy shows cancer", observation.date)
        for report in self.history.reports:
            if is_pathology(report, self.today) and report.conclusions & MALIGNANT:
                yield report.date, Evidence(report.reference, "pathology report: cancer", report.date)

    def _seen(self) -> Iterable[Sign]:
        """Suspicious imaging (tumour at a site, an M1 category), or a suspicion stated."""
        yes, no = "recurrence suspected, as stated", "recurrence not suspected, as stated"
        stated = statements.answers(self.history, SUSPECTED, self.today, yes=yes, no=no)[0]
        if settle(stated).value:
            yield from (Sign(Rule.SUSPICION, each.date, each.evidence) for each in stated if each.value)
        for observation in statements.values(self.history, frozenset({"own-tumour-at-site"}), self.today):
            if observation.value.truth:
                text = Evidence(observation.reference, "tumour seen on examination", observation.date)
                yield Sign(Rule.SUSPICION, observation.date, text)
        for observation in statements.values(self.history, frozenset({"tnm-distant-metastases"}), self.today):
            if _is_m1(observation) and not self.foreign(observation):
                text = Evidence(observation.reference, "distant metastasis category 1", observation.date)
                yield Sign(Rule.SUSPICION, observation.date, text)

    # order of events

    def after(self, date: PartialDate | None, end: PartialDate | None) -> Tri:
        """Whether a sign of that date came after treatment that ended then, rather than from its specimen."""
        later = newer(date, end)
        if date is not None and later is not Tri.NO and self._of_specimen(date):
            return Tri.NO
        return later

    def _sort_in(self, sign: Sign) -> None:
        later = self.after(sign.date, self.primary_end)
        if sign.rule in (Rule.STATUS, Rule.CODE) and sign.attributed:
            self.signs.append(sign)
        elif later is Tri.NO:
            return
        elif later is Tri.YES and sign.rule is not Rule.SUSPICION and sign.attributed:
            self.signs.append(sign)
        elif sign.rule is not Rule.BIOPSY or later is Tri.YES:
            # A biopsy of unknown order may be the first one: it raises no suspicion of its own.
            self.suspicions.append(sign)

    def _place(self) -> None:
        """Find the present disease: signs after the last curative treatment that has any after it."""
        dated = [sign for sign in (*self.signs, *self.suspicions) if sign.date is not None]
        ends: list[PartialDate | None] = [episode.end for episode in self.episodes] or [self.anchor]
        self.treated_until: PartialDate | None = ends[0] if self.episodes else None
        self.present: list[Sign] = []
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

    def _belongs(self, sign: Sign, end: PartialDate | None) -> bool:
        if end is None:
            return sign.rule is Rule.CODE
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
            for item in self.history.diagnoses_about(groups.METASTASIS_DISTANT)
            if counts(item, self.today)
            and decides(item, groups.METASTASIS_DISTANT)
            and item.clinical not in _OVER
            and self._alone
        ]
        for observation in statements.values(self.history, _STAGES, self.today):
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
            if sign.rule is Rule.WORSENED and sign.attributed
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
        for item in self.history.diagnoses_about(groups.DISEASE_FREE):
            if decides(item, groups.DISEASE_FREE) and counts(item, self.today):
                evidence = Evidence(item.reference, "no evidence of recurrence", item.date)
                found.append(Statement(True, item.date, evidence))
        return sorted(found, key=lambda each: order(each.date, each.evidence.reference))


def _says_back(item: Diagnosis) -> bool:
    return item.clinical in _BACK or bool(item.concepts & groups.RECURRENCE_STATED)


def _is_m1(observation: Observed) -> bool:
    words = (observation.value.token, *(code.casefold() for _, code in observation.value.codes))
    return any(_M1.fullmatch(word) for word in words)


def is_pathology(report: Report, today: dt.date) -> bool:
    """Whether the coded conclusions of the report can speak of tissue: final, not imaging."""
    return (
        report.final and not report.conflict and not report.concepts & groups.IMAGING and happened(report.date, today)
    )


def _earliest(signs: Iterable[Sign]) -> PartialDate | None:
    dates = [sign.date for sign in signs if sign.date is not None]
    return min(dates, key=lambda date: (date.earliest, date.latest), default=None)
