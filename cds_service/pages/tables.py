"""The guideline's tables in words: for each row its condition, what it puts out, its sources, and its vignettes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Final

from cds_service.cards import label
from cds_service.guideline import pathway, systemic
from cds_service.guideline.citations import CITATIONS, Citation, SourceKind, ordered
from cds_service.guideline.conditions import ALWAYS, AllOf, AnyOf, Condition
from cds_service.guideline.draft_order_checks import CHECKS
from cds_service.guideline.information import INFORMATION
from cds_service.guideline.judgements import JUDGEMENTS, YES_WHEN, read_by
from cds_service.guideline.missing_data import PROMPTS
from cds_service.guideline.pathway import Gate
from cds_service.guideline.register import REGISTER, OutputCode
from cds_service.guideline.rule import Check, Kind, Output, Prompt, Row, Scope
from cds_service.pages.measured import RowCases, measured

PROMPT_CODES: Final = frozenset(prompt.code for prompt in PROMPTS)
_FIGURES_ELSEWHERE: Final = frozenset({SourceKind.SOURCE_ARTICLE, SourceKind.COMPARISON, SourceKind.POLICY})

SCOPE_WORDS: Final[Mapping[Scope, str]] = {
    Scope.FULL: "The full model: pathway, systemic tables, order checks and prompts.",
    Scope.WORK_UP: "Work-up of a suspected recurrence, and the order checks that are about safety.",
    Scope.SAFETY: "Only the order checks that are about safety; no options.",
    Scope.SILENT: "No cards.",
    Scope.COMFORT: "Supportive options, and the order checks that are about safety.",
}
STRENGTH_WORDS: Final = {
    "recommended": "recommended by current sources",
    "consider": "may be considered",
    "alternative": "an alternative",
    "conditional": "only if missing facts allow it",
}
FAMILY_WORDS: Final[Mapping[str, str]] = {
    "pelvic-radiotherapy": "pelvic radiotherapy",
    "radiotherapy-site-unknown": "radiotherapy to a site that the order leaves open",
    "major-surgery": "a large operation",
    "nab-paclitaxel": "protein-bound paclitaxel",
    "tisotumab-vedotin": "tisotumab vedotin",
    "trastuzumab-deruxtecan": "trastuzumab deruxtecan",
    "other-cytotoxic": "any other cytotoxic drug",
    "pet-ct": "PET/CT",
}


@dataclass(frozen=True, slots=True)
class Put:
    """One output of a row.

    Attributes:
        code: of the register; its text stands in the list of codes.
        title: in plain words.
        strength: words of the strength; empty for what is no option.
        note: words for this row only.
        when: a further condition in words; empty for none.
        firm_if: what makes it more than conditional, in words; empty for nothing.
    """

    code: str
    title: str
    strength: str = ""
    note: str = ""
    when: str = ""
    firm_if: str = ""


@dataclass(frozen=True, slots=True)
class Figures:
    """What a source found, as it stands behind a row; ``mark`` says how far it was verified."""

    id: str
    label: str
    result: str
    mark: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RowView:
    """One row as a reader sees it.

    Attributes:
        id: of the row; names it on cards.
        anchor: fragment of its place on the page; the id, unless two tables have a row of that id.
        conditions: parts that all have to hold, in words.
        puts: what it puts out.
        text: advice of an order check.
        severity: of an order check; empty otherwise.
        remarks: what else a reader has to know (stops, gates, exclusions).
        reads: features, judgements and order facts that the condition and outputs read, with their words.
        sources: newest standard first.
        figures: main results of its studies, labels and guidelines.
        shared: figures for shared decision making that its outputs show.
        cases: vignettes.
    """

    id: str
    anchor: str
    conditions: tuple[str, ...]
    puts: tuple[Put, ...] = ()
    text: str = ""
    severity: str = ""
    remarks: tuple[str, ...] = ()
    reads: tuple[tuple[str, str], ...] = ()
    sources: tuple[Citation, ...] = ()
    figures: tuple[Figures, ...] = ()
    shared: tuple[str, ...] = ()
    cases: RowCases = RowCases()


@dataclass(frozen=True, slots=True)
class Table:
    """One table: fragment, title, how to read it, rows."""

    anchor: str
    title: str
    intro: str
    rows: tuple[RowView, ...]


@dataclass(frozen=True, slots=True)
class Judged:
    """A fact judged from others: name, words, when it is yes, what it rests on."""

    name: str
    words: str
    yes_when: tuple[str, ...]
    reads: tuple[tuple[str, str], ...]


def mark(citation: Citation) -> str:
    """How far the figures of a source were verified."""
    return citation.status.value


def in_words(condition: Condition) -> tuple[str, ...]:
    """The parts of a condition that all have to hold."""
    parts = condition.parts if isinstance(condition, AllOf) else (condition,)
    return tuple(_part(part) for part in parts)


def _part(part: Condition) -> str:
    """One part; the whole condition of another row is named by the row instead of being told again."""
    if isinstance(part, AnyOf) and any(each in _WHOLE for each in part.parts):
        return ", or ".join(f"as in {_WHOLE[each]}" if each in _WHOLE else each.words(label) for each in part.parts)
    return part.words(label)


_WHOLE: Final[Mapping[Condition, str]] = {
    row.when: row.id for row in pathway.PATHWAY if isinstance(row.when, AllOf) and len(row.when.parts) > 1
}
"""Condition of a pathway row that another row may build on -> id of the row."""


def _reads(*conditions: Condition) -> tuple[tuple[str, str], ...]:
    names = dict.fromkeys(name for condition in conditions for name in condition.features())
    return tuple((name, label(name)) for name in names)


def _figures(sources: Iterable[Citation]) -> tuple[Figures, ...]:
    return tuple(
        Figures(each.id, each.label, each.result, mark(each)) for each in sources if each.kind not in _FIGURES_ELSEWHERE
    )


def _shared(codes: Iterable[str]) -> tuple[str, ...]:
    wanted = set(codes)
    lines = (figure.line() for info in INFORMATION if info.code in wanted for figure in (*info.current, *info.article))
    return tuple(dict.fromkeys(lines))


def _put(output: Output) -> Put:
    def words(condition: Condition) -> str:
        return "" if condition is ALWAYS else condition.words(label)

    entry = REGISTER[output.code]
    strength = output.strength.value if output.strength is not None and entry.kind is Kind.OPTION else ""
    return Put(
        output.code,
        entry.title,
        STRENGTH_WORDS.get(strength, ""),
        output.note,
        words(output.when),
        words(output.firm_if),
    )


def _cases(row: str) -> RowCases:
    return measured().rows.get(row, RowCases())


def _titles(codes: Iterable[str]) -> str:
    return "; ".join(REGISTER[code].title for code in codes)


def _row(row: Row, anchor: str = "") -> RowView:
    remarks = [row.words] if row.words else []
    if row.stop:
        remarks.append("No later row is looked at once this one fires.")
    if row.excludes:
        remarks.append(f"Once it fires, not shown whichever row names it: {_titles(row.excludes)}.")
    if row.opens_systemic is not None:
        when = "" if row.opens_systemic is ALWAYS else f", if {row.opens_systemic.words(label)}"
        remarks.append(f"Opens the systemic tables{when}.")
    if row.gate:
        remarks.append("Never merely possible: where a fact is unknown it asks for it, and shows nothing.")
    sources = tuple(ordered((*row.sources, *(source for output in row.outputs for source in output.sources))))
    conditions = (
        row.when,
        *(part for output in row.outputs for part in (output.when, output.firm_if)),
        *((row.opens_systemic,) if row.opens_systemic is not None else ()),
    )
    return RowView(
        id=row.id,
        anchor=anchor or row.id,
        conditions=in_words(row.when),
        puts=tuple(map(_put, row.outputs)),
        remarks=tuple(remarks),
        reads=_reads(*conditions),
        sources=sources,
        figures=_figures(sources),
        shared=_shared(output.code for output in row.outputs),
        cases=_cases(row.id),
    )


def _gate(gate: Gate) -> RowView:
    outputs = {Scope.COMFORT: pathway.COMFORT_OUTPUTS, Scope.WORK_UP: pathway.WORK_UP_OUTPUTS}.get(gate.scope, ())
    sources = tuple(ordered(source for output in outputs for source in output.sources))
    return RowView(
        id=gate.id,
        anchor=gate.id,
        conditions=in_words(gate.when),
        puts=tuple(map(_put, outputs)),
        text=SCOPE_WORDS[gate.scope],
        remarks=(gate.words,),
        reads=_reads(gate.when, *(output.when for output in outputs)),
        sources=sources,
        figures=_figures(sources),
        cases=_cases(gate.id),
    )


def _check(check: Check) -> RowView:
    remarks = []
    if check.also_in_safety_scope:
        remarks.append("Looked at for every cervical cancer, also out of the full scope.")
    if check.adds:
        remarks.append(f"Comes with: {_titles(check.adds)}.")
    if check.remedy:
        remarks.append(f"{REMEDIES[check.remedy]}.")
    sources = tuple(ordered(check.sources))
    return RowView(
        id=check.id,
        anchor=check.id,
        conditions=in_words(check.when),
        puts=(Put(check.code, REGISTER[check.code].title),),
        text=check.text,
        severity=check.severity.value,
        remarks=tuple(remarks),
        reads=_reads(check.when),
        sources=sources,
        figures=_figures(sources),
        cases=_cases(check.id),
    )


REMEDIES: Final[Mapping[str, str]] = {
    "delete": "Offers to take the draft order back",
    "dose": "Offers the draft order with a corrected dose",
    "date": "Offers the draft order with a later date",
}
"""Remedy of an order check -> what the card offers."""


def _prompt(prompt: Prompt) -> RowView:
    asked = ", ".join(label(name) for name in prompt.features)
    remarks = [f"What would fill it: {prompt.filled_by}."]
    if prompt.warns_on:
        families = ", ".join(FAMILY_WORDS.get(family, family.replace("-", " ")) for family in prompt.warns_on)
        remarks.append(f"A warning when one of these is signed: {families}.")
    sources = tuple(ordered(prompt.sources))
    return RowView(
        id=prompt.code,
        anchor=prompt.code,
        conditions=(f"not known: {asked}",),
        puts=(Put(prompt.code, prompt.title),),
        text=prompt.changes,
        remarks=tuple(remarks),
        reads=tuple((name, label(name)) for name in prompt.features),
        sources=sources,
        figures=_figures(sources),
        cases=_cases(prompt.code),
    )


def checks_by_families() -> tuple[tuple[tuple[str, ...], tuple[Check, ...]], ...]:
    """Every order check once, under all the families whose orders it is about, in the order of the tables."""
    families: dict[str, list[str]] = {}
    checks: dict[str, Check] = {}
    for family, rows in CHECKS.items():
        for check in rows:
            families.setdefault(check.id, []).append(str(family))
            checks[check.id] = check
    grouped: dict[tuple[str, ...], list[Check]] = {}
    for name, found in families.items():
        grouped.setdefault(tuple(found), []).append(checks[name])
    return tuple((names, tuple(rows)) for names, rows in grouped.items())


def _families_in_words(names: tuple[str, ...]) -> str:
    words = [FAMILY_WORDS.get(name, name.replace("-", " ")) for name in names]
    listed = ", ".join(words[:-1]) + f" or {words[-1]}" if len(words) > 1 else words[0]
    return f"Orders for {listed}"


def _check_tables() -> Iterator[Table]:
    for names, checks in checks_by_families():
        yield Table(
            f"orders-{names[0]}" if len(names) == 1 else f"orders-{names[0]}-and-{len(names) - 1}-more",
            _families_in_words(names),
            "",
            tuple(map(_check, checks)),
        )


@cache
def tables() -> tuple[Table, ...]:
    """Every table, in the order of reading; the order checks are one table for each kind of order."""
    accompanying = (*pathway.WITH_TREATMENT, *pathway.WITH_SYSTEMIC)
    first_line = [_row(row, f"{row.id}-first-line" if row in _DOUBLED else "") for row in systemic.FIRST_LINE]
    return (
        Table(
            "scope",
            "Scope gate",
            "Read top to bottom; the first row that holds decides how much of the model runs.",
            tuple(map(_gate, pathway.SCOPE_GATE)),
        ),
        Table(
            "pathway",
            "Pathway",
            "Read top to bottom; rows add up unless one stops. A row whose condition holds fires. A row in which a "
            "fact is unknown and nothing is against it is possible: its options are shown as conditional, and the "
            "fact is asked for.",
            tuple(map(_row, pathway.PATHWAY)),
        ),
        Table(
            "accompanying",
            "What goes with treatment options",
            "Looked at once an option of treatment is shown, or a systemic table is open.",
            tuple(map(_row, accompanying)),
        ),
        Table(
            "first-line",
            "First-line systemic treatment",
            "Entered through a pathway row that opens the systemic tables, before any systemic line for recurrence.",
            tuple(first_line),
        ),
        Table(
            "first-line-changes",
            "Changes to the first-line rows",
            "Applied to what the first-line rows put out, in this order.",
            tuple(map(_row, systemic.MODIFIERS)),
        ),
        Table(
            "second-line",
            "Second-line systemic treatment",
            "After one systemic line or more for recurrence, with progression on or after it.",
            tuple(map(_row, systemic.SECOND_LINE)),
        ),
        *_check_tables(),
        Table(
            "prompts",
            "What is asked for when it is missing",
            "A prompt says which answer the missing fact would change.",
            tuple(map(_prompt, PROMPTS)),
        ),
    )


_DOUBLED: Final = tuple(
    row for row in systemic.FIRST_LINE if row.id in {each.id for each in (*pathway.WITH_TREATMENT, *pathway.PATHWAY)}
)
"""Rows of the first-line table that share their id with a row of the pathway: the same rule, said where it applies."""

ROW_IDS: Final = frozenset(
    {
        *(gate.id for gate in pathway.SCOPE_GATE),
        *(row.id for row in (*pathway.PATHWAY, *pathway.WITH_TREATMENT, *pathway.WITH_SYSTEMIC)),
        *(row.id for row in (*systemic.FIRST_LINE, *systemic.MODIFIERS, *systemic.SECOND_LINE)),
        *(check.id for rows in CHECKS.values() for check in rows),
        *PROMPT_CODES,
    }
)
"""Id of every row that a decision can name."""


@cache
def judged() -> tuple[Judged, ...]:
    """Facts that several tables judge alike, and when each is yes."""
    by_orders = "a critical row of the order checks would fire if the drug were ordered today"
    return tuple(
        Judged(
            name,
            words,
            in_words(YES_WHEN[name]) if name in YES_WHEN else (by_orders,),
            tuple((each, label(each)) for each in read_by(name)),
        )
        for name, words in JUDGEMENTS.items()
    )


def codes() -> Mapping[str, list[OutputCode]]:
    """Every output code but the prompts, under its heading."""
    found: dict[str, list[OutputCode]] = {}
    for entry in REGISTER.values():
        if entry.kind is not Kind.PROMPT:
            found.setdefault(entry.group.value, []).append(entry)
    return found


def cited_by() -> Mapping[str, list[str]]:
    """Citation id -> ids of the rows that name it."""
    found: dict[str, list[str]] = {each: [] for each in CITATIONS}
    for table in tables():
        for row in table.rows:
            for source in row.sources:
                if row.id not in found[source.id]:
                    found[source.id].append(row.id)
    return found
