"""What was measured, as tables in docs/performance.md and as a plot beside them."""

from __future__ import annotations

import datetime as dt
import os
import platform
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Final

from benchmarks.with_tokens import WithTokens
from benchmarks.without_prefetch import DELAY_MS, WithoutPrefetch

PAGE: Final = Path("docs/performance.md")
PLOT: Final = Path("docs/images/performance.svg")
BEGIN: Final = "<!-- measured: begin (written by `make bench`) -->"
END: Final = "<!-- measured: end -->"
_WORDS: Final = {True: "cancer, full scope", False: "no cancer"}
_GOALS: Final = {("gunicorn", False): 0.6, ("granian", False): 0.45, ("gunicorn", True): 1.0, ("granian", True): 0.8}
"""Ratio of processor time to the bare service for a medium patient-view (issue 5)."""
_TOKEN_GOAL_MS: Final = 0.4
"""That verification may cost at most."""


@dataclass(frozen=True, slots=True)
class Row:
    """Processor time of one kind of call, of both services, measured in turns; in ms.

    Attributes:
        server: ``gunicorn`` or ``granian``.
        hook: of the call.
        size: of the request.
        cancer: whether the patient is in full scope.
        bare: of the bare service.
        ours: of this service.
    """

    server: str
    hook: str
    size: str
    cancer: bool
    bare: float
    ours: float

    @property
    def ratio(self) -> float:
        """Ours to the bare one's."""
        return self.ours / self.bare


@dataclass(frozen=True, slots=True)
class Latency:
    """Percentiles of the time to answer a medium patient-view, in ms, for each service in turn."""

    server: str
    cancer: bool
    concurrency: int
    bare: tuple[float, float, float]
    ours: tuple[float, float, float]


@dataclass(frozen=True, slots=True)
class Process:
    """Resident memory of the worker after the run in MB, and time to the first answer in seconds."""

    server: str
    bare_memory: float
    ours_memory: float
    bare_start: float
    ours_start: float


@dataclass(slots=True)
class Measured:
    """Everything of one run."""

    rows: list[Row] = field(default_factory=list)
    latencies: list[Latency] = field(default_factory=list)
    processes: list[Process] = field(default_factory=list)
    steps: dict[bool, dict[str, float]] = field(default_factory=dict)
    with_tokens: list[WithTokens] = field(default_factory=list)
    without_prefetch: WithoutPrefetch | None = None
    patients_a_minute: float = 0.0
    load: float = 0.0


def _table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    lines = [f"| {' | '.join(heads)} |", f"|{'|'.join('---' for _ in heads)}|"]
    return [*lines, *(f"| {' | '.join(row)} |" for row in rows)]


def _machine() -> str:
    model = platform.processor() or platform.machine()
    names = Path("/proc/cpuinfo")
    if names.exists():
        found = [line.partition(":")[2].strip() for line in names.read_text().splitlines() if "model name" in line]
        model = found[0] if found else model
    packages = ", ".join(f"{name} {version(name)}" for name in ("flask", "msgspec", "orjson", "gunicorn", "granian"))
    return (
        f"{model}, {os.cpu_count()} cores; Linux {platform.release()}; Python {platform.python_version()}; {packages}"
    )


def tables(measured: Measured, day: dt.date) -> str:
    """The measured part of the page."""
    lines = [
        f"Measured on {day.isoformat()} on {_machine()}. Load of the machine at the start: {measured.load:.1f}.",
        "",
    ]
    lines += ["### Processor time of a call", ""]
    heads: tuple[str, ...] = ("server", "hook", "size", "patient", "bare, ms", "ours, ms", "ratio", "goal")
    lines += _table(heads, [_row(row) for row in measured.rows])
    if measured.latencies:
        lines += ["", "### Time to answer (medium patient-view, p50 / p95 / p99 in ms)", ""]
        heads = ("server", "patient", "at a time", "bare", "ours", "p99 / p50 of ours")
        lines += _table(heads, [_latency(each) for each in measured.latencies])
    lines += ["", "### Memory and start", ""]
    heads = ("server", "bare, MB", "ours, MB", "bare, s to the first answer", "ours, s")
    rows = [
        (
            each.server,
            *(f"{value:.0f}" for value in (each.bare_memory, each.ours_memory)),
            *(f"{value:.2f}" for value in (each.bare_start, each.ours_start)),
        )
        for each in measured.processes
    ]
    lines += _table(heads, rows)
    lines += ["", "### Steps of a medium patient-view (ms of one thread, without the web server)", ""]
    steps = list(measured.steps[True])
    heads = ("patient", *steps, "together")
    lines += _table(heads, [_steps(cancer, measured.steps[cancer], steps) for cancer in sorted(measured.steps)])
    if measured.with_tokens:
        lines += ["", "### A fresh ES384 token with each call (medium patient-view, no cancer, in ms)", ""]
        heads = ("server", "sandbox mode", "production mode", "more", "goal", "of which the signature alone")
        lines += _table(heads, [_tokens(each) for each in measured.with_tokens])
    if measured.without_prefetch is not None:
        found = measured.without_prefetch
        lines += ["", "### Without prefetch", ""]
        lines.append(
            f"Ten queries side by side to an endpoint that waits {DELAY_MS:.0f} ms before each answer: the slowest "
            f"query alone takes {found.slowest_query:.0f} ms, the whole call {found.call:.0f} ms "
            f"({found.call - found.slowest_query:+.0f} ms)."
        )
    if measured.patients_a_minute:
        lines += ["", "### Many patients at once", ""]
        lines.append(f"`recurrence-cds evaluate --json`: {measured.patients_a_minute:.0f} patients a minute and core.")
    return "\n".join(lines)


def _row(row: Row) -> tuple[str, ...]:
    goal = _GOALS.get((row.server, row.cancer)) if (row.hook, row.size) == ("patient-view", "medium") else None
    return (
        *(row.server, row.hook, row.size, _WORDS[row.cancer]),
        *(f"{row.bare:.2f}", f"{row.ours:.2f}", f"**{row.ratio:.2f}**"),
        f"{goal:.2f}" if goal else "",
    )


def _tokens(each: WithTokens) -> tuple[str, ...]:
    more = each.with_tokens - each.without
    shown = (f"{value:.2f}" for value in (each.without, each.with_tokens))
    return (each.server, *shown, f"**{more:+.2f}**", f"+{_TOKEN_GOAL_MS:.2f}", f"{each.verification:.2f}")


def _latency(each: Latency) -> tuple[str, ...]:
    shown = [" / ".join(f"{value:.1f}" for value in values) for values in (each.bare, each.ours)]
    spread = each.ours[2] / each.ours[0]
    return (each.server, _WORDS[each.cancer], str(each.concurrency), *shown, f"{spread:.1f}")


def _steps(cancer: bool, costs: Mapping[str, float], steps: Sequence[str]) -> tuple[str, ...]:
    return (_WORDS[cancer], *(f"{costs[s]:.2f}" if s in costs else "–" for s in steps), f"{sum(costs.values()):.2f}")


def plot(rows: Sequence[Row]) -> str:
    """Bars of ratio for each medium and small call, as SVG."""
    bars = [row for row in rows if row.size != "huge"]
    height, left, width = 26, 330, 420
    longest = max(row.ratio for row in bars)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{left + width + 80}" height="{height * len(bars) + 60}">',
        "<style>text { font: 13px sans-serif; }</style>",
        f'<text x="{left}" y="20">processor time of a call, bare Flask + orjson = 1</text>',
    ]
    for place, row in enumerate(bars):
        top = 34 + place * height
        length = max(1.0, row.ratio / longest * width)
        colour = "#3b6ea5" if row.cancer else "#7fb069"
        name = f"{row.server}, {row.hook}, {row.size}, {_WORDS[row.cancer]}"
        parts += [
            f'<text x="{left - 8}" y="{top + 14}" text-anchor="end">{name}</text>',
            f'<rect x="{left}" y="{top}" width="{length:.1f}" height="{height - 8}" fill="{colour}"/>',
            f'<text x="{left + length + 6:.1f}" y="{top + 14}">{row.ratio:.2f}</text>',
        ]
    one = left + width / longest
    bottom = 34 + height * len(bars)
    parts.append(f'<line x1="{one:.1f}" x2="{one:.1f}" y1="30" y2="{bottom}" stroke="#b00" stroke-dasharray="4 3"/>')
    return "\n".join([*parts, "</svg>"]) + "\n"


def write(measured: Measured, day: dt.date) -> None:
    """Put the tables into the page, between its marks, and the plot beside it."""
    page = PAGE.read_text(encoding="utf-8")
    before, _, rest = page.partition(BEGIN)
    _, _, after = rest.partition(END)
    PAGE.write_text(f"{before}{BEGIN}\n\n{tables(measured, day)}\n\n{END}{after}", encoding="utf-8")
    PLOT.parent.mkdir(parents=True, exist_ok=True)
    PLOT.write_text(plot(measured.rows), encoding="utf-8")
