"""The order form: every draft is a valid resource that the checks recognise."""

from __future__ import annotations

import datetime as dt
import json

import pytest
from fhir.resources.R4B import get_fhir_model_class

from cds_service.errors import BadRequest
from cds_service.guideline.draft_order_checks import families
from cds_service.workbench.orders import KINDS, Wish, draft, line
from tests.unit.cds_service.workbench.samples import consulted

TODAY = dt.date(2026, 11, 24)


def _made(wish: Wish, *taken: str) -> dict[str, object]:
    return draft(wish, patient_id="central-irradiated", today=TODAY, taken=taken)


@pytest.mark.parametrize("key", KINDS)
def test_every_order_offered_is_valid_and_known_to_the_checks(key: str) -> None:
    made = _made(Wish(key, "2026-12-01"))
    get_fhir_model_class(str(made["resourceType"])).model_validate(made)
    bundle = json.dumps({"resourceType": "Bundle", "entry": [{"resource": made}]}).encode()
    (read,) = consulted("central-irradiated", bundle).history.drafts
    assert families(read)
    assert str(read.start) == "2026-12-01"
    assert line(made).start == "2026-12-01"
    assert line(made).title == KINDS[key].words


def test_dose_and_unit_as_wished_else_the_usual_ones() -> None:
    assert line(_made(Wish("bevacizumab"))).dose == "15 mg/kg, every 3 weeks"
    assert line(_made(Wish("bevacizumab", "", "7.5", "mg/kg"))).dose == "7.5 mg/kg, every 3 weeks"
    assert line(_made(Wish("cisplatin-weekly"))).dose == "40 mg/m2, weekly"
    assert line(_made(Wish("bevacizumab"))).start == ""


def test_a_second_draft_of_a_kind_has_an_id_of_its_own() -> None:
    assert _made(Wish("pet-ct"))["id"] == "draft-pet-ct"
    assert _made(Wish("pet-ct"), "draft-pet-ct", "draft-pet-ct-2")["id"] == "draft-pet-ct-3"


@pytest.mark.parametrize(
    "wish",
    [
        Wish("aspirin"),
        Wish("cisplatin", "soon"),
        Wish("cisplatin", dose="-1"),
        Wish("cisplatin", dose="nan"),
        Wish("cisplatin", dose="much"),
        Wish("cisplatin", unit="spoons"),
        Wish("exenteration", intent="heroic"),
    ],
)
def test_what_cannot_be_ordered_is_refused(wish: Wish) -> None:
    with pytest.raises(BadRequest):
        _made(wish)


def test_any_draft_has_a_line() -> None:
    assert line({}).title == "Resource"
    task = {"resourceType": "Task", "id": "t", "description": "Record the ECOG", "code": {"coding": []}}
    assert (line(task).reference, line(task).title) == ("Task/t", "Record the ECOG")
    coded = {"resourceType": "ServiceRequest", "code": {"coding": [{"display": "PET/CT"}]}, "occurrencePeriod": 3}
    assert line(coded).title == "PET/CT"
    moved = {
        "resourceType": "MedicationRequest",
        "dosageInstruction": [{"timing": {"event": ["2027-01-09"]}, "text": "x"}],
    }
    assert (line(moved).start, line(moved).dose) == ("2027-01-09", "x")
