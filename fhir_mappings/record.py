"""What was obtained of one patient's record, as bytes, before anything is read.

The four states follow requirement SAFE-05: only ``none`` (looked for, nothing there) can support an absence;
``not-obtained`` never can.
"""

from __future__ import annotations

import datetime as dt
import enum
from collections.abc import Mapping
from dataclasses import dataclass, field

Payload = bytes | bytearray | memoryview
"""Raw JSON: a Bundle, a single resource or an array of resources, exactly as received."""


class State(enum.Enum):
    """How the search for one kind of data ended."""

    PRESENT = "present"
    NONE = "none"
    NOT_OBTAINED = "not-obtained"


@dataclass(frozen=True, slots=True)
class Obtained:
    """The answer to one prefetch key.

    Attributes:
        key: the prefetch key, such as ``conditions``.
        state: present, none or not-obtained.
        cause: why it was not obtained, in words fit for a card ("the FHIR server refused access"); empty otherwise.
        payloads: the raw JSON received, one item for each page or resource.
        incomplete: why a present answer may lack entries ("more pages could not be read"); empty when whole.
    """

    key: str
    state: State
    cause: str = ""
    payloads: tuple[Payload, ...] = ()
    incomplete: str = ""


@dataclass(frozen=True, slots=True)
class Record:
    """Everything one hook call has at hand about its patient.

    Attributes:
        patient_id: the bare id of ``context.patientId``.
        base_url: the caller's FHIR base (with trailing slash), if it named one: absolute references below it are local.
        obtained: answer for each prefetch key.
        draft_orders: raw JSON of ``context.draftOrders`` in order hooks.
        selections: ``Type/id`` of the drafts to advise on (order-select); None means all drafts count.
        fhir_version: what the caller said its FHIR version is, such as ``4.0.1``; empty when not said.
        today: the day of the call, if it is said; a measurement of a later day overtakes none.
        settled: Patient and Conditions alone showed that the patient is out of scope; nothing else was looked at.
    """

    patient_id: str
    base_url: str = ""
    obtained: Mapping[str, Obtained] = field(default_factory=dict)
    draft_orders: Payload | None = None
    selections: tuple[str, ...] | None = None
    fhir_version: str = ""
    today: dt.date | None = None
    settled: bool = False
