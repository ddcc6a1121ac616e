"""Tumour markers: PD-L1 combined positive score, HER2, RET, NTRK, mismatch repair, mutational burden.

Decision model, section 2.4; record representation, "Text", for the tokens that count. Markers have no window: the
newest result of any tumour sample decides.
"""

from __future__ import annotations

import datetime as dt
import math
import re
from typing import Final

from msgspec.structs import replace

from fhir_mappings.features.measured import (
    Interval,
    Scale,
    amount_of,
    bounds,
    incomplete,
    measurements,
    quantity,
    ucum,
    whole,
    worded,
)
from fhir_mappings.features.statements import CONTRADICTION, STATED, obstacle, sorted_evidence
from fhir_mappings.features.weighing import conditions, ever, future, joined, last_date
from fhir_mappings.findings import Amount, Evidence, Feature, Finding
from fhir_mappings.history import Concepts, History, Observed, Value
from fhir_mappings.kleene import Tri
from fhir_mappings.value_sets import groups

RESULT_POSITIVE: Final = frozenset({"result-positive"})
RESULT_NEGATIVE: Final = frozenset({"result-negative"})
_YES_WORDS: Final = frozenset({"positive", "detected", "present"})
_NO_WORDS: Final = frozenset({"negative", "not detected", "absent"})


_CPS: Final = re.compile(
    r"\b(?:cps|combined positive score)\b[\s:=()]*(?:(?:is|of|score)\s+)?"
    r"(?P<bound>>=|<=|≥|≤|>|<|=)?\s*(?P<number>[0-9]{1,3}(?:\.[0-9]+)?)(?![\w%/-]|\.[0-9])"
)
_CPS_POSITIVE: Final = re.compile(r"(?:positive,? \(?cps\)?|cps:? positive)(?: ?(?:≥|>=) ?1)?")
_CPS_NEGATIVE: Final = re.compile(r"(?:negative,? \(?cps\)?|cps:? negative)(?: ?< ?1)?")
_BOUNDS: Final = {"≥": ">=", "≤": "<=", "=": "", None: ""}


def _cps_number(value: Value) -> Interval | str | None:
    """A combined positive score under our own code: 0 to 100, a score without a unit."""
    if value.number is None:
        return None
    if ucum(value.unit) not in ("", "1"):
        return f"the unit {value.unit} does not belong to a combined positive score"
    return bounds(value, 1, 0, 100)


def _cps_text(value: Value) -> Interval | str | None:
    """A combined positive score by its letters in the value of a coded PD-L1 observation; anything else is none."""
    if _CPS_POSITIVE.fullmatch(value.token):
        return 1.0, 100.0
    if _CPS_NEGATIVE.fullmatch(value.token):
        return 0.0, math.nextafter(1, 0)
    found = {
        bounds(Value(number=float(each["number"]), comparator=_BOUNDS.get(each["bound"], each["bound"])), 1, 0, 100)
        for each in _CPS.finditer(value.token)
    }
    if len(found) > 1:
        return "the text holds several scores"
    return found.pop() if found else None


def _pdl1(history: History, today: dt.date) -> Amount:
    """PD-L1 combined positive score, of any sample and age, newest first.

    A tumour proportion score, an immune cell score or a plain "positive" is not a CPS: possible, with a note.
    """
    own = measurements(history, groups.PDL1_CPS, _cps_number, "PD-L1 combined positive score")
    coded = measurements(history, groups.PDL1 - groups.PDL1_CPS - groups.PDL1_NOT_CPS, _cps_text, "PD-L1")
    amount = amount_of((*own, *coded), unit="", today=today)
    other = [
        Evidence(each.reference, f"PD-L1 tumour proportion score {worded(each.value)}".rstrip(), each.date)
        for each in _past(history, groups.PDL1_NOT_CPS, today)
    ]
    if not amount.known and other:
        note = joined("a tumour proportion score is not a combined positive score", amount.note)
        amount = replace(amount, possible=sorted_evidence((*amount.possible, *other)), note=note)
    return incomplete(amount, history, groups.PDL1, *STATED)


_HER2_SCORE: Final = re.compile(r"(?:(?:ihc|score) ?)?(?P<score>[0-3])\+?")
_HER2_WORDS: Final[dict[str, Interval]] = {"negative": (0.0, 1.0), "equivocal": (2.0, 2.0)}


def _her2(value: Value) -> Interval | str | None:
    """HER2 immunostain 0 to 3 by number or token; negative is 0 to 1; positive without a score is not enough."""
    if found := _HER2_SCORE.fullmatch(value.token):
        return float(found["score"]), float(found["score"])
    if value.concepts & RESULT_NEGATIVE:
        return _HER2_WORDS["negative"]
    return _HER2_WORDS.get(value.token) or whole(value, 3)


def _result(value: Value) -> Tri:
    """A qualitative result: truth, coded answer or token; unknown for anything else."""
    yes = value.truth is True or bool(value.concepts & RESULT_POSITIVE) or value.token in _YES_WORDS
    no = value.truth is False or bool(value.concepts & RESULT_NEGATIVE) or value.token in _NO_WORDS
    if yes == no:
        return Tri.UNKNOWN
    return Tri.YES if yes else Tri.NO


def _marker(
    history: History, concepts: Concepts, results: list[tuple[Observed, Tri, str]], *, note: str = ""
) -> Finding:
    """The newest final result; contradictory ones of a day make it unknown, and so does a gap instead of a no."""
    hindrance = obstacle(history, STATED, concepts)
    if not results:
        return Finding(note=hindrance)
    firm = [
        (answer, Evidence(each.reference, text, each.date))
        for each, answer, text in results
        if each.final and answer is not Tri.UNKNOWN and not each.text_only and not each.conflict
    ]
    loose = sorted_evidence(
        Evidence(each.reference, text, each.date)
        for each, answer, text in results
        if not each.final or answer is Tri.UNKNOWN or each.text_only or each.conflict
    )
    last = last_date(evidence for _, evidence in firm)
    top = [
        (answer, item)
        for answer, item in firm
        if item.date is None or last is None or item.date.latest >= last.earliest
    ]
    if last is not None:
        top = [(answer, item) for answer, item in top if item.date is not None]
    evidence = sorted_evidence(item for _, item in top)
    answers = {answer for answer, _ in top}
    if len(answers) > 1:
        return Finding(Tri.UNKNOWN, evidence, loose, CONTRADICTION)
    if answers == {Tri.YES}:
        return Finding(Tri.YES, evidence, loose, note)
    if answers == {Tri.NO} and not hindrance:
        return Finding(Tri.NO, evidence, loose)
    return Finding(Tri.UNKNOWN, (), loose, hindrance)


def _past(history: History, concepts: Concepts, today: dt.date) -> list[Observed]:
    return [
        each
        for each in history.observed_about(concepts)
        if each.concepts & concepts and not each.value.absent and not future(each.date, today)
    ]


_WORDS: Final = {Tri.YES: "positive", Tri.NO: "negative", Tri.UNKNOWN: "result unclear"}
_VARIANT: Final = frozenset({"genomic-variant-result"})
_GENE: Final = frozenset({"gene-studied"})


def _variants(history: History, today: dt.date, gene: Concepts) -> list[tuple[Observed, Tri]]:
    """Genomic variant results whose component names the gene."""
    return [
        (each, _result(each.value))
        for each in _past(history, _VARIANT, today)
        if any(codes & _GENE and value.concepts & gene for codes, value in each.components)
    ]


_RET: Final = frozenset({"ret-rearrangement"})
_MSI: Final = frozenset({"microsatellite-instability-result"})
_REPAIR_PROTEIN: Final = frozenset({"mismatch-repair-protein-result"})
_MSI_HIGH: Final = frozenset({"msi-high"})
_MSI_NOT_HIGH: Final = frozenset({"msi-low", "msi-stable"})
_MSI_WORDS: Final = {
    **dict.fromkeys(("msi-high", "msi-h", "high"), Tri.YES),
    **dict.fromkeys(("msi-low", "msi-l", "low", "mss", "stable"), Tri.NO),
}
_BURDEN: Final = frozenset({"tumour-mutational-burden"})

HIGH_BURDEN: Final = 10.0
"""Mutations per megabase from which the pembrolizumab label (tissue-agnostic) calls the burden high."""

BURDEN: Final = Scale("/Mb", {"/1000000": 1, "/10*6": 1, "10*-6": 1}, 0, 5000)
"""Per million bases; the annotation (``{Base}``, ``{mutations}``) is dropped before the unit is compared."""


def _microsatellites(history: History, today: dt.date) -> Finding:
    """Microsatellite instability high, or loss of a mismatch repair protein; no from a stable or low result only.

    One protein present says little of the other three: never a no.
    """
    results: list[tuple[Observed, Tri, str]] = []
    for each in _past(history, _MSI, today):
        answer = _MSI_WORDS.get(each.value.token, Tri.UNKNOWN)
        if each.value.concepts & _MSI_HIGH:
            answer = Tri.YES
        elif each.value.concepts & _MSI_NOT_HIGH:
            answer = Tri.NO
        words = {Tri.YES: "high", Tri.NO: "not high", Tri.UNKNOWN: "result unclear"}[answer]
        results.append((each, answer, f"microsatellite instability {words}"))
    results += [
        (each, Tri.YES, "mismatch repair protein lost")
        for each in _past(history, _REPAIR_PROTEIN, today)
        if _result(each.value) is Tri.NO
    ]
    finding = _marker(history, _MSI | _REPAIR_PROTEIN, results)
    stated = ever(conditions(history, frozenset({"msi-high-solid-tumour"}), today=today))
    if stated.is_yes and not finding.known and not finding.evidence:
        return replace(stated, possible=sorted_evidence((*stated.possible, *finding.possible)))
    return finding


def _burden(history: History, today: dt.date) -> Finding:
    """Tumour mutational burden of at least 10 mutations per megabase, by number or by the word high or low."""
    results: list[tuple[Observed, Tri, str]] = []
    for each in _past(history, _BURDEN, today):
        found = quantity(BURDEN)(each.value)
        answer = Amount(*found).at_least(HIGH_BURDEN) if isinstance(found, tuple) else Tri.UNKNOWN
        answer = {"high": Tri.YES, "low": Tri.NO}.get(each.value.token, answer)
        results.append((each, answer, f"tumour mutational burden {worded(each.value)}".rstrip()))
    return _marker(history, _BURDEN, results)


def derive_markers(history: History, *, today: dt.date) -> dict[str, Feature]:
    """``pdl1_cps``, ``her2_ihc``, ``ret_fusion``, ``ntrk_fusion``, ``msi_high`` and ``tmb_high``.

    A no of the four findings needs a negative result and complete observations. A RET variant of unsaid kind is only
    possible; an NTRK variant counts, since no test of the fusion alone has a code, with a note to confirm it.

    Args:
        history: all facts.
        today: results dated later do not count.

    Returns:
        The six features by name.
    """
    her2 = amount_of(measurements(history, groups.HER2_IMMUNOSTAIN, _her2, "HER2 immunostain"), unit="", today=today)
    ret = [
        (each, answer, f"RET rearrangement {_WORDS[answer]}")
        for each in _past(history, _RET, today)
        for answer in (_result(each.value),)
    ]
    ret += [
        (each, Tri.UNKNOWN, "RET variant found, kind not said")
        for each, answer in _variants(history, today, frozenset({"gene-ret"}))
        if answer is not Tri.NO
    ]
    ntrk = [
        (each, answer, f"NTRK variant {_WORDS[answer]}")
        for each, answer in _variants(history, today, frozenset({"gene-ntrk"}))
    ]
    return {
        "pdl1_cps": _pdl1(history, today),
        "her2_ihc": incomplete(her2, history, groups.HER2_IMMUNOSTAIN, "observations"),
        "ret_fusion": _marker(history, _RET, ret),
        "ntrk_fusion": _marker(history, _VARIANT, ntrk, note="confirm that the variant is a fusion"),
        "msi_high": _microsatellites(history, today),
        "tmb_high": _burden(history, today),
    }
