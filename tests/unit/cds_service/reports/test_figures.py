from __future__ import annotations

import pytest

from cds_service.reports.figures import NO_REASON, RuleFigures, figures
from cds_service.store.feedback import CardOutcome


def card(outcome: str, *reasons: str, rules: tuple[str, ...] = ("P3:a",), version: str = "2026.11") -> CardOutcome:
    return CardOutcome(rules, version, outcome, reasons)


def test_each_rule_of_a_card_counts_and_versions_are_told_apart() -> None:
    found = figures(
        [
            card("accepted", rules=("P3:a", "P4:b")),
            card("overridden", "Already done", "Not this patient"),
            card("overridden"),
            card(""),
            card("", version="2026.12"),
            card("", rules=()),
        ]
    )
    assert [(one.version, one.row, one.code) for one in found] == [
        ("2026.12", "P3", "a"),
        ("2026.11", "P3", "a"),
        ("2026.11", "P4", "b"),
    ]
    first = found[1]
    assert (first.shown, first.accepted, first.overridden, first.unanswered) == (4, 1, 2, 1)
    assert first.reasons == {"Already done": 1, "Not this patient": 1, NO_REASON: 1}


@pytest.mark.parametrize(
    ("shown", "overridden", "listed"), [(50, 41, True), (50, 40, False), (49, 49, False), (100, 81, True)]
)
def test_safe_14_a_rule_overridden_too_often_is_listed_for_review(shown: int, overridden: int, listed: bool) -> None:
    assert RuleFigures("P3", "a", "v", shown=shown, overridden=overridden).for_review is listed
