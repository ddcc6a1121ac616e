"""Evaluates the tables: features and draft orders in, decisions with their reasons out.

Order of work: scope gate, pathway, systemic table, order checks, prompts. A row that raises is named in ``failed`` and
the others still speak (SAFE-06).
"""

from __future__ import annotations

import datetime as dt
import enum
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any

from msgspec.structs import replace

from cds_service.guideline import pathway, systemic
from cds_service.guideline.conditions import Facts, Outcome
from cds_service.guideline.draft_order_checks import check_draft, families
from cds_service.guideline.judgements import JUDGEMENTS, events_behind, judge
from cds_service.guideline.missing_data import CHILDBEARING, EYE_EXAMINATION_DUE, PROMPTS, prompt_for
from cds_service.guideline.register import REGISTER, Group
from cds_service.guideline.rule import (
    Because,
    Decided,
    Decision,
    Kind,
    Output,
    Prompt,
    Row,
    Scope,
    Severity,
    Strength,
)
from fhir_mappings.features.fields import FEATURES, RecurrenceFeatures
from fhir_mappings.findings import Evidence, Finding
from fhir_mappings.history import DraftOrder, Intent
from fhir_mappings.kleene import Tri


class Occasion(enum.Enum):
    """What the decisions are for; prompts differ."""

    PATIENT_VIEW = "patient-view"
    ORDER_SELECT = "order-select"
    ORDER_SIGN = "order-sign"


_PROMPTS_BY_CODE = {prompt.code: prompt for prompt in PROMPTS}
_ORDER_ONLY = frozenset(
    {
        "missing-renal-function",
        "missing-blood-count",
        "missing-liver-function",
        "missing-pregnancy-test",
        "missing-eye-exam",
        "missing-body-weight",
        "missing-surgery-date",
    }
)
"""Prompts that patient-view leaves to the order hooks (decision model, section 5, last paragraph)."""

_ASKED_OF = {"missing-pregnancy-test": CHILDBEARING, "missing-eye-exam": EYE_EXAMINATION_DUE}
"""Prompts that order hooks show only to patients of whom this is not no."""

_BEVACIZUMAB_CHECKED_BY = ("bp_systolic", "urine_protein")
_STRENGTHS = list(Strength)
_KIND_ORDER = (Kind.ALERT, Kind.OPTION, Kind.PROMPT, Kind.INFORMATION)


def _because(facts: Facts, names: Iterable[str]) -> tuple[Because, ...]:
    return tuple(
        Because(name, fact.show(), fact.evidence, fact.note)
        for name in dict.fromkeys(names)
        if (fact := facts[name]).known
    )


def _possible(facts: Facts, names: Iterable[str]) -> tuple[Evidence, ...]:
    return tuple(dict.fromkeys(evidence for name in names for evidence in facts[name].possible))


def _events(facts: Facts, names: tuple[str, ...]) -> tuple[str, ...]:
    """The unrecorded events to confirm; a measured feature has a prompt of its own, a judgement names its events."""
    if not names:
        return ()
    expanded = [event for name in names for event in (events_behind(name) if name in JUDGEMENTS else (name,))]
    return tuple(
        name for name in dict.fromkeys(expanded) if name in FEATURES and FEATURES[name].event and not facts[name].known
    )


def _weakness(decision: Decision) -> int:
    return _STRENGTHS.index(decision.strength or Strength.CONDITIONAL)


def _merged(*groups: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(chain.from_iterable(groups)))


def _each_once(*groups: tuple[Because, ...]) -> tuple[Because, ...]:
    """Reasons joined: within a call a feature has one value, so that its name tells them apart."""
    return tuple({reason.feature: reason for reason in chain.from_iterable(groups)}.values())


@dataclass(frozen=True, slots=True)
class _Wanted:
    """Why a prompt is shown: the rows that ask, their notes, and the unknown features they name."""

    rows: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    features: tuple[str, ...] = ()

    def and_also(self, other: _Wanted) -> _Wanted:
        """Both reasons, each thing once."""
        return _Wanted(
            _merged(self.rows, other.rows),
            _merged(self.notes, other.notes),
            _merged(self.features, other.features),
        )


class _Collection:
    """Decisions by code while the tables are walked: the strongest row of a code speaks, the notes of all are kept."""

    def __init__(self, facts: Facts) -> None:
        self.facts = facts
        self.by_code: dict[str, Decision] = {}
        self.excluded: set[str] = set()
        self.wanted: dict[str, _Wanted] = {}
        self.failed: list[str] = []

    def want(self, names: Iterable[str], row: str) -> None:
        """Ask for unknown features: the prompts whose answer would decide the row."""
        for name in names:
            prompt = prompt_for(name)
            if prompt is not None:
                known = self.wanted.get(prompt.code, _Wanted())
                self.wanted[prompt.code] = known.and_also(_Wanted((row,), features=(name,)))

    def ask(self, code: str, row: str, *, note: str = "") -> None:
        """Ask by prompt code, as a row does outright; such a row is named before those that only lack the fact."""
        self.wanted[code] = _Wanted((row,), (note,) if note else ()).and_also(self.wanted.get(code, _Wanted()))

    def add(self, decision: Decision) -> None:
        """Take a decision; the strongest of one code wins, its note joined with the others' notes."""
        known = self.by_code.get(decision.code)
        if known is None:
            self.by_code[decision.code] = decision
            return
        if _weakness(known) == _weakness(decision) and decision.note and not known.note:
            known, decision = decision, known  # the row that says under which condition speaks for the code
        stronger, weaker = sorted((known, decision), key=_weakness)
        notes = [stronger.note]
        if weaker.strength is stronger.strength:
            notes.append(weaker.note)
        self.by_code[decision.code] = replace(
            stronger,
            note="; ".join(dict.fromkeys(note for note in notes if note)),
            because=_each_once(stronger.because, weaker.because),
            sources=_merged(stronger.sources, weaker.sources),
        )

    def put(self, row: Row, output: Output, outcome: Outcome) -> None:
        """Turn one output of a row that fires or is possible into a decision."""
        extra = output.when.evaluate(self.facts)
        if extra.value is not Tri.YES:
            return
        entry = REGISTER[output.code]
        if entry.kind is Kind.PROMPT:
            if outcome.value is Tri.YES:
                self.ask(output.code, row.id, note=output.note)
            return
        firm = output.firm_if.evaluate(self.facts)
        conditional = outcome.value is Tri.UNKNOWN or firm.value is not Tri.YES
        missing = tuple(dict.fromkeys((*outcome.missing, *(firm.missing if firm.value is Tri.UNKNOWN else ()))))
        if firm.value is Tri.NO:
            return
        if entry.kind is Kind.INFORMATION and outcome.value is Tri.UNKNOWN:
            return
        self.want(missing, row.id)
        strength = None
        if entry.kind is Kind.OPTION:
            strength = Strength.CONDITIONAL if conditional else output.strength or Strength.CONSIDER
        self.add(
            Decision(
                code=output.code,
                kind=entry.kind,
                row=row.id,
                strength=strength,
                severity=Severity.WARNING if output.code == "pregnancy-mdt-referral" else Severity.INFO,
                note=output.note,
                because=_because(self.facts, (*outcome.because, *extra.because, *firm.because)),
                missing=missing if conditional else (),
                unchecked=_events(self.facts, (*outcome.unchecked, *extra.unchecked, *firm.unchecked)),
                sources=_merged(output.sources, row.sources, entry.sources),
            )
        )

    def evaluate(self, row: Row) -> Outcome:
        """Evaluate a row; a row that raises counts as not applying and is named."""
        try:
            outcome = row.when.evaluate(self.facts)
        except Exception:  # noqa: BLE001 - one broken row must not silence the others (SAFE-06)
            self.failed.append(row.id)
            return Outcome(Tri.NO)
        if row.gate and outcome.value is Tri.UNKNOWN:
            self.want(outcome.missing, row.id)
            return Outcome(Tri.NO)
        return outcome


def _walk_systemic(collection: _Collection, entered: Tri) -> None:
    """First-line or second-line table, at full or conditional strength."""
    facts = collection.facts
    inner = _Collection(facts)
    lines = systemic.LINES_COUNTED.evaluate(facts)
    progressed = systemic.PROGRESSED.evaluate(facts)
    table: tuple[Row, ...] = ()
    conditional = entered is Tri.UNKNOWN
    if lines.value is Tri.YES:
        if progressed.value is not Tri.NO:
            table = systemic.SECOND_LINE
            if progressed.value is Tri.UNKNOWN:
                conditional = True
                inner.want(progressed.missing, "T7")
    else:
        table = systemic.FIRST_LINE
        if lines.value is Tri.UNKNOWN:
            conditional = True
            inner.want(lines.missing, "F1")
    for row in table:
        outcome = inner.evaluate(row)
        if outcome.value is not Tri.NO:
            for output in row.outputs:
                inner.put(row, output, outcome)
    if table is systemic.FIRST_LINE:
        _modify_first_line(inner)
    if any("bevacizumab" in code for code in inner.by_code if REGISTER[code].kind is Kind.OPTION):
        inner.want((name for name in _BEVACIZUMAB_CHECKED_BY if not facts[name].known), "F1")
    lines_because = _because(facts, (*lines.because, *(progressed.because if table is systemic.SECOND_LINE else ())))
    for decision in inner.by_code.values():
        changes: dict[str, Any] = {"because": _each_once(decision.because, lines_because)}
        if conditional and decision.kind is Kind.OPTION:
            missing = (*decision.missing, *lines.missing, *_if_second(table, progressed.missing))
            changes |= {"strength": Strength.CONDITIONAL, "missing": tuple(dict.fromkeys(missing))}
        collection.add(replace(decision, **changes))
    for code, wanted in inner.wanted.items():
        collection.wanted[code] = collection.wanted.get(code, _Wanted()).and_also(wanted)
    collection.failed.extend(inner.failed)


def _if_second(table: tuple[Row, ...], names: tuple[str, ...]) -> tuple[str, ...]:
    return names if table is systemic.SECOND_LINE else ()


def _modify_first_line(inner: _Collection) -> None:
    """F7 (replace), F8 (twin), F9 (note), F11 (one step down), in this order."""
    facts = inner.facts
    outcomes = {row.id: inner.evaluate(row) for row in systemic.MODIFIERS}
    fired = {row: outcome.value is Tri.YES for row, outcome in outcomes.items()}
    reasons = {row: _because(facts, outcome.because) for row, outcome in outcomes.items() if fired[row]}
    ranked: dict[str, Decision] = {}
    for code, decision in inner.by_code.items():
        carboplatin = systemic.CARBOPLATIN_FOR_CISPLATIN.get(code)
        if carboplatin is None:
            ranked[code] = decision
            continue
        sources = _merged(systemic.F7.sources, decision.sources, REGISTER[carboplatin].sources)
        if fired["F7"]:
            ranked[carboplatin] = replace(
                decision,
                code=carboplatin,
                row="F7",
                note="cisplatin unsuitable",
                because=(*decision.because, *reasons["F7"]),
                sources=sources,
            )
            continue
        note = "; ".join(part for part in (decision.note, systemic.F9_NOTE if fired["F9"] else "") if part)
        ranked[code] = replace(decision, note=note)
        if fired["F8"]:
            weaker = Strength.CONDITIONAL if decision.strength is Strength.CONDITIONAL else Strength.ALTERNATIVE
            ranked[carboplatin] = replace(
                decision,
                code=carboplatin,
                row="F8",
                strength=weaker,
                note="non-inferior after earlier platinum",
                because=(*decision.because, *reasons["F8"]),
                sources=sources,
            )
    if fired["F11"]:
        ranked = {
            code: replace(
                decision,
                strength=decision.strength.lowered() if decision.strength else None,
                because=(*decision.because, *reasons["F11"]),
            )
            for code, decision in ranked.items()
        }
    inner.by_code = ranked


def _walk_pathway(collection: _Collection) -> None:
    """P rows, then the systemic table if a row opens it, then what accompanies every treatment option."""
    facts = collection.facts
    any_site = any(isinstance(found := facts[site], Finding) and found.is_yes for site in pathway.SITES)
    entered: Tri = Tri.NO
    for row in pathway.PATHWAY:
        outcome = collection.evaluate(row)
        if outcome.value is Tri.NO or (outcome.value is Tri.UNKNOWN and not any_site):
            continue
        for output in row.outputs:
            collection.put(row, output, outcome)
        if outcome.value is Tri.YES:
            collection.excluded.update(row.excludes)
        if row.opens_systemic is not None:
            entered = entered | (outcome.value & row.opens_systemic.evaluate(facts).value)
        if row.stop and outcome.value is Tri.YES:
            return
    if entered is not Tri.NO:
        _walk_systemic(collection, entered)
        for row in pathway.WITH_SYSTEMIC:
            if (outcome := collection.evaluate(row)).value is Tri.YES:
                for output in row.outputs:
                    collection.put(row, output, outcome)
    if any(decision.kind is Kind.OPTION for decision in collection.by_code.values()):
        for row in pathway.WITH_TREATMENT:
            for output in row.outputs:
                collection.put(row, output, collection.evaluate(row))


def _prompt(prompt: Prompt, facts: Facts, wanted: _Wanted, severity: Severity, order: str = "") -> Decision:
    names = _merged(wanted.features, prompt.features)
    unknown = tuple(name for name in names if name in facts and not facts[name].known)
    return Decision(
        code=prompt.code,
        kind=Kind.PROMPT,
        row=next(iter(wanted.rows), prompt.code),
        severity=severity,
        note="; ".join(wanted.notes),
        missing=unknown,
        possible=_possible(facts, unknown),
        sources=prompt.sources,
        order=order,
    )


def _overview(facts: Facts, scope: Scope) -> _Collection:
    """patient-view: pathway, options and information, no orders."""
    collection = _Collection(facts)
    fixed = {Scope.COMFORT: pathway.COMFORT_OUTPUTS, Scope.WORK_UP: pathway.WORK_UP_OUTPUTS}
    if scope in fixed:
        row_id = "G7" if scope is Scope.COMFORT else "G6"
        gate = next(gate for gate in pathway.SCOPE_GATE if gate.id == row_id)
        row = Row(row_id, gate.when, fixed[scope], ())
        for output in row.outputs:
            collection.put(row, output, Outcome(Tri.YES, tuple(gate.when.features())))
    elif scope is Scope.FULL:
        _walk_pathway(collection)
        if not facts["histology"].known and collection.by_code:
            collection.ask("missing-histology", "G8")
            collection.by_code = {
                code: replace(
                    decision,
                    strength=Strength.CONDITIONAL,
                    missing=tuple(dict.fromkeys((*decision.missing, "histology"))),
                )
                if decision.kind is Kind.OPTION
                else decision
                for code, decision in collection.by_code.items()
            }
    for code in collection.excluded:
        collection.by_code.pop(code, None)
    return collection


def _check_orders(
    facts: Facts,
    features: RecurrenceFeatures,
    drafts: Sequence[DraftOrder],
    *,
    today: dt.date,
    occasion: Occasion,
    scope: Scope,
) -> tuple[list[Decision], list[str]]:
    """Alerts on the selected drafts, and in full scope the prompts of section 5 for what was drafted."""
    decisions: list[Decision] = []
    failed: list[str] = []
    asked: dict[str, Decision] = {}
    for draft in drafts:
        if not draft.selected:
            continue
        found, broken = check_draft(draft, drafts, facts, features, today, safety_only=scope is not Scope.FULL)
        decisions.extend(found)
        failed.extend(broken)
        covered = {decision.code for decision in found}
        if scope is not Scope.FULL:
            continue
        drafted = families(draft)
        for prompt in PROMPTS:
            unknown = [name for name in prompt.features if name in facts and not facts[name].known]
            if prompt.code in covered or not drafted.intersection(prompt.warns_on) or not unknown:
                continue
            asked_of = _ASKED_OF.get(prompt.code)
            if asked_of is not None and asked_of.evaluate(facts).value is Tri.NO:
                continue
            if prompt.code == "missing-pet-ct" and not _curative(draft):
                continue
            severity = Severity.WARNING if occasion is Occasion.ORDER_SIGN else Severity.INFO
            asked.setdefault(prompt.code, _prompt(prompt, facts, _Wanted(), severity, draft.reference))
    return [*decisions, *asked.values()], failed


def _curative(draft: DraftOrder) -> bool:
    """Staging is asked for before curative treatment; a palliative course needs none."""
    return draft.intent is not Intent.PALLIATIVE


def decide(
    features: RecurrenceFeatures,
    drafts: Sequence[DraftOrder],
    *,
    occasion: Occasion,
    today: dt.date,
) -> Decided:
    """The guideline's answer for one call.

    Args:
        features: the patient's features.
        drafts: the hook's draft orders; empty in patient-view.
        occasion: which hook asks.
        today: the day of the call.

    Returns:
        Scope, decisions in display order, and the rows that could not be evaluated.
    """
    measured = features.mapping()
    gate = next(row for row in pathway.SCOPE_GATE if row.when.evaluate(measured).value is Tri.YES)
    scope_because = _because(measured, gate.when.features())
    if gate.scope is Scope.SILENT:
        return Decided(scope=gate.scope, scope_row=gate.id, scope_because=scope_because)
    facts = judge(features, today)
    if occasion is not Occasion.PATIENT_VIEW:
        decisions, failed = _check_orders(facts, features, drafts, today=today, occasion=occasion, scope=gate.scope)
    else:
        collection = _overview(facts, gate.scope)
        prompts = [
            _prompt(prompt, facts, collection.wanted[prompt.code], Severity.INFO)
            for prompt in PROMPTS
            if prompt.code in collection.wanted and prompt.code not in _ORDER_ONLY
        ]
        decisions, failed = [*collection.by_code.values(), *prompts], collection.failed
    return Decided(
        scope=gate.scope,
        scope_row=gate.id,
        scope_because=scope_because,
        decisions=tuple(sorted(decisions, key=_display_order)),
        failed=tuple(dict.fromkeys(failed)),
    )


_GROUP_ORDER = (
    Group.CURATIVE,
    Group.FIRST_LINE,
    Group.SECOND_LINE,
    Group.REVIEW,
    Group.SUPPORTIVE,
)


def _display_order(decision: Decision) -> tuple[int, int, int]:
    """Alerts by severity, options by strength and then disease-directed first, prompts by rank; else table order."""
    kind = _KIND_ORDER.index(decision.kind)
    if decision.kind is Kind.ALERT:
        return kind, -decision.severity.rank, 0
    if decision.kind is Kind.PROMPT:
        return kind, _PROMPTS_BY_CODE[decision.code].rank, 0
    group = REGISTER[decision.code].group
    place = _GROUP_ORDER.index(group) if group in _GROUP_ORDER else len(_GROUP_ORDER)
    if decision.kind is not Kind.OPTION:
        return kind, 0, place
    # Of conditional options those that say their condition come first: they are the branches of the question.
    unsaid = decision.strength is Strength.CONDITIONAL and not decision.note
    return kind, _weakness(decision), 2 * place + unsaid
