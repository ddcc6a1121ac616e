"""The register: plain words, regimens as studied, approval status where it differs."""

from __future__ import annotations

import pytest

from cds_service.guideline.missing_data import PROMPTS
from cds_service.guideline.register import REGISTER, Group
from cds_service.guideline.rule import Kind


@pytest.mark.parametrize("code", REGISTER)
def test_an_entry_is_short_sourced_and_keyed_by_its_code(code: str) -> None:
    entry = REGISTER[code]
    assert entry.code == code
    assert 0 < len(entry.title) <= 70
    assert entry.text.endswith(".")
    assert entry.sources
    assert len(entry.sources) == len(set(entry.sources))


@pytest.mark.parametrize("code", [code for code, entry in REGISTER.items() if entry.kind is Kind.OPTION])
def test_an_option_has_a_group_of_options_and_systemic_ones_a_regimen(code: str) -> None:
    entry = REGISTER[code]
    assert entry.group in {Group.CURATIVE, Group.REVIEW, Group.FIRST_LINE, Group.SECOND_LINE, Group.SUPPORTIVE}
    several_drugs_possible = {"second-line-biomarker-directed", "second-line-chemotherapy"}
    if entry.group in {Group.FIRST_LINE, Group.SECOND_LINE} and code not in several_drugs_possible:
        assert entry.regimen
        assert all(any(figure.isdigit() for figure in drug.dose) for drug in entry.regimen)


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("second-line-cemiplimab", "EU label; no FDA cervical indication"),
        ("systemic-atezolizumab-chemo-bevacizumab", "Off-label in the US"),
        ("systemic-cisplatin-paclitaxel-bevacizumab", "the source article prefers"),
        ("second-line-pembrolizumab", "not an EMA indication"),
        ("systemic-carboplatin-paclitaxel-bevacizumab", "not in the US cervical label"),
    ],
)
def test_approval_status_is_said_where_it_differs(code: str, words: str) -> None:
    assert words.lower() in " ".join(REGISTER[code].text.split()).lower()


def test_bevacizumab_is_15_mg_per_kg_in_every_regimen_that_names_it() -> None:
    for code, entry in REGISTER.items():
        doses = [drug.line() for drug in entry.regimen if drug.name == "bevacizumab"]
        assert doses == (["bevacizumab 15 mg/kg, every 3 weeks"] if "bevacizumab" in code and entry.regimen else [])


def test_a_prompt_says_what_it_would_change_and_what_would_fill_it() -> None:
    for prompt in PROMPTS:
        entry = REGISTER[prompt.code]
        assert entry.kind is Kind.PROMPT
        assert prompt.changes in entry.text
        assert prompt.filled_by in entry.text
