"""The knowledge as a whole: the register is closed, sources exist and are used, words are advice, figures are carried.

The expected codes are written out here, from the decision model, so that neither side can drift alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from cds_service.guideline import pathway, systemic
from cds_service.guideline.citations import CITATIONS, SourceKind
from cds_service.guideline.disagreements import DISAGREEMENTS
from cds_service.guideline.draft_order_checks import CHECKS
from cds_service.guideline.information import INFORMATION
from cds_service.guideline.missing_data import PROMPTS
from cds_service.guideline.register import REGISTER
from cds_service.guideline.rule import Check, Kind, Output, Row
from cds_service.guideline.thresholds import ALL


def _codes(text: str) -> list[str]:
    return text.split()


OPTIONS = _codes("""
pelvic-exenteration resection-then-systemic radical-hysterectomy-or-brachytherapy-small-central salvage-chemoradiation
salvage-chemoradiation-cisplatin-ineligible extended-field-chemoradiation oligometastatic-local-therapy
sidewall-specialist-surgery reirradiation-specialist-review radiation-oncology-review
systemic-pembrolizumab-chemo-bevacizumab systemic-pembrolizumab-chemo systemic-atezolizumab-chemo-bevacizumab
systemic-cisplatin-paclitaxel-bevacizumab systemic-cisplatin-paclitaxel systemic-carboplatin-paclitaxel-bevacizumab
systemic-carboplatin-paclitaxel systemic-paclitaxel-topotecan-bevacizumab second-line-tisotumab-vedotin
second-line-cemiplimab second-line-pembrolizumab second-line-trastuzumab-deruxtecan second-line-biomarker-directed
second-line-chemotherapy clinical-trial palliative-care-integration palliative-radiotherapy best-supportive-care
mdt-review pregnancy-mdt-referral suspected-recurrence-workup
""")

INFORMATION_CODES = _codes("""
info-expected-outcomes info-bevacizumab-survival info-site-response-chest info-site-response-pelvic
info-multisite-response info-bulky-irradiated-refractory info-prognostic-factors info-recurrence-timing
info-guideline-difference exenteration-not-advised bevacizumab-avoid
""")

ALERTS = _codes("""
bevacizumab-surgery-interval bevacizumab-surgery-interval-extended bevacizumab-post-surgery-interval
bevacizumab-wound-healing bevacizumab-gi-perforation bevacizumab-fistula bevacizumab-hemorrhage
bevacizumab-thromboembolism bevacizumab-hypertension bevacizumab-proteinuria bevacizumab-pres
bevacizumab-heart-failure bevacizumab-necrotising-fasciitis bevacizumab-prior-pelvic-rt bevacizumab-dose
bevacizumab-partner
pelvic-rt-repeat pelvic-rt-vaginal-brachy pelvic-rt-distant-disease pelvic-rt-no-concurrent-chemo
pelvic-rt-bevacizumab
exenteration-distant-disease exenteration-sidewall exenteration-not-central exenteration-performance-status
exenteration-no-prior-rt exenteration-biopsy-negative
cisplatin-renal cisplatin-neuropathy cisplatin-ototoxicity cisplatin-myelosuppression platinum-hypersensitivity
cisplatin-dose carboplatin-dose-calvert carboplatin-platinum-naive carboplatin-myelosuppression
paclitaxel-neutropenia paclitaxel-platelets paclitaxel-hypersensitivity paclitaxel-hepatic paclitaxel-neuropathy
paclitaxel-dose topotecan-marrow topotecan-renal topotecan-dose performance-status-chemo
immunotherapy-pdl1 immunotherapy-prior-irae immunotherapy-transplant immunotherapy-autoimmune immunotherapy-prior-ici
immunotherapy-dose immunotherapy-regulatory
tisotumab-ocular tisotumab-dose tisotumab-line tisotumab-neuropathy tisotumab-bleeding tisotumab-pneumonitis
tisotumab-hepatic tisotumab-cyp3a4
pet-ct-recent pet-ct-pregnancy
pregnancy-teratogen
""")

PROMPT_CODES = _codes("""
missing-recurrence-site missing-prior-pelvic-rt missing-pet-ct missing-pelvic-mri missing-biopsy missing-histology
missing-ecog missing-pdl1-cps missing-prior-systemic missing-renal-function missing-blood-count missing-liver-function
missing-blood-pressure missing-urine-protein missing-pregnancy-test missing-eye-exam missing-body-weight
missing-surgery-date
""")

PAGES_ONLY = {
    "N1": "the notice stands in the label of every statement of the article",
    "N2": "the reason why newer sources are shown at all",
    "N3": "the reason why every critical card can be overridden",
    "E11": "not approved in the US or the EU; not an option here",
    "G-ESMO2017": "predates immunotherapy; not to be shown as current",
}
"""Sources that no row, text or number uses, and why they are kept for the guideline pages."""

FORBIDDEN = re.compile(r"\b(give|gives|giving|start|starts|started|starting|administer\w*|must|shall)\b", re.IGNORECASE)
AMERICAN = re.compile(
    r"\b(tumors?|hemorrhage\w*|edema|center\w*|anemia|esophag\w*|hemoptysis|hemoglobin|randomized|program)\b",
    re.IGNORECASE,
)
NUMBER = re.compile(r"\d+(?:[.,]\d+)*")


def _rows() -> Iterator[Row]:
    for table in (
        pathway.PATHWAY,
        pathway.WITH_TREATMENT,
        pathway.WITH_SYSTEMIC,
        systemic.FIRST_LINE,
        systemic.SECOND_LINE,
        systemic.MODIFIERS,
    ):
        yield from table


def _outputs() -> Iterator[tuple[str, Output]]:
    for row in _rows():
        for output in row.outputs:
            yield row.id, output
    for output in (*pathway.COMFORT_OUTPUTS, *pathway.WORK_UP_OUTPUTS):
        yield "scope gate", output


def _checks() -> Iterator[Check]:
    for family in CHECKS.values():
        yield from family


def _sources() -> Iterator[tuple[str, tuple[str, ...]]]:
    """Where a source is cited, and the ids cited there; numbers left out."""
    for code, entry in REGISTER.items():
        yield code, entry.sources
    for prompt in PROMPTS:
        yield prompt.code, prompt.sources
    for information in INFORMATION:
        yield information.code, information.sources
    for row in _rows():
        yield row.id, row.sources
    for where, output in _outputs():
        yield f"{where} {output.code}", output.sources
    for check in _checks():
        yield check.id, check.sources


def _texts() -> Iterator[tuple[str, str]]:
    """Every text that a clinician may read, and where it stands."""
    for code, entry in REGISTER.items():
        yield f"{code} title", entry.title
        yield f"{code} text", entry.text
    for prompt in PROMPTS:
        yield prompt.code, f"{prompt.title} {prompt.changes} {prompt.filled_by}"
    for information in INFORMATION:
        for figure in (*information.current, *information.article):
            yield information.code, figure.line()
        yield information.code, information.remark
    for key, row in DISAGREEMENTS.items():
        yield key, " ".join((row.topic, *(each.line() for each in row.current), row.article, row.why, row.leads))
    for key, citation in CITATIONS.items():
        yield key, f"{citation.population} {citation.result} {citation.limits}"
    for name, threshold in ALL.items():
        yield name, threshold.meaning
    for table_row in _rows():
        yield table_row.id, table_row.words
    for where, output in _outputs():
        yield f"{where} {output.code}", output.note
    for gate in pathway.SCOPE_GATE:
        yield gate.id, gate.words
    for check in _checks():
        yield check.id, check.text


def test_the_register_is_exactly_the_codes_of_the_decision_model() -> None:
    by_kind = {kind: [code for code, entry in REGISTER.items() if entry.kind is kind] for kind in Kind}
    assert by_kind[Kind.OPTION] == OPTIONS
    assert by_kind[Kind.INFORMATION] == INFORMATION_CODES
    assert by_kind[Kind.ALERT] == ALERTS
    assert by_kind[Kind.PROMPT] == PROMPT_CODES


def test_every_row_and_check_puts_out_codes_of_the_register() -> None:
    put_out = {output.code for _, output in _outputs()}
    put_out |= {code for check in _checks() for code in (check.code, *check.adds)}
    put_out |= {code for row in _rows() for code in row.excludes}
    assert put_out <= set(REGISTER)


def test_every_code_of_the_register_is_put_out_by_something() -> None:
    put_out = {output.code for _, output in _outputs()}
    put_out |= {code for check in _checks() for code in (check.code, *check.adds)}
    put_out |= set(systemic.CARBOPLATIN_FOR_CISPLATIN.values())
    put_out |= {prompt.code for prompt in PROMPTS}
    assert set(REGISTER) - put_out == set()


def test_every_cited_source_exists() -> None:
    cited = {source: where for where, sources in _sources() for source in sources}
    cited |= {source: name for name, threshold in ALL.items() for source in threshold.sources}
    assert {source: where for source, where in cited.items() if source not in CITATIONS} == {}


def test_every_source_is_used_or_kept_for_the_pages_with_a_reason() -> None:
    used = {source for _, sources in _sources() for source in sources}
    used |= {source for threshold in ALL.values() for source in threshold.sources}
    assert set(CITATIONS) - used == set(PAGES_ONLY)


@pytest.mark.parametrize("statement", [f"S{number:02d}" for number in range(1, 46)])
def test_every_statement_of_the_article_ends_in_a_row_an_alert_a_prompt_or_an_information(statement: str) -> None:
    assert [where for where, sources in _sources() if statement in sources]


def test_row_ids_are_unique_within_their_tables() -> None:
    checks = [check.id for check in dict.fromkeys(_checks())]
    assert len(checks) == len(set(checks))
    for table in (pathway.PATHWAY, systemic.FIRST_LINE, systemic.SECOND_LINE):
        ids = [row.id for row in table]
        assert len(ids) == len(set(ids))


def test_every_text_is_advice_in_british_english() -> None:
    wrong = [
        (where, found.group())
        for where, text in _texts()
        for rule in (FORBIDDEN, AMERICAN)
        if (found := rule.search(text))
    ]
    assert wrong == []


@pytest.mark.parametrize("text", ["Give cisplatin.", "Treatment must stop.", "Start bevacizumab today."])
def test_the_wording_rule_finds_orders(text: str) -> None:
    assert FORBIDDEN.search(text)


def test_no_text_names_descent() -> None:
    named = re.compile(r"\b(race|racial|ethnic\w*|african|insurance)\b", re.IGNORECASE)
    assert [where for where, text in _texts() if named.search(text)] == []


def _carried(sources: tuple[str, ...]) -> str:
    return " ".join(
        f"{each.result} {each.population} {each.limits} {each.label} {each.locator}"
        for each in (CITATIONS[source] for source in sources)
    )


def test_every_figure_shown_stands_in_a_source_it_cites() -> None:
    wrong = [
        (information.code, figure.figure, number)
        for information in INFORMATION
        for figure in (*information.current, *information.article)
        for number in NUMBER.findall(figure.figure)
        if not re.search(rf"(?<![\d.]){re.escape(number)}(?![\d]|\.\d)", _carried(figure.sources))
    ]
    assert wrong == []


def test_every_figure_of_the_register_that_names_its_trial_stands_in_it() -> None:
    wrong = []
    for code, entry in REGISTER.items():
        for sentence in re.split(r"(?<=\.) ", entry.text):
            named = tuple(re.findall(r"\(([ELDS]\d+)", sentence))
            if not named:
                continue
            assert set(named) <= set(entry.sources), code
            carried = _carried(entry.sources)
            wrong += [
                (code, number)
                for number in NUMBER.findall(re.sub(r"\([ELDS]\d+|GOG-\d+|HER2 3\+", "", sentence))
                if not re.search(rf"(?<![\d.]){re.escape(number)}(?![\d]|\.\d)", carried)
            ]
    assert wrong == []


def test_a_text_that_leans_on_an_unread_source_alone_says_so() -> None:
    for code, entry in REGISTER.items():
        evidence = [CITATIONS[each] for each in entry.sources if CITATIONS[each].kind is not SourceKind.POLICY]
        if {"E18", "L9", "L10"} & {each.id for each in evidence} and entry.kind is Kind.OPTION:
            assert "unverified" in entry.text, code
