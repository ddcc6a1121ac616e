"""What a reader needs of a resource, validated by the ``fhir.resources`` models, and nothing else.

``fhir.resources`` refuses a whole resource for one element that it does not know. So only the elements that a reader
names are looked at, and within them only the names that readers use; nulls, empty values and vendor additions elsewhere
cost nothing. An unknown ``modifierExtension`` in any of these does: it may turn the meaning round (SAFE-04).

The model classes say of which type an element is, what is required and what excludes what. They are asked once, and
each element is then validated by its type; their instances, which check all that a class can hold and each part twice,
would take five times as long.
"""

from __future__ import annotations

import importlib
import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Final

from fhir_mappings.r4.known_names import EXTENSIONS, NAMES
from fhir_mappings.r4.lookup import DECODE_ERRORS
from fhir_mappings.r4.plain import decoder, elements_of, has_free_text, type_of

_DATES: Final = frozenset({"start", "end", "authored", "authoredOn", "started", "lastOccurrence"})


class Invalid(ValueError):  # noqa: N818 - what it says of the resource
    """What is needed of a resource does not hold together; the message is plain words fit for a card."""


class UnknownModifier(Invalid):
    """A ``modifierExtension`` or ``implicitRules`` that is not known here: the resource must not be used."""


class _NotValidError(ValueError):
    """The element of that name is not valid, is missing, or excludes another one."""


class _NotADateError(_NotValidError):
    """The element of that name holds no date, be it only an empty object: when it was is not to be guessed."""


IMPORTING: Final = threading.RLock()
"""Held while classes are imported: in several threads at once, modules that import one another could meet half-way."""


@cache
def _class(package: str, module: str) -> Any:
    """The class of a resource or datatype; imported when first needed, since that takes long."""
    with IMPORTING:
        from fhir_core.fhirabstractmodel import FHIRAbstractModel  # noqa: PLC0415 - as above

        # Most classes are only asked about their elements: the validator of a whole one can wait until one is made.
        FHIRAbstractModel.model_config["defer_build"] = True
        return getattr(importlib.import_module(f"{package}.{module.lower()}"), module)


def refuse_unknown_modifiers(content: Mapping[str, Any]) -> None:
    """Raise UnknownModifier if an element carries a modifier extension."""
    if content.get("modifierExtension"):
        raise UnknownModifier("it carries a modifier that is not known here")


def refuse_unknown_rules(content: Mapping[str, Any]) -> None:
    """Raise UnknownModifier if a whole resource has a modifier extension or implicit rules."""
    refuse_unknown_modifiers(content)
    if content.get("implicitRules"):
        raise UnknownModifier("it follows rules that are not known here")


def known_extensions(extensions: Any) -> list[Any]:
    """Those of a list of extensions (decoded JSON) that readers know by their URL."""
    if not isinstance(extensions, list):
        return []
    return [each for each in extensions if isinstance(each, dict) and each.get("url") in EXTENSIONS]


def _nothing(value: Any) -> bool:
    """Whether a value of whatever type holds nothing that is looked at: then its type does not matter."""
    if isinstance(value, dict):
        return all(name not in NAMES or _nothing(inner) for name, inner in value.items())
    if isinstance(value, list):
        return all(map(_nothing, value))
    return value is None or (isinstance(value, str) and not value.strip())


_Read = Callable[[Any], Any]
"""Decoded JSON -> what it holds, validated; None when there is nothing in it. Raises ValueError or TypeError."""


class Parts:
    """What was read of one JSON object: an attribute for each element that is looked at, None for what is not there."""

    def __init__(self, elements: dict[str, Any]) -> None:
        self.__dict__ = elements


@dataclass(frozen=True, slots=True)
class _Plan:
    """What is looked at of one class.

    Attributes:
        read: element -> how it is read.
        foreign: elements asked for that this class does not have; one of them makes it invalid.
        absent: every element of the class as it is when it is not there.
        required: elements that must be there.
        choices: element -> the choice that it is one of; a choice is made once at most.
        required_choices: choices that must be made.
    """

    read: Mapping[str, _Read]
    foreign: frozenset[str]
    absent: Mapping[str, None]
    required: tuple[str, ...]
    choices: Mapping[str, str]
    required_choices: frozenset[str]

    def parts(self, content: Any) -> Parts | None:
        """The parts of a JSON object; None when nothing that is looked at is in it.

        Raises:
            UnknownModifier: it carries one.
            ValueError, TypeError: it does not hold together; naming the element.
        """
        if not isinstance(content, dict):
            raise TypeError("not an object")
        refuse_unknown_modifiers(content)
        elements: dict[str, Any] | None = None
        chosen: set[str] = set()
        for name, value in content.items():
            read = self.read.get(name)
            if read is None or value is None:
                if name in self.foreign and not _nothing(value):
                    raise _NotValidError(name)
                continue
            try:
                found = read(value)
            except (Invalid, _NotADateError):
                raise
            except (ValueError, TypeError, AttributeError):
                if _nothing(value):
                    continue
                raise _NotValidError(name) from None
            if found is None:
                continue
            if (choice := self.choices.get(name)) is not None:
                if choice in chosen:
                    raise _NotValidError(name)
                chosen.add(choice)
            if elements is None:
                elements = {**self.absent}
            elements[name] = found
        if elements is None:
            return None
        for name in self.required:
            if elements[name] is None:
                raise _NotValidError(name)
        if not self.required_choices <= chosen:
            raise _NotValidError(min(self.required_choices - chosen))
        return Parts(elements)

    def whole(self, content: Any) -> Parts:
        """The parts of a JSON object, be there any or not; raises as ``parts`` does."""
        found = self.parts(content)
        if found is None and (self.required or self.required_choices):
            raise _NotValidError(min(self.required or self.required_choices))
        return found or Parts({**self.absent})


SCREENED: Final = frozenset({"subject", "patient", "code"})
"""Whose a resource is and what it is about: the screen has read it, and no reader asks again."""


@cache
def _plan(model: Any, elements: Iterable[str], known: frozenset[str] = frozenset()) -> _Plan:
    """What is looked at of these elements of a class; of those known already only that they are there."""
    fields = elements_of(model)
    rules = {name: info.json_schema_extra or {} for name, info in fields.items()}
    ours = [name for name in elements if name in fields]
    choices = {name: rules[name]["one_of_many"] for name in ours if rules[name].get("one_of_many")}
    return _Plan(
        read={name: _there if name in known else _reader(name, fields[name].annotation) for name in ours},
        foreign=frozenset(elements) - fields.keys(),
        absent=dict.fromkeys((*(name for name in fields if name[0] != "_"), *elements)),
        required=tuple(name for name in ours if fields[name].is_required() or rules[name].get("element_required")),
        choices=choices,
        required_choices=frozenset(
            choice for name, choice in choices.items() if rules[name].get("one_of_many_required")
        ),
    )


def _reader(name: str, annotation: Any) -> _Read:
    """How an element of this type is read."""
    _, model, several = type_of(annotation)
    if model is None:
        return _value(name, _adapter(annotation), several=several)

    def one(content: Any) -> Parts | None:
        return _plan(model, NAMES).parts(content)

    if not several:
        return one

    def each(contents: Any) -> list[Parts] | None:
        if name == "extension":
            contents = known_extensions(contents)
        if not isinstance(contents, list):
            raise TypeError("not an array")
        found = [one(content) for content in contents if content]
        return [item for item in found if item is not None] or None

    return each


def _there(content: Any) -> Any:
    """An element that is known already, as it is."""
    if not isinstance(content, dict):
        raise TypeError("not an object")
    refuse_unknown_modifiers(content)
    return None if _nothing(content) else content


@cache
def _adapter(annotation: Any) -> _Read:
    from pydantic import TypeAdapter  # noqa: PLC0415 - comes with the classes, when they are first needed

    validate: _Read = TypeAdapter(annotation).validator.validate_python
    return validate


def _value(name: str, validate: _Read, *, several: bool) -> _Read:
    """How a primitive element is read; a text without its outer blanks, and none if nothing is left."""
    # The types would take a number for seconds since 1970.
    dated = name in _DATES or name.endswith(("Date", "DateTime", "Instant"))

    def read(value: Any) -> Any:
        if isinstance(value, str):
            value = value.strip()
            if not value:
                return None
        elif dated:
            raise _NotADateError(name)
        elif several and isinstance(value, list):
            value = [each.strip() if isinstance(each, str) else each for each in value if each not in (None, "")]
        return validate(value)

    return read


Quick = Callable[[bytes], tuple[Any, bool] | None]
"""JSON of a resource -> its needed elements as ``Models.resource`` gives them, and whether it has text that only a
person can read; None for a resource that has to take the long way, whether or not it is valid."""

Places = Mapping[str, str | Callable[[Any], Any]]
"""R4's name of an element -> its name in another FHIR version, or what makes of the model what R4 has there."""


class Seen:
    """What was read of another FHIR version under R4's names; what both call alike needs no place."""

    __slots__ = ("_model", "_places")

    def __init__(self, model: Parts, places: Places) -> None:
        self._model = model
        self._places = places

    def __getattr__(self, name: str) -> Any:
        place = self._places.get(name, name)
        return getattr(self._model, place) if isinstance(place, str) else place(self._model)


@dataclass(frozen=True, slots=True)
class Models:
    """The ``fhir.resources`` classes of one FHIR version.

    Attributes:
        version: its name, such as ``R4``.
        package: the Python package of its classes.
        places: resource type or datatype -> where R4's elements stand in this version.
    """

    version: str
    package: str
    places: Mapping[str, Places] = field(default_factory=dict)

    def warm(self, elements: Mapping[str, tuple[str, ...]]) -> None:
        """Import the classes of these resource types now, and ask them about the elements that are needed."""
        for name, needed in elements.items():
            _plan(_class(self.package, name), needed, SCREENED)

    def _seen(self, name: str, parts: Any) -> Any:
        places = self.places.get(name)
        return parts if places is None else Seen(parts, places)

    def element(self, name: str, value: Any) -> Any:
        """Validate one datatype, such as a draft's Dosage.

        Args:
            name: FHIR datatype, such as ``CodeableConcept``.
            value: decoded JSON.

        Returns:
            Its parts that readers use, under R4's names.

        Raises:
            Invalid: it is not that datatype.
        """
        try:
            return self._seen(name, _plan(_class(self.package, name), NAMES).whole(value))
        except (ValueError, TypeError, AttributeError, RecursionError) as fault:
            raise _invalid(fault, "a part of it is not valid FHIR") from None

    def plain(
        self,
        resource_type: str,
        elements: tuple[str, ...],
        *,
        refused: tuple[str, ...] = (),
        free_text: tuple[str, ...] = (),
    ) -> Quick:
        """How the JSON of a resource in which nothing is odd is read.

        Args:
            resource_type: FHIR type name.
            elements: top-level element names that the reader needs; of those that are SCREENED the caller knows that
                they are there, and that no modifier is in the resource.
            refused: elements that must not be there.
            free_text: elements of which only matters that they are there.
        """
        plain = decoder(_class(self.package, resource_type), elements, SCREENED, refused, free_text)
        if plain is None:
            return lambda _raw: None
        decode = plain.decode

        def quick(raw: bytes) -> tuple[Any, bool] | None:
            try:
                found = decode(raw)
            except DECODE_ERRORS:
                return None
            return self._seen(resource_type, found), bool(free_text) and has_free_text(found, free_text)

        return quick

    def resource(
        self,
        resource_type: str,
        content: Mapping[str, Any],
        elements: tuple[str, ...],
        known: frozenset[str] = frozenset(),
    ) -> Any:
        """Validate the needed elements of one resource.

        Args:
            resource_type: FHIR type name.
            content: decoded JSON.
            elements: top-level element names that the reader needs.
            known: those of them that only have to be there.

        Returns:
            An object with each of these elements, under R4's names, None for what is not there.

        Raises:
            UnknownModifier: a modifier extension or implicit rules.
            Invalid: the needed elements are not valid in this version; the message names the element, never a value.
        """
        refuse_unknown_rules(content)
        try:
            plan = _plan(_class(self.package, resource_type), elements, known)
            return self._seen(resource_type, plan.whole(content))
        except (ValueError, TypeError, AttributeError, RecursionError) as fault:
            raise _invalid(fault, f"it is not valid FHIR {self.version}") from None


def _invalid(fault: Exception, words: str) -> Invalid:
    """Our error for another, naming the element but no value."""
    if isinstance(fault, Invalid):
        return fault
    place = str(fault) if isinstance(fault, _NotValidError) else ""
    return Invalid(f"{words}: {place}" if place else words)
