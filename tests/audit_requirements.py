"""Known vulnerabilities of pinned requirements, by pip-audit, and a control that it can find one (RUN-10).

``python -m tests.audit_requirements requirements-image.lock`` first asks about a release that is known to be
vulnerable. When nothing is found there, the advisories cannot be reached from this machine, and silence about our own
requirements would mean nothing: that is said, and the exit status is 3. Exceptions stand in
``deploy/audit-exceptions.toml``, each with its reason and the day on which it ends.
"""

from __future__ import annotations

import datetime as dt
import json
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

CONTROL: Final = "urllib3==1.25.0"
"""Vulnerable for years: CVE-2021-33503, CVE-2020-26137 and others."""
EXCEPTIONS: Final = Path(__file__).parents[1] / "deploy" / "audit-exceptions.toml"
CLEAN, VULNERABLE, NO_DATA = 0, 1, 3


def found(report: str) -> dict[str, list[str]] | None:
    """Package and ids of what pip-audit's JSON report names; None when it could not look some package up."""
    try:
        dependencies = json.loads(report)["dependencies"]
    except (ValueError, KeyError, TypeError):
        return None
    if not dependencies or any("skip_reason" in one for one in dependencies):
        return None
    return {
        f"{one['name']} {one['version']}": [vulnerability["id"] for vulnerability in one["vulns"]]
        for one in dependencies
        if one["vulns"]
    }


def in_force(exceptions: Mapping[str, Any], today: dt.date) -> frozenset[str]:
    """Ids that are excepted today.

    Raises:
        KeyError: an exception without reason or end.
    """
    entries = exceptions.get("exception", [])
    return frozenset(entry["id"] for entry in entries if entry["reason"] and entry["until"] >= today)


def judge(control: str, report: str, excepted: frozenset[str]) -> tuple[list[str], int]:
    """What to say of the control's report and of our own, and the exit status."""
    known = found(control)
    if not known:
        return ["no advisory can be reached from this machine: nothing is known about the requirements"], NO_DATA
    ours = found(report)
    if ours is None:
        return ["some requirement could not be looked up"], NO_DATA
    lines = [f"control: {package} has {len(ids)} known vulnerabilities" for package, ids in known.items()]
    open_ = {package: [one for one in ids if one not in excepted] for package, ids in ours.items()}
    wrong = [f"{package}: {', '.join(ids)}" for package, ids in open_.items() if ids]
    return [*lines, *(wrong or ["no known vulnerability in the requirements"])], VULNERABLE if wrong else CLEAN


def _report(requirements: Path) -> str:
    command = [sys.executable, "-m", "pip_audit", "-r", str(requirements), "--no-deps", "--disable-pip", "--strict"]
    ended = subprocess.run([*command, "-f", "json"], capture_output=True, text=True, timeout=600, check=False)  # noqa: S603 - our own
    return ended.stdout


def main() -> int:
    """Audit the file named; the exit status of ``judge``."""
    with tempfile.TemporaryDirectory() as folder:
        control = Path(folder) / "control.txt"
        control.write_text(f"{CONTROL}\n", "ascii")
        exceptions = tomllib.loads(EXCEPTIONS.read_text("utf-8"))
        today = dt.datetime.now(dt.UTC).date()
        lines, status = judge(_report(control), _report(Path(sys.argv[1])), in_force(exceptions, today))
    sys.stdout.write("\n".join([*lines, ""]))
    return status


if __name__ == "__main__":
    sys.exit(main())
