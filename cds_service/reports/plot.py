"""The report as a picture: one bar a rule, in parts accepted, overridden and unanswered. Needs matplotlib."""

from __future__ import annotations

import html
import io
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any, Final

import matplotlib as mpl
from matplotlib.figure import Figure

from cds_service.reports.figures import REVIEW_SHARE, REVIEW_SHOWINGS, RuleFigures

MAX_BARS: Final = 40
_PARTS: Final = (("accepted", "#1b7f5c"), ("overridden", "#b3541e"), ("unanswered", "#b9c0c7"))
_STYLE: Final = """
body { font: 16px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 64rem; padding: 0 1rem; color: #1c2126 }
table { border-collapse: collapse; width: 100% } caption { text-align: left; font-weight: 600; padding: .5rem 0 }
th, td { text-align: left; padding: .25rem .75rem .25rem 0; border-bottom: 1px solid #d6dbe0; vertical-align: top }
td.number { text-align: right; font-variant-numeric: tabular-nums } tr.review { background: #fdf1e7 }
svg { max-width: 100%; height: auto }
"""


def figure(rules: Sequence[RuleFigures]) -> Figure:
    """The bars of the rules given, at most 40, the first on top."""
    drawn = rules[:MAX_BARS][::-1]
    made = Figure(figsize=(9.0, 1.6 + 0.36 * max(len(drawn), 1)), layout="constrained")
    axes: Any = made.subplots()
    names = [f"{one.row} {one.code} ({one.version})" for one in drawn]
    left = [0] * len(drawn)
    for part, colour in _PARTS:
        widths = [getattr(one, part) for one in drawn]
        bars = axes.barh(names, widths, left=left, color=colour, label=part)
        labels = [str(width) if width else "" for width in widths]
        axes.bar_label(
            bars, labels, label_type="center", color="black" if part == "unanswered" else "white", fontsize=8
        )
        left = [before + width for before, width in zip(left, widths, strict=True)]
    axes.set_xlabel("cards shown")
    axes.xaxis.get_major_locator().set_params(integer=True)
    axes.spines[["top", "right"]].set_visible(b=False)
    if drawn:
        axes.legend(loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=3, frameon=False)
    else:
        axes.set_title("No cards were shown")
    return made


def write_png(rules: Sequence[RuleFigures], path: Path) -> None:
    """The picture as PNG."""
    figure(rules).savefig(path, format="png", metadata={"Software": None})


def write_html(rules: Sequence[RuleFigures], path: Path, *, made_on: date) -> None:
    """One page that needs nothing else: the picture and the same figures as a table."""
    listed = [one for one in rules if one.for_review]
    review = "".join(f"<li>{_text(one)}: {one.overridden} of {one.shown} overridden</li>" for one in listed)
    rows = "".join(_row(one) for one in rules)
    heads = "".join(
        f'<th scope="col">{head}</th>'
        for head in ("Rule", "Version", "Shown", "Accepted", "Overridden", "Unanswered", "Reasons for overriding")
    )
    bound = f"overridden in more than {REVIEW_SHARE:.0%} of at least {REVIEW_SHOWINGS} showings"
    path.write_text(
        "<!doctype html>\n"
        f'<html lang="en"><head><meta charset="utf-8"><title>Feedback by rule, {made_on}</title>'
        f"<style>{_STYLE}</style></head><body><h1>Feedback by rule</h1><p>As of {made_on}. A card with several rules "
        "counts for each of them; a card that was ever accepted counts as accepted.</p>"
        f"<h2>For review</h2><p>Rules {bound}:</p>{f'<ul>{review}</ul>' if review else '<p>none</p>'}"
        f'<h2>Figures</h2><div role="img" aria-label="Bars with the figures of the table below">{_svg(rules)}</div>'
        f"<table><caption>All rules</caption><thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table>"
        "</body></html>\n",
        "utf-8",
    )


def _svg(rules: Sequence[RuleFigures]) -> str:
    out = io.StringIO()
    with mpl.rc_context({"svg.hashsalt": "recurrence-cds", "svg.fonttype": "none"}):
        figure(rules).savefig(out, format="svg", metadata={"Date": None, "Creator": None})
    whole = out.getvalue()
    return whole[whole.index("<svg") :]


def _text(one: RuleFigures) -> str:
    return html.escape(f"{one.row} {one.code} ({one.version})")


def _row(one: RuleFigures) -> str:
    numbers = "".join(
        f'<td class="number">{number}</td>' for number in (one.shown, one.accepted, one.overridden, one.unanswered)
    )
    reasons = html.escape("; ".join(f"{reason}: {count}" for reason, count in one.reasons.most_common()))
    mark = ' class="review"' if one.for_review else ""
    name = html.escape(f"{one.row} {one.code}")
    return f"<tr{mark}><td>{name}</td><td>{html.escape(one.version)}</td>{numbers}<td>{reasons}</td></tr>"
