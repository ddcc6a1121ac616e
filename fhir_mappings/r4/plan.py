"""ServiceRequest and Appointment -> Plan."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final

from fhir_mappings.history import Plan
from fhir_mappings.partial_dates import PartialDate
from fhir_mappings.r4.elements import choice_of_date, concepts_over, priority, sites_of, span, treatment_intent
from fhir_mappings.r4.models import Invalid
from fhir_mappings.r4.source import Read, Reader, Source, status_word

_REQUEST: Final[Mapping[str, bool]] = MappingProxyType(
    {
        "active": True,
        "on-hold": True,
        "draft": False,
        "revoked": False,
        "completed": False,
        "unknown": False,
    }
)
_INTENTS: Final[Mapping[str, bool]] = MappingProxyType(
    {
        "order": True,
        "original-order": True,
        "reflex-order": True,
        "filler-order": True,
        "instance-order": True,
        "plan": True,
        "directive": True,
        # Nobody has decided yet.
        "proposal": False,
        "option": False,
    }
)
_APPOINTMENT: Final[Mapping[str, bool]] = MappingProxyType(
    {
        "booked": True,
        "pending": True,
        "arrived": True,
        "checked-in": True,
        "waitlist": True,
        "proposed": False,
        "fulfilled": False,
        "cancelled": False,
        "noshow": False,
    }
)


def read_request(request: Any, source: Source) -> tuple[Read, ...]:
    """Read a ServiceRequest on record; one that forbids the service says nothing."""
    if request.doNotPerform:
        return ()
    active = status_word(request.status, _REQUEST)
    if request.intent not in _INTENTS:
        raise Invalid("its intent is not known here")
    active = active and _INTENTS[request.intent]
    body_sites = sites_of(request.bodySite)
    marks = concepts_over([*(request.category or ()), *(request.orderDetail or ())])
    when = choice_of_date(request, "occurrence", source.birth)
    return (
        Plan(
            **source.fact("requested" if active else "request not active", sites=body_sites),
            date=span(*when),
            active=active,
            priority=priority(request.priority, marks, source.meaning.concepts),
            body_sites=body_sites,
            intent=treatment_intent(request),
        ),
    )


def read_appointment(appointment: Any, source: Source) -> tuple[Read, ...]:
    """Read an Appointment; its date is the day of its start, else of the first requested period."""
    active = status_word(appointment.status, _APPOINTMENT)
    start = PartialDate.read(appointment.start)
    if start is None and appointment.requestedPeriod:
        first = appointment.requestedPeriod[0]
        start = span(PartialDate.read(first.start), PartialDate.read(first.end))
    return (
        Plan(
            **source.fact("booked" if active else "not booked"),
            date=start,
            active=active,
            priority=priority(None, source.meaning.concepts),
        ),
    )


REQUEST: Final = Reader(
    elements=(
        *("subject", "status", "intent", "code", "category", "orderDetail", "priority", "doNotPerform", "bodySite"),
        *("occurrenceDateTime", "occurrencePeriod", "extension"),
    ),
    read=read_request,
)
APPOINTMENT: Final = Reader(
    elements=("status", "start", "requestedPeriod", "participant"),
    read=read_appointment,
)
