"""Each row on an order for pelvic exenteration."""

from __future__ import annotations

from typing import Any

import pytest

from cds_service.guideline.rule import Kind, Severity
from fhir_mappings.findings import Amount, Finding, Moment
from tests.unit.cds_service.guideline.draft_order_checks.order_builders import (
    NO,
    YES,
    amount,
    ask,
    between_days,
    draft,
    on,
    severities,
)

W, C = Severity.WARNING, Severity.CRITICAL
FIT: dict[str, Any] = {
    "site_central_pelvic": YES,
    "site_pelvic_sidewall": NO,
    "site_pelvic_nodal": NO,
    "site_paraaortic": NO,
    "site_distant": NO,
    "adequate_staging": YES,
    "pelvic_mri_recent": YES,
    "prior_pelvic_rt": YES,
    "biopsy_proof": YES,
    "ecog": amount(1),
    "pregnant": NO,
}
"""A patient for whom exenteration is an option."""


def exenteration(**fields: Any) -> Any:
    return draft("pelvic-exenteration", resource_type="ServiceRequest", **{"start": 40, **fields})


def exe(**features: Any) -> dict[str, Severity]:
    return severities(exenteration(), **(FIT | features))


def test_nothing_to_say_of_a_fit_patient() -> None:
    assert exe() == {}


@pytest.mark.parametrize(
    ("features", "expected"),
    [
        ({"site_distant": YES}, {"exenteration-distant-disease": C}),
        ({"site_paraaortic": YES}, {"exenteration-distant-disease": C}),
        ({"site_pelvic_sidewall": YES}, {"exenteration-sidewall": C}),
        ({"sidewall_triad": YES}, {"exenteration-sidewall": C}),
        ({"site_central_pelvic": NO}, {"exenteration-not-central": C}),
        ({"site_central_pelvic": NO, "adequate_staging": Finding()}, {}),
        ({"site_central_pelvic": Finding()}, {}),
        ({"ecog": amount(0)}, {}),
        ({"ecog": amount(2)}, {"exenteration-performance-status": W}),
        ({"ecog": amount(3)}, {"exenteration-performance-status": C}),
        ({"ecog": amount(4)}, {"exenteration-performance-status": C}),
        ({"prior_pelvic_rt": NO}, {"exenteration-no-prior-rt": W}),
        ({"biopsy_proof": NO}, {"exenteration-biopsy-negative": C}),
        ({"pregnant": YES}, {"pregnancy-mdt-referral": C}),
        ({"prior_pelvic_rt": Finding()}, {"missing-prior-pelvic-rt": W}),
        ({"site_distant": Finding()}, {"missing-pet-ct": W}),
        ({"site_paraaortic": Finding()}, {"missing-pet-ct": W}),
        ({"site_pelvic_nodal": Finding()}, {"missing-pet-ct": W}),
        ({"site_distant": YES, "site_pelvic_nodal": Finding()}, {"exenteration-distant-disease": C}),
        ({"biopsy_proof": Finding()}, {"missing-biopsy": W}),
        ({"ecog": Amount()}, {"missing-ecog": W}),
        ({"site_pelvic_sidewall": Finding()}, {"missing-pelvic-mri": W}),
        ({"pelvic_mri_recent": Finding()}, {"missing-pelvic-mri": W}),
        ({"pelvic_mri_recent": Finding(), "central_size_cm": amount(3)}, {}),
    ],
)
def test_selection(features: dict[str, Any], expected: dict[str, Severity]) -> None:
    assert exe(**features) == expected


@pytest.mark.parametrize("sign", ["sign_leg_oedema_unilateral", "sign_sciatic_pain", "sign_hydronephrosis"])
def test_one_sign_warns_and_asks_for_an_mri(sign: str) -> None:
    found = ask(exenteration(), **(FIT | {sign: YES}))
    assert {code: each.severity for code, each in found.items()} == {
        "exenteration-sidewall": W,
        "missing-pelvic-mri": W,
    }
    assert found["missing-pelvic-mri"].kind is Kind.PROMPT
    assert exe(**{sign: Finding()}) == {}


def test_two_signs_warn_and_the_triad_is_critical() -> None:
    two = {"sign_leg_oedema_unilateral": YES, "sign_sciatic_pain": YES}
    assert exe(**two)["exenteration-sidewall"] is W
    assert exe(**two, sign_hydronephrosis=YES, sidewall_triad=YES) == {"exenteration-sidewall": C}


def test_an_unstaged_patient_is_asked_everything_and_told_nothing() -> None:
    found = ask(exenteration())
    assert {code: each.severity for code, each in found.items()} == dict.fromkeys(
        ("missing-prior-pelvic-rt", "missing-pet-ct", "missing-biopsy", "missing-ecog", "missing-pelvic-mri"), W
    )
    assert all(each.kind is Kind.PROMPT for each in found.values())
    assert found["missing-pet-ct"].missing == ("site_distant", "site_paraaortic", "site_pelvic_nodal")


@pytest.mark.parametrize(("offset", "fires"), [(12, False), (13, True), (40, True), (41, False)])
@pytest.mark.parametrize("concept", ["pelvic-exenteration", "radical-hysterectomy"])
def test_days_from_drafted_bevacizumab(concept: str, offset: int, fires: bool) -> None:
    found = severities(draft(concept, start=40), draft(start=offset), **FIT)
    assert found == ({"bevacizumab-surgery-interval": C} if fires else {})


@pytest.mark.parametrize(("days", "fires"), [(0, True), (27, True), (28, False), (29, False)])
@pytest.mark.parametrize("concept", ["pelvic-exenteration", "bowel-resection"])
def test_days_from_the_last_bevacizumab(concept: str, days: int, fires: bool) -> None:
    found = ask(draft(concept, start=days - 10), **FIT, last_bev_date=on(-10))
    assert {code: each.severity for code, each in found.items()} == (
        {"bevacizumab-surgery-interval": C} if fires else {}
    )
    if fires:
        assert found["bevacizumab-surgery-interval"].details == (("earliest_date", "2026-12-12"),)
        assert found["bevacizumab-surgery-interval"].remedy == "date"


@pytest.mark.parametrize("concept", ["pelvic-exenteration", "bowel-resection"])
def test_an_operation_without_date_counts_from_the_order_and_asks(concept: str) -> None:
    found = severities(draft(concept), **FIT, last_bev_date=on(-27))
    assert found == {"bevacizumab-surgery-interval": C, "missing-surgery-date": W}
    assert severities(draft(concept), **FIT, last_bev_date=on(-28)) == {}


@pytest.mark.parametrize("concept", ["pelvic-exenteration", "bowel-resection"])
@pytest.mark.parametrize("features", [{"last_bev_date": on(between_days(-40, -1))}, {"prior_bev": YES}])
def test_bevacizumab_without_exact_date_warns_and_asks(concept: str, features: dict[str, Any]) -> None:
    found = ask(draft(concept, start=2), **FIT, **features)
    assert found["bevacizumab-surgery-interval"].severity is W
    assert "exact date of the last bevacizumab dose" in found["bevacizumab-surgery-interval"].text
    assert severities(draft(concept, start=2), **FIT, last_bev_date=Moment()) == {}


def test_a_hysterectomy_is_not_an_exenteration() -> None:
    unfit = FIT | {"site_distant": YES, "ecog": amount(4), "biopsy_proof": NO}
    assert severities(draft("radical-hysterectomy", start=3), **unfit) == {}
    assert len(severities(exenteration(), **unfit)) == 3


def test_scope_b_leaves_only_the_interval_to_bevacizumab() -> None:
    unfit = FIT | {"site_distant": YES, "ecog": Amount(), "pregnant": YES, "last_bev_date": on(-5)}
    assert severities(exenteration(start=0), safety_only=True, **unfit) == {"bevacizumab-surgery-interval": C}
