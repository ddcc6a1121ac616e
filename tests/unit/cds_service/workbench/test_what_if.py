"""Assumed answers: what they replace, what they change, what is refused."""

from __future__ import annotations

import pytest

from cds_service.demo.sample_patients import DEMO_TODAY
from cds_service.errors import BadRequest
from cds_service.guideline.decide import Occasion
from cds_service.site import Site
from cds_service.workbench import what_if
from fhir_mappings.features.fields import FEATURES, Histology
from fhir_mappings.kleene import Tri
from tests.unit.cds_service.workbench.samples import HOOK_INSTANCE, consulted, record

CENTRAL = consulted("central-irradiated")


def _supposed(flips: dict[str, str]) -> what_if.Supposition:
    return what_if.suppose(
        CENTRAL,
        flips,
        record=record("central-irradiated"),
        occasion=Occasion.PATIENT_VIEW,
        hook_instance=HOOK_INSTANCE,
        today=DEMO_TODAY,
        site=Site(),
    )


def test_each_kind_of_feature_takes_its_answer() -> None:
    flips = {
        "prior_pelvic_rt": "unknown",
        "ecog": " 2 ",
        "histology": "adenocarcinoma",
        "pet_ct_date": "2026-01-02",
        "pdl1_cps": "",
        "sex_param": "unknown",
        "last_bev_date": "",
    }
    assumed = what_if.assume(CENTRAL.features, flips)
    assert assumed.prior_pelvic_rt.value is Tri.UNKNOWN
    assert assumed.ecog.value == 2
    assert assumed.histology.value is Histology.ADENOCARCINOMA
    assert assumed.pet_ct_date.show() == "2026-01-02"
    assert not assumed.pdl1_cps.known
    assert assumed.sex_param.value is None
    assert not assumed.last_bev_date.known
    assert assumed.prior_pelvic_rt.note == what_if.ASSUMED
    assert assumed.biopsy_proof == CENTRAL.features.biopsy_proof


@pytest.mark.parametrize(
    ("name", "answer"),
    [
        ("planned_operations", "yes"),
        ("no_such_feature", "yes"),
        ("prior_pelvic_rt", "perhaps"),
        ("ecog", "fit"),
        ("ecog", "nan"),
        ("histology", "benign"),
        ("pet_ct_date", "2026-02-30"),
    ],
)
def test_what_is_no_answer_is_refused(name: str, answer: str) -> None:
    with pytest.raises(BadRequest):
        what_if.assume(CENTRAL.features, {name: answer})


def test_had_the_pelvis_not_been_irradiated() -> None:
    supposed = _supposed({"prior_pelvic_rt": "no"})
    found = {change.code: change for change in what_if.changes(CENTRAL.decided.decisions, supposed.decided.decisions)}
    assert found["pelvic-exenteration"].how == "disappears"
    assert (found["pelvic-exenteration"].before, found["pelvic-exenteration"].after) == ("recommended", "")
    assert found["salvage-chemoradiation"].how == "appears"
    assert found["salvage-chemoradiation"].row == "P4"
    assert "mdt-review" not in found
    assert supposed.answer != CENTRAL.answer


def test_a_weaker_strength_is_a_change() -> None:
    supposed = _supposed({"ecog": "2"})
    found = {change.code: change for change in what_if.changes(CENTRAL.decided.decisions, supposed.decided.decisions)}
    change = found["pelvic-exenteration"]
    assert (change.how, change.before, change.after) == ("changes", "recommended", "consider")


def test_the_recorded_answer_changes_nothing() -> None:
    supposed = _supposed({"prior_pelvic_rt": "yes"})
    assert what_if.changes(CENTRAL.decided.decisions, supposed.decided.decisions) == ()


def test_the_table_has_every_feature_once_with_its_records() -> None:
    flips = {"prior_pelvic_rt": "no"}
    assumed = what_if.assume(CENTRAL.features, flips)
    parts = what_if.table(CENTRAL.features, assumed, CENTRAL.decided.decisions, flips)
    lines = {line.name: line for part in parts for line in part.lines}
    assert [line.name for part in parts for line in part.lines] == list(FEATURES)
    irradiated = lines["prior_pelvic_rt"]
    assert (irradiated.value, irradiated.recorded, irradiated.assumed) == ("no", "yes", True)
    assert irradiated.evidence[0].reference.startswith("Procedure/")
    assert irradiated.used
    assert not lines["nephrotic"].used


def test_inputs_show_what_can_be_typed() -> None:
    lines = {
        line.name: line for part in what_if.table(CENTRAL.features, CENTRAL.features, (), ()) for line in part.lines
    }
    assert (lines["weight_kg"].input, lines["weight_kg"].typed, lines["weight_kg"].unit) == ("number", "66", "kg")
    assert (lines["pet_ct_date"].input, lines["pet_ct_date"].typed) == ("date", "2026-11-03")
    assert (lines["pdl1_cps"].input, lines["pdl1_cps"].typed) == ("number", "")
    assert lines["histology"].choices[-1] == "unknown"
    assert lines["prior_pelvic_rt"].choices == ("yes", "no", "unknown")
