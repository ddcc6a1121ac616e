"""``recurrence-cds feedback``: what users did with the cards, from the store of the settings in the environment."""

from __future__ import annotations

import argparse
import contextlib
import datetime as dt
import os
import sys
from collections.abc import Iterator, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final, TextIO

import msgspec
from rich.console import Console
from rich.table import Table

from cds_service.errors import SettingsError, StoreUnavailable
from cds_service.reports import export
from cds_service.reports.figures import REVIEW_SHARE, REVIEW_SHOWINGS, RuleFigures, figures
from cds_service.settings import Settings
from cds_service.store import Store, open_store

WRITERS: Final = {"jsonl": export.write_json_lines, "csv": export.write_csv}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What to do, and with which of the feedback."""
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    report = actions.add_parser("report", help="figures of each rule: shown, accepted, overridden, reasons, unanswered")
    report.add_argument("--json", action="store_true", help="one JSON object a rule and line instead of a table")
    report.add_argument("--html", type=Path, metavar="FILE", help="write a page with plot and table besides")
    report.add_argument("--png", type=Path, metavar="FILE", help="write the plot besides")
    report.set_defaults(act=_report)
    exporting = actions.add_parser("export", help="every item: intervention, action, feedback, user, date, location")
    exporting.add_argument("--format", choices=tuple(WRITERS), default="jsonl", help="default: %(default)s")
    exporting.add_argument("--output", type=Path, metavar="FILE", help="default: standard output")
    exporting.set_defaults(act=_export)
    for action in (report, exporting):
        action.add_argument("--since", type=_midnight, default=0.0, metavar="YYYY-MM-DD", help="from this day on (UTC)")
        action.add_argument("--until", type=_midnight, metavar="YYYY-MM-DD", help="before this day (UTC)")
    purge = actions.add_parser("purge", help="throw away what is older than RECURRENCE_CDS_FEEDBACK_KEEP_DAYS")
    purge.set_defaults(act=_purge)
    backup = actions.add_parser("backup", help="copy an SQLite store to a new file while it is in use")
    backup.add_argument("target", type=Path, metavar="FILE")
    backup.set_defaults(act=_backup)


def run(args: argparse.Namespace) -> int:
    """Do it; 0 when done, 1 when the store cannot be used, 2 when the settings or an extra are at fault."""
    try:
        settings = Settings.load(os.environ)
        with contextlib.closing(
            open_store(settings.stored_in, feedback_keep_days=settings.feedback_keep_days)
        ) as store:
            status: int = args.act(store, args)
            return status
    except SettingsError as error:
        for fault in error.faults:
            sys.stderr.write(f"recurrence-cds: {fault}\n")
        return 2
    except StoreUnavailable as error:
        sys.stderr.write(f"recurrence-cds: {error}\n")
        return 1


def _midnight(text: str) -> float:
    return dt.datetime.combine(dt.date.fromisoformat(text), dt.time(), dt.UTC).timestamp()


def _report(store: Store, args: argparse.Namespace) -> int:
    if (args.html or args.png) and find_spec("matplotlib") is None:
        sys.stderr.write("recurrence-cds: plots need matplotlib, which comes with recurrence-cds[report]\n")
        return 2
    rules = figures(store.feedback.outcomes(since=args.since, until=args.until))
    if args.json:
        for one in rules:
            sys.stdout.write(msgspec.json.encode(_record(one)).decode() + "\n")
    else:
        _print(rules)
    if args.html or args.png:
        from cds_service.reports import plot  # noqa: PLC0415 - matplotlib is an extra, and slow to load

        if args.html:
            plot.write_html(rules, args.html, made_on=dt.datetime.fromtimestamp(store.feedback.now(), dt.UTC).date())
        if args.png:
            plot.write_png(rules, args.png)
    return 0


def _record(one: RuleFigures) -> dict[str, Any]:
    return {
        "row": one.row,
        "code": one.code,
        "version": one.version,
        "shown": one.shown,
        "accepted": one.accepted,
        "overridden": one.overridden,
        "unanswered": one.unanswered,
        "reasons": dict(one.reasons.most_common()),
        "for_review": one.for_review,
    }


def _print(rules: Sequence[RuleFigures]) -> None:
    table = Table(title="Feedback by rule", title_justify="left")
    for name in ("Rule", "Version"):
        table.add_column(name)
    for name in ("Shown", "Accepted", "Overridden", "Unanswered"):
        table.add_column(name, justify="right")
    table.add_column("Reasons for overriding")
    for one in rules:
        reasons = "; ".join(f"{reason}: {count}" for reason, count in one.reasons.most_common())
        numbers = (one.shown, one.accepted, one.overridden, one.unanswered)
        table.add_row(f"{one.row} {one.code}", one.version, *map(str, numbers), reasons)
    console = Console(markup=False, highlight=False)
    console.print(table)
    listed = [one for one in rules if one.for_review]
    console.print(f"For review (overridden in more than {REVIEW_SHARE:.0%} of at least {REVIEW_SHOWINGS} showings):")
    for one in listed:
        console.print(f"  {one.row} {one.code} ({one.version}): {one.overridden} of {one.shown}")
    if not listed:
        console.print("  none")


def _export(store: Store, args: argparse.Namespace) -> int:
    with _opened(args.output) as out:
        count = WRITERS[args.format](store.feedback.kept(since=args.since, until=args.until), out)
    sys.stderr.write(f"{count} items\n")
    return 0


@contextlib.contextmanager
def _opened(path: Path | None) -> Iterator[TextIO]:
    """A file that only its owner may read, or standard output."""
    if path is None:
        yield sys.stdout
        return
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as out:  # noqa: PTH123 - mode of the file
        yield out


def _purge(store: Store, _: argparse.Namespace) -> int:
    sys.stdout.write(f"{store.upkeep.purge()} items thrown away\n")
    return 0


def _backup(store: Store, args: argparse.Namespace) -> int:
    store.database.backup(args.target)
    return 0
