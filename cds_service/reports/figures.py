"""How often each rule was shown, accepted, overridden and left unanswered, and why it was overridden (SAFE-14)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from cds_service.store.feedback import CardOutcome

REVIEW_SHOWINGS: Final = 50
"""Showings from which on a share means something (SAFE-14)."""
REVIEW_SHARE: Final = 0.8
"""A rule that is overridden more often than this is listed for review (SAFE-14)."""
NO_REASON: Final = "no reason given"


@dataclass(slots=True)
class RuleFigures:
    """One rule of one version of the knowledge. A card with several rules counts for each of them.

    Attributes:
        row: id of the row.
        code: the output that it put on a card.
        version: of the knowledge.
        shown: cards.
        accepted: of them; a card that was accepted at any time.
        overridden: of them; a card that was overridden and never accepted.
        reasons: why, with how many cards; a card may have several.
    """

    row: str
    code: str
    version: str
    shown: int = 0
    accepted: int = 0
    overridden: int = 0
    reasons: Counter[str] = field(default_factory=Counter)

    @property
    def unanswered(self) -> int:
        """Cards of which nobody said anything."""
        return self.shown - self.accepted - self.overridden

    @property
    def for_review(self) -> bool:
        """Whether it was overridden so often that it should be looked at."""
        return self.shown >= REVIEW_SHOWINGS and self.overridden > REVIEW_SHARE * self.shown


def figures(outcomes: Iterable[CardOutcome]) -> list[RuleFigures]:
    """The figures of every rule that was shown, newest version first, then by showings.

    Args:
        outcomes: what became of each card.
    """
    found: dict[tuple[str, str], RuleFigures] = {}
    for outcome in outcomes:
        for rule in outcome.rules:
            row, _, code = rule.partition(":")
            one = found.setdefault((rule, outcome.version), RuleFigures(row, code, outcome.version))
            one.shown += 1
            if outcome.outcome == "accepted":
                one.accepted += 1
            elif outcome.outcome == "overridden":
                one.overridden += 1
                one.reasons.update(outcome.reasons or (NO_REASON,))
    ranked = sorted(found.values(), key=lambda one: (-one.shown, one.row, one.code))
    return sorted(ranked, key=lambda one: one.version, reverse=True)
