"""Valid requests made invalid, or merely odd, as a seed decides: their members, their values, their very bytes."""

from __future__ import annotations

import copy
import json
import random
from collections.abc import Callable
from typing import Any, Final

SENTINEL: Final = "Zq7Sentinel"
"""Stands in values that mutants carry; an error answer that holds it has echoed its input."""

_LONG: Final = 70_000
_DATES: Final = (
    *("2024-02-30", "2024", "2024-13", "0001-01-01", "9999-12-31", "2024-06-30T23:59:60Z", "24:00", "now", ""),
    *("2024-05-01T24:00:00Z", "2024-05-01T12:00:00+14:00", "2024-05-01T12:00:00", "2999-01-01", "-2024-01-01"),
)
_TEXTS: Final = (
    *("", " ", SENTINEL, "\x00", "\u202e" + SENTINEL, "\ud83d\ude00" * 20, "<script>alert(1)</script>", "../../etc"),
    *("[x](javascript:alert(1))", "Patient/other", "urn:uuid:1", "#contained", "http://127.0.0.1:1/fhir/Patient/1"),
    *("a" * _LONG, "\n" * 500, "{{context.patientId}}", "%00", "${7*7}", "' OR 1=1 --", "e\u0301" * 300),
)
_VALUES: Final[tuple[Any, ...]] = (
    *(None, True, False, 0, -1, 1e308, -1e-308, 2**63, 10**30, 3.14, [], {}, [None], [[]], {"": None}),
    *({"resourceType": "Patient"}, {"value": SENTINEL}, ["a", 1, None, {}], {"reference": SENTINEL}),
)
_NAMES: Final = (
    *("resourceType", "id", "status", "code", "subject", "extension", "modifierExtension", "implicitRules"),
    *("contained", "__proto__", "entry", "hook", SENTINEL, ""),
)

_PARTS: Final = ("prefetch", "prefetch", "prefetch", "prefetch", "context", "fhirAuthorization", "")
"""Of a request, where a change is sought; the last stands for the whole."""

Json = Any
Place = tuple[Any, Any]
"""A container and the key or index of one value in it."""


def mutant(request: bytes, random_: random.Random) -> bytes:
    """One mutant of a request, as bytes to be sent."""
    body = json.loads(request)
    for _ in range(random_.choice((1, 1, 1, 2, 3, 8))):
        part = random_.choice(_PARTS)
        place = _place(body.get(part, body) if isinstance(body, dict) else body, random_)
        if place is not None:
            random_.choice(_CHANGES)(body, place, random_)
    data = json.dumps(body, ensure_ascii=random_.random() < 0.5).encode("utf-8", "surrogatepass")
    return random_.choice(_DAMAGES)(data, random_) if random_.random() < 0.25 else data


def _place(value: Json, random_: random.Random) -> Place | None:
    """A place found by walking down, one in eight steps being the last."""
    place = None
    while isinstance(value, dict | list) and value and (place is None or random_.random() > 0.125):
        key = random_.choice(list(value)) if isinstance(value, dict) else random_.randrange(len(value))
        place = (value, key)
        value = value[key]
    return place


Change = Callable[[Json, Place, random.Random], None]


def _replace(values: tuple[Any, ...]) -> Change:
    def change(_: Json, place: Place, random_: random.Random) -> None:
        container, key = place
        container[key] = copy.deepcopy(random_.choice(values))

    return change


def _remove(_: Json, place: Place, random_: random.Random) -> None:  # noqa: ARG001 - the signature of all changes
    container, key = place
    del container[key]


def _rename(_: Json, place: Place, random_: random.Random) -> None:
    container, key = place
    if isinstance(container, dict):
        container[random_.choice(_NAMES)] = container.pop(key)


def _swap(body: Json, place: Place, random_: random.Random) -> None:
    container, key = place
    other = _place(body, random_)
    if other is not None:
        container[key] = json.loads(json.dumps(other[0][other[1]]))


def _wrap(_: Json, place: Place, random_: random.Random) -> None:
    container, key = place
    for _level in range(random_.choice((1, 2, 20, 70, 100))):
        container[key] = [container[key]] if random_.random() < 0.5 else {"extension": [container[key]]}


def _repeat(_: Json, place: Place, random_: random.Random) -> None:
    container, key = place
    if isinstance(container[key], list) and len(container[key]) < 50:
        container[key] = container[key] * random_.choice((2, 10, 40))
    elif isinstance(container, list) and len(container) < 200:
        container.insert(key, copy.deepcopy(container[key]))


def _shuffle(_: Json, place: Place, random_: random.Random) -> None:
    container, _key = place
    if isinstance(container, list):
        random_.shuffle(container)


def _digits(_: Json, place: Place, random_: random.Random) -> None:
    container, key = place
    if isinstance(container[key], int | float):
        container[key] = random_.choice((str(container[key]), -container[key], container[key] * 10**12))


_CHANGES: Final[tuple[Change, ...]] = (
    _replace(_VALUES),
    _replace(_TEXTS),
    _replace(_DATES),
    _remove,
    _rename,
    _swap,
    _wrap,
    _repeat,
    _shuffle,
    _digits,
)

Damage = Callable[[bytes, random.Random], bytes]


def _cut(data: bytes, random_: random.Random) -> bytes:
    return data[: random_.randrange(len(data) + 1)]


def _flip(data: bytes, random_: random.Random) -> bytes:
    damaged = bytearray(data)
    for _ in range(random_.choice((1, 3, 30)) if damaged else 0):
        damaged[random_.randrange(len(damaged))] = random_.randrange(256)
    return bytes(damaged)


def _insert(data: bytes, random_: random.Random) -> bytes:
    place = random_.randrange(len(data) + 1)
    what = random_.choice(
        (
            b"\x00",
            b"\xff\xfe",
            b'"',
            b"[" * 60_000,
            b"NaN",
            b"-Infinity",
            b"9" * 5000,
            b"\\ud800",
            b"/*x*/",
            b"}{",
            b",",
        )
    )
    return data[:place] + what + data[place:]


def _move(data: bytes, random_: random.Random) -> bytes:
    start, end = sorted((random_.randrange(len(data) + 1), random_.randrange(len(data) + 1)))
    return data[end:] + data[start:end] + data[:start]


def _double_a_name(data: bytes, random_: random.Random) -> bytes:
    name = random_.choice((b'"hook"', b'"prefetch"', b'"context"', b'"patientId"'))
    return data.replace(name, name + b":1," + name, 1)


def _in_another_coding(data: bytes, random_: random.Random) -> bytes:
    text = data.decode("utf-8", "replace")
    return text.encode(random_.choice(("utf-16", "utf-32", "utf-8-sig", "utf-7")), "replace")


_DAMAGES: Final[tuple[Damage, ...]] = (_cut, _flip, _insert, _move, _double_a_name, _in_another_coding)
