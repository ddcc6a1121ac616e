"""RUN-10: the audit of the requirements can fail, and says so when it can say nothing."""

from __future__ import annotations

import datetime as dt
import json
from typing import Any

import pytest

from tests.audit_requirements import CLEAN, NO_DATA, VULNERABLE, found, in_force, judge

NONE: frozenset[str] = frozenset()


def report(*ids: str, **members: Any) -> str:
    vulnerabilities = [{"id": one, "fix_versions": [], "aliases": [], "description": ""} for one in ids]
    return json.dumps({"dependencies": [{"name": "urllib3", "version": "1.25.0", "vulns": vulnerabilities, **members}]})


SKIPPED = json.dumps({"dependencies": [{"name": "urllib3", "skip_reason": "not found"}]})


def test_a_vulnerability_is_found() -> None:
    lines, status = judge(report("PYSEC-1", "PYSEC-2"), report("PYSEC-3"), NONE)
    assert status == VULNERABLE
    assert lines == ["control: urllib3 1.25.0 has 2 known vulnerabilities", "urllib3 1.25.0: PYSEC-3"]


def test_clean_requirements_pass_when_the_control_was_found() -> None:
    assert judge(report("PYSEC-1"), report(), NONE)[1] == CLEAN


@pytest.mark.parametrize("control", [report(), SKIPPED, "", "{}", '{"dependencies": []}', "[]"])
def test_silence_about_the_control_means_that_nothing_is_known(control: str) -> None:
    assert judge(control, report(), NONE)[1] == NO_DATA


@pytest.mark.parametrize("ours", [SKIPPED, "", "{}"])
def test_a_requirement_that_could_not_be_looked_up_is_not_clean(ours: str) -> None:
    assert judge(report("PYSEC-1"), ours, NONE)[1] == NO_DATA


def test_an_exception_holds_until_its_day() -> None:
    exceptions = {"exception": [{"id": "PYSEC-3", "reason": "not reached", "until": dt.date(2026, 12, 31)}]}
    assert judge(report("PYSEC-1"), report("PYSEC-3"), in_force(exceptions, dt.date(2026, 12, 31)))[1] == CLEAN
    assert judge(report("PYSEC-1"), report("PYSEC-3"), in_force(exceptions, dt.date(2027, 1, 1)))[1] == VULNERABLE
    with pytest.raises(KeyError):
        in_force({"exception": [{"id": "PYSEC-3", "reason": "no end"}]}, dt.date(2026, 1, 1))


def test_what_is_found_is_named_by_package_and_version() -> None:
    assert found(report("PYSEC-1")) == {"urllib3 1.25.0": ["PYSEC-1"]}
    assert found(report()) == {}
