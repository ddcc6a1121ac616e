"""Paclitaxel orders, and what of it holds for the protein-bound form."""

from __future__ import annotations

from typing import Any

import pytest

from cds_service.guideline.draft_order_checks.paclitaxel import NAB_PACLITAXEL, PACLITAXEL
from cds_service.guideline.rule import Severity
from fhir_mappings.findings import Amount, Finding
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

WARNING, CRITICAL = Severity.WARNING, Severity.CRITICAL
SOLVENT_OR_UNSTATED = ("paclitaxel-conventional", "paclitaxel-formulation-unspecified")
NAB = "paclitaxel-protein-bound"
EVERY = (*SOLVENT_OR_UNSTATED, NAB)
CISPLATIN = draft("cisplatin")

BOTH_FORMS = [
    ({"anc": amount(1499)}, "paclitaxel-neutropenia", "PAC-01", CRITICAL),
    ({"platelets": amount(99999), "last_paclitaxel_date": on(-21)}, "paclitaxel-platelets", "PAC-02", WARNING),
    ({"platelets": amount(99999), "last_paclitaxel_date": on(-90)}, "paclitaxel-platelets", "PAC-02", WARNING),
    ({"bilirubin_xuln": amount(1.26)}, "paclitaxel-hepatic", "PAC-04", WARNING),
    ({"bilirubin_xuln": amount(5)}, "paclitaxel-hepatic", "PAC-04", WARNING),
    ({"bilirubin_xuln": amount(5.1)}, "paclitaxel-hepatic", "PAC-03", CRITICAL),
    ({"ast_alt_xuln": amount(2)}, "paclitaxel-hepatic", "PAC-04", WARNING),
    ({"ast_alt_xuln": amount(9.9), "bilirubin_xuln": amount(1)}, "paclitaxel-hepatic", "PAC-04", WARNING),
    ({"ast_alt_xuln": amount(10), "bilirubin_xuln": amount(1)}, "paclitaxel-hepatic", "PAC-03", CRITICAL),
    ({"neuropathy_grade": amount(2)}, "paclitaxel-neuropathy", "PAC-06", WARNING),
    ({"neuropathy_grade": amount(3)}, "paclitaxel-neuropathy", "PAC-05", CRITICAL),
]


@pytest.mark.parametrize("drug", EVERY)
def test_a_bare_order_of_an_unknown_patient_raises_nothing(drug: str) -> None:
    assert ask(draft(drug)) == {}


@pytest.mark.parametrize(("features", "code", "row", "severity"), BOTH_FORMS)
@pytest.mark.parametrize("safety_only", [False, True])
@pytest.mark.parametrize("drug", EVERY)
def test_a_row_fires(
    features: dict[str, Any], code: str, row: str, severity: Severity, safety_only: bool, drug: str
) -> None:
    found = ask(draft(drug), safety_only=safety_only, **features)
    expected = f"{row}-NAB" if drug == NAB else row
    assert [(each.code, each.row, each.severity) for each in found.values()] == [(code, expected, severity)]


@pytest.mark.parametrize(
    "features",
    [
        {"anc": amount(1500)},
        {"platelets": amount(99999)},
        {"platelets": amount(99999), "last_paclitaxel_date": on(-91)},
        {"platelets": amount(100000), "last_paclitaxel_date": on(-21)},
        {"bilirubin_xuln": amount(1.25), "ast_alt_xuln": amount(1.9)},
        {"neuropathy_grade": amount(1)},
        {"allergy_paclitaxel": NO},
        {"allergy_paclitaxel": Finding(), "allergy_cisplatin": YES},
    ],
)
def test_nothing_fires_on_the_safe_side(features: dict[str, Any]) -> None:
    assert ask(draft("paclitaxel-conventional"), **features) == {}


def test_low_platelets_after_a_dose_of_unclear_date_ask_for_it() -> None:
    found = ask(
        draft("paclitaxel-conventional"), platelets=amount(80000), last_paclitaxel_date=on(between_days(-100, -70))
    )["paclitaxel-platelets"]
    assert found.severity is WARNING
    assert "The exact date of the last paclitaxel dose is not recorded" in found.text


@pytest.mark.parametrize("drug", SOLVENT_OR_UNSTATED)
@pytest.mark.parametrize("safety_only", [False, True])
def test_a_severe_reaction_speaks_against_the_solvent_based_form(drug: str, safety_only: bool) -> None:
    found = severities(draft(drug), safety_only=safety_only, allergy_paclitaxel=YES)
    assert found == {"paclitaxel-hypersensitivity": CRITICAL}


def test_a_severe_reaction_does_not_speak_against_protein_bound_paclitaxel() -> None:
    assert ask(draft(NAB), allergy_paclitaxel=YES) == {}


@pytest.mark.parametrize(
    ("mg_per_m2", "hours", "others", "row"),
    [
        (175, 3.0, (), None),
        (192.5, 3.0, (), None),
        (192.6, 3.0, (), "PAC-08"),
        (80, 1.0, (), None),
        (135, 24.0, (CISPLATIN,), None),
        (157.4, 24.0, (CISPLATIN,), None),
        (157.5, 24.0, (CISPLATIN,), "PAC-09"),
        (175, 24.0, (CISPLATIN,), "PAC-09"),
        (175, 23.5, (CISPLATIN,), None),
        (175, None, (CISPLATIN,), None),
        (175, 24.0, (), None),
        (175, 24.0, (draft("carboplatin"),), None),
    ],
)
def test_the_dose(mg_per_m2: float, hours: float | None, others: tuple[Any, ...], row: str | None) -> None:
    order = draft("paclitaxel-conventional", (mg_per_m2, "mg/m2"), infusion_hours=hours)
    found = ask(order, *others)
    assert {code: each.row for code, each in found.items()} == ({} if row is None else {"paclitaxel-dose": row})
    assert all(each.severity is WARNING for each in found.values())
    assert ask(order, *others, safety_only=True) == {}


def test_a_flat_dose_is_judged_by_body_surface_and_not_without() -> None:
    order = draft("paclitaxel-conventional", (330, "mg"))
    assert severities(order, bsa_m2=amount(1.7, "m2")) == {"paclitaxel-dose": WARNING}
    assert ask(order, bsa_m2=amount(1.8, "m2")) == {}
    assert ask(order, bsa_m2=Amount()) == {}


def test_the_usual_dose_of_protein_bound_paclitaxel_draws_no_remark() -> None:
    assert ask(draft(NAB, (260, "mg/m2"))) == {}


def test_only_the_dose_is_outside_the_safety_scope() -> None:
    assert {check.code for check in PACLITAXEL if not check.also_in_safety_scope} == {"paclitaxel-dose"}
    assert all(check.also_in_safety_scope for check in NAB_PACLITAXEL)
