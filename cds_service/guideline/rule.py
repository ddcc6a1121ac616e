"""The shape of a row, of an output, and of a decision.

A row has an id that never changes meaning; a rule that changes gets a new row with its date, the old id is not reused.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass

from msgspec import Struct

from cds_service.guideline.conditions import ALWAYS, Condition
from fhir_mappings.findings import Evidence


class Kind(enum.Enum):
    """What a decision is (card contract, decisions.md)."""

    OPTION = "option"
    ALERT = "alert"
    PROMPT = "prompt"
    INFORMATION = "information"


class Strength(enum.Enum):
    """How strongly an option is put; each step down is the next member."""

    RECOMMENDED = "recommended"
    CONSIDER = "consider"
    ALTERNATIVE = "alternative"
    CONDITIONAL = "conditional"

    def lowered(self) -> Strength:
        """One step weaker; conditional stays conditional. Recommended -> consider -> alternative."""
        steps = {Strength.RECOMMENDED: Strength.CONSIDER, Strength.CONSIDER: Strength.ALTERNATIVE}
        return steps.get(self, self)


class Severity(enum.Enum):
    """CDS Hooks indicator."""

    INFO = "info"
    WARNING = "warning"
    CRITICAL = "critical"

    @property
    def rank(self) -> int:
        """0 for info, 2 for critical."""
        return (Severity.INFO, Severity.WARNING, Severity.CRITICAL).index(self)


class Scope(enum.Enum):
    """How much of the model runs for this patient (decision model, section 1)."""

    FULL = "A"
    WORK_UP = "A-lite"
    SAFETY = "B"
    SILENT = "C"
    COMFORT = "comfort"
    """G7: hospice; supportive options and safety rules only."""


@dataclass(frozen=True, slots=True)
class Output:
    """A code that a row puts out.

    Attributes:
        code: member of the register.
        strength: for options.
        note: words for this row only ("if never irradiated", "check field junction"); shown behind the option.
        sources: further citation ids for this output in this row.
        when: a further condition; the output is left out unless it is yes.
        firm_if: the output is conditional, and asks for what is missing, unless this is yes.
    """

    code: str
    strength: Strength | None = None
    note: str = ""
    sources: tuple[str, ...] = ()
    when: Condition = ALWAYS
    firm_if: Condition = ALWAYS


@dataclass(frozen=True, slots=True)
class Row:
    """One row of the pathway or of a systemic table.

    Attributes:
        id: ``P3``, ``F1``, ``T2``, ``G6`` ...
        when: the condition.
        outputs: what it puts out when it fires, in rank order.
        sources: citation ids (S.., E.., L.., D..).
        opens_systemic: when the row fires and this is yes, the systemic table (first or second line) applies.
        stop: no later row is looked at once this one fires.
        gate: the row is never merely possible: unknown, it only asks for what is missing.
        excludes: codes that are not shown, whichever row put them out, once this row fires.
        words: a remark for readers of the table, where the condition alone does not say why.
    """

    id: str
    when: Condition
    outputs: tuple[Output, ...]
    sources: tuple[str, ...]
    opens_systemic: Condition | None = None
    stop: bool = False
    gate: bool = False
    excludes: tuple[str, ...] = ()
    words: str = ""


@dataclass(frozen=True, slots=True)
class Check:
    """One row of the order checks (decision model, section 4).

    Attributes:
        id: ``BEV-01`` ...: stable row id.
        code: alert code of the register.
        when: condition over features, judgements and order facts.
        severity: what it is when it fires.
        sources: citation ids.
        text: advice in one or two plain sentences: what the record says of this order, and the options.
        also_in_safety_scope: column B of the table.
        adds: further codes (options or prompts) that come with it.
        remedy: the suggestion offered: one of the remedies that the cards know
            (``delete``, ``dose``, ``date``...); empty for none.
    """

    id: str
    code: str
    when: Condition
    severity: Severity
    sources: tuple[str, ...]
    text: str
    also_in_safety_scope: bool = False
    adds: tuple[str, ...] = ()
    remedy: str = ""


@dataclass(frozen=True, slots=True)
class Prompt:
    """One row of the missing-data table (decision model, section 5).

    Attributes:
        code: ``missing-...``.
        features: the features whose being unknown calls for it.
        title: the question in a few words, for the card.
        changes: which answers it would change, in plain words.
        filled_by: what would fill it, in plain words.
        suggestion: key of the suggestion that the cards build for it (``order-pet-ct``, ``staging-form`` ...).
        warns_on: order families (``bevacizumab``, ``exenteration`` ...) on which it becomes a warning at order-sign.
        sources: citation ids.
        rank: place in the table; order of display.
    """

    code: str
    features: tuple[str, ...]
    title: str
    changes: str
    filled_by: str
    suggestion: str
    warns_on: tuple[str, ...]
    sources: tuple[str, ...]
    rank: int


class Because(Struct, frozen=True, gc=False):
    """One fact behind a decision: the feature, its value as shown, and the records that say so."""

    feature: str
    value: str
    evidence: tuple[Evidence, ...] = ()
    note: str = ""


class Decision(Struct, frozen=True, kw_only=True, gc=False):
    """One output code with its reasons; the only thing that cards are made from.

    Attributes:
        code: member of the register.
        row: id of the row that put it out.
        strength: options only.
        severity: indicator of an alert or prompt; info otherwise.
        text: advice of this row for this patient; empty where the register's text says it all.
        note: short words behind an option ("conditional: if never irradiated").
        because: the facts that made it so.
        missing: names of unknown features that leave it conditional, or that a prompt asks for.
        possible: records that may hold the missing fact but cannot decide it (a prompt names them).
        unchecked: names of unknown event features to confirm before treating.
        sources: citation ids, newest standard first.
        order: reference of the draft order it is about; empty when about none.
        remedy: see Check.
        details: values a card needs to build the suggestion (corrected dose in mg, earliest date).
    """

    code: str
    kind: Kind
    row: str
    strength: Strength | None = None
    severity: Severity = Severity.INFO
    text: str = ""
    note: str = ""
    because: tuple[Because, ...] = ()
    missing: tuple[str, ...] = ()
    possible: tuple[Evidence, ...] = ()
    unchecked: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    order: str = ""
    remedy: str = ""
    details: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Decided:
    """The guideline's whole answer for one call.

    Attributes:
        scope: how much of the model ran.
        scope_row: ``G0`` ... ``G8``.
        scope_because: the facts that put it there.
        decisions: in display order: alerts (most severe first), options in rank order, prompts, information.
        failed: ids of rows that raised and could not be evaluated (SAFE-06); shown on a card and counted.
    """

    scope: Scope
    scope_row: str
    scope_because: tuple[Because, ...] = ()
    decisions: tuple[Decision, ...] = ()
    failed: tuple[str, ...] = ()
