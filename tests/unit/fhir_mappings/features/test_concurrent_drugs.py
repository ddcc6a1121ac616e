"""Drugs being taken now: which record proves it, doses that treat, local routes, unverified codes."""

from __future__ import annotations

from typing import Any

import pytest

from fhir_mappings.features.concurrent_drugs import CYCLE_DAYS, derive_concurrent_drugs
from fhir_mappings.findings import Finding
from fhir_mappings.history import Dose, Drug, DrugRecord, Exposure, Gap, Occurrence, Route
from fhir_mappings.kleene import Tri
from tests.history_builders import TODAY, diagnosis, drug, history, treatment


def taking(concept: str, **more: Any) -> Drug:
    given = {"kind": DrugRecord.STATEMENT, "current": Tri.YES, "start": -60, **more}
    return drug(concept, **given)


def feature(name: str, *facts: object) -> Finding:
    found = derive_concurrent_drugs(history(*facts), today=TODAY)[name]
    assert isinstance(found, Finding)
    return found


ORDERED = {"kind": DrugRecord.REQUEST, "exposure": Exposure.POSSIBLE}


@pytest.mark.parametrize(
    ("fact", "expected", "possible"),
    [
        (taking("warfarin"), Tri.YES, 0),
        (taking("warfarin", current=Tri.UNKNOWN), Tri.UNKNOWN, 1),
        (taking("warfarin", current=Tri.UNKNOWN, end=5), Tri.YES, 0),
        (taking("warfarin", current=Tri.UNKNOWN, end=-1), Tri.UNKNOWN, 0),
        (taking("warfarin", current=Tri.NO), Tri.UNKNOWN, 0),
        (taking("warfarin", start=3), Tri.UNKNOWN, 0),
        (taking("warfarin", exposure=Exposure.NOT_TAKEN), Tri.UNKNOWN, 0),
        (taking("warfarin", **ORDERED), Tri.UNKNOWN, 1),
        (taking("warfarin", text_only=True), Tri.UNKNOWN, 1),
        (taking("warfarin", text_only=True, by_name=True), Tri.YES, 0),
        (taking("enoxaparin"), Tri.UNKNOWN, 1),
        (taking("enoxaparin", dose=Dose(value=40, unit="mg")), Tri.UNKNOWN, 1),
        (taking("enoxaparin", dose=Dose(value=60, unit="mg")), Tri.YES, 0),
        (taking("enoxaparin", dose=Dose(value=1, unit="mg/kg")), Tri.YES, 0),
        (taking("dalteparin", dose=Dose(value=12_500, unit="[iU]")), Tri.YES, 0),
        (taking("apixaban"), Tri.YES, 0),
        (taking("apixaban", dose=Dose(value=2.5, unit="mg")), Tri.UNKNOWN, 1),
        (taking("heparin-unfractionated", dose=Dose(value=5000, unit="[iU]")), Tri.UNKNOWN, 1),
        (diagnosis("anticoagulant-long-term-use", -9), Tri.YES, 0),
    ],
)
def test_anticoagulated(fact: object, expected: Tri, possible: int) -> None:
    found = feature("anticoagulated", fact)
    assert (found.value, len(found.possible)) == (expected, possible)


@pytest.mark.parametrize(
    ("fact", "expected", "possible"),
    [
        (taking("strong-cyp3a4-inhibitor"), Tri.YES, 0),
        (taking("strong-cyp3a4-inhibitor", route=Route.OTHER), Tri.UNKNOWN, 0),
        (taking("strong-cyp3a4-inhibitor-unverified"), Tri.UNKNOWN, 1),
        (taking("ketoconazole-route-unspecified"), Tri.UNKNOWN, 1),
        (taking("ketoconazole-route-unspecified", route=Route.SYSTEMIC), Tri.YES, 0),
    ],
)
def test_strong_cyp3a4_inhibitor(fact: object, expected: Tri, possible: int) -> None:
    found = feature("strong_cyp3a4_inhibitor", fact)
    assert (found.value, len(found.possible)) == (expected, possible)


@pytest.mark.parametrize(
    ("fact", "expected", "possible"),
    [
        (taking("immunosuppressant"), Tri.YES, 0),
        (taking("immunosuppressant-unverified"), Tri.UNKNOWN, 1),
        (taking("ciclosporin-route-unspecified", route=Route.OPHTHALMIC), Tri.UNKNOWN, 0),
        (taking("prednisone-or-prednisolone", dose=Dose(value=10, unit="mg")), Tri.UNKNOWN, 1),
        (taking("prednisone-or-prednisolone", dose=Dose(value=10.5, unit="mg")), Tri.YES, 0),
        (taking("prednisone-or-prednisolone", dose=Dose(value=1, unit="mg/kg")), Tri.UNKNOWN, 1),
        (taking("prednisone-or-prednisolone"), Tri.UNKNOWN, 1),
        (taking("methylprednisolone", dose=Dose(value=8, unit="mg")), Tri.UNKNOWN, 1),
        (taking("methylprednisolone", dose=Dose(value=8.1, unit="mg")), Tri.YES, 0),
        (taking("systemic-corticosteroid-other", dose=Dose(value=20, unit="mg")), Tri.UNKNOWN, 1),
        (diagnosis("immunosuppressant-long-term-use", -9), Tri.YES, 0),
        (diagnosis("immunosuppression-unclear", -9), Tri.UNKNOWN, 1),
    ],
)
def test_immunosuppressed(fact: object, expected: Tri, possible: int) -> None:
    found = feature("immunosuppressed", fact)
    assert (found.value, len(found.possible)) == (expected, possible)


@pytest.mark.parametrize(
    ("fact", "platinum", "chemotherapy"),
    [
        (drug("cisplatin", -CYCLE_DAYS), Tri.YES, Tri.YES),
        (drug("cisplatin", -CYCLE_DAYS - 1), Tri.UNKNOWN, Tri.UNKNOWN),
        (drug("pembrolizumab", -3), Tri.UNKNOWN, Tri.YES),
        (taking("carboplatin"), Tri.YES, Tri.YES),
        (drug("cisplatin", -3, exposure=Exposure.NOT_TAKEN), Tri.UNKNOWN, Tri.UNKNOWN),
        (drug("cisplatin", 3), Tri.UNKNOWN, Tri.UNKNOWN),
        (drug("bevacizumab", -3), Tri.UNKNOWN, Tri.UNKNOWN),
        (taking("cisplatin", **ORDERED), Tri.UNKNOWN, Tri.UNKNOWN),
        (treatment("chemotherapy-procedure", -3, drugs="cisplatin"), Tri.YES, Tri.YES),
        (treatment("chemotherapy-procedure", -90, drugs="cisplatin"), Tri.UNKNOWN, Tri.UNKNOWN),
        (treatment("chemotherapy-procedure", None, drugs="cisplatin"), Tri.UNKNOWN, Tri.UNKNOWN),
        (treatment("chemotherapy-procedure", -3, drugs="cisplatin", text_only=True), Tri.UNKNOWN, Tri.UNKNOWN),
        (drug("cisplatin", "2026-10"), Tri.UNKNOWN, Tri.UNKNOWN),
        (
            treatment("chemotherapy-procedure", -90, drugs="topotecan", occurrence=Occurrence.UNDER_WAY),
            Tri.UNKNOWN,
            Tri.YES,
        ),
    ],
)
def test_chemotherapy_under_way(fact: object, platinum: Tri, chemotherapy: Tri) -> None:
    assert feature("platinum_active", fact).value is platinum
    assert feature("chemotherapy_active", fact).value is chemotherapy


def test_no_list_of_drugs_shows_that_one_is_not_taken() -> None:
    found = derive_concurrent_drugs(history(taking("warfarin", exposure=Exposure.NOT_TAKEN)), today=TODAY)
    assert {each.value for each in found.values() if isinstance(each, Finding)} == {Tri.UNKNOWN}


def test_missing_medication_data_are_named() -> None:
    found = feature("anticoagulated", Gap(key="medicationStatements", cause="refused"))
    assert found.note == "medication history not obtained"
