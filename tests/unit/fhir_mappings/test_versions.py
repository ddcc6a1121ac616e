"""Which folder reads a record."""

from __future__ import annotations

import subprocess
import sys
from types import ModuleType

import pytest

from fhir_mappings import versions
from fhir_mappings.history import History
from fhir_mappings.r4 import proposal as r4_proposal
from fhir_mappings.r5 import proposal as r5_proposal
from fhir_mappings.record import Record
from fhir_mappings.stu3 import proposal as stu3_proposal
from tests.convert import to_version
from tests.fhir_builders import (
    SUBJECT,
    Json,
    a_condition,
    a_medication_administration,
    a_medication_request,
    a_medication_statement,
    a_procedure,
    a_record,
    a_report,
    a_service_request,
    an_allergy,
    an_appointment,
    an_imaging_study,
    an_observation,
    codeable,
    coded,
)

CANCER = "cervical-squamous-cell-carcinoma"


@pytest.mark.parametrize("version", ["4.0.1", "4.0", "4.3.0", "4.1.0", "4", "R4", "r4b", " R4B ", ""])
def test_r4_and_r4b_are_read(version: str) -> None:
    assert len(versions.read(a_record(a_condition(CANCER), fhir_version=version)).diagnoses) == 1


@pytest.mark.parametrize(
    ("version", "name"),
    [
        ("1.0.2", "DSTU2"),
        ("DSTU2", "DSTU2"),
        ("DSTU1", "DSTU1"),
        ("6.0.0-ballot3", "R6"),
        ("nonsense", "nonsense"),
        ("9.9", "9.9"),
    ],
)
def test_a_stated_version_that_no_folder_reads_is_refused_in_plain_words(version: str, name: str) -> None:
    with pytest.raises(versions.UnsupportedVersion) as refused:
        versions.read(a_record(fhir_version=version))
    assert refused.value.version == name
    assert str(refused.value) == f"FHIR {name} is not supported; this service reads FHIR STU3, R4, R5"


def stu3_condition() -> Json:
    return to_version("3.0.2", a_condition(CANCER))


def r5_statement() -> Json:
    return to_version("5.0.0", a_medication_statement("cisplatin"))


@pytest.mark.parametrize(
    ("version", "resource", "builder"),
    [
        ("3.0.2", stu3_condition(), stu3_proposal),
        ("STU3", stu3_condition(), stu3_proposal),
        ("5.0.0", r5_statement(), r5_proposal),
        ("R5", r5_statement(), r5_proposal),
    ],
)
def test_a_stated_version_has_its_reader_and_its_builder(version: str, resource: Json, builder: ModuleType) -> None:
    history, proposals = versions.read_for_reply(a_record(resource, fhir_version=version))
    assert len(history.diagnoses) + len(history.drugs) == 1
    assert history.unreadable == ()
    assert proposals is builder


TELLING = {
    "5.0.0": (
        a_procedure("pelvic-exenteration", performedDateTime="2024-02-03"),
        a_medication_statement("cisplatin", status="active"),
        a_medication_administration("cisplatin"),
        a_medication_request("cisplatin"),
        an_imaging_study("imaging-pet-ct"),
        a_service_request("pelvic-exenteration"),
        an_appointment("pelvic-exenteration"),
        an_allergy("cisplatin"),
    ),
    "3.0.2": (
        a_condition(CANCER),
        a_procedure("pelvic-exenteration", status="not-done"),
        a_medication_statement("cisplatin", status="active"),
        a_report("imaging-pet-ct", conclusionCode=[coded("metastasis-lung")]),
        an_observation("ecog-performance-status", valueInteger=1, interpretation=[codeable(text="well")]),
        an_allergy("cisplatin"),
    ),
}


@pytest.mark.parametrize(
    ("version", "resource"),
    [
        pytest.param(version, to_version(version, each), id=f"{version} {each['resourceType']}")
        for version, several in TELLING.items()
        for each in several
    ],
)
def test_one_resource_is_enough_to_tell_the_version(version: str, resource: Json) -> None:
    stated = versions.read_for_reply(a_record(resource, fhir_version=version))
    assert stated[0].unreadable == ()
    assert versions.read_for_reply(a_record(resource, fhir_version="")) == stated


def test_dstu2_is_refused_when_it_is_not_stated() -> None:
    with pytest.raises(versions.UnsupportedVersion, match="DSTU2"):
        versions.read(a_record(a_condition(CANCER, dateRecorded="2015-01-01"), fhir_version=""))


def test_a_stated_version_is_believed() -> None:
    assert len(versions.read(a_record(stu3_condition(), fhir_version="4.0.1")).unreadable) == 1


def test_an_unreadable_resource_alone_betrays_nothing() -> None:
    broken = a_condition(CANCER, bodySite="cervix")
    assert len(versions.read(a_record(broken, fhir_version="")).unreadable) == 1


def test_names_of_other_versions_do_not_matter_while_everything_can_be_read() -> None:
    vendor = {"resourceType": "MedicationOrder", "id": "x", "subject": SUBJECT}
    note = a_condition(CANCER, note=[{"text": '"taken"'}], code={**coded(CANCER), **codeable(text="assertedDate")})
    assert len(versions.read(a_record(note, vendor, fhir_version="")).diagnoses) == 1


def test_a_resource_in_another_version_does_not_carry_the_record_with_it() -> None:
    own = [a_condition(CANCER), a_procedure("pelvic-exenteration"), a_medication_statement("cisplatin")]
    history, builder = versions.read_for_reply(a_record(*own, stu3_condition(), fhir_version=""))
    assert len(history.diagnoses) == 1
    assert len(history.unreadable) == 1
    assert builder is r4_proposal


@pytest.mark.parametrize("version", ["5.0.0", "3.0.2"])
@pytest.mark.parametrize("draft", [a_medication_request("cisplatin"), a_service_request("pelvic-exenteration")])
def test_draft_orders_alone_tell_their_version(version: str, draft: Json) -> None:
    drafted = to_version(version, {**draft, "status": "draft"})
    history, builder = versions.read_for_reply(a_record(drafts=[drafted], fhir_version=""))
    (order,) = history.drafts
    assert order.concepts
    assert order.resource == drafted
    same = version == "3.0.2" and draft["resourceType"] == "MedicationRequest"
    assert builder is {"5.0.0": r5_proposal, "3.0.2": r4_proposal if same else stu3_proposal}[version]


def test_the_builder_alone_is_that_of_the_reading() -> None:
    assert versions.proposals(a_record(r5_statement(), fhir_version="")) is r5_proposal


def test_a_new_version_is_one_line_in_each_table(monkeypatch: pytest.MonkeyPatch) -> None:
    def read_r6(record: Record) -> History:
        assert record.obtained
        return History()

    monkeypatch.setattr(versions, "READERS", {**versions.READERS, "6": read_r6})
    monkeypatch.setattr(versions, "PROPOSALS", {**versions.PROPOSALS, "6": r5_proposal})
    assert versions.read(a_record(r5_statement(), fhir_version="6.0.0")) == History()


_FIRST_CALLS = """
import threading
from fhir_mappings import versions
from tests.fhir_builders import a_condition, a_procedure, an_observation, read

resources = (
    a_condition("cervical-squamous-cell-carcinoma"),
    a_procedure("pelvic-exenteration", performedDateTime="2024-02-29"),
    an_observation("ecog-performance-status", valueInteger=1),
)
faults = []

def call():
    try:
        if read(*resources).unreadable:
            faults.append("unreadable")
        versions.PROPOSALS["4"].create("order-pet-ct", "p1")
    except Exception as fault:
        faults.append(repr(fault))

threads = [threading.Thread(target=versions.warm), *(threading.Thread(target=call) for _ in range(8))]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print(faults)
"""


def test_the_first_calls_may_come_while_the_classes_are_still_imported() -> None:
    done = subprocess.run(  # noqa: S603 - our own text
        [sys.executable, "-c", _FIRST_CALLS], capture_output=True, text=True, check=True, timeout=120
    )
    assert done.stdout.strip() == "[]"
