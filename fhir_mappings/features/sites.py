"""Where the disease is: pelvic, nodal, para-aortic and distant sites, signs of the side wall, size, staging (2.2).

A diagnosis or an explicit finding says yes; only an explicit finding inside the staging window says no. A report whose
result is free text says neither, and a staging examination that lists some sites says nothing about the others.
"""

from __future__ import annotations

import datetime as dt
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from fhir_mappings.features import statements
from fhir_mappings.features.course import Timeline
from fhir_mappings.features.fields import Windows
from fhir_mappings.features.statements import (
    CONTRADICTION,
    STATED,
    Statement,
    Verdict,
    counted,
    decides,
    happened,
    newer,
    order,
    settle,
    sorted_evidence,
    stated,
)
from fhir_mappings.findings import Amount, Evidence, Feature, Finding, Moment
from fhir_mappings.history import (
    ClinicalStatus,
    Concepts,
    Diagnosis,
    History,
    Laterality,
    Observed,
    Occurrence,
    Verification,
)
from fhir_mappings.kleene import Tri, all_yes, any_yes
from fhir_mappings.partial_dates import PartialDate, before, recent
from fhir_mappings.value_sets import groups

TUMOUR: Final = "own-tumour-at-site"
WHOLE_BODY: Final = "site-whole-body"

_BACK: Final = frozenset({ClinicalStatus.RECURRENCE, ClinicalStatus.RELAPSE})
_OVER: Final = frozenset({ClinicalStatus.INACTIVE, ClinicalStatus.REMISSION, ClinicalStatus.RESOLVED})

NAMES: Final[Mapping[str, str]] = {
    "site_central_pelvic": "central pelvis",
    "site_pelvic_sidewall": "pelvic side wall",
    "site_pelvic_nodal": "pelvic lymph nodes",
    "site_paraaortic": "para-aortic lymph nodes",
    "site_lung": "lung",
    "site_mediastinum": "mediastinum",
    "site_liver": "liver",
    "site_bone": "bone",
    "site_brain": "brain",
    "site_peritoneal": "peritoneum",
    "site_supraclavicular": "supraclavicular lymph nodes",
    "site_inguinal": "inguinal lymph nodes",
    "site_other_distant": "another distant site",
}
"""Each site and its words on a card, in the order of the decision model."""

PELVIC: Final = ("site_central_pelvic", "site_pelvic_sidewall", "site_pelvic_nodal")
DISTANT: Final = tuple(name for name in NAMES if name not in (*PELVIC, "site_paraaortic"))
NAMED_DISTANT: Final = tuple(name for name in DISTANT if name not in ("site_inguinal", "site_other_distant"))
"""The sites that an M category of 0 stands for; each of them negative means no distant disease."""

_BODY_SITES: Final[Mapping[str, Concepts]] = {
    "site_central_pelvic": groups.SITE_CENTRAL_PELVIC,
    "site_pelvic_sidewall": groups.SITE_PELVIC_SIDEWALL,
    "site_pelvic_nodal": groups.SITE_PELVIC_NODAL,
    "site_paraaortic": groups.SITE_PARAAORTIC,
    "site_lung": groups.SITE_LUNG,
    "site_mediastinum": groups.SITE_MEDIASTINAL,
    "site_liver": groups.SITE_LIVER,
    "site_bone": groups.SITE_BONE,
    "site_brain": groups.SITE_BRAIN,
    # No code of the value sets names the peritoneum; a finding in the abdomen outside its organs is one.
    "site_peritoneal": groups.SITE_ABDOMEN,
    "site_supraclavicular": groups.SITE_SUPRACLAVICULAR,
    "site_inguinal": groups.SITE_INGUINAL,
    "site_other_distant": groups.SITE_OTHER_DISTANT,
}
_METASTASES: Final[Mapping[str, Concepts]] = {
    "site_central_pelvic": groups.METASTASIS_CENTRAL_PELVIC,
    "site_pelvic_nodal": groups.METASTASIS_PELVIC_NODAL,
    "site_paraaortic": groups.METASTASIS_PARAAORTIC,
    "site_lung": groups.METASTASIS_LUNG,
    "site_mediastinum": groups.METASTASIS_MEDIASTINAL,
    "site_liver": groups.METASTASIS_LIVER,
    "site_bone": groups.METASTASIS_BONE,
    "site_brain": groups.METASTASIS_BRAIN,
    "site_peritoneal": groups.METASTASIS_PERITONEAL,
    "site_supraclavicular": groups.METASTASIS_SUPRACLAVICULAR,
    "site_inguinal": groups.METASTASIS_INGUINAL,
    "site_other_distant": groups.METASTASIS_OTHER_DISTANT,
}
_VAGUE: Final[tuple[tuple[Concepts, tuple[str, ...]], ...]] = (
    (groups.METASTASIS_PELVIC_PART_UNSPECIFIED, ("site_central_pelvic", "site_pelvic_sidewall")),
    (groups.LOCAL_RECURRENCE, ("site_central_pelvic", "site_pelvic_sidewall")),
    (groups.METASTASIS_SITE_UNSPECIFIED, ("site_other_distant",)),
    (groups.SITE_PELVIC_PART_UNSPECIFIED, ("site_central_pelvic", "site_pelvic_sidewall")),
    (groups.SITE_VULVA_PERINEUM, ("site_central_pelvic",)),
    (frozenset({"site-ureter"}), ("site_pelvic_sidewall",)),
    (frozenset({"site-abdominopelvic"}), ("site_central_pelvic", "site_peritoneal")),
    (frozenset({"site-parametrium"}), ("site_pelvic_sidewall",)),
)
"""Places too wide, or too near another, to decide: they make these sites possible."""


def _names_by_concept() -> dict[str, tuple[str, ...]]:
    spoken: dict[str, list[str]] = {"site-chest": ["site_lung", "site_mediastinum"], WHOLE_BODY: list(NAMES)}
    named = [(concepts, (name,)) for table in (_BODY_SITES, _METASTASES) for name, concepts in table.items()]
    for concepts, names in (*named, *_VAGUE):
        for concept in concepts:
            spoken.setdefault(concept, []).extend(names)
    return {concept: tuple(names) for concept, names in spoken.items()}


_NAMES_BY_CONCEPT: Final = _names_by_concept()
"""Which sites a concept can say anything about; no other site need be asked about a record."""


def _names(concepts: Concepts) -> Iterable[str]:
    return {name for concept in _NAMES_BY_CONCEPT.keys() & concepts for name in _NAMES_BY_CONCEPT[concept]}


_TOLD_BY_CATEGORY: Final[Mapping[str, tuple[str, ...]]] = {
    "m": DISTANT,
    "n": ("site_pelvic_nodal", "site_paraaortic"),
}
"""Letter of a TNM category -> the sites that it speaks of."""

_CATEGORY: Final = re.compile(r"[cpyra]*(?P<letter>[mn])(?P<number>[0-3])[abc]?")
_CATEGORY_CONCEPTS: Final[Mapping[str, Concepts]] = {
    "m": frozenset({"tnm-distant-metastases"}),
    "n": frozenset({"tnm-regional-nodes"}),
}
_RESTAGED: Final = re.compile(r"[cpya]*r[cpya]*[mn]")
_METASTASIS_HISTORY: Final = frozenset({"history-of-metastatic-cancer"})
_SECONDARY: Final[Concepts] = groups.METASTASIS | groups.CERVICAL_CANCER_WITH_DIRECT_SPREAD
_CERVICAL: Final[Concepts] = groups.CERVICAL_CANCER | groups.CANCER_SITE_UNSPECIFIED
_SPREAD: Final[Concepts] = _SECONDARY | _CERVICAL | groups.LOCAL_RECURRENCE
_EXAMINATIONS: Final[tuple[tuple[Concepts, str], ...]] = (
    (groups.IMAGING_PET, "PET/CT"),
    (groups.IMAGING_MRI_PELVIS, "pelvic MRI"),
    (groups.IMAGING_CT_PELVIS | groups.IMAGING_CT_CHEST, "CT"),
)
_PELVIC_EXAMINATIONS: Final = groups.IMAGING_MRI_PELVIS | {"imaging-ct-pelvis"}
_CHEST_EXAMINATIONS: Final = frozenset({"imaging-ct-chest"})
_IN_PELVIS: Final = frozenset({*PELVIC, "site_inguinal", "site_bone"})
_IN_CHEST: Final = frozenset({"site_lung", "site_mediastinum", "site_bone", "site_supraclavicular"})
_MATTERS: Final = frozenset(
    {
        *groups.METASTASIS,
        *groups.CERVICAL_CANCER,
        *groups.IMAGING,
        TUMOUR,
        "tnm-distant-metastases",
        "tnm-regional-nodes",
    }
)
_KEYS: Final = ("conditions", "diagnosticReports", *STATED)
_CENTIMETRES: Final[Mapping[str, float]] = {"cm": 1.0, "mm": 0.1, "m": 100.0}


_Answers = list[tuple[str, Statement[bool]]]
"""Place within the site (empty for all of it) and what is said of it."""

_EVERYWHERE: Final = frozenset({"", WHOLE_BODY})


@dataclass(slots=True)
class _Heard:
    """What is heard of one site: by diagnoses, by examinations, and by records that cannot decide."""

    diagnosed: _Answers = field(default_factory=list)
    examined: _Answers = field(default_factory=list)
    possible: list[Evidence] = field(default_factory=list)


def derive_sites(
    history: History,
    today: dt.date,
    windows: Windows,
    *,
    timeline: Timeline,
) -> dict[str, Feature]:
    """Sites of disease and what staging shows (decision model 2.2).

    Args:
        history: the history.
        today: facts dated later do not count.
        windows: staging, signs and size windows in days.
        timeline: from :mod:`~fhir_mappings.features.course`: end of the last curative treatment (older findings are
            of earlier disease), first evidence of the present disease (an M or N category counts from then on),
            another primary cancer.

    Returns:
        The features by name. A site is no only by an explicit finding inside the staging window, and not while
        diagnoses, reports, observations or questionnaire answers are incomplete (SAFE-05).
    """
    view = _View(history, today, windows, timeline)
    heard = view.heard()
    found = {name: view.conclude(heard[name]) if name in heard else Finding() for name in NAMES}
    lesions = view.count("own-distant-lesion-count", "distant lesions")
    found |= _others_by_count(found, lesions, view)
    found["site_distant"] = view.distant(found)
    signs = view.signs()
    pet = view.examined(groups.IMAGING_PET_CT)
    features: dict[str, Feature] = {
        **found,
        "isolated_chest": _isolated_chest(found),
        "n_distant_lesions": lesions,
        "lesions_all_treatable": view.say(
            "own-all-lesions-amenable-to-local-therapy",
            "all lesions can be treated locally",
            "not all lesions can be treated locally",
        ),
        "pelvic_node_count": view.count("own-pelvic-node-count", "pelvic nodes"),
        **signs,
        "sidewall_triad": _all(signs.values()),
        "unresectable": view.say("own-unresectable", "judged unresectable", "judged resectable"),
        "central_size_cm": view.size(),
        "adequate_staging": view.adequate_staging(pet),
        "pet_ct_recent": view.recently(pet),
        "pet_ct_date": Moment(pet[-1][0], (pet[-1][1],)) if pet else Moment(),
        "pelvic_mri_recent": view.recently(view.examined(groups.IMAGING_MRI_PELVIS)),
    }
    return features


def _covers(name: str, exam: Concepts) -> bool:
    """Whether a named examination takes in the site; a finding without one is the examiner's own statement."""
    imaging = exam & groups.IMAGING
    if not imaging:
        return True
    if imaging <= _PELVIC_EXAMINATIONS:
        return name in _IN_PELVIS
    return name in _IN_CHEST if imaging <= _CHEST_EXAMINATIONS else True


class _View:
    """One history seen for its sites."""

    def __init__(self, history: History, today: dt.date, windows: Windows, timeline: Timeline) -> None:
        self.history = history
        self.today = today
        self.windows = windows
        self.timeline = timeline
        self.examinations = {reference: report.concepts for report in history.reports for reference in report.results}
        self.hindrance = statements.obstacle(history, _KEYS, _MATTERS)
        self._spread = tuple(item for item in history.diagnoses_about(_SPREAD) if self._tells_of_spread(item))
        self._tumours = tuple(
            observation
            for observation in statements.values(history, frozenset({TUMOUR}), today)
            if not self.earlier(observation.date)
            and (observation.value.truth or (observation.value.truth is False and self.in_window(observation.date)))
        )
        diagnoses = {item.reference: item for item in history.diagnoses}
        self._others = {each for each, item in diagnoses.items() if item.concepts & groups.OTHER_PRIMARY_CANCER}
        self._categories_read = {letter: self._read_categories(letter) for letter in _CATEGORY_CONCEPTS}

    # sites

    def earlier(self, date: PartialDate | None) -> bool:
        """Whether the record is surely of disease that was treated since."""
        until = self.timeline.treated_until
        return until is not None and date is not None and newer(date, until) is Tri.NO

    def placed(self, date: PartialDate | None) -> bool:
        """Whether the record is surely of the present disease, or nothing says that there was an earlier one."""
        until = self.timeline.treated_until
        return until is None or newer(date, until) is Tri.YES

    def heard(self) -> dict[str, _Heard]:
        """Everything the record says of each site that it says anything of."""
        heard: dict[str, _Heard] = defaultdict(_Heard)
        for letter, names in _TOLD_BY_CATEGORY.items():
            self._categories(letter, names, heard)
        for item in self._spread:
            self._diagnosed(item, heard)
        for observation in self._tumours:
            self._seen(observation, heard)
        return heard

    def _tells_of_spread(self, item: Diagnosis) -> bool:
        """Whether a diagnosis says that the present disease is somewhere: a metastasis, or the cancer come back."""
        if item.disowned or item.clinical in _OVER:
            return False
        secondary = decides(item, _SECONDARY)
        back = decides(item, groups.LOCAL_RECURRENCE) or (
            decides(item, _CERVICAL) and (item.clinical in _BACK or bool(item.concepts & groups.RECURRENCE_STATED))
        )
        return (secondary or back) and happened(item.date, self.today) and not self.earlier(item.date)

    def _diagnosed(self, item: Diagnosis, heard: dict[str, _Heard]) -> None:
        named = bool(item.concepts & groups.CERVICAL_CANCER)
        sure = item.verification is Verification.CONFIRMED and self.placed(item.date) and (named or self._alone)
        for name in _names(item.concepts | item.body_sites):
            coded = item.concepts & _METASTASES.get(name, frozenset())
            where = item.body_sites & _BODY_SITES[name]
            if not (coded or where or self._vague(name, item.concepts, item.body_sites)):
                continue
            evidence = Evidence(item.reference, item.text or f"diagnosis: {NAMES[name]}", item.date)
            if sure and (coded or where):
                said = Statement(True, item.date, evidence)
                places = where or (_BODY_SITES[name] if len(_BODY_SITES[name]) == 1 else {name})
                heard[name].diagnosed += [(place, said) for place in sorted(places)]
            else:
                heard[name].possible.append(evidence)

    @property
    def _alone(self) -> bool:
        return not (self.timeline.other_primary.is_yes or self.timeline.other_primary.possible)

    @staticmethod
    def _vague(name: str, concepts: Concepts, sites: Concepts) -> bool:
        chest = "site-chest" in sites and not sites & (groups.SITE_LUNG | groups.SITE_MEDIASTINAL)
        if chest and name in ("site_lung", "site_mediastinum"):
            return True
        # A body site says where; the vague code beside it then adds nothing.
        said = sites or concepts
        return any(said & vague and name in names for vague, names in _VAGUE)

    def _seen(self, observation: Observed, heard: dict[str, _Heard]) -> None:
        """A tumour-at-site finding: yes at any time since treatment, no inside the window (others are left out)."""
        present = bool(observation.value.truth)
        exam = self._examination(observation)
        by = next((word for concepts, word in _EXAMINATIONS if exam & concepts), "examination")
        word = "positive" if present else "negative"
        placed = self.placed(observation.date)
        for name in _names(observation.body_sites):
            where = self._where(name, observation.body_sites, present=present)
            vague = present and not where and self._vague(name, frozenset(), observation.body_sites)
            if not vague and not (where and (present or _covers(name, exam))):
                continue
            evidence = Evidence(observation.reference, f"{by} {word} for this site ({NAMES[name]})", observation.date)
            if vague or (present and not placed):
                heard[name].possible.append(evidence)
            else:
                said = Statement(present, observation.date, evidence)
                heard[name].examined += [(place, said) for place in sorted(where)]

    @staticmethod
    def _where(name: str, sites: Concepts, *, present: bool) -> Concepts:
        """The places of the site that a finding with these body sites is about."""
        if WHOLE_BODY in sites and not present:
            return frozenset({WHOLE_BODY})
        if sites == {"site-chest"} and name in ("site_lung", "site_mediastinum"):
            return frozenset() if present else sites
        return sites & _BODY_SITES[name]

    def _examination(self, observation: Observed) -> Concepts:
        return observation.methods | self.examinations.get(observation.reference, frozenset())

    def in_window(self, date: PartialDate | None) -> bool:
        """Whether the date surely lies in the staging window."""
        return date is not None and recent(date, self.today, self.windows.staging) is Tri.YES

    def _categories(self, letter: str, names: Iterable[str], heard: dict[str, _Heard]) -> None:
        """M or N categories, in the window and at or after the recurrence.

        M0 rules out distant sites, N0 pelvic and para-aortic nodes; categories of 1 and more leave the place open.
        """
        for token, observation in self._categories_read[letter]:
            number = token["number"]
            evidence = Evidence(observation.reference, f"{letter.upper()} category {number}", observation.date)
            if number == "0":
                if self.in_window(observation.date) and self._restaged(observation):
                    said = Statement(False, observation.date, evidence)
                    for name in names:
                        heard[name].examined.append(("", said))
            elif letter == "n" and not self.earlier(observation.date) and self._restaged(observation):
                for name in names:
                    heard[name].possible.append(evidence)

    def _read_categories(self, letter: str) -> tuple[tuple[re.Match[str], Observed], ...]:
        """The M or N categories of this cancer on record, oldest first."""
        read = []
        for observation in statements.values(self.history, _CATEGORY_CONCEPTS[letter], self.today):
            if not self._others.isdisjoint(observation.focus):
                continue
            words = (observation.value.token, *sorted(code.casefold() for _, code in observation.value.codes))
            match = next((found for word in words if (found := _CATEGORY.fullmatch(word))), None)
            if match is not None and match["letter"] == letter:
                read.append((match, observation))
        return tuple(read)

    def _restaged(self, observation: Observed) -> bool:
        """At or after the first evidence of the present disease; an ``r`` prefix says so itself."""
        words = (observation.value.token, *(code.casefold() for _, code in observation.value.codes))
        if any(_RESTAGED.match(word) for word in words):
            return not self.earlier(observation.date)
        since = self.timeline.evidence_since
        return since is not None and observation.date is not None and before(observation.date, since) is Tri.NO

    def conclude(self, heard: _Heard) -> Finding:
        """One site: yes where any place of it is, no where its places were looked at and free, else unknown."""
        everywhere = [each for place, each in heard.examined if place in _EVERYWHERE]
        places = {place for place, _ in (*heard.diagnosed, *heard.examined)} - _EVERYWHERE
        verdicts: list[Verdict[bool]] = []
        for where in sorted(places):
            seen = settle([*(each for place, each in heard.examined if place == where), *everywhere])
            verdicts.append(self._with_diagnoses(seen, [each for place, each in heard.diagnosed if place == where]))
        if not places:
            verdicts.append(settle(everywhere))
        return self._combine(verdicts, sorted_evidence(heard.possible))

    @staticmethod
    def _with_diagnoses(seen: Verdict[bool], diagnosed: list[Statement[bool]]) -> Verdict[bool]:
        """A diagnosis holds unless a negative examination is not older: then the two contradict each other."""
        if not diagnosed:
            return seen
        evidence = sorted_evidence([*(each.evidence for each in diagnosed), *seen.evidence])
        denied = seen.value is False and all(newer(each.date, seen.date) is not Tri.YES for each in diagnosed)
        if denied or seen.contradicted:
            return Verdict(evidence=evidence, contradicted=True)
        positive = sorted_evidence([*(each.evidence for each in diagnosed), *(seen.evidence if seen.value else ())])
        return Verdict(True, positive)

    def _combine(self, verdicts: list[Verdict[bool]], possible: tuple[Evidence, ...]) -> Finding:
        yes = [each for verdict in verdicts if verdict.value for each in verdict.evidence]
        if yes:
            return Finding(Tri.YES, sorted_evidence(yes), possible)
        torn = [each for verdict in verdicts if verdict.contradicted for each in verdict.evidence]
        if torn:
            return Finding(evidence=sorted_evidence(torn), possible=possible, note=CONTRADICTION)
        no = sorted_evidence(each for verdict in verdicts if verdict.value is False for each in verdict.evidence)
        if no and not self._outweighs(possible, no) and not self.hindrance:
            return Finding(Tri.NO, no)
        return Finding(evidence=no if self.hindrance else (), possible=possible, note=self.hindrance if no else "")

    @staticmethod
    def _outweighs(possible: Iterable[Evidence], no: tuple[Evidence, ...]) -> bool:
        """Whether a record that may say yes is not surely older than a negative finding."""
        return any(all(newer(each.date, item.date) is not Tri.YES for each in no) for item in possible)

    def distant(self, found: Mapping[str, Finding]) -> Finding:
        """Distant disease: yes at any distant site or by an M category of 1.

        No by an explicit M0, or when every named distant site is free and none of the others is possible.
        """
        subs = [found[name] for name in DISTANT]
        possible = sorted_evidence(each for sub in subs for each in sub.possible)
        yes = [each for sub in subs if sub.is_yes for each in sub.evidence]
        general = [*self._general_yes(), *self._general_no()]
        verdict = settle(general)
        if yes:
            return Finding(Tri.YES, sorted_evidence([*yes, *(verdict.evidence if verdict.value else ())]))
        if verdict.value:
            return Finding(Tri.YES, verdict.evidence, possible)
        torn = [each for sub in subs if sub.note == CONTRADICTION for each in sub.evidence]
        if verdict.contradicted or torn:
            return Finding(evidence=sorted_evidence([*verdict.evidence, *torn]), possible=possible, note=CONTRADICTION)
        named = [found[name] for name in NAMED_DISTANT]
        no = [each for sub in named for each in sub.evidence] if all(sub.is_no for sub in named) else []
        against = sorted_evidence([*(verdict.evidence if verdict.value is False else ()), *no])
        if not against or self._outweighs(possible, against):
            return Finding(possible=possible)
        if self.hindrance:
            return Finding(evidence=against, note=self.hindrance)
        return Finding(Tri.NO, against)

    def _general_yes(self) -> Iterable[Statement[bool]]:
        for token, observation in self._categories_read["m"]:
            if token["number"] != "0" and not self.earlier(observation.date) and self._restaged(observation):
                evidence = Evidence(observation.reference, "M category 1: distant metastasis", observation.date)
                yield Statement(True, observation.date, evidence)
        wanted = groups.DISEASE_STATUS | {"distant-metastasis-present"}
        for observation in statements.values(self.history, wanted, self.today):
            said = "distant-metastasis-present" in (observation.value.concepts | observation.concepts)
            if said and observation.value.truth is not False and self.placed(observation.date) and self._alone:
                evidence = Evidence(observation.reference, "distant metastasis present", observation.date)
                yield Statement(True, observation.date, evidence)

    def _general_no(self) -> Iterable[Statement[bool]]:
        for token, observation in self._categories_read["m"]:
            if token["number"] == "0" and self.in_window(observation.date) and self._restaged(observation):
                evidence = Evidence(observation.reference, "M category 0: no distant metastasis", observation.date)
                yield Statement(False, observation.date, evidence)
        # "No history of metastatic cancer" speaks of the past of its own day and of nothing later.
        for observation in statements.values(self.history, _METASTASIS_HISTORY, self.today):
            since = self.timeline.evidence_since
            outdated = since is not None and newer(since, observation.date) is not Tri.NO
            if observation.value.truth is False and self.in_window(observation.date) and not outdated:
                text = "no history of metastatic cancer up to then"
                yield Statement(False, observation.date, Evidence(observation.reference, text, observation.date))

    # statements and counts

    def say(self, concept: str, yes: str, no: str) -> Finding:
        """An explicit statement about the present disease."""
        return stated(self.history, concept, self.today, yes=yes, no=no, since=self.timeline.treated_until)

    def count(self, concept: str, unit: str) -> Amount:
        """The newest stated number of the present disease."""
        said = counted(self.history, frozenset({concept}), self.today, unit)
        verdict = settle([each for each in said if not self.earlier(each.date)])
        if verdict.value is None:
            return Amount(evidence=verdict.evidence, note=CONTRADICTION if verdict.contradicted else "")
        return Amount.exactly(verdict.value, date=verdict.date, evidence=verdict.evidence)

    # signs of the side wall

    def signs(self) -> dict[str, Finding]:
        """Leg oedema of one side, sciatic pain, hydronephrosis: active and at most the window old."""
        return {
            "sign_leg_oedema_unilateral": self._sign(groups.LEG_OEDEMA, groups.LEG_OEDEMA_POSSIBLE, sided=True),
            "sign_sciatic_pain": self._sign(frozenset({"sciatica"}), frozenset({"lumbosacral-plexus-disorder"})),
            "sign_hydronephrosis": self._sign(
                groups.HYDRONEPHROSIS, frozenset({"ureteral-obstruction-without-hydronephrosis"})
            ),
        }

    def _sign(self, sure: Concepts, maybe: Concepts, *, sided: bool = False) -> Finding:
        said: list[Statement[bool]] = []
        possible: list[Evidence] = []
        for item in self.history.diagnoses_about(sure | maybe):
            active = not item.disowned and item.clinical not in _OVER and item.abatement is None
            if not active or not item.concepts & (sure | maybe) or not happened(item.date, self.today):
                continue
            evidence = Evidence(item.reference, item.text or "active on the problem list", item.date)
            if sided and item.laterality is Laterality.BOTH_SIDES:
                continue
            placed = not sided or item.laterality is Laterality.ONE_SIDE or bool(item.concepts & groups.ONE_LEG)
            confirmed = item.verification is Verification.CONFIRMED and decides(item, sure)
            if confirmed and placed and self._of_late(item.date):
                said.append(Statement(True, item.date, evidence))
            else:
                possible.append(evidence)
        for observation in statements.values(self.history, sure, self.today):
            truth = observation.value.truth
            one_leg = bool(observation.concepts & groups.ONE_LEG)
            # Another observation of a leg does not say that it is one leg only.
            if truth is None or not self._of_late(observation.date) or (sided and truth and not one_leg):
                continue
            text = "present on examination" if truth else "absent on examination"
            evidence = Evidence(observation.reference, text, observation.date)
            said.append(Statement(truth, observation.date, evidence))
        verdict = settle(said)
        if verdict.contradicted:
            return Finding(evidence=verdict.evidence, possible=sorted_evidence(possible), note=CONTRADICTION)
        hindrance = statements.obstacle(self.history, ("conditions", *STATED), sure | maybe)
        if verdict.value is False and (possible or hindrance):
            return Finding(evidence=verdict.evidence, possible=sorted_evidence(possible), note=hindrance)
        if verdict.value is None:
            return Finding(possible=sorted_evidence(possible))
        return Finding(Tri.YES if verdict.value else Tri.NO, verdict.evidence)

    def _of_late(self, date: PartialDate | None) -> bool:
        return date is not None and recent(date, self.today, self.windows.signs) is Tri.YES

    # size and examinations

    def size(self) -> Amount:
        """Largest dimension in cm of the newest measurement of the pelvic tumour inside its window.

        A measurement belongs to the pelvis by its body site, by the cervical cancer as its focus, or by a pelvic MRI
        that lists or made it; another one is only possible.
        """
        measured: list[tuple[PartialDate, float, float, Evidence]] = []
        possible: list[Evidence] = []
        for observation in statements.values(self.history, frozenset({"tumour-size"}), self.today):
            bounds = [found for value in self._sizes(observation) if (found := value) is not None]
            if not bounds or self.earlier(observation.date) or self._elsewhere(observation):
                continue
            low, high = max(low for low, _ in bounds), max(high for _, high in bounds)
            evidence = Evidence(observation.reference, f"tumour size {high:g} cm", observation.date)
            if observation.date is None or not self._pelvic(observation):
                possible.append(evidence)
            elif recent(observation.date, self.today, self.windows.central_size) is Tri.YES:
                measured.append((observation.date, low, high, evidence))
            else:
                possible.append(evidence)
        if not measured:
            return Amount(unit="cm", possible=sorted_evidence(possible))
        measured.sort(key=lambda each: order(each[0], each[3].reference))
        last = [each for each in measured if before(each[0], measured[-1][0]) is not Tri.YES]
        low, high = min(each[1] for each in last), max(each[2] for each in last)
        return Amount(low, high, "cm", last[-1][0], sorted_evidence(each[3] for each in last))

    @staticmethod
    def _sizes(observation: Observed) -> Iterable[tuple[float, float] | None]:
        parts = [value for concepts, value in observation.components if "tumour-size" in concepts]
        for value in (observation.value, *parts):
            factor = _CENTIMETRES.get(value.unit)
            if value.number is None or factor is None or value.number <= 0 or value.comparator.startswith(">"):
                yield None
            else:
                size = round(value.number * factor, 3)
                yield (0.0 if value.comparator else size, size)

    @staticmethod
    def _elsewhere(observation: Observed) -> bool:
        pelvic = groups.SITE_CENTRAL_PELVIC | groups.SITE_PELVIC_SIDEWALL | groups.SITE_PELVIC_PART_UNSPECIFIED
        return bool(observation.body_sites) and not observation.body_sites & pelvic

    def _pelvic(self, observation: Observed) -> bool:
        cancers = {item.reference for item in self.history.diagnoses if item.concepts & groups.CERVICAL_CANCER}
        return (
            bool(observation.body_sites)
            or bool(cancers & frozenset(observation.focus))
            or bool(self._examination(observation) & groups.IMAGING_MRI_PELVIS)
        )

    def examined(self, concepts: Concepts) -> list[tuple[PartialDate, Evidence]]:
        """Final examinations of these kinds with a date, oldest first."""
        found = [
            (item.date, Evidence(item.reference, "final examination report", item.date))
            for item in self.history.reports
            if item.final and decides(item, concepts) and item.date is not None and happened(item.date, self.today)
        ]
        for treatment in self.history.treatments_about(concepts):
            when = treatment.end or treatment.start
            done = treatment.occurrence is Occurrence.DONE and decides(treatment, concepts)
            if done and when is not None and happened(when, self.today):
                found.append((when, Evidence(treatment.reference, "examination done", when)))
        return sorted(found, key=lambda each: order(each[0], each[1].reference))

    def recently(self, examinations: list[tuple[PartialDate, Evidence]]) -> Finding:
        """Yes when one surely lies in the staging window; an older or missing one leaves it unknown."""
        inside = [evidence for date, evidence in examinations if self.in_window(date)]
        if inside:
            return Finding(Tri.YES, sorted_evidence(inside))
        last = examinations[-1:]
        return Finding(possible=tuple(each[1] for each in last), note=f"last one {last[0][0]}" if last else "")

    def adequate_staging(self, pet_cts: list[tuple[PartialDate, Evidence]]) -> Finding:
        """PET/CT, or CT of chest, abdomen and pelvis in one or two examinations, in the staging window."""
        pet = self.recently(pet_cts)
        if pet.is_yes:
            return pet
        chest = self.recently(self.examined(groups.IMAGING_CT_CHEST))
        abdomen = self.recently(self.examined(groups.IMAGING_CT_ABDOMEN_PELVIS))
        if chest.is_yes and abdomen.is_yes:
            return Finding(Tri.YES, sorted_evidence([*chest.evidence, *abdomen.evidence]))
        parts = (*pet.possible, *chest.possible, *chest.evidence, *abdomen.possible, *abdomen.evidence)
        return Finding(possible=sorted_evidence(parts))


def _others_by_count(found: Mapping[str, Finding], lesions: Amount, view: _View) -> dict[str, Finding]:
    """A single distant lesion at a known distant site rules out the other distant sites."""
    here = [name for name in DISTANT if found[name].is_yes]
    if lesions.value != 1 or len(here) != 1 or view.hindrance or not view.in_window(lesions.date):
        return {}
    return {
        name: Finding(Tri.NO, lesions.evidence)
        for name in DISTANT
        if name not in here and not found[name].known and not found[name].possible and not found[name].note
    }


def _all(parts: Iterable[Finding]) -> Finding:
    """Kleene AND with the evidence of the parts that decide it."""
    every = list(parts)
    value = all_yes(part.value for part in every)
    deciding = [part for part in every if part.value is value] if value is not Tri.UNKNOWN else []
    possible = [each for part in every for each in part.possible] if value is Tri.UNKNOWN else []
    return Finding(value, sorted_evidence(e for part in deciding for e in part.evidence), sorted_evidence(possible))


def _isolated_chest(found: Mapping[str, Finding]) -> Finding:
    """Lung or mediastinum, and every other named site free; "another distant site" has no name to look for."""
    chest = any_yes(found[name].value for name in ("site_lung", "site_mediastinum"))
    others = [name for name in NAMES if name not in ("site_lung", "site_mediastinum", "site_other_distant")]
    elsewhere = found["site_other_distant"]
    rest = all_yes(~found[name].value for name in others)
    if elsewhere.is_yes:
        rest = Tri.NO
    elif elsewhere.possible or elsewhere.note:
        rest &= Tri.UNKNOWN
    value = chest & rest
    chest_evidence = [e for name in ("site_lung", "site_mediastinum") for e in found[name].evidence]
    against = [e for name in (*others, "site_other_distant") if found[name].is_yes for e in found[name].evidence]
    if value is Tri.YES:
        return Finding(value, sorted_evidence(chest_evidence))
    return Finding(value, sorted_evidence(against or chest_evidence) if value is Tri.NO else ())
