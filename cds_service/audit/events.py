"""Audit records as FHIR R4 AuditEvent, after the minimal patterns of IHE's Basic Audit Log Patterns (BALP 1.1).

A question to the FHIR server follows PatientQuery or PatientRead; a successful one claims the profile, since BALP ties
it to success. A hook call and feedback are no FHIR interactions: they keep the same agents and entities and claim none.
"""

from __future__ import annotations

import base64
import datetime as dt
from dataclasses import dataclass
from typing import Any, Final, Literal

import msgspec

_BALP: Final = "https://profiles.ihe.net/ITI/BALP/StructureDefinition/IHE.BasicAudit."
_BALP_ENTITY_TYPE: Final = "https://profiles.ihe.net/ITI/BALP/CodeSystem/BasicAuditEntityType"
_DCM: Final = "http://dicom.nema.org/resources/ontology/DCM"
_INTERACTION: Final = "http://hl7.org/fhir/restful-interaction"
_ROLE: Final = "http://terminology.hl7.org/CodeSystem/object-role"
_ENTITY_TYPE: Final = "http://terminology.hl7.org/CodeSystem/audit-entity-type"
_DETAIL: Final = "org.recurrence-cds."

Raw = msgspec.Raw


def _fixed(value: Any) -> Raw:
    """A part that is the same in every record, encoded once."""
    return Raw(msgspec.json.encode(value))


_REST: Final = _fixed(
    {
        "system": "http://terminology.hl7.org/CodeSystem/audit-event-type",
        "code": "rest",
        "display": "Restful Operation",
    }
)
_SEARCH: Final = _fixed([{"system": _INTERACTION, "code": "search-type", "display": "search-type"}])
_READ: Final = _fixed([{"system": _INTERACTION, "code": "read", "display": "read"}])
_OPERATION: Final = _fixed([{"system": _INTERACTION, "code": "operation", "display": "operation"}])
_SOURCE_ROLE: Final = _fixed({"coding": [{"system": _DCM, "code": "110153", "display": "Source Role ID"}]})
_DESTINATION_ROLE: Final = _fixed({"coding": [{"system": _DCM, "code": "110152", "display": "Destination Role ID"}]})
_USER_ROLE: Final = _fixed(
    {
        "coding": [
            {
                "system": "http://terminology.hl7.org/CodeSystem/v3-ParticipationType",
                "code": "IRCP",
                "display": "information recipient",
            }
        ]
    }
)
_PERSON: Final = _fixed({"system": _ENTITY_TYPE, "code": "1", "display": "Person"})
_SYSTEM_OBJECT: Final = _fixed({"system": _ENTITY_TYPE, "code": "2", "display": "System Object"})
_OTHER: Final = _fixed({"system": _ENTITY_TYPE, "code": "4", "display": "Other"})
_PATIENT: Final = _fixed({"system": _ROLE, "code": "1", "display": "Patient"})
_RESOURCE: Final = _fixed({"system": _ROLE, "code": "4", "display": "Domain Resource"})
_JOB: Final = _fixed({"system": _ROLE, "code": "20", "display": "Job"})
_QUERY: Final = _fixed({"system": _ROLE, "code": "24", "display": "Query"})
_REQUEST_ID: Final = _fixed(
    {"system": _BALP_ENTITY_TYPE, "code": "XrequestId", "display": "transport specific unique identifier"}
)
_OBSERVER_TYPE: Final = _fixed(
    [
        {
            "system": "http://terminology.hl7.org/CodeSystem/security-source-type",
            "code": "4",
            "display": "Application Server",
        }
    ]
)
_QUERY_PROFILE: Final = _fixed({"profile": [f"{_BALP}PatientQuery"]})
_READ_PROFILE: Final = _fixed({"profile": [f"{_BALP}PatientRead"]})


@dataclass(slots=True, kw_only=True)
class Call:
    """One request to this service, filled in as it becomes known.

    Attributes:
        request_id: of the HTTP request.
        service: id of the service called.
        kind: what was called.
        hook: name of the hook.
        hook_instance: the client's name for the invocation.
        issuer: ``iss`` of the client; empty in sandbox mode.
        tenant: of the client.
        address: the client's network address.
        user: ``context.userId`` as ``Type/id``.
        patient_id: bare; empty when the request did not get as far.
        knowledge: version of the knowledge behind the answer.
        scope: row of the scope gate that applied.
        rules: ``row:code`` of what was shown.
        failed: rows that could not be evaluated.
        cards: how many were shown; items for feedback.
    """

    request_id: str
    service: str
    kind: Literal["hook", "feedback", "app"]
    hook: str = ""
    hook_instance: str = ""
    issuer: str = ""
    tenant: str = ""
    address: str = ""
    user: str = ""
    patient_id: str = ""
    knowledge: str = ""
    scope: str = ""
    rules: tuple[str, ...] = ()
    failed: tuple[str, ...] = ()
    cards: int = 0


@dataclass(frozen=True, slots=True)
class Asked:
    """One request to the FHIR server.

    Attributes:
        base: URL of the server.
        url: that was asked for, whole.
        search: whether it was a search, or the reading of one resource.
        cause: why it failed; empty when it did not.
    """

    base: str
    url: str
    search: bool
    cause: str = ""


@dataclass(frozen=True, slots=True)
class Answered:
    """How a request to this service ended: its HTTP status."""

    status: int


def event(identifier: str, call: Call, what: Asked | Answered, *, recorded: float, site: str) -> bytes:
    """One AuditEvent as JSON.

    Args:
        identifier: of the record; stays the same when it has to be written again.
        call: the request to this service that it happened in.
        what: a request to the FHIR server, or the end of the call itself.
        recorded: when, in seconds since 1970.
        site: public base URL of this service.
    """
    made = _asked(call, what, site) if isinstance(what, Asked) else _answered(call, what, site)
    moment = dt.datetime.fromtimestamp(recorded, dt.UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return msgspec.json.encode(
        {
            "resourceType": "AuditEvent",
            "id": identifier,
            **made,
            "recorded": moment,
            "source": {"site": site, "observer": {"display": site}, "type": _OBSERVER_TYPE},
        }
    )


def _asked(call: Call, asked: Asked, site: str) -> dict[str, Any]:
    """PatientQuery or PatientRead: this service is the client. BALP turns the two roles around between them."""
    ours, theirs = (_SOURCE_ROLE, _DESTINATION_ROLE) if asked.search else (_DESTINATION_ROLE, _SOURCE_ROLE)
    entities = _entities(call)
    if asked.search:
        query = base64.b64encode(f"GET {asked.url}".encode()).decode()
        entities.append({"type": _SYSTEM_OBJECT, "role": _QUERY, "query": query})
    else:
        reference = asked.url.removeprefix(asked.base)
        entities.append({"type": _SYSTEM_OBJECT, "role": _RESOURCE, "what": {"reference": reference}})
    profile = {} if asked.cause else {"meta": _QUERY_PROFILE if asked.search else _READ_PROFILE}
    return {
        **profile,
        "type": _REST,
        "subtype": _SEARCH if asked.search else _READ,
        "action": "E" if asked.search else "R",
        **_outcome("8" if asked.cause else "0", asked.cause),
        "agent": [
            _agent(ours, display=site, address=site),
            _agent(theirs, display=asked.base, address=asked.base),
            *_user(call),
        ],
        "entity": entities,
    }


def _answered(call: Call, answered: Answered, site: str) -> dict[str, Any]:
    code = "0" if answered.status < 400 else "4" if answered.status < 500 else "8"
    details = [
        ("kind", call.kind),
        ("service", call.service),
        ("hook", call.hook),
        ("hook-instance", call.hook_instance),
        ("tenant", call.tenant),
        ("knowledge", call.knowledge),
        ("scope", call.scope),
        ("shown", str(call.cards)),
        *(("rule", rule) for rule in call.rules),
        *(("rule-failed", row) for row in call.failed),
    ]
    job = {
        "type": _OTHER,
        "role": _JOB,
        "detail": [{"type": f"{_DETAIL}{name}", "valueString": value} for name, value in details if value],
    }
    client = call.issuer or call.address or "not authenticated"
    return {
        "type": _REST,
        "subtype": _OPERATION,
        "action": "C" if call.kind == "feedback" else "E",
        **_outcome(code, f"HTTP {answered.status}" if code != "0" else ""),
        "agent": [
            _agent(_SOURCE_ROLE, display=client, address=call.address, kind="2"),
            _agent(_DESTINATION_ROLE, display=site, address=site),
            *_user(call),
        ],
        "entity": [*_entities(call), job],
    }


def _outcome(code: str, description: str) -> dict[str, Any]:
    return {"outcome": code, "outcomeDesc": description} if description else {"outcome": code}


def _agent(role: Raw, *, display: str, address: str, kind: str = "5") -> dict[str, Any]:
    network = {"network": {"address": address, "type": kind}} if address else {}
    return {"type": role, "who": {"display": display}, "requestor": False, **network}


def _user(call: Call) -> list[dict[str, Any]]:
    """Whom the answer is for, and for whom the call said to act."""
    return [{"type": _USER_ROLE, "who": {"reference": call.user}, "requestor": True}] if call.user else []


def _entities(call: Call) -> list[dict[str, Any]]:
    entities: list[dict[str, Any]] = [{"type": _REQUEST_ID, "what": {"identifier": {"value": call.request_id}}}]
    if call.patient_id:
        entities.append({"type": _PERSON, "role": _PATIENT, "what": {"reference": f"Patient/{call.patient_id}"}})
    return entities
