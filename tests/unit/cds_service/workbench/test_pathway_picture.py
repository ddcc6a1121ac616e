"""The picture tells the same story as the tables: whatever decide puts out, its row is lit."""

from __future__ import annotations

import itertools

import pytest

from cds_service.demo.sample_patients import DEMO_TODAY, load_patients
from cds_service.guideline import pathway, systemic
from cds_service.guideline.decide import Occasion, decide
from cds_service.guideline.rule import Kind, Scope, Strength
from cds_service.workbench.pathway_picture import CAPTIONS, MAX_CAPTION, NARROW, WIDE, State, Walk, picture, walk
from cds_service.workbench.what_if import assume
from fhir_mappings.features.fields import RecurrenceFeatures
from tests.unit.cds_service.workbench.samples import IDS, consulted

LIT = (State.TAKEN, State.CONDITIONAL)
ALWAYS_SHOWN = {"P14"}
"""Accompanies every treatment option; not a branch of the pathway outside first line."""
FLIPS = [
    {"prior_pelvic_rt": "no"},
    {"prior_pelvic_rt": "unknown"},
    {"site_distant": "yes"},
    {"site_distant": "unknown", "site_pelvic_sidewall": "yes"},
    {"ecog": "3"},
    {"ecog": ""},
    {"pregnant": "yes"},
    {"systemic_lines": ""},
    {"systemic_lines": "1", "progressed_on_after_systemic": "unknown"},
    {"systemic_lines": "1", "progressed_on_after_systemic": "yes"},
    {"prior_ici": "unknown", "pdl1_cps": ""},
    {"site_central_pelvic": "no", "site_pelvic_nodal": "no", "site_paraaortic": "yes", "prior_paraaortic_rt": "yes"},
    {"hospice": "yes"},
]


def _walked(identity: str) -> Walk:
    return walk(consulted(identity).features, DEMO_TODAY)


def _agree(features: RecurrenceFeatures) -> None:
    decided = decide(features, (), occasion=Occasion.PATIENT_VIEW, today=DEMO_TODAY)
    walked = walk(features, DEMO_TODAY)
    assert walked.scope_row == decided.scope_row
    assert walked.full is (decided.scope is Scope.FULL)
    if not walked.full:
        assert not [step for step in walked.steps() if step.state in LIT]
        return
    states = {step.row: step.state for step in walked.steps()}
    for decision in decided.decisions:
        if decision.kind in (Kind.OPTION, Kind.INFORMATION) and decision.row not in ALWAYS_SHOWN:
            assert states[decision.row] in LIT, decision.code
        if decision.strength not in (None, Strength.CONDITIONAL) and decision.row not in ALWAYS_SHOWN:
            assert states[decision.row] is State.TAKEN, decision.code


@pytest.mark.parametrize("identity", IDS)
def test_every_decision_has_its_row_lit(identity: str) -> None:
    _agree(consulted(identity).features)


@pytest.mark.parametrize("flips", FLIPS, ids=[" ".join(flips) + str(place) for place, flips in enumerate(FLIPS)])
def test_it_stays_so_under_assumptions(flips: dict[str, str]) -> None:
    for identity in IDS:
        _agree(assume(consulted(identity).features, flips))


@pytest.mark.parametrize("patient", load_patients(), ids=IDS)
def test_the_rows_that_a_sample_patient_stands_for_are_lit(patient: object) -> None:
    (sample,) = (each for each in load_patients() if each == patient)
    walked = _walked(sample.id)
    for row in sample.rows:
        if row.startswith("G"):
            assert walked.scope_row == row
        else:
            assert walked.state_of(row) in LIT, row


def test_every_row_of_the_tables_has_a_box_and_a_caption_that_fits() -> None:
    rows = (*pathway.PATHWAY, *pathway.WITH_TREATMENT, *pathway.WITH_SYSTEMIC, *systemic.FIRST_LINE)
    named = {row.id for row in (*rows, *systemic.MODIFIERS, *systemic.SECOND_LINE)}
    assert named == set(CAPTIONS)
    assert {step.row for step in _walked("central-irradiated").steps()} == named
    assert max(map(len, CAPTIONS.values())) <= MAX_CAPTION


def test_a_row_that_stops_leaves_the_later_ones_unreached() -> None:
    walked = _walked("poor-performance")
    assert walked.state_of("P1") is State.TAKEN
    assert walked.state_of("P10") is State.NOT_REACHED
    assert walked.state_of("F1") is State.NOT_REACHED


def test_an_unknown_that_matters_makes_branches_conditional_and_is_named() -> None:
    walked = _walked("radiation-unspecified")
    (step,) = (step for step in walked.steps() if step.row == "P3")
    assert step.state is State.CONDITIONAL
    assert "earlier pelvic radiotherapy" in step.missing


@pytest.mark.parametrize("width", [WIDE, NARROW])
@pytest.mark.parametrize("identity", ["central-irradiated", "second-line", "remission", "radiation-unspecified"])
def test_boxes_stay_in_the_drawing_and_never_overlap(identity: str, width: int) -> None:
    drawn = picture(_walked(identity), width=width)
    for box in drawn.boxes:
        assert box.x >= 0
        assert box.x + box.width <= drawn.width
        assert box.y + box.height <= drawn.height
    for one, other in itertools.combinations(drawn.boxes, 2):
        apart = (
            one.x + one.width <= other.x
            or other.x + other.width <= one.x
            or one.y + one.height <= other.y
            or other.y + other.height <= one.y
        )
        assert apart, (one.step.row, other.step.row)


def test_edges_lead_to_the_lit_rows_only() -> None:
    drawn = picture(_walked("central-irradiated"))
    lit = [box for box in drawn.boxes if box.step.state in LIT]
    # Three down the first questions, one to each lit row.
    assert len(drawn.edges) == 3 + len(lit)
    assert picture(_walked("remission")).edges == ()
