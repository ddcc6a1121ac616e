"""What several drugs share: performance status, and pregnancy with a platinum or a taxane."""

from __future__ import annotations

from typing import Any

import pytest

from cds_service.guideline.rule import Severity
from fhir_mappings.findings import Amount, Finding
from tests.unit.cds_service.guideline.draft_order_checks.order_builders import NO, YES, amount, ask, draft, severities

WARNING, CRITICAL = Severity.WARNING, Severity.CRITICAL
CYTOTOXICS = (
    *("cisplatin", "carboplatin", "paclitaxel-conventional", "paclitaxel-protein-bound", "topotecan", "gemcitabine"),
    *("bevacizumab", "tisotumab-vedotin", "trastuzumab-deruxtecan"),
)
PLATINUM_OR_TAXANE = ("cisplatin", "carboplatin", "paclitaxel-conventional", "paclitaxel-protein-bound")


@pytest.mark.parametrize("drug", CYTOTOXICS)
@pytest.mark.parametrize(
    ("ecog", "expected"), [(Amount(), None), (amount(2), None), (amount(3), WARNING), (amount(4), WARNING)]
)
def test_poor_performance_status_with_any_cytotoxic(drug: str, ecog: Amount, expected: Severity | None) -> None:
    assert severities(draft(drug), ecog=ecog).get("performance-status-chemo") is expected


def test_performance_status_is_no_rule_of_the_safety_scope_nor_of_checkpoint_inhibitors() -> None:
    assert "performance-status-chemo" not in ask(draft("cisplatin"), safety_only=True, ecog=amount(4))
    assert "performance-status-chemo" not in ask(draft("pembrolizumab"), ecog=amount(4))


@pytest.mark.parametrize("drug", PLATINUM_OR_TAXANE)
@pytest.mark.parametrize(
    ("pregnant", "weeks", "expected"),
    [
        (YES, Amount(), CRITICAL),
        (YES, amount(13), CRITICAL),
        (YES, Amount(5, 42, "weeks"), CRITICAL),
        (YES, amount(14), WARNING),
        (YES, Amount(16, 42, "weeks"), WARNING),
        (NO, amount(10), None),
        (Finding(), Amount(), None),
        (Finding(), amount(10), None),
    ],
)
@pytest.mark.parametrize("safety_only", [False, True])
def test_platinum_and_taxanes_in_pregnancy(
    drug: str, pregnant: Finding, weeks: Amount, expected: Severity | None, safety_only: bool
) -> None:
    patient: dict[str, Any] = {"pregnant": pregnant, "gestation_weeks": weeks}
    assert severities(draft(drug), safety_only=safety_only, **patient).get("pregnancy-teratogen") is expected


def test_the_weeks_stand_among_the_reasons_from_week_14() -> None:
    decision = ask(draft("cisplatin"), pregnant=YES, gestation_weeks=amount(20, "weeks"))["pregnancy-teratogen"]
    assert decision.row == "CYT-03"
    assert {each.feature for each in decision.because} == {"pregnant", "fourteen_weeks_reached"}


def test_an_order_of_two_of_these_drugs_asks_once() -> None:
    order = draft(concepts=frozenset({"carboplatin", "paclitaxel-conventional"}))
    found = ask(order, ecog=amount(3), pregnant=YES)
    assert {code: decision.row for code, decision in found.items()} == {
        "performance-status-chemo": "CYT-01",
        "pregnancy-teratogen": "CYT-02",
    }
