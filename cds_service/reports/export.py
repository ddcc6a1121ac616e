"""Feedback for others to read: six columns as 45 CFR 170.315(b)(11)(ii)(C) names them (KEEP-07).

The comment is a user's free text and may speak of a patient: an export is to be kept like a record.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Mapping
from typing import Final, TextIO

import msgspec

from cds_service.store.feedback import Kept

COLUMNS: Final = ("intervention", "action", "feedback", "user", "date", "location")
_FORMULA: Final = re.compile(r"[=+\-@\t\r]")


def row(kept: Kept) -> dict[str, str]:
    """The six columns of one item."""
    if kept.matched:
        shown = "; ".join(kept.rules) or "notice of missing data"
        intervention = f"{kept.service} {kept.version}: {shown}"
    else:
        intervention = f"{kept.service}: unmatched card {kept.card}"
    reason = kept.reason_display or kept.reason_code
    said = [part for part in (f"{reason} [{kept.reason_code}]" if reason else "", kept.comment) if part]
    action = f"accepted {' '.join(kept.suggestions)}" if kept.outcome == "accepted" else kept.outcome
    return {
        "intervention": intervention,
        "action": action,
        "feedback": ": ".join(said),
        "user": kept.user_id,
        "date": kept.outcome_time,
        "location": kept.tenant or kept.issuer,
    }


def write_json_lines(items: Iterable[Kept], out: TextIO) -> int:
    """One JSON object an item: the six columns, and the card with whether it is known; returns how many."""
    count = 0
    for count, kept in enumerate(items, start=1):  # noqa: B007 - counts
        line: Mapping[str, object] = {**row(kept), "card": kept.card, "matched": kept.matched}
        out.write(msgspec.json.encode(line).decode() + "\n")
    return count


def write_csv(items: Iterable[Kept], out: TextIO) -> int:
    """The six columns with a header; no cell is a formula to a spreadsheet. Returns how many items."""
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(COLUMNS)
    count = 0
    for count, kept in enumerate(items, start=1):  # noqa: B007 - counts
        writer.writerow([_inert(cell) for cell in row(kept).values()])
    return count


def _inert(cell: str) -> str:
    return f"'{cell}" if _FORMULA.match(cell) else cell
