"""``recurrence-cds terminology refresh|show``: descendants of SNOMED CT and RxNorm codes from a terminology server."""

from __future__ import annotations

import argparse
import datetime as dt
import os
from collections import Counter
from pathlib import Path

from rich.console import Console
from rich.progress import Progress

from cds_service.ehr.addresses import parse_base
from cds_service.ehr.terminology import (
    FILE_NAME,
    Expansions,
    Terminology,
    TerminologyFault,
    load,
    refresh,
    save,
    wanted,
)
from cds_service.errors import RefusedRequest, SettingsError
from cds_service.settings import PREFIX, Settings

TOKEN_VARIABLE = f"{PREFIX}TERMINOLOGY_TOKEN"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of the command."""
    parser.add_argument("action", choices=("refresh", "show"), help="fetch the file anew, or say what it holds")
    parser.add_argument("--server", default="", metavar="URL", help=f"in place of {PREFIX}TERMINOLOGY_SERVER")
    parser.add_argument("--file", type=Path, default=None, help=f"in place of {FILE_NAME} in the state folder")


def run(args: argparse.Namespace) -> int:
    """Fetch or show; 0 when the file is usable, 1 otherwise."""
    console = Console()
    environment = {name: text for name, text in os.environ.items() if name != TOKEN_VARIABLE}
    try:
        settings = Settings.load(environment)
    except SettingsError as fault:
        console.print(str(fault))
        return 1
    path = args.file or settings.state_dir / FILE_NAME
    try:
        if args.action == "refresh":
            return _refresh(console, settings, args.server or settings.terminology_server or "", path)
        return _show(console, load(path), path)
    except TerminologyFault as fault:
        console.print(str(fault))
        return 1


def _refresh(console: Console, settings: Settings, server: str, path: Path) -> int:
    try:
        base = parse_base(server)
    except (ValueError, RefusedRequest):
        console.print(f"No terminology server: give --server or set {PREFIX}TERMINOLOGY_SERVER to a FHIR base URL.")
        return 1
    authorities = str(settings.ca_file) if settings.ca_file is not None else None
    terminology = Terminology(base, os.environ.get(TOKEN_VARIABLE), ca_file=authorities, proxy=settings.fhir_proxy)
    result: Expansions | None = None
    try:
        with Progress(console=Console(stderr=True), transient=True) as progress:
            task = progress.add_task("expanding", total=len(wanted()))
            for _, done in refresh(terminology, dt.date.today()):  # noqa: DTZ011 - the calendar day of the place
                progress.advance(task)
                result = done
    finally:
        terminology.close()
    if result is None or not result.below:
        console.print("The server could expand nothing; the old file, if any, stays as it was.")
        return 1
    save(result, path)
    return _show(console, result, path)


def _show(console: Console, expansions: Expansions | None, path: Path) -> int:
    if expansions is None:
        console.print(f"{path}: not there. SNOMED CT and RxNorm codes match exactly; descendants are not searched.")
        return 1
    counts = Counter({system: len(codes) for system, codes in expansions.below.items()})
    console.print(f"{path}: {expansions.date}, from {expansions.server}")
    for system, count in sorted(counts.items()):
        console.print(f"  {system}: {count} codes below ours")
    if expansions.failed:
        console.print(f"  not expanded: {len(expansions.failed)} rows, among them {', '.join(expansions.failed[:3])}")
    return 0
