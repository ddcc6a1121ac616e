"""Tumour markers: TPS is not CPS, tokens, contradictions, gaps."""

from __future__ import annotations

from typing import Any

import pytest

from fhir_mappings.features.markers import derive_markers
from fhir_mappings.findings import Amount, Finding
from fhir_mappings.history import Gap, Value
from fhir_mappings.kleene import Tri
from tests.history_builders import TODAY, diagnosis, history, observed


def cps(*facts: object) -> Amount:
    found = derive_markers(history(*facts), today=TODAY)["pdl1_cps"]
    assert isinstance(found, Amount)
    return found


def marker(name: str, *facts: object) -> Finding:
    found = derive_markers(history(*facts), today=TODAY)[name]
    assert isinstance(found, Finding)
    return found


@pytest.mark.parametrize(
    ("token", "low", "high"),
    [
        ("combined positive score (cps) 5", 5, 5),
        ("cps 10", 10, 10),
        ("cps: 10, tps: 60", 10, 10),
        ("tps 60, cps = 3", 3, 3),
        ("cps >=1", 1, 100),
        ("cps ≥ 10", 10, 100),
        ("cps of 0.5", 0.5, 0.5),
        ("positive cps ≥1", 1, 100),
        ("cps positive", 1, 100),
    ],
)
def test_a_score_behind_its_letters(token: str, low: float, high: float) -> None:
    found = cps(observed("pd-l1-report-text", token, -700))
    assert (found.low, found.high) == (low, high)


@pytest.mark.parametrize("token", ["cps <1", "negative cps <1", "cps negative"])
def test_a_negative_score_is_below_one(token: str) -> None:
    assert cps(observed("pd-l1-presence", token, -1)).at_least(1) is Tri.NO


@pytest.mark.parametrize(
    "token",
    [
        "positive",
        "60",
        "tps 60",
        "ic score 5",
        "cps (22c3) 5",
        "cps 5%",
        "cps 1-10",
        "cps not done; tps 5",
        "cps 500",
        "previously cps 5, now cps 10",
        "copies 5",
    ],
)
def test_what_is_no_combined_positive_score(token: str) -> None:
    found = cps(observed("pd-l1-report-text", token, -1))
    assert (found.known, len(found.possible)) == (False, 1)


def test_a_tumour_proportion_score_is_never_read_as_cps() -> None:
    found = cps(
        observed("pd-l1-tumour-cell-percentage", 60, -1, unit="%"),
        observed("pd-l1-tumour-cell-percentage", "cps 60", -1),
    )
    assert (found.known, len(found.possible)) == (False, 2)
    assert found.note == "a tumour proportion score is not a combined positive score"


@pytest.mark.parametrize(
    ("number", "unit", "known"), [(5, "", True), (5, "{score}", True), (5, "%", False), (101, "", False)]
)
def test_our_own_code(number: float, unit: str, known: bool) -> None:
    assert cps(observed("own-pdl1-cps", number, -900, unit=unit)).known is known


def test_our_own_code_without_a_number_says_nothing() -> None:
    assert not cps(observed("own-pdl1-cps", "high", -1)).known


def test_the_newest_score_counts_and_one_day_must_agree() -> None:
    assert cps(observed("own-pdl1-cps", 0, -9), observed("own-pdl1-cps", 5, -8)).value == 5
    found = cps(observed("own-pdl1-cps", 0, -8), observed("own-pdl1-cps", 5, -8))
    assert (found.known, len(found.evidence)) == (False, 2)


def test_preliminary_scores_are_possible() -> None:
    assert len(cps(observed("own-pdl1-cps", 5, -8, final=False)).possible) == 1


@pytest.mark.parametrize(
    ("value", "low", "high"),
    [
        (3, 3, 3),
        ("3+", 3, 3),
        ("2+", 2, 2),
        ("0", 0, 0),
        ("ihc 1+", 1, 1),
        ("negative", 0, 1),
        ("equivocal", 2, 2),
        ({"result-negative"}, 0, 1),
        ("positive", None, None),
        (4, None, None),
    ],
)
def test_her2(value: Any, low: float | None, high: float | None) -> None:
    found = derive_markers(history(observed("her2-immunostain", value, -1)), today=TODAY)["her2_ihc"]
    assert isinstance(found, Amount)
    assert (found.low, found.high) == (low, high)


def test_her2_of_a_breast_specimen_is_another_tumour() -> None:
    fact = observed("her2-immunostain-breast-specimen", 3, -1)
    assert not derive_markers(history(fact), today=TODAY)["her2_ihc"].known


def variant(gene: str, value: Any, day: int = -5) -> object:
    parts = ((frozenset({"gene-studied"}), Value(concepts=frozenset({gene}))),)
    return observed("genomic-variant-result", value, day, components=parts)


@pytest.mark.parametrize(
    ("name", "fact", "expected"),
    [
        ("ret_fusion", observed("ret-rearrangement", "positive", -1), Tri.YES),
        ("ret_fusion", observed("ret-rearrangement", {"result-negative"}, -1), Tri.NO),
        ("ret_fusion", observed("ret-rearrangement", True, 1), Tri.UNKNOWN),
        ("ret_fusion", observed("ret-rearrangement", "inconclusive", -1), Tri.UNKNOWN),
        ("ret_fusion", observed("ret-rearrangement", "positive", -1, final=False), Tri.UNKNOWN),
        ("ret_fusion", variant("gene-ret", {"result-positive"}), Tri.UNKNOWN),
        ("ret_fusion", variant("gene-ret", {"result-negative"}), Tri.UNKNOWN),
        ("ntrk_fusion", variant("gene-ntrk", {"result-positive"}), Tri.YES),
        ("ntrk_fusion", variant("gene-ntrk", "not detected"), Tri.NO),
        ("ntrk_fusion", variant("gene-ret", {"result-positive"}), Tri.UNKNOWN),
        ("msi_high", observed("microsatellite-instability-result", {"msi-high"}, -1), Tri.YES),
        ("msi_high", observed("microsatellite-instability-result", {"msi-stable"}, -1), Tri.NO),
        ("msi_high", observed("microsatellite-instability-result", "msi-low", -1), Tri.NO),
        ("msi_high", observed("tumour-size", {"msi-stable"}, -1), Tri.UNKNOWN),
        ("msi_high", observed("mismatch-repair-protein-result", "negative", -1), Tri.YES),
        ("msi_high", observed("mismatch-repair-protein-result", "positive", -1), Tri.UNKNOWN),
        ("msi_high", diagnosis("msi-high-solid-tumour", -1), Tri.YES),
        ("tmb_high", observed("tumour-mutational-burden", 10, -1, unit="1/1000000{Base}"), Tri.YES),
        ("tmb_high", observed("tumour-mutational-burden", 9.9, -1, unit="1/1000000{Base}"), Tri.NO),
        ("tmb_high", observed("tumour-mutational-burden", 30, -1), Tri.UNKNOWN),
        ("tmb_high", observed("tumour-mutational-burden", "high", -1), Tri.YES),
    ],
)
def test_findings(name: str, fact: object, expected: Tri) -> None:
    assert marker(name, fact).value is expected


def test_a_ret_variant_of_unsaid_kind_is_possible() -> None:
    assert len(marker("ret_fusion", variant("gene-ret", {"result-positive"})).possible) == 1


def test_a_gap_takes_a_no_away_but_not_a_yes() -> None:
    gap = Gap(key="observations", cause="refused")
    assert marker("ret_fusion", observed("ret-rearrangement", "negative", -1), gap).value is Tri.UNKNOWN
    assert marker("ret_fusion", observed("ret-rearrangement", "positive", -1), gap).value is Tri.YES


def test_newer_results_win_and_one_day_must_agree() -> None:
    old, new = observed("ret-rearrangement", "negative", -9), observed("ret-rearrangement", "positive", -8)
    assert marker("ret_fusion", old, new).value is Tri.YES
    found = marker("ret_fusion", observed("ret-rearrangement", "negative", -8), new)
    assert (found.value, len(found.evidence)) == (Tri.UNKNOWN, 2)
