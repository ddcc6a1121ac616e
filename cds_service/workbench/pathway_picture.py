"""The pathway as a picture: which rows of the guideline are taken for these features, which only perhaps, and why.

The walk follows ``guideline.decide``: scope gate, pathway rows until one stops, then the systemic table that a row
opens. It is made for patient-view, whichever hook is chosen: orders are checked against the patient, not the branch.
"""

from __future__ import annotations

import datetime as dt
import enum
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from cds_service.cards import label
from cds_service.guideline import pathway, systemic
from cds_service.guideline.conditions import Condition, Facts
from cds_service.guideline.judgements import judge
from cds_service.guideline.register import REGISTER
from cds_service.guideline.rule import Row, Scope
from fhir_mappings.features.fields import RecurrenceFeatures
from fhir_mappings.findings import Finding
from fhir_mappings.kleene import Tri


class State(enum.Enum):
    """What became of a row."""

    TAKEN = "taken"
    CONDITIONAL = "conditional"
    """Nothing speaks against it, but facts are missing."""
    NOT_TAKEN = "not taken"
    NOT_REACHED = "not reached"
    """An earlier row or the scope ended the walk."""


CAPTIONS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "P0": "Pregnant",
        "P1": "ECOG 3 or 4",
        "P2": "Site unknown",
        "P3": "Central, irradiated",
        "P3a": "The same, ECOG 2",
        "P3b": "Central and small",
        "P3c": "Central with side wall",
        "P3d": "Central and nodal",
        "P3e": "Biopsy benign",
        "P4": "Never irradiated",
        "P4a": "Vaginal brachytherapy",
        "P5": "Irradiation not known",
        "P6": "Side wall, irradiated",
        "P7": "Nodal only, irradiated",
        "P8": "Para-aortic only",
        "P8b": "Para-aortic and pelvic",
        "P9": "Oligometastatic",
        "P9a": "Chest only",
        "P10": "Distant or unresectable",
        "P10a": "Distant and pelvic",
        "P11": "After exenteration",
        "P12": "Repeated recurrence",
        "P13": "Painful metastasis",
        "P14a": "ECOG 2",
        "P15": "Early recurrence",
        "P16": "Pelvic, with systemic",
        "F1": "CPS ≥ 1, bevacizumab",
        "F2": "CPS ≥ 1, no bevacizumab",
        "F3": "CPS < 1, bevacizumab",
        "F4": "CPS < 1, no bevacizumab",
        "F5": "CPS not known",
        "F6": "No immunotherapy again",
        "F7": "Cisplatin unsuitable",
        "F8": "Platinum before",
        "F9": "Platinum-naive",
        "F10": "Paclitaxel, topotecan",
        "F11": "ECOG 2: one step down",
        "P14": "Trial; prognosis",
        "T1": "Tisotumab vedotin",
        "T2": "No immunotherapy before",
        "T3": "Immunotherapy unknown",
        "T4": "Immunotherapy before",
        "T5": "HER2 3+",
        "T6": "Other biomarker",
        "T7": "Trial, chemo, support",
    }
)
"""Row id -> the few words of its box, as many as fit; the whole condition stands in the list below the picture."""

MAX_CAPTION: Final = 23

_SECTIONS: Final = (
    ("First asked", ("P0", "P1", "P2")),
    ("Disease in the pelvis", ("P3", "P3a", "P3b", "P3c", "P3d", "P3e", "P4", "P4a", "P5", "P6", "P7")),
    ("Beyond the pelvis", ("P8", "P8b", "P9", "P9a", "P10", "P10a")),
    ("Whatever the site", ("P11", "P12", "P13", "P14a", "P15", "P16")),
)
_FIRST_LINE: Final = "First line"
_SECOND_LINE: Final = "Second line"

SCOPE_WORDS: Final[Mapping[Scope, str]] = MappingProxyType(
    {
        Scope.FULL: "Pathway applies",
        Scope.WORK_UP: "Work-up only",
        Scope.SAFETY: "Order safety only",
        Scope.SILENT: "No advice",
        Scope.COMFORT: "Comfort care",
    }
)
_KEY_FACTS: Final = (
    ("site_central_pelvic", "Central pelvis"),
    ("site_pelvic_sidewall", "Side wall"),
    ("site_pelvic_nodal", "Pelvic nodes"),
    ("site_paraaortic", "Para-aortic"),
    ("site_distant", "Distant"),
    ("prior_pelvic_rt", "Irradiated"),
    ("biopsy_proof", "Biopsy"),
    ("ecog", "ECOG"),
    ("pdl1_cps", "PD-L1 CPS"),
    ("systemic_lines", "Lines"),
)
"""Features beside the picture: those that choose the branch."""


@dataclass(frozen=True, slots=True)
class Step:
    """One row with what became of it.

    Attributes:
        row: id.
        caption: few words.
        state: taken, conditional, not taken, not reached.
        condition: the row's condition in words.
        outputs: titles of what it puts out.
        missing: labels of the facts that leave it open.
    """

    row: str
    caption: str
    state: State
    condition: str
    outputs: tuple[str, ...]
    missing: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Section:
    """Rows under one heading; ``state`` says whether the section is entered at all."""

    title: str
    state: State
    steps: tuple[Step, ...]
    opened_by: tuple[tuple[str, State], ...] = ()


@dataclass(frozen=True, slots=True)
class Walk:
    """The guideline's way through one patient.

    Attributes:
        scope_row: row of the scope gate.
        scope: its words.
        scope_remark: why.
        full: whether the pathway is walked.
        sections: pathway, first line, second line.
        facts: key facts as (feature, label, value).
    """

    scope_row: str
    scope: str
    scope_remark: str
    full: bool
    sections: tuple[Section, ...]
    facts: tuple[tuple[str, str, str], ...]

    def steps(self) -> Iterator[Step]:
        """Every step, in order."""
        for section in self.sections:
            yield from section.steps

    def state_of(self, row: str) -> State:
        """What became of a row; KeyError for one that does not exist."""
        states = {step.row: step.state for step in self.steps()}
        return states[row]


def walk(features: RecurrenceFeatures, today: dt.date) -> Walk:
    """Follow the guideline through these features.

    Args:
        features: as derived, or as assumed.
        today: the day of the call.
    """
    facts = judge(features, today)
    gate = next(row for row in pathway.SCOPE_GATE if row.when.evaluate(facts).value is Tri.YES)
    full = gate.scope is Scope.FULL
    states, opened = _pathway_states(facts) if full else ({}, {})
    sections = [
        Section(title, State.TAKEN if full else State.NOT_REACHED, _steps(_PATHWAY_ROWS, rows, states, facts))
        for title, rows in _SECTIONS
    ]
    sections += _systemic_sections(facts, opened)
    shown = tuple((name, words, facts[name].show()) for name, words in _KEY_FACTS)
    return Walk(gate.id, SCOPE_WORDS[gate.scope], gate.words, full, tuple(sections), shown)


_PATHWAY_ROWS: Final[Mapping[str, Row]] = MappingProxyType(
    {row.id: row for row in (*pathway.PATHWAY, *pathway.WITH_SYSTEMIC)}
)
_FIRST_LINE_ROWS: Final[Mapping[str, Row]] = MappingProxyType(
    {row.id: row for row in (*systemic.FIRST_LINE, *systemic.MODIFIERS)}
)
_SECOND_LINE_ROWS: Final[Mapping[str, Row]] = MappingProxyType({row.id: row for row in systemic.SECOND_LINE})


def _pathway_states(facts: Facts) -> tuple[dict[str, State], dict[str, State]]:
    """State of each pathway row, and which rows open the systemic table, how surely."""
    any_site = any(isinstance(found := facts[site], Finding) and found.is_yes for site in pathway.SITES)
    states: dict[str, State] = {}
    opened: dict[str, State] = {}
    for row in pathway.PATHWAY:
        state = _state(row, facts)
        if state is State.CONDITIONAL and not any_site:
            state = State.NOT_TAKEN
        states[row.id] = state
        if row.opens_systemic is not None and state in (State.TAKEN, State.CONDITIONAL):
            opens = row.opens_systemic.evaluate(facts).value
            if opens is not Tri.NO:
                sure = state is State.TAKEN and opens is Tri.YES
                opened[row.id] = State.TAKEN if sure else State.CONDITIONAL
        if row.stop and state is State.TAKEN:
            break
    if opened:
        states |= {row.id: _state(row, facts) for row in pathway.WITH_SYSTEMIC}
    return states, opened


def _state(row: Row, facts: Facts) -> State:
    value = row.when.evaluate(facts).value
    if value is Tri.UNKNOWN and row.gate:
        return State.NOT_TAKEN
    return {Tri.YES: State.TAKEN, Tri.NO: State.NOT_TAKEN, Tri.UNKNOWN: State.CONDITIONAL}[value]


def _systemic_sections(facts: Facts, opened: Mapping[str, State]) -> list[Section]:
    entered = State.NOT_REACHED if not opened else State.TAKEN if State.TAKEN in opened.values() else State.CONDITIONAL
    lines = systemic.LINES_COUNTED.evaluate(facts).value
    progressed = systemic.PROGRESSED.evaluate(facts).value
    second = lines is Tri.YES and progressed is not Tri.NO
    first_sure = lines is Tri.NO
    second_sure = second and progressed is Tri.YES
    return [
        _table(_FIRST_LINE, _FIRST_LINE_ROWS, facts, opened, _sure(entered, lines is not Tri.YES, first_sure)),
        _table(_SECOND_LINE, _SECOND_LINE_ROWS, facts, opened, _sure(entered, second, second_sure)),
    ]


def _sure(entered: State, applies: bool, sure: bool) -> State:
    if entered is State.NOT_REACHED or not applies:
        return State.NOT_REACHED
    return entered if sure else State.CONDITIONAL


def _table(title: str, rows: Mapping[str, Row], facts: Facts, opened: Mapping[str, State], state: State) -> Section:
    states: dict[str, State] = {}
    if state is not State.NOT_REACHED:
        for name, row in rows.items():
            found = _state(row, facts)
            states[name] = state if found is State.TAKEN else found
    opening = tuple(opened.items()) if state is not State.NOT_REACHED else ()
    return Section(title, state, _steps(rows, rows, states, facts), opening)


def _steps(
    table: Mapping[str, Row], rows: Iterable[str], states: Mapping[str, State], facts: Facts
) -> tuple[Step, ...]:
    return tuple(_step(table[row], states.get(row, State.NOT_REACHED), facts) for row in rows)


def _step(row: Row, state: State, facts: Facts) -> Step:
    missing = row.when.evaluate(facts).missing if state is State.CONDITIONAL else ()
    return Step(
        row=row.id,
        caption=CAPTIONS[row.id],
        state=state,
        condition=_in_words(row.when),
        outputs=tuple(dict.fromkeys(REGISTER[output.code].title for output in row.outputs)),
        missing=tuple(label(name) for name in missing),
    )


def _in_words(condition: Condition) -> str:
    words = condition.words(label)
    return words[:1].upper() + words[1:]


# ---------------------------------------------------------------------------- layout

WIDE: Final = 540
NARROW: Final = 340
_BOX: Final = 29
_GAP: Final = 7
_HEADING: Final = 26


@dataclass(frozen=True, slots=True)
class Box:
    """A step with its place."""

    step: Step
    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class Heading:
    """Words over a group of boxes."""

    title: str
    x: float
    y: float
    state: State


@dataclass(frozen=True, slots=True)
class Edge:
    """A line between boxes, as an SVG path."""

    path: str
    state: State


@dataclass(frozen=True, slots=True)
class FactChip:
    """A key fact with its place."""

    name: str
    label: str
    value: str
    x: float
    y: float
    width: float


@dataclass(frozen=True, slots=True)
class Picture:
    """The walk, laid out."""

    width: int
    height: float
    scope_x: float
    scope_y: float
    scope_width: float
    boxes: tuple[Box, ...]
    headings: tuple[Heading, ...]
    edges: tuple[Edge, ...]
    chips: tuple[FactChip, ...]


def picture(walked: Walk, *, width: int = WIDE) -> Picture:
    """Lay a walk out: three columns when there is room, one column with a trunk at its side otherwise."""
    return _wide(walked, width) if width >= WIDE else _narrow(walked, width)


def _column(
    sections: Sequence[Section], x: float, y: float, width: float
) -> tuple[list[Box], list[Heading], dict[str, float], float]:
    """Boxes under their headings; the middle of each heading's line by title; where the column ends."""
    boxes: list[Box] = []
    headings: list[Heading] = []
    places: dict[str, float] = {}
    for section in sections:
        headings.append(Heading(section.title, x, y + 15, section.state))
        places[section.title] = y + 11
        y += _HEADING
        for step in section.steps:
            boxes.append(Box(step, x, y, width, _BOX))
            y += _BOX + _GAP
        y += 6
    return boxes, headings, places, y


def _curve(x1: float, y1: float, x2: float, y2: float) -> str:
    middle = (x1 + x2) / 2
    return f"M{x1:g} {y1:g}C{middle:g} {y1:g} {middle:g} {y2:g} {x2:g} {y2:g}"


def _wide(walked: Walk, width: int) -> Picture:
    side, middle, gap = 118.0, 186.0, 24.0
    right_x = side + middle + 2 * gap
    right = width - right_x - 2
    stops, *rest = walked.sections
    rows, tables = rest[:-2], rest[-2:]
    left_boxes, left_headings, _, left_end = _column([stops], 1, 52, side)
    row_boxes, row_headings, _, row_end = _column(rows, side + gap, 0, middle)
    table_boxes, table_headings, places, table_end = _column(tables, right_x, 0, right)
    chips = _chips(walked, 1, left_end + 14, side)
    source = left_boxes[-1]
    edges = _lead(42, left_boxes, walked)
    edges += [
        Edge(
            _curve(1 + side, source.y + _BOX / 2, box.x, box.y + _BOX / 2),
            box.step.state,
        )
        for box in row_boxes
        if box.step.state in (State.TAKEN, State.CONDITIONAL)
    ]
    at = {box.step.row: box for box in row_boxes}
    for table in tables:
        for row, state in table.opened_by:
            box = at[row]
            sure = state if table.state is State.TAKEN else State.CONDITIONAL
            edges.append(Edge(_curve(box.x + middle, box.y + _BOX / 2, right_x - 4, places[table.title]), sure))
    bottom = max(left_end + 14 + len(chips) * 25 + 26, row_end, table_end)
    headings = [*left_headings, *row_headings, *table_headings]
    if chips:
        headings.append(Heading("What decides", 1, left_end + 22, State.TAKEN))
    return Picture(
        width,
        bottom,
        1,
        4,
        side,
        (*left_boxes, *row_boxes, *table_boxes),
        tuple(headings),
        tuple(edges),
        tuple(chips),
    )


def _lead(y: float, boxes: Sequence[Box], walked: Walk) -> list[Edge]:
    """The line from the scope down to the last of the first questions that is reached, around the boxes between."""
    edges: list[Edge] = []
    for box in boxes:
        if not walked.full or box.step.state is State.NOT_REACHED:
            break
        edges.append(Edge(f"M{box.x + box.width - 12:g} {y:g}V{box.y:g}", State.TAKEN))
        y = box.y + box.height
    return edges


def _chips(walked: Walk, x: float, y: float, width: float) -> list[FactChip]:
    return [
        FactChip(name, words, value, x, y + 22 + place * 25, width)
        for place, (name, words, value) in enumerate(walked.facts)
    ]


def _narrow(walked: Walk, width: int) -> Picture:
    trunk, x = 11.0, 30.0
    boxes, headings, _, end = _column(walked.sections, x, 52, width - x - 2)
    lit = [box for box in boxes if box.step.state in (State.TAKEN, State.CONDITIONAL)]
    edges = []
    if lit:
        edges.append(Edge(f"M{trunk:g} 42V{lit[-1].y + _BOX / 2 - 8:g}", State.TAKEN))
        edges += [
            Edge(
                f"M{trunk:g} {box.y + _BOX / 2 - 8:g}Q{trunk:g} {box.y + _BOX / 2:g} {x:g} {box.y + _BOX / 2:g}",
                box.step.state,
            )
            for box in lit
        ]
    return Picture(width, end, 1, 4, width - 2, tuple(boxes), tuple(headings), tuple(edges), ())
