"""What the whole pipeline makes of a vignette, run once for all tests that ask."""

from __future__ import annotations

import json
from collections.abc import Iterable
from functools import cache
from typing import Any, Final

from cds_service.guideline import pathway, systemic
from cds_service.guideline.conditions import Condition
from cds_service.guideline.decide import Occasion
from cds_service.guideline.rule import Decision
from cds_service.pipeline import Consultation, consult
from cds_service.protocol.response import encode
from cds_service.site import Site
from fhir_mappings.record import Record
from tests.vignette import Expected, Vignette, vignettes

ROWS: Final = (
    *pathway.PATHWAY,
    *pathway.WITH_TREATMENT,
    *pathway.WITH_SYSTEMIC,
    *systemic.FIRST_LINE,
    *systemic.MODIFIERS,
    *systemic.SECOND_LINE,
)
"""Every row of the pathway and of the systemic tables."""

CONDITIONS: Final[dict[str, Condition]] = {row.id: row.when for row in ROWS}


def ask(case: Vignette, record: Record) -> Consultation:
    """Consult about a record as the case does."""
    return consult(
        record,
        occasion=Occasion(case.hook),
        hook_instance=f"vignette {case.id}",
        today=case.today,
        site=Site(),
    )


@cache
def _runs() -> dict[str, Consultation]:
    return {}


def run(case: Vignette) -> Consultation:
    """What the pipeline makes of a case with its complete record."""
    runs = _runs()
    if case.id not in runs:
        runs[case.id] = ask(case, case.record())
    return runs[case.id]


def answer(case: Vignette) -> dict[str, Any]:
    """The answer as sent, decoded."""
    body: dict[str, Any] = json.loads(encode(run(case).answer))
    return body


def weight(decision: Decision) -> str:
    """How strongly a decision is put: strength of an option, severity of anything else."""
    return decision.strength.value if decision.strength is not None else decision.severity.value


def fits(decision: Decision, expected: Expected) -> bool:
    """Whether the decision is the output expected."""
    return (
        decision.code == expected.code
        and expected.weight in ("", weight(decision))
        and expected.row in ("", decision.row)
    )


def shown(decisions: Iterable[Decision]) -> list[str]:
    """The decisions as vignettes write them."""
    return [f"{each.code}:{weight(each)}@{each.row}" for each in decisions]


def named(name: str) -> Vignette:
    """The case of that id."""
    return next(case for case in vignettes() if case.id == name)
