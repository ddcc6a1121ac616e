"""Which folder reads a record."""

from __future__ import annotations

from types import MappingProxyType
from typing import Any

import pytest

from fhir_mappings import versions
from fhir_mappings.history import History
from fhir_mappings.record import Record
from tests.fhir_builders import SUBJECT, Json, a_condition, a_medication_statement, a_record, codeable, coded

CANCER = "cervical-squamous-cell-carcinoma"


@pytest.mark.parametrize("version", ["4.0.1", "4.0", "4.3.0", "4.1.0", "4", "R4", "r4b", " R4B ", ""])
def test_r4_and_r4b_are_read(version: str) -> None:
    assert len(versions.read(a_record(a_condition(CANCER), fhir_version=version)).diagnoses) == 1


@pytest.mark.parametrize(
    ("version", "name"),
    [
        ("1.0.2", "DSTU2"),
        ("3.0.1", "STU3"),
        ("5.0.0", "R5"),
        ("R5", "R5"),
        ("STU3", "STU3"),
        ("DSTU2", "DSTU2"),
        ("DSTU1", "DSTU1"),
        ("nonsense", "nonsense"),
        ("9.9", "9.9"),
    ],
)
def test_a_stated_version_that_no_folder_reads_is_refused_in_plain_words(version: str, name: str) -> None:
    with pytest.raises(versions.UnsupportedVersion) as refused:
        versions.read(a_record(fhir_version=version))
    assert refused.value.version == name
    assert str(refused.value) == f"FHIR {name} is not supported yet; this service reads FHIR R4"


def stu3_condition() -> Json:
    return a_condition(CANCER, clinicalStatus="active", verificationStatus="confirmed")


def r5_statement() -> Json:
    return a_medication_statement(None, status="recorded", medication={"concept": coded("cisplatin")})


@pytest.mark.parametrize(
    ("resource", "name"),
    [
        (stu3_condition(), "STU3"),
        (a_condition(CANCER, assertedDate="2017-01-01"), "STU3"),
        (a_medication_statement("cisplatin", status="active", taken="y"), "STU3"),
        (a_condition(CANCER, dateRecorded="2015-01-01"), "DSTU2"),
        (r5_statement(), "R5"),
    ],
)
def test_the_data_betray_their_version_when_it_is_not_stated(resource: Json, name: str) -> None:
    with pytest.raises(versions.UnsupportedVersion, match=name):
        versions.read(a_record(resource, fhir_version=""))


def test_a_stated_version_is_believed() -> None:
    assert len(versions.read(a_record(stu3_condition(), fhir_version="4.0.1")).unreadable) == 1


def test_an_unreadable_resource_alone_betrays_nothing() -> None:
    broken = a_condition(CANCER, bodySite="cervix")
    assert len(versions.read(a_record(broken, fhir_version="")).unreadable) == 1


def test_names_of_other_versions_do_not_matter_while_everything_can_be_read() -> None:
    vendor = {"resourceType": "MedicationOrder", "id": "x", "subject": SUBJECT}
    note = a_condition(CANCER, note=[{"text": '"taken"'}], code={**coded(CANCER), **codeable(text="assertedDate")})
    assert len(versions.read(a_record(note, vendor, fhir_version="")).diagnoses) == 1


def test_a_new_version_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    def read_r5(record: Record) -> History:
        assert record.obtained
        return History()

    readers: Any = MappingProxyType({**versions.READERS, "5": read_r5})
    monkeypatch.setattr(versions, "READERS", readers)
    assert versions.read(a_record(r5_statement(), fhir_version="5.0.0")) == History()
    assert versions.read(a_record(r5_statement(), fhir_version="")) == History()
