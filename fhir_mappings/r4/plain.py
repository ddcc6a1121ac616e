"""The quick way into a resource in which nothing is odd: one decode of its JSON to the elements that readers need.

In a plain resource every element has the JSON type that FHIR gives it, texts have no outer blanks, nothing is empty and
no choice is made twice. Structures made from the ``fhir.resources`` classes take such resources, and nothing that
:mod:`~fhir_mappings.r4.models` would refuse or read otherwise, at a fifth of its price. What they refuse takes the long
way there, which knows what may be forgiven and what has to be told.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from operator import attrgetter
from types import MappingProxyType
from typing import Annotated, Any, Final, get_args, get_origin

import msgspec
from msgspec import Meta, Raw, Struct

from fhir_mappings.r4.known_names import EXTENSIONS, NAMES

TURNING: Final = ("modifierExtension", "implicitRules")
"""Elements that may turn the meaning of all the others round (requirement SAFE-04)."""

_LEVELS: Final = 2
"""Extensions within one another: those of radiotherapy have parts."""


class Unusual(Exception):  # noqa: N818 - says of what it is raised
    """A class that has no structure here: it contains itself, or has an element of a type that is not told below."""


# ------------------------------------------------------------------------------------------- primitive types

_MONTH_DAY: Final = r"(?:(?:0[1-9]|1[0-2])-(?:0[1-9]|1[0-9]|2[0-8])|(?:0[13-9]|1[0-2])-(?:29|30)|(?:0[13578]|1[02])-31)"
_TIME: Final = r"T(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](?:\.[0-9]{1,6})?(?:Z|[+-](?:0[0-9]|1[0-3]):[0-5][0-9])"
_YEAR: Final = r"[1-9][0-9]{3}"


def _text(pattern: str) -> Any:
    return Annotated[str, Meta(pattern=rf"\A{pattern}\Z")]


_SOMETHING: Final = _text(r"\S(?:(?s:.*)\S)?")
_WORD: Final = _text(r"\S+(?: \S+)*")
_PRIMITIVES: Final[Mapping[str, Any]] = MappingProxyType(
    {
        "String": _SOMETHING,
        "Uri": _SOMETHING,
        "Markdown": _SOMETHING,
        "Code": _WORD,
        # The 29th of February takes the long way.
        "Date": _text(rf"{_YEAR}(?:-(?:{_MONTH_DAY}|0[1-9]|1[0-2]))?"),
        "DateTime": _text(rf"{_YEAR}(?:-(?:{_MONTH_DAY}(?:{_TIME})?|0[1-9]|1[0-2]))?"),
        "Instant": _text(rf"{_YEAR}-{_MONTH_DAY}{_TIME}"),
        "Integer": Annotated[int, Meta(ge=-(2**31), le=2**31 - 1)],
        "UnsignedInt": Annotated[int, Meta(ge=0, le=2**31 - 1)],
        "PositiveInt": Annotated[int, Meta(ge=1, le=2**31 - 1)],
        "Decimal": int | float,
    }
)
"""Name of a primitive type of ``fhir.resources`` -> what of it is plain. Dates stay text."""


# ------------------------------------------------------------------------------------------- structures


class Plain(Struct, gc=False):
    """What was decoded of one JSON object; None for each other element of its class."""

    def __getattr__(self, name: str) -> None:
        if name not in _OF_CLASS[type(self)]:
            raise AttributeError(name)


_OF_CLASS: Final[dict[type[Plain], frozenset[str]]] = {}
"""Structure -> every element of its class."""


_Check = Callable[[Any], None]
"""Raises ValueError for what the types of a structure let pass and is not plain."""


class _Deeper(Struct, gc=False):
    """An extension below the levels that are looked at: none of ours may stand there."""

    url: str | None = None

    def __post_init__(self) -> None:
        if self.url in EXTENSIONS:
            raise ValueError("it stands deeper than is looked")


MORE_THAN_DATA: Final = frozenset({"additional", "extensions"})
"""Narrative statuses that say that the narrative holds more than the data."""


class _Narrative(Struct, gc=False):
    """Narrative: its status says whether it holds more than the data."""

    status: str | None = None


def type_of(annotation: Any) -> tuple[Any, Any, bool]:
    """What stands in the annotation of an element of a ``fhir.resources`` class.

    Returns:
        The type within, its model class (None for a primitive type), and whether the element is a list.
    """
    several = False
    while True:
        if (find := getattr(annotation, "get_model_klass", None)) is not None:
            return annotation, find(), several
        inner = [part for part in get_args(annotation) if part is not type(None)]
        if not inner or get_origin(annotation) is Annotated:
            return annotation, None, several
        several = several or get_origin(annotation) is list
        annotation = inner[0]


def elements_of(model: Any) -> dict[str, Any]:
    """Every element of a class by its FHIR name."""
    return {info.alias or name: info for name, info in model.model_fields.items()}


def _primitive(annotation: Any) -> Any:
    if annotation is bool:
        return bool
    found = _PRIMITIVES.get(type(get_args(annotation)[-1]).__name__)
    if found is None:
        raise Unusual(str(annotation))
    return found


@dataclass(slots=True)
class _Fields:
    """The fields of a structure in the making, and what their types cannot say.

    Attributes:
        needed: those that have to be there.
        others: those that may be absent.
        filled: elements one of which has to be there; extensions are none, since most are passed over.
        choices: choice -> its elements; a choice is made once at most.
        required: choices that have to be made.
    """

    needed: list[Any] = field(default_factory=list)
    others: list[Any] = field(default_factory=list)
    filled: list[str] = field(default_factory=list)
    choices: dict[str, list[str]] = field(default_factory=dict)
    required: set[str] = field(default_factory=set)

    def element(self, name: str, info: Any, level: int) -> None:
        """Add an element of a class."""
        annotation, model, several = type_of(info.annotation)
        if name == "extension":
            kind: Any = _structure(model, level) if level else _Deeper
        else:
            kind = _primitive(annotation) if model is None else _structure(model, level)
            self.filled.append(name)
        kind = Annotated[list[kind], Meta(min_length=1)] if several else kind
        rules = info.json_schema_extra or {}
        if info.is_required() or rules.get("element_required"):
            self.needed.append((name, kind))
        else:
            self.others.append((name, kind | None, None))
        if choice := rules.get("one_of_many"):
            self.choices.setdefault(choice, []).append(name)
            if rules.get("one_of_many_required"):
                self.required.add(choice)

    def passed_over(self, name: str) -> None:
        """Add an element that is not looked at."""
        self.others.append((name, Raw | None, None))

    def absent(self, *names: str) -> None:
        """Add names that must not be there, or be null."""
        self.others += [(name, None, None) for name in names]

    def structure(self, model: Any, *, may_be_empty: bool, nothing_else: bool) -> type[Plain]:
        """The structure of a class that has these fields; with ``nothing_else`` it takes no others."""
        check = self._check(may_be_empty=may_be_empty or bool(self.needed))
        made: Any = msgspec.defstruct(
            model.__name__,
            [*self.needed, *self.others],
            bases=(Plain,),
            namespace={} if check is None else {"__post_init__": check},
            forbid_unknown_fields=nothing_else,
            gc=False,
        )
        _OF_CLASS[made] = frozenset(elements_of(model))
        structure: type[Plain] = made
        return structure

    def _check(self, *, may_be_empty: bool) -> _Check | None:
        if any(len(self.choices[choice]) == 1 for choice in self.required):
            raise Unusual(f"one of {sorted(self.required)} has a single element")
        checks = [] if may_be_empty else [_something_of(self.filled)]
        for choice, names in self.choices.items():
            if len(names) > 1:
                checks.append(_one_of(names, must=choice in self.required))

        def check(structure: Any) -> None:
            for each in checks:
                each(structure)

        return check if len(checks) > 1 else next(iter(checks), None)


def _something_of(names: list[str]) -> _Check:
    # A getter of a single name would give no tuple: the first one twice does no harm.
    get, nothing = attrgetter(*names, names[0]), len(names) + 1

    def check(structure: Any) -> None:
        if get(structure).count(None) == nothing:
            raise ValueError("nothing is in it")

    return check


def _one_of(names: list[str], *, must: bool) -> _Check:
    get, others = attrgetter(*names), len(names) - 1

    def check(structure: Any) -> None:
        absent = get(structure).count(None)
        if absent < others or (must and absent > others):
            raise ValueError("it is not one of a choice")

    return check


_MADE: Final[dict[tuple[Any, int], type[Plain] | None]] = {}
"""Class and levels of extensions looked at -> its structure; None while it is being made, and for one without."""
_MAKING: Final = threading.RLock()


def _structure(model: Any, level: int) -> type[Plain]:
    """The structure of a datatype or backbone element."""
    key = model, level
    with _MAKING:
        if key not in _MADE:
            _MADE[key] = None
            fields = _Fields()
            deeper = level - 1 if model.__name__ == "Extension" else level
            inside = elements_of(model)
            for name, info in inside.items():
                if name in NAMES:
                    fields.element(name, info, deeper)
                elif name not in TURNING:
                    fields.passed_over(name)
            fields.absent(*(name for name in TURNING if name in inside))
            # What is no element of the class may be one that another FHIR version has there.
            _MADE[key] = fields.structure(model, may_be_empty=False, nothing_else=True)
        made = _MADE[key]
    if made is None:
        raise Unusual(f"{model.__name__} contains itself or what is not told here")
    return made


@cache
def decoder(
    model: Any, elements: tuple[str, ...], known: frozenset[str], refused: tuple[str, ...], free_text: tuple[str, ...]
) -> msgspec.json.Decoder[Any] | None:
    """What decodes the JSON of plain resources of one class.

    Args:
        model: the class of ``fhir.resources``.
        elements: top-level elements that a reader needs.
        known: those of them that are there for sure and need no second look.
        refused: elements that must not be there; those of ``elements`` that the class does not have are no better.
        free_text: elements that only a person can read, of which it has to be told that they are there.

    Returns:
        A decoder to objects with the elements as attributes, and ``free_text`` for ``has_free_text``; raises
        ``msgspec.DecodeError`` for all that is not plain. None for a class without structure.
    """
    inside = elements_of(model)
    fields = _Fields()
    try:
        for name in elements:
            if name in inside and name not in known:
                fields.element(name, inside[name], _LEVELS)
        for name in free_text:
            repeats = type_of(inside[name].annotation)[2]
            fields.others.append(
                (name, Annotated[list[Raw], Meta(min_length=1)] | None if repeats else _SOMETHING | None, None)
            )
        if free_text:
            fields.others.append(("text", _Narrative | None, None))
        fields.absent(*TURNING, *refused, *(name for name in elements if name not in inside))
        return msgspec.json.Decoder(fields.structure(model, may_be_empty=True, nothing_else=False))
    except Unusual:
        return None


def has_free_text(found: Any, free_text: tuple[str, ...]) -> bool:
    """Whether one of these elements is there, or a narrative that says more than the data."""
    narrative = found.text
    return (narrative is not None and narrative.status in MORE_THAN_DATA) or any(
        getattr(found, name) for name in free_text
    )
