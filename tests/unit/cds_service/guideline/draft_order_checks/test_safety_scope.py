"""Column B of the decision model, section 4, written out: which rows stay silent out of the pathway."""

from __future__ import annotations

import pytest

from cds_service.guideline.draft_order_checks import CHECKS, Family
from cds_service.guideline.rule import Severity

EXENTERATION_IN_B = {"EXE-16", "EXE-17"}
"""The interval to bevacizumab, as for any other major operation."""

WITHOUT_B = {
    "BEV-04": "bevacizumab-surgery-interval-extended",
    "BEV-13": "bevacizumab-hemorrhage",
    "BEV-16": "bevacizumab-thromboembolism",
    "BEV-17": "bevacizumab-thromboembolism",
    "BEV-29": "bevacizumab-prior-pelvic-rt",
    "BEV-30": "bevacizumab-prior-pelvic-rt",
    "BEV-31": "bevacizumab-dose",
    "BEV-32": "bevacizumab-dose",
    "BEV-33": "bevacizumab-dose",
    "BEV-34": "bevacizumab-partner",
    "PRT-06": "pelvic-rt-distant-disease",
    "PRT-07": "pelvic-rt-no-concurrent-chemo",
    "PRT-06-SITE": "pelvic-rt-distant-disease",
    "PRT-07-SITE": "pelvic-rt-no-concurrent-chemo",
    "PET-01": "pet-ct-recent",
    "PET-02": "pet-ct-pregnancy",
    "CIS-12": "cisplatin-dose",
    "CIS-13": "cisplatin-dose",
    "CIS-14": "cisplatin-dose",
    "CIS-15": "cisplatin-dose",
    "CYT-01": "performance-status-chemo",
    "CAR-06": "carboplatin-platinum-naive",
    "PAC-08": "paclitaxel-dose",
    "PAC-09": "paclitaxel-dose",
    "ICI-01": "immunotherapy-pdl1",
    "ICI-02": "missing-pdl1-cps",
    "ICI-07": "immunotherapy-prior-ici",
    "ICI-09": "immunotherapy-dose",
    "ICI-10": "immunotherapy-dose",
    "ICI-11": "immunotherapy-dose",
    "ICI-12": "immunotherapy-regulatory",
    "ICI-13": "immunotherapy-regulatory",
    "TV-07": "tisotumab-line",
    "TV-16": "tisotumab-cyp3a4",
}

ROWS = {check.id: check for checks in CHECKS.values() for check in checks}
OF_EXENTERATION = {check.id for check in CHECKS[Family.EXENTERATION]}


@pytest.mark.parametrize("name", sorted(ROWS))
def test_column_b(name: str) -> None:
    expected = name in EXENTERATION_IN_B if name in OF_EXENTERATION else name not in WITHOUT_B
    assert ROWS[name].also_in_safety_scope is expected


def test_the_rows_left_out_are_those_of_the_table() -> None:
    assert {name: ROWS[name].code for name in WITHOUT_B} == WITHOUT_B


def test_no_row_of_column_b_is_information() -> None:
    assert [row.id for row in ROWS.values() if row.also_in_safety_scope and row.severity is Severity.INFO] == []
