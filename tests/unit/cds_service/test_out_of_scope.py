"""The short way to silence: Patient and Conditions alone give exactly the answer that the whole record gives."""

from __future__ import annotations

import datetime as dt
import json
import random
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest

from cds_service import hooks, pipeline
from cds_service.ehr.client import FhirClient
from cds_service.ehr.gather import gather, usable
from cds_service.errors import PreconditionFailed
from cds_service.pipeline import Advice
from cds_service.protocol.request import decode
from cds_service.site import Site
from tests import fhir_builders as fhir
from tests.fhir_builders import Json, codeable

TODAY = dt.date(2026, 11, 24)
RECORDS = 1000

CANCERS = (
    "cervical-squamous-cell-carcinoma",
    "cervical-cancer",
    "history-of-cervical-cancer",
    "history-of-genital-cancer-organ-unspecified",
    "squamous-cell-carcinoma-site-unspecified",
    "cancer-any-primary",
    "cervical-cancer-local-recurrence",
)
OTHERS = (
    *("other-primary-cancer", "cervical-carcinoma-in-situ", "metastasis-liver", "hypertension", "heart-failure"),
    *("cervical-intraepithelial-neoplasia", "venous-thromboembolism"),
)
TEXTS = ("Cervical cancer", "Carcinoma", "Cervical screening", "Neck pain", "Family history of cancer", "Hypertension")


@pytest.fixture(name="client", scope="module")
def a_client() -> Iterator[FhirClient]:
    client = FhirClient([], loopback=True)
    yield client
    client.close()


def some_condition(chance: random.Random, *, cancer: bool) -> Json:
    code: Any = chance.choice(CANCERS if cancer and chance.random() < 0.5 else OTHERS)
    if chance.random() < 0.25:
        code = codeable(text=chance.choice(TEXTS))
    elif chance.random() < 0.1:
        code = codeable(*fhir.coded(code)["coding"], *fhir.coded("hypertension")["coding"], text="two codes")
    status = chance.choice(("confirmed", "confirmed", "provisional", "refuted", "entered-in-error", "of-late", None))
    onset = chance.choice(("2019-05-01", "2024", "2031-01-01", "not a date", None))
    condition = fhir.a_condition(code, verification=status, onsetDateTime=onset)
    odd = chance.random()
    if odd < 0.03:
        condition["subject"] = {"reference": "Patient/somebody-else"}
    elif odd < 0.06:
        del condition["subject"]
    elif odd < 0.09:
        condition["code"] = "C53.9"
    elif odd < 0.12:
        condition["modifierExtension"] = [{"url": "urn:not-known", "valueBoolean": True}]
    elif odd < 0.15:
        condition["recordedDate"] = 1546300800
    elif odd < 0.18:
        condition["bodySite"] = [fhir.coded("site-cervix")]
    return condition


def conditions_bundle(chance: random.Random, *, cancer: bool) -> Any:
    found = [some_condition(chance, cancer=cancer) for _ in range(chance.randrange(5))]
    bundle = fhir.a_bundle(*found)
    odd = chance.random()
    if odd < 0.04:
        bundle["total"] = len(found) + 3
    elif odd < 0.08:
        bundle["link"] = [{"relation": "next", "url": "https://ehr.example.org/fhir/Condition?page=2"}]
    elif odd < 0.12:
        issue = [{"severity": "error", "code": "timeout"}]
        bundle.setdefault("entry", []).append({"resource": {"resourceType": "OperationOutcome", "issue": issue}})
    elif odd < 0.14:
        bundle.setdefault("entry", []).append({})
    elif odd < 0.16:
        return None
    elif odd < 0.18:
        return found
    elif odd < 0.2:
        return {"resourceType": "OperationOutcome", "issue": [{"severity": "error", "code": "security"}]}
    return bundle


def some_call(chance: random.Random) -> tuple[str, bytes]:
    """A hook and a body: with or without the cancer, its other sources, gaps, withdrawn and unreadable records."""
    cancer = chance.random() < 0.4
    patient = fhir.a_patient()
    patient |= chance.choice(({}, {}, {}, {"deceasedBoolean": True}, {"deceasedDateTime": "2026-01-01"}, {"gender": 7}))
    prefetch: dict[str, Any] = {"patient": patient, "conditions": conditions_bundle(chance, cancer=cancer)}
    if chance.random() < 0.5:
        observations = [
            fhir.our_observation("own-suspected-recurrence", value=True),
            fhir.an_observation("tumour-morphology-observation"),
            fhir.an_observation("creatinine-serum", valueQuantity=fhir.quantity(1.1, "mg/dL")),
        ]
        if chance.random() < 0.1:
            observations.append(some_condition(chance, cancer=True))
        prefetch["observations"] = fhir.a_bundle(*observations)
    if chance.random() < 0.3:
        prefetch["procedures"] = fhir.a_bundle(fhir.a_procedure("radical-hysterectomy", status="sometime"))
    if chance.random() < 0.1:
        prefetch["diagnosticReports"] = {"resourceType": "OperationOutcome", "issue": [{"severity": "fatal"}]}
    if chance.random() < 0.05:
        del prefetch[chance.choice(tuple(prefetch))]
    hook = chance.choice(("patient-view", "order-sign", "order-select"))
    context: dict[str, Any] = {"userId": "Practitioner/1", "patientId": fhir.PATIENT_ID}
    if hook != "patient-view":
        draft = fhir.a_medication_request("cisplatin", status="draft", id="d1")
        context["draftOrders"] = fhir.a_bundle(draft, kind="collection")
    if hook == "order-select":
        context["selections"] = ["MedicationRequest/d1"]
    body = {"hook": hook, "hookInstance": "x", "context": context, "prefetch": prefetch}
    return hook, json.dumps(body).encode()


def answered(hook: str, body: bytes, client: FhirClient, *, short: bool) -> tuple[Advice | str, bool]:
    """The advice, or why there is none; and whether the short way was taken."""
    request = decode(body)
    service = next(each for each in hooks.SERVICES if each.hook == hook)
    settles = pipeline.settles if short else None
    record = gather(request, service, client=client, deadline_seconds=1, settles=settles)
    try:
        usable(record)
    except PreconditionFailed as failure:
        return str(failure.missing), record.settled
    return pipeline.answer(service, request, record, today=TODAY, site=Site()), record.settled


def test_the_short_way_and_the_whole_way_give_the_same_answer(client: FhirClient) -> None:
    chance = random.Random(20261124)  # noqa: S311 - makes test records, guards nothing
    ways: Counter[tuple[str, bool]] = Counter()
    for _ in range(RECORDS):
        hook, body = some_call(chance)
        whole, _ = answered(hook, body, client, short=False)
        short, settled = answered(hook, body, client, short=True)
        assert short == whole, body.decode()
        row = whole.scope_row if isinstance(whole, Advice) else "412"
        ways[row, settled] += 1
    assert ways["G2", True] > RECORDS / 10
    assert ways["G2", False] > RECORDS / 50
    assert {row for row, settled in ways if settled} == {"G2"}
    assert {"G0", "G1", "412"} <= {row for row, _ in ways}
    assert sum(ways[row, False] for row in ("G5", "G6", "G6b", "G8")) > RECORDS / 50


def test_a_patient_without_the_cancer_takes_the_short_way(client: FhirClient) -> None:
    body = {
        "hook": "patient-view",
        "hookInstance": "x",
        "context": {"userId": "Practitioner/1", "patientId": fhir.PATIENT_ID},
        "prefetch": {
            "patient": fhir.a_patient(),
            "conditions": fhir.a_bundle(fhir.a_condition("hypertension"), fhir.a_condition(codeable(text="Asthma"))),
        },
    }
    _, settled = answered("patient-view", json.dumps(body).encode(), client, short=True)
    assert settled
