"""From each statement of the sources to the rows that carry it and the vignettes that show it.

``python -m tests.traceability`` writes ``docs/traceability.md``; a test fails when it is out of date, when a statement
of the article reaches nothing, or when no vignette shows it. Nothing is kept by hand: carriers come from the guideline,
vignettes from what the pipeline answers to them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

from cds_service.guideline import pathway
from cds_service.guideline.citations import CITATIONS
from cds_service.guideline.disagreements import DISAGREEMENTS
from cds_service.guideline.draft_order_checks import CHECKS, families
from cds_service.guideline.information import INFORMATION
from cds_service.guideline.missing_data import PROMPTS
from cds_service.guideline.register import REGISTER
from cds_service.guideline.rule import Decision, Kind
from tests.vignette import Vignette, vignettes
from tests.vignette_runs import ROWS, answer, fits, run

PAGE: Final = Path(__file__).parents[1] / "docs" / "traceability.md"
STATEMENTS: Final = tuple(f"S{number:02}" for number in range(1, 46))
OF_THE_SOURCE: Final[Mapping[str, str]] = {
    "N1": 'every card that cites the article names it last, with its date and "pending human review" '
    "(test_every_card_that_leans_on_the_article_says_so_with_its_date_and_after_newer_sources)",
    "N2": "evidence.md; the newer standard stands first on every card (the same test)",
    "N3": "override reasons on every card (test_every_card_with_advice_can_be_overridden_with_a_reason)",
}
"""What the article says of itself, and where it shows."""

SHOWN_AT_MOST: Final = 4
"""Vignettes named for one statement; the others are counted."""

_ID: Final = re.compile(r"\b[SD]\d{1,2}\b")


@dataclass(frozen=True, slots=True)
class Rule:
    """One row of any table.

    Attributes:
        id: ``G2``, ``P3``, ``F1``, ``BEV-01`` ...
        codes: what it can put out.
        features: what it reads.
        sources: every citation of the row and of its outputs.
        families: order families of a check; empty for others.
    """

    id: str
    codes: tuple[str, ...]
    features: tuple[str, ...]
    sources: tuple[str, ...]
    families: tuple[str, ...] = ()


def _merged(groups: Iterable[Iterable[str]]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(each for group in groups for each in group))


def rules() -> list[Rule]:
    """Every row of pathway, systemic tables and order checks; one in two parts, or of two families, once."""
    found: dict[str, Rule] = {}
    for row in ROWS:
        known = found.get(row.id, Rule(row.id, (), (), ()))
        conditions = [row.when, *(output.when for output in row.outputs), *(output.firm_if for output in row.outputs)]
        if row.opens_systemic is not None:
            conditions.append(row.opens_systemic)
        found[row.id] = Rule(
            row.id,
            _merged([known.codes, (output.code for output in row.outputs)]),
            _merged([known.features, *(condition.features() for condition in conditions)]),
            _merged([known.sources, row.sources, *(output.sources for output in row.outputs)]),
        )
    for family, checks in CHECKS.items():
        for check in checks:
            shared = found.get(check.id, Rule(check.id, (), (), ()))
            found[check.id] = Rule(
                check.id,
                (check.code, *check.adds),
                tuple(dict.fromkeys(check.when.features())),
                check.sources,
                (*shared.families, str(family)),
            )
    return list(found.values())


def gates() -> list[Rule]:
    """The rows of the scope gate; they put out no code."""
    return [Rule(gate.id, (), tuple(dict.fromkeys(gate.when.features())), ()) for gate in pathway.SCOPE_GATE]


# --------------------------------------------------------------------------------------- which vignette shows which row


def shows(case: Vignette, rule: Rule) -> bool:
    """Whether the case expects the row: an output by it, or its condition to be yes."""
    return any(expected.row == rule.id for expected in case.shows) or rule.id in case.fires


def spares(case: Vignette, rule: Rule) -> bool:
    """Whether the case is of the row's kind and expects it to stay silent.

    Of an order check: an order of its family, and its code is not expected, or expected of another row.
    """
    if rule.id in case.rests:
        return True
    absent = [expected for expected in case.never if expected.code in rule.codes and expected.row in ("", rule.id)]
    if not rule.families:
        return bool(absent)
    drafted = {str(family) for draft in run(case).history.drafts if draft.selected for family in families(draft)}
    if not drafted.intersection(rule.families):
        return False
    code = rule.codes[0]
    other_row = any(expected.code == code and expected.row not in ("", rule.id) for expected in case.shows)
    silent = case.only and all(expected.code != code for expected in case.shows)
    return bool(absent) or other_row or silent


# ------------------------------------------------------------------------- which rows carry a statement


def carriers() -> Iterator[tuple[str, str]]:
    """(citation, where it is carried) of every row, check, prompt, code and figure."""
    for rule in rules():
        for source in rule.sources:
            yield source, rule.id
    for prompt in PROMPTS:
        for source in prompt.sources:
            yield source, f"prompt {prompt.code}"
    for entry in REGISTER.values():
        if entry.kind in (Kind.OPTION, Kind.INFORMATION):
            for source in entry.sources:
                yield source, f"{entry.kind.value} {entry.code}"
    for information in INFORMATION:
        for source in information.sources:
            yield source, f"information {information.code}"


@cache
def carried() -> Mapping[str, tuple[str, ...]]:
    """Citation -> rows, prompts, options and information that carry it."""
    found: dict[str, list[str]] = {}
    for source, where in carriers():
        if where not in found.setdefault(source, []):
            found[source].append(where)
    return {source: tuple(where) for source, where in found.items()}


def _expected(case: Vignette, code: str) -> bool:
    return any(expected.code == code for expected in case.shows)


def _figure(decision: Decision, source: str) -> bool:
    """Whether only the card tells: an information text shows the statements that go with the options beside it."""
    return decision.kind is Kind.INFORMATION and source in STATEMENTS


@cache
def evidenced() -> Mapping[str, tuple[str, ...]]:
    """Citation -> the cases in which an output that they expect cites it, in its sources or by its id on the card."""
    found: dict[str, list[str]] = {}
    for case in vignettes():
        cited: set[str] = set()
        decided = run(case).decided.decisions
        for decision in decided:
            if any(fits(decision, expected) for expected in case.shows):
                cited.update(each for each in decision.sources if not _figure(decision, each))
        if any(decision.kind is Kind.INFORMATION and _expected(case, decision.code) for decision in decided):
            for card in answer(case)["cards"]:
                cited.update(_ID.findall(card["detail"].partition("**Sources")[0]))
        for source in cited:
            found.setdefault(source, []).append(case.id)
    return {source: tuple(cases) for source, cases in found.items()}


# -------------------------------------------------------------------------------------------- the page


def _listed(names: tuple[str, ...], most: int) -> str:
    shown = ", ".join(names[:most])
    return f"{shown} and {len(names) - most} more" if len(names) > most else shown


def _row(source: str, text: str) -> str:
    where = _listed(carried().get(source, ()), 12)
    cases = _listed(tuple(f"`{case}`" for case in evidenced().get(source, ())), SHOWN_AT_MOST)
    return f"| {source} | {text} | {where} | {cases} |"


def _text(source: str) -> str:
    return CITATIONS[source].result.rstrip(".").replace("|", "/")


def page() -> str:
    """The whole page as Markdown."""
    count = len(vignettes())
    lines = [
        "# From statement to row to vignette",
        "",
        "Written by `python -m tests.traceability` from the guideline and the vignettes; a test fails when it is out",
        "of date. A vignette is named when an output that it expects cites the statement.",
        "",
        f"{count} cases; {len(rules())} rows and {len(gates())} rows of the scope gate.",
        "",
        "## Statements of the source article",
        "",
        "| Statement | What it says | Carried by | Shown by |",
        "|---|---|---|---|",
        *(_row(source, _text(source)) for source in STATEMENTS),
        "",
        "## The article on itself",
        "",
        "| Statement | What it says | Where it shows |",
        "|---|---|---|",
        *(f"| {source} | {_text(source)} | {where} |" for source, where in OF_THE_SOURCE.items()),
        "",
        "## Where current standard and article differ",
        "",
        "| Difference | Topic | Carried by | Shown by |",
        "|---|---|---|---|",
        *(_row(source, DISAGREEMENTS[source].topic) for source in DISAGREEMENTS),
        "",
        "## Rows",
        "",
        "| Row | Puts out | Shown by | Spared by |",
        "|---|---|---|---|",
    ]
    for rule in rules():
        shown = tuple(f"`{case.id}`" for case in vignettes() if shows(case, rule))
        spared = tuple(f"`{case.id}`" for case in vignettes() if spares(case, rule))
        lines.append(f"| {rule.id} | {', '.join(rule.codes)} | {_listed(shown, 2)} | {_listed(spared, 2)} |")
    for gate in gates():
        shown = tuple(f"`{case.id}`" for case in vignettes() if case.scope == gate.id)
        spared = tuple(f"`{case.id}`" for case in vignettes() if case.scope != gate.id)
        lines.append(f"| {gate.id} |  | {_listed(shown, 2)} | {_listed(spared, 1)} |")
    return "\n".join(lines) + "\n"


def main() -> None:
    """Write the page."""
    PAGE.parent.mkdir(exist_ok=True)
    PAGE.write_text(page(), encoding="utf-8")


if __name__ == "__main__":
    main()
