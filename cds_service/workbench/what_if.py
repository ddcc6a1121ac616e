"""What if a feature were otherwise: the features as a table, assumed answers, and what they change."""

from __future__ import annotations

import dataclasses
import datetime as dt
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final, Literal

from cds_service import cards
from cds_service.errors import BadRequest
from cds_service.guideline.decide import Occasion, decide
from cds_service.guideline.register import REGISTER
from cds_service.guideline.rule import Decided, Decision, Kind
from cds_service.pipeline import Consultation
from cds_service.protocol.response import Answer
from cds_service.site import Site
from fhir_mappings import versions
from fhir_mappings.features.fields import FEATURES, Histology, RecurrenceFeatures, Sex
from fhir_mappings.findings import Amount, Choice, Evidence, Feature, Finding, Moment
from fhir_mappings.kleene import Tri
from fhir_mappings.partial_dates import PartialDate
from fhir_mappings.record import Record

ASSUMED: Final = "assumed in the workbench"
UNKNOWN: Final = "unknown"
MAX_FLIPS: Final = len(FEATURES)

_CHOICES: Final[Mapping[str, type[Histology | Sex]]] = MappingProxyType({"histology": Histology, "sex_param": Sex})

Input = Literal["answer", "number", "choice", "date"]
"""How a feature is flipped: yes/no/unknown, a number, one of a few words, or a date."""

_TOPICS: Final = (
    ("Disease", "deceased", "hospice"),
    ("Where the recurrence is", "site_central_pelvic", "metastasis_symptoms"),
    ("Earlier treatment", "prior_pelvic_ebrt", "immunosuppressed"),
    ("Fitness, laboratory, markers", "ecog", "bsa_m2"),
    ("Events and comorbidities", "gi_perforation", "pneumonitis_grade"),
)
"""Heading, first and last feature of each part of the table, in the order of FEATURES."""


@dataclass(frozen=True, slots=True)
class Line:
    """One feature in the table.

    Attributes:
        name: field name.
        label: words.
        value: as it counts now, recorded or assumed.
        recorded: as the record says.
        input: how it is flipped.
        choices: words to choose from, ``unknown`` last, for answers and choices.
        unit: of a number.
        assumed: whether it differs from the record by assumption.
        note: why it is unknown or how it was concluded.
        evidence: the records behind it.
        possible: records that may say so but cannot decide.
        used: a decision of this call rests on it or lacks it.
    """

    name: str
    label: str
    value: str
    recorded: str
    input: Input
    choices: tuple[str, ...]
    unit: str
    assumed: bool
    note: str
    evidence: tuple[Evidence, ...]
    possible: tuple[Evidence, ...]
    used: bool

    @property
    def typed(self) -> str:
        """The value as it stands in an input field."""
        return "" if self.value == UNKNOWN else self.value.removesuffix(self.unit).strip()


@dataclass(frozen=True, slots=True)
class Part:
    """Lines under one heading."""

    title: str
    lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class Change:
    """One code that an assumption adds, removes or changes.

    Attributes:
        how: ``appears``, ``disappears`` or ``changes``.
        title: of the code.
        before: what it was, in words; empty when it appears.
        after: what it is, in words; empty when it disappears.
    """

    how: Literal["appears", "disappears", "changes"]
    code: str
    title: str
    kind: str
    row: str
    before: str
    after: str


def assume(features: RecurrenceFeatures, flips: Mapping[str, str]) -> RecurrenceFeatures:
    """The features with some answers replaced.

    Args:
        features: as derived.
        flips: feature name to ``yes``, ``no``, ``unknown``, a number, one of a choice's words, or an ISO date.

    Returns:
        A copy. Only the named features change; those derived from the same records stay as they are.

    Raises:
        BadRequest: a name that is no feature, or an answer that it cannot have.
    """
    answers: dict[str, Any] = {name: _assumed(name, features, text) for name, text in flips.items()}
    return dataclasses.replace(features, **answers)


def _assumed(name: str, features: RecurrenceFeatures, text: str) -> Feature:
    if name not in FEATURES:
        raise BadRequest("It names a feature that does not exist", "flips")
    feature: Feature = getattr(features, name)
    try:
        return _replaced(name, feature, text.strip())
    except ValueError:
        raise BadRequest(f"It is no answer to: {FEATURES[name].label}", "flips") from None


def _replaced(name: str, feature: Feature, text: str) -> Feature:
    empty = text in ("", UNKNOWN)
    if isinstance(feature, Finding):
        return Finding(Tri(text or UNKNOWN), note=ASSUMED)
    if isinstance(feature, Amount):
        if empty:
            return Amount(unit=feature.unit, note=ASSUMED)
        number = float(text)
        if not math.isfinite(number):
            raise ValueError(text)
        return Amount.exactly(number, feature.unit, note=ASSUMED)
    if isinstance(feature, Moment):
        return Moment(None if empty else PartialDate.on(dt.date.fromisoformat(text)), note=ASSUMED)
    return Choice(None if empty else _CHOICES[name](text), note=ASSUMED)


@dataclass(frozen=True, slots=True)
class Supposition:
    """What the guideline would say under the assumptions.

    Attributes:
        features: with the assumed answers.
        decided: what the tables say of them.
        answer: the cards.
    """

    features: RecurrenceFeatures
    decided: Decided
    answer: Answer


def suppose(
    consultation: Consultation,
    flips: Mapping[str, str],
    *,
    record: Record,
    occasion: Occasion,
    hook_instance: str,
    today: dt.date,
    site: Site,
) -> Supposition:
    """Decide and render again with some answers replaced; the record is not read again.

    Raises:
        BadRequest: see :func:`assume`.
    """
    features = assume(consultation.features, flips)
    decided = decide(features, consultation.history.drafts, occasion=occasion, today=today)
    answer = cards.render(
        decided,
        features,
        consultation.history,
        patient_id=record.patient_id,
        proposals=versions.proposals(record),
        occasion=occasion,
        hook_instance=hook_instance,
        site=site,
    )
    return Supposition(features, decided, answer)


def changes(before: Iterable[Decision], after: Iterable[Decision]) -> tuple[Change, ...]:
    """The codes that differ: those that appear, those that disappear, those put otherwise; in display order."""
    old = {decision.code: decision for decision in before}
    new = {decision.code: decision for decision in after}
    found = [
        _change("changes" if code in old else "appears", old.get(code), decision)
        for code, decision in new.items()
        if code not in old or _standing(old[code]) != _standing(decision)
    ]
    found += [_change("disappears", decision, None) for code, decision in old.items() if code not in new]
    return tuple(found)


def _change(
    how: Literal["appears", "disappears", "changes"], before: Decision | None, after: Decision | None
) -> Change:
    known = after or before
    if known is None:
        raise ValueError("a change has a before or an after")
    return Change(
        how,
        known.code,
        REGISTER[known.code].title,
        known.kind.value,
        known.row,
        _standing(before) if before else "",
        _standing(after) if after else "",
    )


def _standing(decision: Decision) -> str:
    """How a code is put: the strength of an option, the severity of an alert, else only what kind it is."""
    if decision.kind is Kind.OPTION and decision.strength is not None:
        return f"{decision.strength.value} ({decision.note})" if decision.note else decision.strength.value
    return decision.severity.value if decision.kind is Kind.ALERT else decision.kind.value


def table(
    recorded: RecurrenceFeatures, current: RecurrenceFeatures, decisions: Sequence[Decision], flips: Iterable[str]
) -> tuple[Part, ...]:
    """Every feature with its records, in the order of the decision model.

    Args:
        recorded: as derived.
        current: with the assumed answers.
        decisions: of the call; what they rest on or lack is marked as used.
        flips: names of the assumed features.
    """
    flipped = frozenset(flips)
    used = {because.feature for decision in decisions for because in decision.because}
    used |= {name for decision in decisions for name in (*decision.missing, *decision.unchecked)}
    names = list(FEATURES)
    parts = []
    for title, first, last in _TOPICS:
        chosen = names[names.index(first) : names.index(last) + 1]
        lines = tuple(
            _line(name, getattr(recorded, name), getattr(current, name), used=name in used, assumed=name in flipped)
            for name in chosen
        )
        parts.append(Part(title, lines))
    return tuple(parts)


def _line(name: str, recorded: Feature, current: Feature, *, used: bool, assumed: bool) -> Line:
    kind: Input = "answer"
    choices: tuple[str, ...] = tuple(each.value for each in Tri)
    unit = ""
    if isinstance(current, Amount):
        kind, choices, unit = "number", (), current.unit
    elif isinstance(current, Moment):
        kind, choices = "date", ()
    elif isinstance(current, Choice):
        kind, choices = "choice", (*(each.value for each in _CHOICES[name]), UNKNOWN)
    return Line(
        name=name,
        label=FEATURES[name].label,
        value=current.show(),
        recorded=recorded.show(),
        input=kind,
        choices=choices,
        unit=unit,
        assumed=assumed,
        note=recorded.note,
        evidence=recorded.evidence,
        possible=recorded.possible,
        used=used,
    )
