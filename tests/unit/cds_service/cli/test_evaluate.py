from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from cds_service.cli import main
from cds_service.demo.sample_patients import PATIENTS_FOLDER, hook_request, load_patients, record_of
from tests.fhir_builders import a_condition, an_allergy, an_appointment

TODAY = ("--today", "2026-11-24")
RECORD = PATIENTS_FOLDER / "central-irradiated.json"


def lines(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_text_shows_features_with_their_records_decisions_and_cards(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["evaluate", str(RECORD), *TODAY]) == 0
    out = capsys.readouterr().out
    assert "scope A (row G8)" in out
    assert "  earlier pelvic radiotherapy: yes" in out
    assert "Procedure/central-irradiated-procedure" in out
    assert "  [P3] option: pelvic-exenteration, recommended" in out
    assert "(info) Recurrent cervical cancer" in out


def test_json_is_one_object_a_patient(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["evaluate", "--json", str(RECORD), *TODAY]) == 0
    (result,) = lines(capsys)
    assert result["scope_row"] == "G8"
    assert ("pelvic-exenteration", "P3") in {(d["code"], d["row"]) for d in result["decisions"]}
    assert any(f["feature"] == "prior_pelvic_rt" and f["evidence"] for f in result["features"])
    assert result["cards"]


def test_a_zipped_file_an_array_and_ndjson_give_the_same(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    bundle = json.loads(RECORD.read_bytes())
    resources = [entry["resource"] for entry in bundle["entry"]]
    (tmp_path / "a.json.gz").write_bytes(gzip.compress(RECORD.read_bytes()))
    (tmp_path / "b.json").write_text(json.dumps(resources))
    (tmp_path / "c.ndjson").write_text("\n".join(json.dumps(resource) for resource in resources))
    (tmp_path / "d.ndjson").write_text(json.dumps(bundle) + "\n" + json.dumps(bundle))
    files = [str(path) for path in sorted(tmp_path.iterdir())]
    assert main(["evaluate", "--json", "--jobs", "1", *files, *TODAY]) == 0
    decisions = [result["decisions"] for result in lines(capsys)]
    assert len(decisions) == 5
    assert all(each == decisions[0] for each in decisions)


@pytest.mark.parametrize("hook", ["order-select", "order-sign"])
def test_a_whole_hook_request_is_answered_for_its_hook(
    hook: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    patient, trial = next(
        (patient, trial)
        for patient in load_patients()
        for trial in patient.trials
        if trial.hook == hook and trial.expect
    )
    path = tmp_path / "request.json"
    prefetch = {"conditions": record_of(patient), "diagnosticReports": None}
    path.write_text(json.dumps(hook_request(patient, trial, fhir_server=None, prefetch=prefetch)))
    assert main(["evaluate", "--json", str(path), *TODAY]) == 0
    (result,) = lines(capsys)
    assert set(trial.expect) <= {decision["code"] for decision in result["decisions"]}


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"{", "malformed JSON"),
        (b'{"resourceType": "Bundle", "entry": []}', "no Patient"),
        (b"[]", "no Patient"),
        (b'{"a": 1}', "neither FHIR nor a hook request"),
        (b'{"hook": "patient-view"}', "no usable hook request"),
        (b'{"hook": "order-review", "hookInstance": "x", "context": {}}', "does not answer"),
    ],
)
def test_what_cannot_be_evaluated_is_said_and_fails(
    content: bytes, words: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "odd.json"
    path.write_bytes(content)
    assert main(["evaluate", str(path)]) == 1
    assert words in capsys.readouterr().out


def test_a_missing_file_is_said_too(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["evaluate", str(tmp_path / "nowhere.json")]) == 1
    assert "cannot be read: FileNotFoundError" in capsys.readouterr().out


def test_many_files_are_shared_out_and_come_back_in_their_order(capsys: pytest.CaptureFixture[str]) -> None:
    files = sorted(PATIENTS_FOLDER.glob("*.json"))[:10]
    assert main(["evaluate", "--json", "--jobs", "2", *map(str, files), *TODAY]) == 0
    assert [result["name"] for result in lines(capsys)] == [path.name for path in files]


def told(path: Path, content: Any, capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    path.write_text(json.dumps(content), encoding="utf-8")
    assert main(["evaluate", "--json", str(path), *TODAY]) == 0
    return lines(capsys)


def about(result: dict[str, Any]) -> set[str]:
    return {feature["feature"] for feature in result["features"] if feature["value"] != "unknown"}


@pytest.mark.parametrize(
    "subject", ["Patient/p1", "https://ehr.example.org/fhir/Patient/p1", "urn:uuid:p1", "Patient/p1/_history/2"]
)
def test_a_resource_alone_is_about_the_patient_that_it_names(
    subject: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    condition = a_condition("heart-failure", subject={"reference": subject})
    (result,) = told(tmp_path / "one.json", condition, capsys)
    assert result["gaps"] == ["patient: no Patient resource in the file"]
    assert "heart_failure" in about(result)
    assert main(["evaluate", str(tmp_path / "one.json"), *TODAY]) == 0
    assert "not at hand: patient: no Patient resource in the file" in capsys.readouterr().out


def test_resources_of_several_patients_are_told_apart(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    mine = a_condition("heart-failure", subject={"reference": "Patient/a"})
    yours = an_allergy("cisplatin", patient={"reference": "Patient/b"})
    visit = an_appointment("pelvic-exenteration", participant=[{"actor": {"reference": "Patient/c"}}, "odd"])
    results = told(tmp_path / "several.json", [mine, yours, visit, {"resourceType": "Basic"}], capsys)
    assert [each["name"] for each in results] == ["several.json#a", "several.json#b", "several.json#c"]
    assert ["heart_failure" in about(each) for each in results] == [True, False, False]


def test_a_patient_without_an_id_is_known_by_the_full_url(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    entries = [
        {"fullUrl": "urn:uuid:4711", "resource": {"resourceType": "Patient", "gender": "female"}},
        {"resource": a_condition("heart-failure", subject={"reference": "urn:uuid:4711"}, id=7)},
        {"resource": "odd"},
        None,
    ]
    (result,) = told(tmp_path / "bundle.json", {"resourceType": "Bundle", "entry": entries}, capsys)
    assert result["gaps"] == []
    assert {"sex_param", "heart_failure"} <= about(result)
