"""The one sentence, as one function: a record is read, features are derived, the guideline decides, cards are rendered.

Gathering stands before it (``ehr.gather``), encoding after it (``web``). Everything here is a pure function of its
arguments, today's date included.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, replace

from cds_service import cards
from cds_service.errors import UnsupportedFhirVersion
from cds_service.guideline.decide import Occasion, decide
from cds_service.guideline.rule import Decided
from cds_service.guideline.thresholds import WINDOWS
from cds_service.protocol.discovery import Service
from cds_service.protocol.request import HookRequest
from cds_service.protocol.response import Answer
from cds_service.site import Site
from fhir_mappings import versions
from fhir_mappings.features.course import MAY_BE_CERVICAL
from fhir_mappings.features.derive import derive
from fhir_mappings.features.fields import Purpose, RecurrenceFeatures
from fhir_mappings.history import History
from fhir_mappings.r4 import glance
from fhir_mappings.record import Record


@dataclass(frozen=True, slots=True)
class Consultation:
    """Every step's result for one call.

    Attributes:
        history: what was read of the record.
        features: what the guideline asks about.
        decided: what the tables say.
        answer: the cards.
    """

    history: History
    features: RecurrenceFeatures
    decided: Decided
    answer: Answer


@dataclass(frozen=True, slots=True)
class Advice:
    """The answer to one call, and what may be said of it where no patient is named (audit, metrics).

    Attributes:
        answer: the cards.
        scope_row: row of the scope gate that applied.
        failed: rows that raised and were shown as not evaluated.
    """

    answer: Answer
    scope_row: str
    failed: tuple[str, ...]


def consult(record: Record, *, occasion: Occasion, hook_instance: str, today: dt.date, site: Site) -> Consultation:
    """Read, derive, decide, render.

    Args:
        record: what was obtained of the patient's record, drafts included.
        occasion: the hook.
        hook_instance: the client's name for the call; card ids are derived from it.
        today: the day of the call.
        site: the caller's profile and the site's texts.

    Returns:
        Every step's result.

    Raises:
        UnsupportedVersion: the record is of a FHIR version that no folder reads.
    """
    history, proposals = versions.read_for_reply(replace(record, today=today))
    purpose = Purpose.OVERVIEW if occasion is Occasion.PATIENT_VIEW else Purpose.ORDER
    features = derive(history, today=today, purpose=purpose, windows=WINDOWS)
    decided = decide(features, history.drafts, occasion=occasion, today=today)
    answer = cards.render(
        decided,
        features,
        history,
        patient_id=record.patient_id,
        proposals=proposals,
        occasion=occasion,
        hook_instance=hook_instance,
        site=site,
    )
    return Consultation(history, features, decided, answer)


_SILENCE = Advice(Answer(), "G2", ())
"""For a patient without cervical cancer, as the whole pipeline would say it."""


def settles(record: Record) -> bool:
    """Whether Patient and Conditions alone show that there is nothing to say (scope row G2), without being read.

    Args:
        record: with the answers to the keys ``patient`` and ``conditions``; no other key may hold a Condition.
    """
    return glance.rules_out(record, MAY_BE_CERVICAL)


def answer(service: Service, request: HookRequest, record: Record, *, today: dt.date, site: Site) -> Advice:
    """The answer to one hook call.

    Args:
        service: the service called; its hook is the occasion.
        request: the call.
        record: what was gathered for it.
        today: the day of the call.
        site: the caller's profile and the site's texts.

    Raises:
        UnsupportedFhirVersion: the record is of a FHIR version that is not read.
    """
    if record.settled:
        return _SILENCE
    try:
        consultation = consult(
            record,
            occasion=Occasion(service.hook),
            hook_instance=request.hook_instance,
            today=today,
            site=site,
        )
    except versions.UnsupportedVersion as unsupported:
        raise UnsupportedFhirVersion(str(unsupported)) from None
    return Advice(consultation.answer, consultation.decided.scope_row, consultation.decided.failed)
