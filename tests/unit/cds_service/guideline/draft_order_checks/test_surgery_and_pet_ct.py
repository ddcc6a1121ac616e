"""Rows on other operations and on PET/CT."""

from __future__ import annotations

import pytest

from cds_service.guideline.rule import Severity
from fhir_mappings.findings import Finding
from fhir_mappings.history import Priority
from tests.unit.cds_service.guideline.draft_order_checks.order_builders import (
    NO,
    YES,
    between_days,
    draft,
    on,
    severities,
)

I, W, C = Severity.INFO, Severity.WARNING, Severity.CRITICAL  # noqa: E741 - the letters of the decision model


@pytest.mark.parametrize("concept", ["surgery-any", "hysterectomy-total", "colostomy-creation"])
def test_a_major_operation_close_to_bevacizumab(concept: str) -> None:
    assert severities(draft(concept, start=3), last_bev_date=on(-24)) == {"bevacizumab-surgery-interval": C}
    assert severities(draft(concept, start=3), last_bev_date=on(-24), safety_only=True) == {
        "bevacizumab-surgery-interval": C
    }
    assert severities(draft(concept, start=4), last_bev_date=on(-24)) == {}


def test_an_urgent_operation_close_to_bevacizumab_warns() -> None:
    for start in (3, None):
        order = draft("bowel-resection", start=start, priority=Priority.URGENT)
        assert severities(order, last_bev_date=on(-20)) == {"bevacizumab-surgery-interval": W}
    elective = draft("bowel-resection", start=3, priority=Priority.ELECTIVE)
    assert severities(elective, last_bev_date=on(-20)) == {"bevacizumab-surgery-interval": C}


def test_a_small_operation_has_no_row() -> None:
    assert severities(draft("nephrostomy", start=3), last_bev_date=on(-3)) == {}


def test_nothing_else_is_asked_of_other_operations() -> None:
    assert severities(draft("bowel-resection", start=3), site_distant=YES, pregnant=YES) == {}


@pytest.mark.parametrize(("offset", "fires"), [(0, True), (-28, True), (-29, False)])
@pytest.mark.parametrize("concept", ["imaging-pet-ct", "imaging-pet"])
def test_a_recent_pet_ct(concept: str, offset: int, fires: bool) -> None:
    assert severities(draft(concept), pet_ct_date=on(offset)) == ({"pet-ct-recent": I} if fires else {})


def test_a_pet_ct_after_something_new_or_on_an_unsure_day_needs_no_remark() -> None:
    order = draft("imaging-pet-ct")
    assert severities(order, pet_ct_date=on(-20), recurrence_date=on(-3)) == {}
    assert severities(order, pet_ct_date=on(between_days(-40, -10))) == {}
    assert severities(order) == {}


def test_a_pet_ct_in_pregnancy() -> None:
    order = draft("imaging-pet-ct")
    assert severities(order, pregnant=YES) == {"pet-ct-pregnancy": W}
    assert severities(order, pregnant=YES, safety_only=True) == {}
    assert severities(order, pregnant=NO) == severities(order, pregnant=Finding()) == {}
