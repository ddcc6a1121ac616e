"""Records that nobody here wrote: none raises, and what they yield holds together."""

from __future__ import annotations

import copy
import gzip
import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fhir_mappings import versions
from fhir_mappings.history import History
from fhir_mappings.record import Obtained, Record, State
from fhir_mappings.value_sets import CONCEPTS
from tests.fhir_builders import (
    PATIENT_ID,
    Json,
    a_bundle,
    a_condition,
    a_medication_administration,
    a_patient,
    a_procedure,
    an_observation,
    as_bytes,
    quantity,
)

ROOT = Path(__file__).parents[4]
SHARED = ROOT.parent / "shared" / "data"
SAMPLES = ROOT / "cds_service" / "demo" / "patients"
PER_FILE = 2
"""Patients tried of one file."""


def files() -> list[Path]:
    folder = SHARED if SHARED.is_dir() else SAMPLES
    return sorted(path for path in folder.rglob("*.json*") if path.suffix in {".json", ".gz"})


def content(path: Path) -> bytes:
    return gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()


def patients(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        subject = value.get("subject") or value.get("patient")
        if isinstance(subject, dict) and isinstance(subject.get("reference"), str):
            yield subject["reference"].rpartition("/")[2].rpartition(":")[2]
        if value.get("resourceType") == "Patient" and isinstance(value.get("id"), str):
            yield value["id"]
        for inner in value.values():
            yield from patients(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from patients(inner)


def check(history: History) -> None:
    kinds = ("diagnoses", "treatments", "drugs", "observed", "reports", "plans", "allergies", "drafts")
    facts = [fact for kind in kinds for fact in getattr(history, kind)]
    assert all(fact.concepts <= CONCEPTS.keys() for fact in facts)
    assert all("/" in fact.reference or fact.reference.endswith("?") for fact in facts)
    assert all(not fact.text_only or not fact.by_name for fact in facts)


def read(payload: bytes, patient_id: str) -> History | None:
    held = Obtained("all", State.PRESENT, payloads=(payload,))
    try:
        return versions.read(Record(patient_id, obtained={"all": held}, draft_orders=payload))
    except versions.UnsupportedVersion:
        return None


def test_every_record_at_hand_is_read_without_an_exception() -> None:
    paths = files()
    assert paths
    read_of_any = 0
    for path in paths:
        payload = content(path)
        try:
            names = sorted(set(patients(json.loads(payload.removeprefix(b"\xef\xbb\xbf")))))[:PER_FILE]
        except ValueError:
            names = []
        for name in names or [PATIENT_ID]:
            history = read(payload, name)
            if history is not None:
                check(history)
                read_of_any += len(history.diagnoses) + len(history.treatments) + len(history.observed)
    assert read_of_any > len(paths) // 10


BASE = [
    a_patient(),
    a_condition("cervical-squamous-cell-carcinoma", id="c", onsetDateTime="2020-01-02"),
    a_procedure("pelvic-exenteration", id="p", site="site-pelvis", performedPeriod={"start": "2021-01-02"}),
    a_medication_administration("cisplatin", id="m", dosage={"dose": quantity(70, "mg")}),
    an_observation("creatinine-serum", id="o", valueQuantity=quantity(1.1, "mg/dL")),
]
ODD: list[Any] = [None, 0, -1, True, "", "x", [], {}, [None], [{}], {"coding": [None]}, {"x": []}, 1e300, "2021-02-30"]


def mutated(resource: Json, rng: random.Random) -> Json:
    """The resource with one or two places overwritten by nonsense."""
    found: Json = json.loads(json.dumps(resource))
    for _ in range(rng.randint(1, 2)):
        place: Any = found
        while True:
            keys: list[Any] = list(place) if isinstance(place, dict) else list(range(len(place)))
            if not keys:
                break
            key = rng.choice(keys)
            if isinstance(place[key], dict | list) and rng.random() < 0.7:
                place = place[key]
                continue
            place[key] = copy.deepcopy(rng.choice(ODD))
            break
    return found


def bundle_of(resources: list[Json]) -> bytes:
    """A Bundle without fullUrls: type and id of a resource may be nonsense."""
    return as_bytes(
        {"resourceType": "Bundle", "type": "searchset", "entry": [{"resource": each} for each in resources]}
    )


@settings(max_examples=150, deadline=None)
@given(seed=st.integers(0, 10**9))
def test_nonsense_in_a_resource_never_raises_nor_hurts_the_others(seed: int) -> None:
    rng = random.Random(seed)  # noqa: S311 - mutations, not secrets
    victim = rng.randrange(len(BASE))
    resources = [mutated(each, rng) if at == victim else each for at, each in enumerate(BASE)]
    payload = bundle_of(resources)
    history = read(payload, PATIENT_ID)
    if history is None:
        return
    check(history)
    untouched = {f"{each['resourceType']}/{each['id']}" for at, each in enumerate(BASE) if at != victim} - {
        "Patient/p1"
    }
    found = {
        fact.reference for kind in ("diagnoses", "treatments", "drugs", "observed") for fact in getattr(history, kind)
    }
    assert untouched <= found | {f"{each['resourceType']}/{each['id']}" for each in BASE[victim : victim + 1]}


@settings(max_examples=60, deadline=None)
@given(order=st.permutations(range(len(BASE))), cut=st.integers(0, len(BASE)))
def test_order_and_division_into_pages_change_nothing(order: list[int], cut: int) -> None:
    shuffled = [BASE[at] for at in order]
    pages = tuple(as_bytes(a_bundle(*part)) for part in (shuffled[:cut], shuffled[cut:]))
    held = Obtained("all", State.PRESENT, payloads=pages)
    whole = Obtained("all", State.PRESENT, payloads=(as_bytes(a_bundle(*BASE)),))
    read_so = versions.read(Record(PATIENT_ID, obtained={"all": held}))
    assert read_so == versions.read(Record(PATIENT_ID, obtained={"all": whole}))


@pytest.mark.parametrize("status", ["entered-in-error"])
def test_adding_a_retracted_resource_changes_no_fact(status: str) -> None:
    retracted = [
        a_procedure("radiotherapy-pelvis", status=status),
        an_observation("ecog-performance-status", status=status, valueInteger=4),
        a_medication_administration("bevacizumab", status=status),
    ]
    held = Obtained("all", State.PRESENT, payloads=(as_bytes(a_bundle(*BASE)),))
    more = Obtained("all", State.PRESENT, payloads=(as_bytes(a_bundle(*BASE, *retracted)),))
    before = versions.read(Record(PATIENT_ID, obtained={"all": held}))
    after = versions.read(Record(PATIENT_ID, obtained={"all": more}))
    assert after.set_aside.entered_in_error == 3
    assert (after.treatments, after.observed, after.drugs, after.unreadable) == (
        before.treatments,
        before.observed,
        before.drugs,
        before.unreadable,
    )
