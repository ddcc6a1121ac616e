"""Who the patient is, for the page's heading: a name and a date of birth, as the Patient resource says them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import msgspec

_LONGEST: Final = 120


@dataclass(frozen=True, slots=True)
class Banner:
    """What a clinician recognises a patient by; each text may be empty."""

    name: str
    born: str


class _Name(msgspec.Struct):
    use: Any = None
    text: Any = None
    family: Any = None
    given: Any = None


class _Patient(msgspec.Struct, rename="camel"):
    name: Any = None
    birth_date: Any = None


_PATIENT: Final = msgspec.json.Decoder(_Patient)


def banner(patient: bytes | bytearray | memoryview) -> Banner:
    """The banner of a Patient in JSON; what is not of the form of FHIR is left empty.

    The official name comes first, then the one in use, then the first that is given.
    """
    try:
        read = _PATIENT.decode(patient)
    except (msgspec.DecodeError, RecursionError):
        return Banner("", "")
    names = [_name(each) for each in read.name if isinstance(each, dict)] if isinstance(read.name, list) else []
    ranked = sorted(names, key=lambda name: {"official": 0, "usual": 1}.get(str(name.use), 2))
    shown = next((text for text in map(_shown, ranked) if text), "")
    return Banner(shown[:_LONGEST], _text(read.birth_date)[:_LONGEST])


def _name(told: dict[str, Any]) -> _Name:
    return _Name(**{member: told.get(member) for member in _Name.__struct_fields__})


def _shown(name: _Name) -> str:
    given = [_text(each) for each in name.given] if isinstance(name.given, list) else []
    return _text(name.text) or " ".join(filter(None, [*given, _text(name.family)]))


def _text(value: Any) -> str:
    """One line of visible characters."""
    return " ".join("".join(c if c.isprintable() else " " for c in value).split()) if isinstance(value, str) else ""
