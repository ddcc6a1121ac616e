"""FHIR version -> the folder that reads it."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from types import MappingProxyType, ModuleType
from typing import Final

from fhir_mappings import r4, r5, stu3
from fhir_mappings.history import History
from fhir_mappings.r4 import proposal as r4_proposal
from fhir_mappings.r5 import proposal as r5_proposal
from fhir_mappings.record import Record
from fhir_mappings.stu3 import proposal as stu3_proposal

READERS: Final[Mapping[str, Callable[[Record], History]]] = MappingProxyType(
    {"3": stu3.read, "4": r4.read, "5": r5.read}
)
"""Major version -> reader. A new version is a folder beside ``r4``, a word here and one in PROPOSALS."""

PROPOSALS: Final[Mapping[str, ModuleType]] = MappingProxyType({"3": stu3_proposal, "4": r4_proposal, "5": r5_proposal})
"""Major version -> builder of proposals."""

DEFAULT: Final = "4"
"""What is read when the caller does not say its version and nothing tells it."""

_NAMES: Final[Mapping[str, str]] = MappingProxyType(
    {"0": "DSTU1", "1": "DSTU2", "3": "STU3", "4": "R4", "5": "R5", "6": "R6"}
)

_TELL_TALES: Final[Mapping[str, tuple[bytes, ...]]] = MappingProxyType(
    {
        "1": (b'"MedicationOrder"', b'"DiagnosticOrder"', b'"dateRecorded"', b'"wasNotTaken"', b'"wasNotGiven"'),
        "3": (
            *(b'"ProcedureRequest"', b'"ReferralRequest"', b'"assertedDate"', b'"notDone"', b'"notGiven"', b'"taken"'),
            *(b'"codedDiagnosis"', b'"requester":{"agent"', b'"interpretation":{', b'"questionnaire":{'),
            # Codes that R4 made CodeableConcepts; a dose without doseAndRate.
            *(b'"clinicalStatus":"', b'"verificationStatus":"', b'"doseQuantity"', b'"suspended"', b'"aborted"'),
        ),
        "5": (
            *(b'"concept":{', b'"medication":{', b'"adherence":{', b'"occurenceDateTime"', b'"occurencePeriod"'),
            *(b'"occurrenceDateTime"', b'"occurrencePeriod"', b'"recorded"'),
        ),
    }
)
"""Names that R4 does not have, or has elsewhere. Looked for only when R4's reader could not read something."""


class UnsupportedVersion(ValueError):  # noqa: N818 - says what it is
    """The caller speaks a FHIR version that no folder reads; ``str()`` is fit for an OperationOutcome.

    Attributes:
        version: as told or found, such as ``STU3``.
    """

    def __init__(self, version: str) -> None:
        self.version = version
        known = ", ".join(_NAMES.get(each, each) for each in sorted(READERS))
        super().__init__(f"FHIR {version} is not supported; this service reads FHIR {known}")


def _major(stated: str) -> str:
    """Major version of ``4.0.1``, ``4.3`` or a name such as ``R4B`` or ``STU3``; empty when not stated."""
    text = stated.strip().upper()
    for prefix, named in (("DSTU", {"1": "0", "2": "1"}), ("STU", {}), ("R", {})):
        if text.startswith(prefix):
            digit = text.removeprefix(prefix)[:1]
            return named.get(digit, digit)
    return text.partition(".")[0]


def _hinted(record: Record) -> list[str]:
    """The versions that names in the data hint at."""
    payloads = [bytes(payload) for key in sorted(record.obtained) for payload in record.obtained[key].payloads]
    if record.draft_orders is not None:
        payloads.append(bytes(record.draft_orders))
    squeezed = [_WHITE.sub(b"", payload) for payload in payloads]
    return [
        version
        for version, names in _TELL_TALES.items()
        if any(name in payload for payload in squeezed for name in names)
    ]


_WHITE: Final = re.compile(rb"\s+")
_FOREIGN_DRAFTS: Final = frozenset({"ProcedureRequest", "ReferralRequest", "MedicationOrder", "DiagnosticOrder"})
"""Types of orders that R4 does not have."""


def _suspicious(history: History) -> bool:
    """Whether what R4's reader left may be due to another version."""
    return (
        bool(history.unreadable)
        or history.set_aside.no_subject > 0
        or any(draft.resource_type in _FOREIGN_DRAFTS for draft in history.drafts)
    )


def _understood(history: History) -> tuple[int, int]:
    """How many facts and orders a reader made out, then how little it left unread or nobody's."""
    kinds = (
        *(history.diagnoses, history.treatments, history.drugs, history.observed),
        *(history.reports, history.plans, history.allergies),
    )
    found = sum(map(len, kinds)) + sum(bool(draft.concepts) for draft in history.drafts)
    return found, -len(history.unreadable) - history.set_aside.no_subject


def read(record: Record) -> History:
    """The history alone; see :func:`read_for_reply`."""
    return read_for_reply(record)[0]


def read_for_reply(record: Record) -> tuple[History, ModuleType]:
    """Read one call's data with the reader of its FHIR version.

    Args:
        record: what was obtained. Its ``fhir_version`` decides when it is stated. When it is not, R4 is read; should
            something not be readable and the data hold names of other versions, the version is meant by which most can
            be read, R4 when that is no other.

    Returns:
        The version-free history, and the builder of proposals and corrected drafts in the caller's FHIR version
        (:mod:`fhir_mappings.r4.proposal`).

    Raises:
        UnsupportedVersion: no folder reads that version.
    """
    stated = _major(record.fhir_version)
    major = stated or DEFAULT
    reader = READERS.get(major)
    if reader is None:
        raise UnsupportedVersion(_NAMES.get(major, record.fhir_version))
    history = reader(record)
    if stated or not _suspicious(history):
        return history, PROPOSALS[major]
    for version in _hinted(record):
        if version not in READERS:
            raise UnsupportedVersion(_NAMES[version])
        other = READERS[version](record)
        if _understood(other) > _understood(history):
            history, major = other, version
    return history, PROPOSALS[major]


def warm() -> None:
    """Have at hand what the first call of a process would have to import: R4's; the others come with their callers."""
    r4.warm()
    r4_proposal.warm()


def proposals(record: Record) -> ModuleType:
    """The builder alone; see :func:`read_for_reply`."""
    return read_for_reply(record)[1]
