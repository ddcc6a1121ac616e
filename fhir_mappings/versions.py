"""FHIR version -> the folder that reads it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType, ModuleType
from typing import Final

from fhir_mappings import r4
from fhir_mappings.history import History
from fhir_mappings.r4 import proposal
from fhir_mappings.record import Record

READERS: Final[Mapping[str, Callable[[Record], History]]] = MappingProxyType({"4": r4.read})
"""Major version -> reader. A new version is a folder beside ``r4`` and a line here."""

PROPOSALS: Final[Mapping[str, ModuleType]] = MappingProxyType({"4": proposal})
"""Major version -> builder of proposals."""

DEFAULT: Final = "4"
"""What is read when the caller does not say its version and nothing tells it."""

_NAMES: Final[Mapping[str, str]] = MappingProxyType(
    {"0": "DSTU1", "1": "DSTU2", "3": "STU3", "4": "R4", "5": "R5", "6": "R6"}
)

_TELL_TALES: Final[tuple[tuple[str, tuple[bytes, ...]], ...]] = (
    ("1", (b'"MedicationOrder"', b'"DiagnosticOrder"', b'"dateRecorded"', b'"wasNotTaken"', b'"wasNotGiven"')),
    ("3", (b'"ProcedureRequest"', b'"ReferralRequest"', b'"assertedDate"', b'"notDone"', b'"notGiven"', b'"taken"')),
    # Status codes that R4 made CodeableConcepts.
    ("3", (b'"clinicalStatus":"', b'"verificationStatus":"')),
    ("5", (b'"medication":{"concept"', b'"medication":{"reference":{', b'"occurenceDateTime"', b'"CodeableReference"')),
)
"""Names that only one version has. Looked for only when R4 readers could not read something (``_told_apart``)."""


class UnsupportedVersion(ValueError):  # noqa: N818 - says what it is
    """The caller speaks a FHIR version that no folder reads; ``str()`` is fit for an OperationOutcome.

    Attributes:
        version: as told or found, such as ``STU3``.
    """

    def __init__(self, version: str) -> None:
        self.version = version
        known = ", ".join(_NAMES.get(each, each) for each in sorted(READERS))
        super().__init__(f"FHIR {version} is not supported yet; this service reads FHIR {known}")


def _major(stated: str) -> str:
    """Major version of ``4.0.1``, ``4.3`` or a name such as ``R4B`` or ``STU3``; empty when not stated."""
    text = stated.strip().upper()
    for prefix, named in (("DSTU", {"1": "0", "2": "1"}), ("STU", {}), ("R", {})):
        if text.startswith(prefix):
            digit = text.removeprefix(prefix)[:1]
            return named.get(digit, digit)
    return text.partition(".")[0]


def _told_apart(record: Record) -> str | None:
    """The version that the names in the data betray, if any."""
    payloads = [bytes(payload) for key in sorted(record.obtained) for payload in record.obtained[key].payloads]
    squeezed = [payload.replace(b" ", b"").replace(b"\n", b"") for payload in payloads]
    for version, names in _TELL_TALES:
        if any(name in payload for payload in squeezed for name in names):
            return version
    return None


def read(record: Record) -> History:
    """Read one call's data with the reader of its FHIR version.

    Args:
        record: what was obtained. Its ``fhir_version`` decides when it is stated. When it is not, R4 is read; should
            something not be readable and the data hold names of another version, that version is meant.

    Returns:
        The version-free history.

    Raises:
        UnsupportedVersion: no folder reads that version.
    """
    stated = _major(record.fhir_version)
    major = stated or DEFAULT
    reader = READERS.get(major)
    if reader is None:
        raise UnsupportedVersion(_NAMES.get(major, record.fhir_version))
    history = reader(record)
    if stated or not history.unreadable:
        return history
    meant = _told_apart(record)
    if meant is None or meant == major:
        return history
    if meant not in READERS:
        raise UnsupportedVersion(_NAMES[meant])
    return READERS[meant](record)


def proposals(record: Record) -> ModuleType:
    """The module that builds proposals and corrected drafts in the caller's FHIR version (``r4.proposal``).

    Args:
        record: as read; a version that is not stated is that of :data:`DEFAULT`.
    """
    return PROPOSALS.get(_major(record.fhir_version), PROPOSALS[DEFAULT])
