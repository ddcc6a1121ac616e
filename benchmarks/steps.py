"""What each step of a call costs by itself, in processor time of one thread."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, Final, TypeVar

from benchmarks.records import Call
from cds_service import cards, hooks, pipeline
from cds_service.ehr.client import FhirClient
from cds_service.ehr.gather import gather
from cds_service.guideline.decide import Occasion, decide
from cds_service.guideline.thresholds import WINDOWS
from cds_service.protocol.request import decode
from cds_service.protocol.response import encode
from cds_service.site import Site
from fhir_mappings import r4, versions
from fhir_mappings.features.derive import derive
from fhir_mappings.features.fields import Purpose
from fhir_mappings.r4.screen import screen

TODAY: Final = dt.date(2026, 11, 24)
"""The day of the sample records."""

Result = TypeVar("Result")


def shares(calls: Sequence[Call], rounds: int, *, hook: str = "patient-view") -> dict[str, float]:
    """Step to its cost in ms, the lower quartile over all calls and rounds.

    ``screen`` is what finds the resources that matter, ``models`` what reads these; for a patient out of scope the
    glance at Patient and Conditions is part of ``gather`` and nothing follows.
    """
    service = next(each for each in hooks.SERVICES if each.hook == hook)
    purpose = Purpose.OVERVIEW if hook == "patient-view" else Purpose.ORDER
    client = FhirClient([], loopback=True)
    spent: dict[str, list[float]] = {}

    def timed(step: str, work: Callable[..., Result], *rest: Any, **named: Any) -> Result:
        began = time.thread_time()
        result = work(*rest, **named)
        spent.setdefault(step, []).append((time.thread_time() - began) * 1e3)
        return result

    versions.warm()
    for _ in range(rounds):
        for call in calls:
            request = timed("decode", decode, call.body)
            record = timed(
                "gather", gather, request, service, client=client, deadline_seconds=1.0, settles=pipeline.settles
            )
            if record.settled:
                continue
            record = replace(record, today=TODAY)
            timed("screen", screen, record)
            history = timed("models", r4.read, record)
            features = timed("features", derive, history, today=TODAY, purpose=purpose, windows=WINDOWS)
            decided = timed("rules", decide, features, history.drafts, occasion=Occasion(hook), today=TODAY)
            answer = timed(
                "cards",
                cards.render,
                decided,
                features,
                history,
                patient_id=record.patient_id,
                proposals=versions.PROPOSALS[versions.DEFAULT],
                occasion=Occasion(hook),
                hook_instance=request.hook_instance,
                site=Site(),
            )
            timed("encode", encode, answer)
    client.close()
    costs = {step: sorted(times)[len(times) // 4] for step, times in spent.items()}
    if "models" in costs:
        costs["models"] -= costs["screen"]  # reading screens first
    return costs
