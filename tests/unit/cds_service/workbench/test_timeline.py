"""The record as lanes over time: what is drawn, where, and what is only said in words."""

from __future__ import annotations

import datetime as dt
import itertools
import json

import pytest

from cds_service.demo.sample_patients import DEMO_TODAY, PATIENTS_FOLDER
from cds_service.workbench.timeline import NARROW, WIDE, Entry, Timeline, timeline
from fhir_mappings.history import (
    Diagnosis,
    Drug,
    DrugRecord,
    Exposure,
    History,
    Occurrence,
    Plan,
    Treatment,
    Verification,
)
from fhir_mappings.partial_dates import PartialDate
from tests.unit.cds_service.workbench.samples import IDS, consulted

TODAY = dt.date(2026, 11, 24)


def _date(text: str) -> PartialDate | None:
    return PartialDate.read(text)


def _lane(drawn: Timeline, title: str) -> dict[str, Entry]:
    return {mark.entry.label: mark.entry for lane in drawn.lanes if lane.title == title for mark in lane.marks}


def _drug(day: str, exposure: Exposure = Exposure.GIVEN) -> Drug:
    return Drug(
        reference=f"MedicationAdministration/{day}",
        concepts=frozenset({"cisplatin"}),
        text="cisplatin",
        kind=DrugRecord.ADMINISTRATION,
        exposure=exposure,
        start=_date(day),
        end=_date(day),
    )


@pytest.mark.parametrize("width", [WIDE, NARROW])
@pytest.mark.parametrize("identity", IDS)
def test_every_mark_with_its_words_stays_in_the_drawing_and_none_overlap(identity: str, width: int) -> None:
    drawn = timeline(consulted(identity).history, DEMO_TODAY, width=width)
    assert drawn.lanes
    for lane in drawn.lanes:
        spans = []
        for mark in lane.marks:
            words = len(mark.label) * 6.15
            span = (mark.label_x - words, mark.x + mark.width) if mark.label_left else (mark.x, mark.label_x + words)
            assert span[0] >= 0
            assert span[1] <= width
            assert lane.y <= mark.y <= lane.y + lane.height
            spans.append((mark.y, span))
        for (y, one), (other_y, other) in itertools.combinations(spans, 2):
            assert y != other_y or one[1] <= other[0] or other[1] <= one[0]
    assert drawn.left <= drawn.today_x <= width


def test_a_radiotherapy_course_says_dose_kind_and_fields() -> None:
    drawn = timeline(consulted("central-irradiated").history, DEMO_TODAY)
    courses = _lane(drawn, "Radiotherapy")
    external = courses["45 Gy external beam radiotherapy: cervix, pelvic lymph nodes"]
    assert (external.start, external.end) == (dt.date(2024, 4, 8), dt.date(2024, 5, 13))
    assert "28 Gy brachytherapy: cervix" in courses


def test_doses_become_courses_and_those_not_given_are_left_out() -> None:
    drawn = timeline(consulted("second-line").history, DEMO_TODAY)
    courses = _lane(drawn, "Systemic treatment")
    assert courses["Cisplatin × 4"].end == dt.date(2024, 4, 8)
    assert "Bevacizumab-awwb × 12" in courses
    assert {entry.certainty for entry in courses.values()} == {"done"}


def test_a_long_pause_begins_a_new_course_and_a_planned_dose_is_hollow() -> None:
    history = History(
        drugs=(
            _drug("2025-01-01"),
            _drug("2025-01-22"),
            _drug("2026-01-01"),
            _drug("2026-12-01", exposure=Exposure.PLANNED),
            _drug("2025-01-08", exposure=Exposure.NOT_TAKEN),
        )
    )
    entries = _lane(timeline(history, TODAY), "Systemic treatment")
    assert list(entries) == ["Cisplatin × 2", "Cisplatin", "Planned: cisplatin"]
    assert entries["Planned: cisplatin"].certainty == "planned"


def test_repeated_statuses_are_one_bar() -> None:
    entries = _lane(timeline(consulted("central-irradiated").history, DEMO_TODAY), "Disease")
    remission = entries["Complete remission × 4"]
    assert (remission.tone, remission.start) == ("good", dt.date(2024, 8, 28))
    assert remission.end > dt.date(2025, 8, 27)
    assert entries["Disease worsened"].tone == "disease"
    assert _lane(timeline(consulted("second-line").history, DEMO_TODAY), "Disease")["Stable disease"].tone == "look"


def test_what_was_disowned_or_not_done_is_not_drawn_and_the_undated_is_said() -> None:
    metastasis = frozenset({"metastasis-liver"})
    surgery = frozenset({"bowel-resection"})
    history = History(
        diagnoses=(
            Diagnosis(reference="Condition/1", concepts=metastasis, onset=_date("2026-01-01"), disowned=True),
            Diagnosis(
                reference="Condition/2",
                concepts=metastasis,
                onset=_date("2026-02-01"),
                verification=Verification.POSSIBLE,
            ),
        ),
        treatments=(
            Treatment(
                reference="Procedure/1", concepts=surgery, start=_date("2026-01"), occurrence=Occurrence.NOT_DONE
            ),
            Treatment(reference="Procedure/2", concepts=surgery, text="bowel resection", occurrence=Occurrence.DONE),
        ),
        plans=(Plan(reference="ServiceRequest/1", concepts=surgery, date=_date("2026-12-12")),),
    )
    drawn = timeline(history, TODAY)
    assert [(entry.reference, entry.certainty) for entry in drawn.entries] == [
        ("Condition/2", "possible"),
        ("ServiceRequest/1", "planned"),
    ]
    assert drawn.undated == ("Bowel resection",)


def test_a_draft_is_drawn_where_it_would_begin() -> None:
    order = json.loads((PATIENTS_FOLDER / "orders" / "bevacizumab-before-surgery-bevacizumab.json").read_text("utf-8"))
    bundle = json.dumps({"resourceType": "Bundle", "entry": [{"resource": order}]}).encode()
    drawn = timeline(consulted("bevacizumab-before-surgery", bundle).history, DEMO_TODAY)
    assert _lane(drawn, "Draft orders")["Draft: bevacizumab"].start == DEMO_TODAY
    assert _lane(drawn, "Surgery")["Planned: bowel resection"].start > DEMO_TODAY


def test_the_last_half_year_is_stretched_only_in_a_long_record() -> None:
    long = timeline(History(drugs=(_drug("2020-01-01"),)), TODAY)
    short = timeline(History(drugs=(_drug("2026-08-01"),)), TODAY)
    assert long.stretch_x is not None
    assert long.today_x - long.stretch_x > (WIDE - long.left) * 0.4
    assert short.stretch_x is None


def test_an_empty_record_is_an_empty_picture() -> None:
    drawn = timeline(History(), TODAY)
    assert (drawn.lanes, drawn.series, drawn.entries) == ((), (), ())


def test_values_are_lines_with_the_newest_in_words() -> None:
    drawn = timeline(consulted("central-irradiated").history, DEMO_TODAY)
    by_title = {row.title: row for row in drawn.series}
    assert by_title["ECOG"].last == "1"
    assert by_title["Haemoglobin"].last == "12.6 g/dL"
    assert len(by_title["Haemoglobin"].dots) == 2, "the two newest days of a measurement are read (r4/screen.py)"
    assert [dot.x for dot in by_title["Haemoglobin"].dots] == sorted(dot.x for dot in by_title["Haemoglobin"].dots)
