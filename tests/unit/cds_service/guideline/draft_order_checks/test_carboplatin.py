"""Carboplatin orders: the Calvert dose, blood counts, reactions, and who might have cisplatin."""

from __future__ import annotations

from typing import Any

import pytest

from cds_service.guideline.draft_order_checks.carboplatin import CARBOPLATIN
from cds_service.guideline.rule import Severity
from fhir_mappings.findings import Amount, Finding
from tests.unit.cds_service.guideline.draft_order_checks.order_builders import NO, YES, amount, ask, draft, severities

INFO, WARNING, CRITICAL = Severity.INFO, Severity.WARNING, Severity.CRITICAL


def test_a_bare_order_of_an_unknown_patient_raises_nothing() -> None:
    assert ask(draft("carboplatin")) == {}


@pytest.mark.parametrize(
    ("features", "code", "row", "severity"),
    [
        ({"anc": amount(1499)}, "carboplatin-myelosuppression", "CAR-07", WARNING),
        ({"anc": amount(100)}, "carboplatin-myelosuppression", "CAR-07", WARNING),
        ({"platelets": amount(99999)}, "carboplatin-myelosuppression", "CAR-07", WARNING),
        ({"allergy_carboplatin": YES}, "platinum-hypersensitivity", "CAR-01", CRITICAL),
        ({"allergy_cisplatin": YES}, "platinum-hypersensitivity", "CAR-02", WARNING),
        (
            {"allergy_cisplatin": YES, "allergy_carboplatin": YES},
            "platinum-hypersensitivity",
            "CAR-01",
            CRITICAL,
        ),
    ],
)
@pytest.mark.parametrize("safety_only", [False, True])
def test_a_row_fires(features: dict[str, Any], code: str, row: str, severity: Severity, safety_only: bool) -> None:
    found = ask(draft("carboplatin"), safety_only=safety_only, **features)
    assert [(each.code, each.row, each.severity) for each in found.values()] == [(code, row, severity)]


@pytest.mark.parametrize(
    "features",
    [
        {"anc": amount(1500), "platelets": amount(100000)},
        {"allergy_carboplatin": NO, "allergy_cisplatin": Finding()},
        {"crcl": amount(25)},
    ],
)
def test_nothing_fires_on_the_safe_side(features: dict[str, Any]) -> None:
    assert ask(draft("carboplatin"), **features) == {}


@pytest.mark.parametrize(
    ("doses", "crcl", "row"),
    [
        # AUC 5 x (75 + 25) = 500 mg
        (((5, "{AUC}"), (500, "mg")), amount(75), None),
        (((5, "{AUC}"), (550, "mg")), amount(75), None),
        (((5, "{AUC}"), (551, "mg")), amount(75), "CAR-04"),
        (((5, "{AUC}"), (450, "mg")), amount(75), None),
        (((5, "{AUC}"), (449, "mg")), amount(75), "CAR-04"),
        # AUC 2 x 100 = 200 mg
        (((2, "{AUC}"), (200, "mg")), amount(75), None),
        (((2, "{AUC}"), (500, "mg")), amount(75), "CAR-04"),
        # kidney function is capped at 125: AUC 5 x 150 = 750 mg
        (((5, "{AUC}"), (750, "mg")), amount(160), None),
        (((5, "{AUC}"), (900, "mg")), amount(160), "CAR-04"),
        # no AUC ordered: 5 stands in
        (((500, "mg"),), amount(75), None),
        (((550, "mg"),), amount(75), None),
        (((551, "mg"),), amount(75), "CAR-05"),
        (((449, "mg"),), amount(75), "CAR-05"),
        # an AUC alone is dosed by the formula; above AUC 6 at capped function is more than 900 mg
        (((5, "{AUC}"),), amount(75), None),
        (((6, "{AUC}"),), amount(140), None),
        (((7, "{AUC}"),), amount(140), "CAR-03"),
        # the upper limit needs no kidney function, the formula does
        (((900, "mg"),), Amount(), None),
        (((901, "mg"),), Amount(), "CAR-03"),
        (((450, "mg"),), Amount(), None),
    ],
)
@pytest.mark.parametrize("safety_only", [False, True])
def test_the_calvert_dose(
    doses: tuple[tuple[float, str], ...], crcl: Amount, row: str | None, safety_only: bool
) -> None:
    found = ask(draft("carboplatin", *doses), safety_only=safety_only, crcl=crcl)
    assert {code: each.row for code, each in found.items()} == (
        {} if row is None else {"carboplatin-dose-calvert": row}
    )
    if row is not None:
        assert found["carboplatin-dose-calvert"].severity is (CRITICAL if row == "CAR-03" else WARNING)


def test_no_corrected_dose_is_offered_when_the_order_names_no_auc() -> None:
    named = ask(draft("carboplatin", (5, "{AUC}"), (700, "mg")), crcl=amount(75))["carboplatin-dose-calvert"]
    assert dict(named.details)["dose_mg"] == "500"
    weekly = ask(draft("carboplatin", (200, "mg"), interval_days=7), crcl=amount(75))["carboplatin-dose-calvert"]
    assert (weekly.row, weekly.remedy, weekly.details) == ("CAR-05", "", ())


@pytest.mark.parametrize(
    ("prior", "ineligible", "expected"),
    [
        (NO, NO, {"carboplatin-platinum-naive": INFO}),
        (NO, Finding(), {"carboplatin-platinum-naive": INFO}),
        (NO, YES, {}),
        (YES, NO, {}),
        (Finding(), NO, {}),
    ],
)
def test_platinum_naive_and_cisplatin_possible(
    prior: Finding, ineligible: Finding, expected: dict[str, Severity]
) -> None:
    assert severities(draft("carboplatin"), prior_platinum=prior, ineligible=ineligible) == expected
    assert severities(draft("carboplatin"), safety_only=True, prior_platinum=prior, ineligible=ineligible) == {}


def test_all_but_the_information_is_in_the_safety_scope() -> None:
    assert {check.code for check in CARBOPLATIN if not check.also_in_safety_scope} == {"carboplatin-platinum-naive"}
