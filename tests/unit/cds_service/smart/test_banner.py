from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cds_service.smart.banner import Banner, banner


def shown(**patient: Any) -> Banner:
    return banner(json.dumps({"resourceType": "Patient", **patient}).encode())


def test_a_patient_is_recognised_by_name_and_date_of_birth() -> None:
    patient = shown(name=[{"given": ["Ada", "B."], "family": "Alder"}], birthDate="1971-03-08")
    assert patient == Banner("Ada B. Alder", "1971-03-08")


def test_the_official_name_comes_first_then_the_usual_one() -> None:
    names = [{"use": "old", "text": "C"}, {"use": "usual", "text": "B"}, {"use": "official", "text": "A"}]
    assert shown(name=names).name == "A"
    assert shown(name=names[:2]).name == "B"
    assert shown(name=names[:1]).name == "C"
    assert shown(name=[{"use": "official"}, {"text": "D"}]).name == "D"


def test_lines_directions_and_length_cannot_be_played_with() -> None:
    assert shown(name=[{"text": "A\n\u202eB\x00  C"}]).name == "A B C"
    assert len(shown(name=[{"text": "x" * 500}]).name) == 120


@pytest.mark.parametrize(
    "patient", [{}, {"name": None}, {"name": "x"}, {"name": [None, 7, {"given": "x", "family": 7}], "birthDate": 7}]
)
def test_what_is_not_of_fhirs_form_is_left_empty(patient: dict[str, Any]) -> None:
    assert shown(**patient) == Banner("", "")


@given(st.binary(max_size=60))
def test_nothing_raises(data: bytes) -> None:
    assert isinstance(banner(data), Banner)
