"""Earlier radiotherapy: which courses reached the pelvis, and the three-valued features that follow (2.3).

The commonest and most dangerous gap of a record. Only a record that names the pelvis says yes, only an explicit
statement says no, and everything else (another part of the body, no body site, a bare "history of radiotherapy") leaves
the answer open.
"""

from __future__ import annotations

import datetime as dt
import enum
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from fhir_mappings.features import statements
from fhir_mappings.features.fields import Windows
from fhir_mappings.features.statements import (
    CONTRADICTION,
    FUTURE,
    STATED,
    Statement,
    Verdict,
    decides,
    newer,
    sorted_evidence,
)
from fhir_mappings.findings import Evidence, Finding
from fhir_mappings.history import Concepts, Diagnosis, History, Intent, Occurrence, Treatment
from fhir_mappings.kleene import Tri
from fhir_mappings.partial_dates import PartialDate
from fhir_mappings.value_sets import groups

PELVIC: Final = "own-prior-pelvic-radiotherapy"
PARAAORTIC: Final = "own-prior-paraaortic-radiotherapy"
VAGINAL_ONLY: Final = "own-prior-vaginal-brachytherapy-only"

_KEYS: Final = ("procedures", "conditions", *STATED)
_MATTERS: Final = frozenset(
    groups.RADIOTHERAPY
    | groups.RADIOTHERAPY_SITE_UNSPECIFIED
    | groups.PELVIC_RADIATION_INJURY
    | {PELVIC, PARAAORTIC, VAGINAL_ONLY}
)

_PELVIC_POSSIBLE: Final[Concepts] = groups.RADIOTHERAPY_PELVIC_ADJACENT | groups.RADIOTHERAPY_PELVIC_POSSIBLE
_PARAAORTIC_POSSIBLE: Final = frozenset(
    groups.SITE_ABDOMEN | groups.SITE_OVERLAPPING | {"site-spine", "radiotherapy-hemibody", "radiotherapy-whole-body"}
)
_TO_THE_PELVIS: Final[Concepts] = groups.RADIOTHERAPY_PELVIC | groups.RADIOTHERAPY_GYNAECOLOGICAL_DEVICE
_NAMES_A_PLACE: Final[Concepts] = groups.RADIOTHERAPY_NON_PELVIC | _TO_THE_PELVIS | _PELVIC_POSSIBLE
"""Codes of radiotherapy that say where it went."""


_HISTORY: Final[Concepts] = groups.RADIOTHERAPY_SITE_UNSPECIFIED | groups.RADIOTHERAPY
_SPOKEN_OF: Final[Concepts] = _HISTORY | groups.PELVIC_RADIATION_INJURY


class Reach(enum.Enum):
    """What a radiotherapy record says about a region."""

    REACHED = "reached"
    POSSIBLE = "possible"
    """Beside it, wider than it, or a body site that the value sets do not know."""
    ELSEWHERE = "elsewhere"
    """Another part of the body: no information, never a no."""
    UNSPECIFIED = "unspecified"
    """No body site at all."""


class Modality(enum.Enum):
    """External beam (any technique) or brachytherapy; a course summary may say neither."""

    EXTERNAL = "external beam radiotherapy"
    BRACHYTHERAPY = "brachytherapy"
    UNSPECIFIED = "radiotherapy"


@dataclass(frozen=True, slots=True)
class Course:
    """One radiotherapy record, read for what it says about pelvis and para-aortic region.

    Attributes:
        treatment: the record.
        pelvis: what it says about the pelvis.
        paraaortic: what it says about the para-aortic region.
        modality: external, brachytherapy or unspecified.
        delivered: yes when it counts as given (completed, or given in part with at least the minimum dose), no when it
            was not done, unknown when part of it, or perhaps nothing, was given.
        note: why it does not count, in a few words; empty when it does.
        evidence: the record in plain words.
    """

    treatment: Treatment
    pelvis: Reach
    paraaortic: Reach
    modality: Modality
    delivered: Tri
    note: str
    evidence: Evidence

    @property
    def date(self) -> PartialDate | None:
        """When it ended, else when it began."""
        return self.treatment.end or self.treatment.start

    @property
    def given_to_pelvis(self) -> bool:
        """Whether it reached the pelvis and counts as given."""
        return self.pelvis is Reach.REACHED and self.delivered is Tri.YES

    @property
    def given_to_paraaortic(self) -> bool:
        """Whether it reached the para-aortic region and counts as given."""
        return self.paraaortic is Reach.REACHED and self.delivered is Tri.YES

    @property
    def curative(self) -> bool:
        """Whether it counts as treatment meant to cure: completed, and not said to be palliative."""
        return self.treatment.occurrence is Occurrence.DONE and self.treatment.intent is not Intent.PALLIATIVE


def courses(history: History, today: dt.date, windows: Windows) -> tuple[Course, ...]:
    """Every radiotherapy record that is not a mere plan, oldest first.

    Planned and future records are left out. Records with conflicting codings are kept as possible only.
    """
    found = [
        _course(treatment, windows.pelvic_rt_minimum_gy)
        for treatment in history.treatments
        if treatment.concepts & groups.RADIOTHERAPY
        and treatment.occurrence is not Occurrence.PLANNED
        and statements.happened(treatment.start or treatment.end, today)
    ]
    return tuple(sorted(found, key=lambda course: statements.order(course.date, course.treatment.reference)))


def derive_radiotherapy(history: History, today: dt.date, every: tuple[Course, ...]) -> dict[str, Finding]:
    """Earlier radiotherapy (decision model 2.3; README "Radiotherapy" of the terminology).

    A yes is a completed pelvic course, one stopped or under way with at least the minimum dose delivered, or an
    explicit statement. A no is an explicit statement, or a course to the pelvis recorded as not done when nothing else
    says or may say otherwise; it needs complete procedures, diagnoses, observations and questionnaire answers, for each
    can hold a sign of radiotherapy (SAFE-05). A dated pelvic record beats a statement of none; a record without a body
    site leaves a statement of none standing only if the statement is at least a day newer.

    Args:
        history: the history.
        today: facts dated later do not count.
        every: the :func:`courses` of the history.

    Returns:
        The features by name.
    """
    signs = _signs(history, today)
    hindrance = statements.obstacle(history, _KEYS, _MATTERS)
    future = any(
        treatment.concepts & groups.RADIOTHERAPY
        and treatment.occurrence is Occurrence.DONE
        and not statements.happened(treatment.start or treatment.end, today)
        for treatment in history.treatments
    )
    view = _View(every, signs, hindrance, FUTURE if future else "")
    pelvic = statements.settle(
        statements.answers(
            history, PELVIC, today, yes="pelvic radiotherapy stated", no="no pelvic radiotherapy, as stated"
        )[0]
    )
    vaginal = statements.settle(
        statements.answers(
            history,
            VAGINAL_ONLY,
            today,
            yes="vaginal brachytherapy only, as stated",
            no="more than vaginal brachytherapy, or none, as stated",
        )[0]
    )
    paraaortic = statements.settle(
        statements.answers(
            history,
            PARAAORTIC,
            today,
            yes="para-aortic radiotherapy stated",
            no="no para-aortic radiotherapy, as stated",
        )[0]
    )
    external = _modality(view, Modality.EXTERNAL, pelvic, vaginal)
    brachytherapy = _modality(view, Modality.BRACHYTHERAPY, pelvic, vaginal)
    return {
        "prior_pelvic_ebrt": external,
        "prior_pelvic_brachy": brachytherapy,
        "prior_pelvic_rt": _pelvic(view, pelvic, vaginal),
        "vaginal_brachy_only": _vaginal_only(vaginal, external, brachytherapy),
        "prior_paraaortic_rt": _paraaortic(view, paraaortic),
        "rt_site_unspecified": _site_unspecified(view),
    }


@dataclass(frozen=True, slots=True)
class _Sign:
    """A record that is no treatment record and may speak of pelvic radiotherapy; ``settles`` is its date."""

    evidence: Evidence
    date: PartialDate | None
    pelvic_only: bool = False


@dataclass(frozen=True, slots=True)
class _View:
    courses: tuple[Course, ...]
    signs: tuple[_Sign, ...]
    hindrance: str
    future: str


def _course(treatment: Treatment, minimum_gy: float) -> Course:
    concepts = treatment.concepts | treatment.qualifiers
    sites = treatment.body_sites
    pelvis = _reach(
        treatment,
        reached=bool(concepts & _TO_THE_PELVIS or sites & groups.PELVIC_RT_SITE),
        possible=bool(concepts & _PELVIC_POSSIBLE or sites & groups.PELVIC_RT_SITE_POSSIBLE),
    )
    paraaortic = _reach(
        treatment,
        reached=bool(sites & groups.SITE_PARAAORTIC),
        possible=bool(concepts & groups.RADIOTHERAPY_ABDOMINAL) or bool((sites | concepts) & _PARAAORTIC_POSSIBLE),
    )
    delivered, note = _delivered(treatment, minimum_gy)
    modality = _modality_of(treatment)
    words = _described(treatment, modality, pelvis, paraaortic)
    evidence = Evidence(treatment.reference, words, treatment.end or treatment.start)
    return Course(treatment, pelvis, paraaortic, modality, delivered, note, evidence)


def _reach(treatment: Treatment, *, reached: bool, possible: bool) -> Reach:
    if not decides(treatment, groups.RADIOTHERAPY):
        return Reach.UNSPECIFIED if treatment.text_only else Reach.POSSIBLE
    if treatment.conflict and treatment.concepts & groups.RADIOTHERAPY_NON_PELVIC:
        return Reach.POSSIBLE
    if reached:
        return Reach.REACHED
    if possible:
        return Reach.POSSIBLE
    if treatment.body_sites or treatment.concepts & _NAMES_A_PLACE:
        return Reach.ELSEWHERE
    return Reach.POSSIBLE if treatment.recorded_site else Reach.UNSPECIFIED


def _modality_of(treatment: Treatment) -> Modality:
    concepts = treatment.concepts | treatment.qualifiers
    external = bool(concepts & groups.RADIOTHERAPY_EXTERNAL_BEAM)
    brachytherapy = bool(concepts & groups.RADIOTHERAPY_BRACHYTHERAPY)
    if external == brachytherapy:
        return Modality.UNSPECIFIED
    return Modality.EXTERNAL if external else Modality.BRACHYTHERAPY


def _delivered(treatment: Treatment, minimum_gy: float) -> tuple[Tri, str]:
    """Whether the course counts as given: stopped and running ones from the minimum dose on."""
    if treatment.occurrence is Occurrence.DONE:
        return Tri.YES, ""
    if treatment.occurrence is Occurrence.NOT_DONE:
        return Tri.NO, ""
    if treatment.occurrence is Occurrence.UNKNOWN:
        return Tri.UNKNOWN, "not recorded whether it was given"
    if treatment.dose_gy is not None and treatment.dose_gy >= minimum_gy:
        return Tri.YES, ""
    started = "a course is under way" if treatment.occurrence is Occurrence.UNDER_WAY else "a course was stopped"
    dose = "dose not recorded" if treatment.dose_gy is None else f"{treatment.dose_gy:g} Gy, below {minimum_gy:g} Gy"
    return Tri.UNKNOWN, f"{started}, {dose}"


def _described(treatment: Treatment, modality: Modality, pelvis: Reach, paraaortic: Reach) -> str:
    place = {Reach.REACHED: "pelvis", Reach.UNSPECIFIED: "body site not recorded"}.get(pelvis, "")
    if paraaortic is Reach.REACHED:
        place = "pelvis and para-aortic region" if pelvis is Reach.REACHED else "para-aortic region"
    elif pelvis is Reach.POSSIBLE:
        place = "field may include part of the pelvis"
    elif pelvis is Reach.ELSEWHERE:
        place = "another part of the body"
    dose = "" if treatment.dose_gy is None else f"{treatment.dose_gy:g} Gy"
    done = "completed" if treatment.occurrence is Occurrence.DONE else treatment.occurrence.value
    return ", ".join(part for part in (modality.value, place, dose, done) if part)


def _signs(history: History, today: dt.date) -> tuple[_Sign, ...]:
    """Diagnoses that speak of radiotherapy: a bare history, an encounter for radiotherapy, a radiation injury."""
    found: list[_Sign] = []
    for diagnosis in history.diagnoses_about(_SPOKEN_OF):
        if diagnosis.disowned or not statements.happened(diagnosis.date, today):
            continue
        # When it was written down is when a later statement could already know of it.
        known = diagnosis.recorded or diagnosis.date
        if diagnosis.concepts & groups.PELVIC_RADIATION_INJURY:
            text = "radiation injury of a pelvic organ: points to radiotherapy there"
            found.append(_Sign(Evidence(diagnosis.reference, text, diagnosis.date), known, pelvic_only=True))
        elif _history_of_radiotherapy(diagnosis):
            text = "history of radiotherapy, body site not recorded"
            found.append(_Sign(Evidence(diagnosis.reference, text, diagnosis.date), known))
    return tuple(found)


def _history_of_radiotherapy(diagnosis: Diagnosis) -> bool:
    spoken = diagnosis.concepts & _HISTORY
    elsewhere = diagnosis.body_sites and not diagnosis.body_sites & (
        groups.PELVIC_RT_SITE | groups.PELVIC_RT_SITE_POSSIBLE
    )
    return bool(spoken) and not elsewhere


def _open(view: _View, ask: Iterable[Course], denial: PartialDate | None, *, pelvic: bool) -> tuple[Evidence, ...]:
    """Records that may say yes and that a denial of that date does not settle."""
    pending = []
    for course in ask:
        reach = course.pelvis if pelvic else course.paraaortic
        if course.delivered is Tri.NO or reach is Reach.ELSEWHERE:
            continue
        # A later statement of none knew of a record without a site; it cannot undo a part-given course to the place.
        if reach is not Reach.REACHED and newer(denial, course.date) is Tri.YES:
            continue
        pending.append(course.evidence)
    pending += [
        sign.evidence
        for sign in view.signs
        if (pelvic or not sign.pelvic_only) and newer(denial, sign.date) is not Tri.YES
    ]
    return sorted_evidence(pending)


def _conclude(
    view: _View,
    given: Iterable[Course],
    doubtful: Iterable[Course],
    statement: Verdict[bool],
    refused: Iterable[Course],
    *,
    pelvic: bool,
) -> Finding:
    """Yes by record or statement, no by statement or a course not done, unknown otherwise."""
    given, doubtful = tuple(given), tuple(doubtful)
    dated = [course for course in given if course.date is not None]
    denied = statement.value is False
    if dated or (given and not denied):
        agreeing = statement.evidence if statement.value else ()
        return Finding(Tri.YES, sorted_evidence([*(course.evidence for course in given), *agreeing]))
    if given:
        both = sorted_evidence([*(course.evidence for course in given), *statement.evidence])
        return Finding(evidence=both, note=CONTRADICTION)
    maybe = _open(view, doubtful, None, pelvic=pelvic)
    if statement.contradicted:
        return Finding(evidence=statement.evidence, possible=maybe, note=CONTRADICTION)
    if statement.value:
        return Finding(Tri.YES, statement.evidence, maybe)
    refusals = sorted_evidence(course.evidence for course in refused)
    against = sorted_evidence([*(statement.evidence if denied else ()), *refusals])
    pending = _open(view, doubtful, statement.date if denied else None, pelvic=pelvic)
    if not against or pending:
        notes = [course.note for course in doubtful if course.note and course.evidence in pending]
        return Finding(possible=pending or maybe, note=(*notes, view.future, "")[0])
    if view.hindrance:
        return Finding(evidence=against, note=view.hindrance)
    return Finding(Tri.NO, against)


def _pelvic(view: _View, pelvic: Verdict[bool], vaginal: Verdict[bool]) -> Finding:
    given = [course for course in view.courses if course.given_to_pelvis]
    doubtful = [course for course in view.courses if not course.given_to_pelvis]
    # A brachytherapy boost that was not given says nothing about external beams.
    refused = [
        course
        for course in view.courses
        if course.pelvis is Reach.REACHED
        and course.delivered is Tri.NO
        and course.modality is not Modality.BRACHYTHERAPY
    ]
    if vaginal.value and not pelvic.value:
        # Vaginal brachytherapy is radiotherapy of the pelvis.
        both = pelvic.value is False or pelvic.contradicted
        combined = sorted_evidence([*vaginal.evidence, *pelvic.evidence])
        pelvic = Verdict(evidence=combined, contradicted=True) if both else vaginal
    return _conclude(view, given, doubtful, pelvic, refused, pelvic=True)


def _modality(view: _View, modality: Modality, pelvic: Verdict[bool], vaginal: Verdict[bool]) -> Finding:
    """One modality: a denial of pelvic radiotherapy covers it, an affirmation does not say which it was."""
    own = [course for course in view.courses if course.modality is modality]
    given = [course for course in own if course.given_to_pelvis]
    other = {Modality.EXTERNAL: Modality.BRACHYTHERAPY, Modality.BRACHYTHERAPY: Modality.EXTERNAL}[modality]
    doubtful = [course for course in view.courses if course not in given and course.modality is not other]
    refused = [course for course in own if course.pelvis is Reach.REACHED and course.delivered is Tri.NO]
    said: list[Statement[bool]] = []
    if pelvic.value is False:
        said += [Statement(False, pelvic.date, each) for each in pelvic.evidence]
    if vaginal.value:
        said += [Statement(modality is Modality.BRACHYTHERAPY, vaginal.date, each) for each in vaginal.evidence]
    finding = _conclude(view, given, doubtful, statements.settle(said), refused, pelvic=True)
    if pelvic.value and finding.value is Tri.UNKNOWN:
        return Finding(finding.value, finding.evidence, sorted_evidence([*finding.possible, *pelvic.evidence]))
    return finding


def _vaginal_only(vaginal: Verdict[bool], external: Finding, brachytherapy: Finding) -> Finding:
    """Stated, else brachytherapy given and external beams not; an external course on record beats the statement."""
    if external.is_yes:
        return Finding(Tri.NO, external.evidence)
    if vaginal.contradicted:
        return Finding(evidence=vaginal.evidence, note=CONTRADICTION)
    if vaginal.value:
        return Finding(Tri.YES, vaginal.evidence)
    if vaginal.value is False:
        return Finding(Tri.NO, vaginal.evidence)
    if brachytherapy.is_no:
        return Finding(Tri.NO, brachytherapy.evidence)
    value = brachytherapy.value & ~external.value
    evidence = sorted_evidence([*brachytherapy.evidence, *external.evidence]) if value is not Tri.UNKNOWN else ()
    return Finding(value, evidence, () if evidence else brachytherapy.evidence)


def _paraaortic(view: _View, statement: Verdict[bool]) -> Finding:
    given = [course for course in view.courses if course.given_to_paraaortic]
    # A pelvic field with a body site says nothing about the para-aortic nodes.
    doubtful = [course for course in view.courses if not course.given_to_paraaortic]
    refused = [course for course in view.courses if course.paraaortic is Reach.REACHED and course.delivered is Tri.NO]
    return _conclude(view, given, doubtful, statement, refused, pelvic=False)


def _site_unspecified(view: _View) -> Finding:
    """Yes when a record speaks of radiotherapy without a place; its absence on record says nothing."""
    found = [
        course.evidence
        for course in view.courses
        if course.pelvis is Reach.UNSPECIFIED and course.delivered is not Tri.NO
    ]
    found += [sign.evidence for sign in view.signs if not sign.pelvic_only]
    return Finding(Tri.YES, sorted_evidence(found)) if found else Finding()
