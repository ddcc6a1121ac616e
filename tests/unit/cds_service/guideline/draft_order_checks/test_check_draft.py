"""The tables as a whole, and how rows become decisions."""

from __future__ import annotations

import re
from itertools import chain, product
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cds_service.guideline import citations, draft_order_checks
from cds_service.guideline.conditions import Facts, Outcome, yes
from cds_service.guideline.draft_order_checks import CHECKS, Family, check_draft, order_facts
from cds_service.guideline.draft_order_checks.corrections import CORRECTIONS
from cds_service.guideline.draft_order_checks.order_facts import ORDER_FACTS
from cds_service.guideline.judgements import JUDGEMENTS
from cds_service.guideline.register import REGISTER
from cds_service.guideline.rule import Check, Decision, Severity
from fhir_mappings.features.fields import FEATURES, RecurrenceFeatures
from fhir_mappings.findings import Amount
from fhir_mappings.kleene import Tri
from tests.unit.cds_service.guideline.draft_order_checks.order_builders import (
    TODAY,
    YES,
    amount,
    ask,
    between_days,
    draft,
    on,
    operation,
    record,
)

ROWS = {check.id: check for check in chain.from_iterable(CHECKS.values())}
NAMES = FEATURES.keys() | ORDER_FACTS.keys() | JUDGEMENTS.keys()
ORDERING_WORDS = re.compile(r"\b(give|start|administer|must|stop)\b", re.IGNORECASE)


def run(order: Any, **features: Any) -> tuple[list[Decision], list[str]]:
    patient = RecurrenceFeatures(**features)
    return check_draft(order, (order,), patient.mapping(), patient, TODAY, safety_only=False)


def test_every_row_has_an_id_of_its_own() -> None:
    every = {id(check): check for check in chain.from_iterable(CHECKS.values())}
    assert len(every) == len(ROWS)
    assert all(len({check.id for check in checks}) == len(checks) for checks in CHECKS.values())


@pytest.mark.parametrize("check", ROWS.values(), ids=ROWS)
def test_row(check: Check) -> None:
    assert set(check.when.features()) <= NAMES
    assert check.sources
    assert set(check.sources) <= citations.CITATIONS.keys()
    assert {check.code, *check.adds} <= REGISTER.keys()
    assert not check.text[0].islower()
    assert check.text.endswith(".")
    assert not ORDERING_WORDS.search(check.text)
    assert check.remedy in {"", "delete", "date", "dose"}


def test_corrections_belong_to_rows_that_offer_one() -> None:
    assert {ROWS[row].remedy for row in CORRECTIONS} <= {"date", "dose"}


def test_every_family_of_the_tables_can_be_recognised() -> None:
    assert CHECKS.keys() <= set(Family)


def test_a_draft_of_no_family_has_no_answer() -> None:
    assert run(draft("apixaban"), gi_perforation=YES) == ([], [])
    assert run(draft("radiotherapy-brain"), pregnant=YES) == ([], [])


@pytest.mark.parametrize(
    "concept",
    [
        *(
            "bevacizumab",
            "cisplatin",
            "carboplatin",
            "paclitaxel-conventional",
            "paclitaxel-protein-bound",
            "topotecan",
        ),
        *("tisotumab-vedotin", "trastuzumab-deruxtecan", "gemcitabine", "chemotherapy-procedure"),
    ],
)
def test_performance_status_is_asked_of_every_cytotoxic_bevacizumab_and_conjugate(concept: str) -> None:
    assert ask(draft(concept), ecog=amount(3))["performance-status-chemo"].severity is Severity.WARNING
    assert "performance-status-chemo" not in ask(draft(concept), ecog=amount(2))
    assert "performance-status-chemo" not in ask(draft(concept), ecog=amount(3), safety_only=True)


def test_performance_status_is_not_asked_of_a_checkpoint_inhibitor() -> None:
    assert "performance-status-chemo" not in ask(draft("pembrolizumab"), ecog=amount(4))


def test_a_decision_carries_reasons_sources_and_order() -> None:
    decision = ask(draft("bevacizumab-adcd"), gi_perforation=YES)["bevacizumab-gi-perforation"]
    (because,) = decision.because
    assert (because.feature, because.value, because.evidence) == ("gi_perforation", "yes", record("Condition/yes"))
    assert decision.sources[0] == "L1"
    assert decision.order == "Request/bevacizumab-adcd"
    assert decision.remedy == "delete"
    assert decision.missing == decision.unchecked == ()


class _Broken:
    """A condition that cannot be evaluated."""

    def evaluate(self, facts: Facts) -> Outcome:
        raise KeyError(len(facts))


def test_a_row_that_raises_is_named_and_the_others_speak(monkeypatch: pytest.MonkeyPatch) -> None:
    broken: Any = _Broken()
    rows = (
        Check("BAD-01", "bevacizumab-pres", broken, Severity.CRITICAL, ("L1",), "Broken."),
        Check("OK-01", "bevacizumab-pres", yes("pres"), Severity.WARNING, ("L1",), "Fires."),
        Check("BAD-02", "bevacizumab-dose", yes("no_such_feature"), Severity.WARNING, ("L1",), "Broken."),
    )
    monkeypatch.setattr(draft_order_checks, "CHECKS", {Family.BEVACIZUMAB: rows})
    found, failed = run(draft(), pres=YES)
    assert [decision.row for decision in found] == ["OK-01"]
    assert failed == ["BAD-01", "BAD-02"]


def test_facts_that_cannot_be_computed_fail_every_row_of_the_draft(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(draft_order_checks, "order_facts", lambda *_: 1 / 0)
    found, failed = run(draft(), pres=YES)
    assert found == []
    assert failed == [check.id for check in CHECKS[Family.BEVACIZUMAB]]


def test_of_equal_rows_the_first_speaks_and_of_others_the_most_severe(monkeypatch: pytest.MonkeyPatch) -> None:
    def row(name: str, severity: Severity) -> Check:
        return Check(name, "bevacizumab-pres", yes("pres"), severity, ("L1",), "Fires.")

    rows = (
        row("A", Severity.WARNING),
        row("B", Severity.CRITICAL),
        row("C", Severity.CRITICAL),
        row("D", Severity.INFO),
    )
    monkeypatch.setattr(draft_order_checks, "CHECKS", {Family.BEVACIZUMAB: rows})
    found, _ = run(draft(), pres=YES)
    assert [(decision.row, decision.severity) for decision in found] == [("B", Severity.CRITICAL)]


def test_the_answer_does_not_depend_on_the_order_of_the_drafts() -> None:
    dose, surgery, course = draft(start=1), draft("pelvic-exenteration", start=9), draft("radiotherapy-pelvis")
    patient = RecurrenceFeatures(prior_pelvic_rt=YES, last_bev_date=on(-9))
    answers = [
        check_draft(dose, drafts, patient.mapping(), patient, TODAY, safety_only=False)
        for drafts in ((dose, surgery, course), (course, surgery, dose), (surgery, dose, course))
    ]
    assert answers[0] == answers[1] == answers[2]


@given(st.lists(st.integers(min_value=-60, max_value=60), max_size=5))
def test_the_nearest_exact_operation_is_the_smallest_count(offsets: list[int]) -> None:
    patient = RecurrenceFeatures(planned_operations=tuple(operation(each) for each in offsets))
    found = order_facts(draft(), (), patient, TODAY)["days_to_elective_surgery"]
    assert isinstance(found, Amount)
    assert found.value == min((each for each in offsets if each >= 0), default=None)


SPANS = st.lists(st.tuples(st.integers(-6, 33), st.integers(0, 4)), min_size=1, max_size=3)


@given(SPANS)
def test_partial_dates_never_contradict_any_day_they_may_mean(spans: list[tuple[int, int]]) -> None:
    """Brute force over every possible day: a certain answer holds for all of them."""
    planned = tuple(operation(between_days(first, first + width)) for first, width in spans)
    facts = order_facts(draft(), (), RecurrenceFeatures(planned_operations=planned), TODAY)
    answer = ROWS["BEV-01"].when.evaluate(facts).value
    possible = {
        any(0 <= each <= 27 for each in days)
        for days in product(*(range(first, first + width + 1) for first, width in spans))
    }
    if answer is Tri.YES:
        assert possible == {True}
    if answer is Tri.NO:
        assert possible == {False}
    if all(width == 0 for _, width in spans):
        assert (answer is Tri.YES) is (True in possible)
