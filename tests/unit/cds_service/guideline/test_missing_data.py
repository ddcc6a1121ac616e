"""Prompts: every row of the table in its order, asking the right question for each feature."""

from __future__ import annotations

import pytest

from cds_service.guideline.draft_order_checks import ORDER_FACTS, Family
from cds_service.guideline.missing_data import CHILDBEARING, PROMPTS, prompt_for
from cds_service.guideline.rule import Prompt
from fhir_mappings.features.fields import FEATURES
from fhir_mappings.findings import Amount
from fhir_mappings.kleene import Tri

TABLE = [
    ("missing-recurrence-site", "staging-form"),
    ("missing-prior-pelvic-rt", "request-treatment-summary"),
    ("missing-pet-ct", "order-pet-ct"),
    ("missing-pelvic-mri", "order-pelvic-mri"),
    ("missing-biopsy", "order-biopsy"),
    ("missing-histology", "order-pathology-review"),
    ("missing-ecog", "record-ecog"),
    ("missing-pdl1-cps", "order-pdl1"),
    ("missing-prior-systemic", "request-treatment-summary"),
    ("missing-renal-function", "order-creatinine"),
    ("missing-blood-count", "order-blood-count"),
    ("missing-liver-function", "order-liver-panel"),
    ("missing-blood-pressure", "record-blood-pressure"),
    ("missing-urine-protein", "order-urine-protein"),
    ("missing-pregnancy-test", "order-pregnancy-test"),
    ("missing-eye-exam", "refer-eye-exam"),
    ("missing-body-weight", "record-weight"),
    ("missing-surgery-date", "ask-surgery-date"),
]


def test_the_prompts_stand_in_the_order_of_the_table_with_their_suggestions() -> None:
    assert [(prompt.code, prompt.suggestion) for prompt in PROMPTS] == TABLE
    assert [prompt.rank for prompt in PROMPTS] == list(range(1, len(TABLE) + 1))


@pytest.mark.parametrize("prompt", PROMPTS, ids=lambda prompt: prompt.code)
def test_a_prompt_asks_for_features_that_exist_and_warns_on_families_that_exist(prompt: Prompt) -> None:
    assert prompt.features
    assert all(feature in FEATURES or feature in ORDER_FACTS for feature in prompt.features)
    assert set(prompt.warns_on) <= {family.value for family in Family}
    assert prompt.title.endswith("?")
    assert prompt.changes.endswith(".")
    assert prompt.filled_by


@pytest.mark.parametrize(
    ("feature", "code"),
    [
        ("site_central_pelvic", "missing-recurrence-site"),
        ("site_distant", "missing-pet-ct"),
        ("site_pelvic_nodal", "missing-pet-ct"),
        ("site_pelvic_sidewall", "missing-pelvic-mri"),
        ("prior_pelvic_rt", "missing-prior-pelvic-rt"),
        ("prior_paraaortic_rt", "missing-prior-pelvic-rt"),
        ("progressed_on_after_systemic", "missing-prior-systemic"),
        ("isolated_chest", "missing-pet-ct"),
        ("crcl", "missing-renal-function"),
        ("bp_systolic", "missing-blood-pressure"),
        ("pregnant", "missing-pregnancy-test"),
    ],
)
def test_an_unknown_feature_leads_to_the_most_specific_question(feature: str, code: str) -> None:
    prompt = prompt_for(feature)
    assert prompt is not None
    assert prompt.code == code


@pytest.mark.parametrize("event", [name for name, question in FEATURES.items() if question.event])
def test_no_prompt_asks_for_an_event(event: str) -> None:
    assert prompt_for(event) is None


@pytest.mark.parametrize(
    ("family", "codes"),
    [
        (
            "exenteration",
            {
                "missing-prior-pelvic-rt",
                "missing-pet-ct",
                "missing-pelvic-mri",
                "missing-biopsy",
                "missing-ecog",
                "missing-surgery-date",
            },
        ),
        (
            "bevacizumab",
            {
                "missing-blood-pressure",
                "missing-urine-protein",
                "missing-pregnancy-test",
                "missing-body-weight",
                "missing-surgery-date",
            },
        ),
        (
            "paclitaxel",
            {"missing-ecog", "missing-blood-count", "missing-liver-function", "missing-pregnancy-test"},
        ),
        (
            "carboplatin",
            {
                "missing-ecog",
                "missing-renal-function",
                "missing-blood-count",
                "missing-pregnancy-test",
                "missing-body-weight",
            },
        ),
        ("pembrolizumab", {"missing-pdl1-cps", "missing-pregnancy-test"}),
        ("tisotumab-vedotin", {"missing-eye-exam", "missing-pregnancy-test", "missing-body-weight"}),
        ("pelvic-radiotherapy", {"missing-prior-pelvic-rt", "missing-pet-ct", "missing-pregnancy-test"}),
    ],
)
def test_an_order_warns_of_what_its_family_needs(family: str, codes: set[str]) -> None:
    assert {prompt.code for prompt in PROMPTS if family in prompt.warns_on} == codes


@pytest.mark.parametrize(
    ("age", "expected"),
    [
        (Amount.exactly(11), Tri.NO),
        (Amount.exactly(12), Tri.YES),
        (Amount.exactly(55), Tri.YES),
        (Amount.exactly(56), Tri.NO),
        (Amount(), Tri.UNKNOWN),
    ],
)
def test_pregnancy_is_asked_about_from_12_to_55(age: Amount, expected: Tri) -> None:
    assert CHILDBEARING.evaluate({"age": age}).value is expected
