"""Validated FHIR models of what a reader needs, and of nothing else.

``fhir.resources`` refuses a whole resource for one element that it does not know. So before validation only the
elements that a reader names are kept, and within them only the names that readers use; nulls, empty values and vendor
additions elsewhere cost nothing. An unknown ``modifierExtension`` anywhere in what is kept does: it may turn the
meaning round (requirement SAFE-04).
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Final

TREATMENT_INTENT: Final = (
    "http://hl7.org/fhir/us/mcode/StructureDefinition/mcode-procedure-intent",
    "http://hl7.org/fhir/us/mcode/StructureDefinition/mcode-treatment-intent",
)
MODALITY_AND_TECHNIQUE: Final = (
    "http://hl7.org/fhir/us/mcode/StructureDefinition/mcode-radiotherapy-modality-and-technique"
)
MODALITY: Final = "http://hl7.org/fhir/us/mcode/StructureDefinition/mcode-radiotherapy-modality"
TECHNIQUE: Final = "http://hl7.org/fhir/us/mcode/StructureDefinition/mcode-radiotherapy-technique"
DOSE_TO_VOLUME: Final = "http://hl7.org/fhir/us/mcode/StructureDefinition/mcode-radiotherapy-dose-delivered-to-volume"
MORPHOLOGY: Final = "http://hl7.org/fhir/us/mcode/StructureDefinition/mcode-histology-morphology-behavior"
LATERALITY: Final = (
    "http://hl7.org/fhir/us/mcode/StructureDefinition/mcode-laterality",
    "http://hl7.org/fhir/us/mcode/StructureDefinition/mcode-laterality-qualifier",
)
LOCATION_QUALIFIER: Final = "http://hl7.org/fhir/us/mcode/StructureDefinition/mcode-body-location-qualifier"
BIRTH_SEX: Final = "http://hl7.org/fhir/us/core/StructureDefinition/us-core-birthsex"
SEX_FOR_CLINICAL_USE: Final = "http://hl7.org/fhir/StructureDefinition/patient-sexParameterForClinicalUse"
CTCAE_GRADE: Final = "http://hl7.org/fhir/us/ctcae/StructureDefinition/ctcae-grade"

VOLUME: Final = "volume"
TOTAL_DOSE: Final = "totalDoseDelivered"
VALUE: Final = "value"

_EXTENSIONS: Final = frozenset(
    {
        *TREATMENT_INTENT,
        MODALITY_AND_TECHNIQUE,
        MODALITY,
        TECHNIQUE,
        DOSE_TO_VOLUME,
        MORPHOLOGY,
        *LATERALITY,
        LOCATION_QUALIFIER,
        BIRTH_SEX,
        SEX_FOR_CLINICAL_USE,
        CTCAE_GRADE,
        VOLUME,
        TOTAL_DOSE,
        VALUE,
    }
)

_NAMES: Final = frozenset(
    {
        # CodeableConcept, Coding, Reference
        *("coding", "system", "code", "display", "text", "reference"),
        # CodeableReference and the order detail of R5
        *("concept", "parameter"),
        # Quantity, Range, Ratio, Period
        *("value", "comparator", "unit", "low", "high", "numerator", "denominator", "start", "end"),
        # Extension
        *("extension", "url", "valueBoolean", "valueCode", "valueCodeableConcept", "valueInteger", "valueQuantity"),
        *("valueReference", "valueString", "valueRange", "valueRatio", "valueDecimal", "valueCoding"),
        # Dosage, Timing
        *("route", "dose", "doseAndRate", "doseQuantity", "doseRange", "timing", "event", "repeat", "boundsPeriod"),
        *("duration", "durationMax", "durationUnit", "frequency", "period", "periodUnit"),
        # backbone elements of the resources read
        *("referenceRange", "dataAbsentReason", "interpretation", "substance", "severity", "actor", "status"),
        *("linkId", "item", "answer", "manifestation"),
    }
)


_DATES: Final = frozenset({"start", "end", "authored", "authoredOn", "started", "lastOccurrence"})


class Invalid(ValueError):  # noqa: N818 - what it says of the resource
    """What is needed of a resource does not hold together; the message is plain words fit for a card."""


class UnknownModifier(Invalid):
    """A ``modifierExtension`` or ``implicitRules`` that is not known here: the resource must not be used."""


class _NotADateError(ValueError):
    """The element of that name holds no date."""


@cache
def _class(package: str, module: str) -> Any:
    """The class of a resource or datatype; imported when first needed, since that takes long."""
    content = importlib.import_module(f"{package}.{module.lower()}")
    return getattr(content, module)


def refuse_unknown_modifiers(content: Mapping[str, Any]) -> None:
    """Raise UnknownModifier if an element carries a modifier extension."""
    if content.get("modifierExtension"):
        raise UnknownModifier("it carries a modifier that is not known here")


def refuse_unknown_rules(content: Mapping[str, Any]) -> None:
    """Raise UnknownModifier if a whole resource has a modifier extension or implicit rules."""
    refuse_unknown_modifiers(content)
    if content.get("implicitRules"):
        raise UnknownModifier("it follows rules that are not known here")


def _refuse_numbers_for_dates(name: str, value: Any) -> None:
    """The models would take a number for seconds since 1970."""
    if (name in _DATES or name.endswith(("Date", "DateTime", "Instant"))) and not isinstance(value, str):
        raise _NotADateError(name)


def _kept(value: Any) -> Any:
    """A nested value without nulls, empty values and names that no reader uses."""
    if isinstance(value, list):
        items = [_kept(each) for each in value]
        return [each for each in items if each is not None and each != {}]
    if isinstance(value, str):
        return value.strip() or None
    if not isinstance(value, dict):
        return value
    refuse_unknown_modifiers(value)
    kept: dict[str, Any] = {}
    for name, inner in value.items():
        if name not in _NAMES or inner is None:
            continue
        _refuse_numbers_for_dates(name, inner)
        if name == "extension":
            inner = known_extensions(inner)  # noqa: PLW2901 - the same element, narrowed
        if (clean := _kept(inner)) not in ({}, [], None):
            kept[name] = clean
    return kept


def known_extensions(extensions: Any) -> list[Any]:
    """Those of a list of extensions (decoded JSON) that readers know by their URL."""
    if not isinstance(extensions, list):
        return []
    return [each for each in extensions if isinstance(each, dict) and each.get("url") in _EXTENSIONS]


Places = Mapping[str, str | Callable[[Any], Any]]
"""R4's name of an element -> its name in another FHIR version, or what makes of the model what R4 has there."""


class Seen:
    """A model of another FHIR version under R4's names; what both call alike needs no place."""

    __slots__ = ("_model", "_places")

    def __init__(self, model: Any, places: Places) -> None:
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

    def warm(self, names: Iterable[str]) -> None:
        """Import the classes of these resource types and datatypes now."""
        for name in names:
            _class(self.package, name)

    def _validated(self, name: str, content: Any) -> Any:
        model = _class(self.package, name).model_validate(content)
        places = self.places.get(name)
        return model if places is None else Seen(model, places)

    def element(self, name: str, value: Any) -> Any:
        """Validate one datatype, such as a draft's Dosage.

        Args:
            name: FHIR datatype, such as ``CodeableConcept``.
            value: decoded JSON.

        Returns:
            The model, under R4's names.

        Raises:
            Invalid: it is not that datatype.
        """
        try:
            return self._validated(name, _kept(value))
        except (ValueError, TypeError, AttributeError, RecursionError) as fault:
            raise _invalid(fault, "a part of it is not valid FHIR") from None

    def resource(self, resource_type: str, content: Mapping[str, Any], elements: Iterable[str]) -> Any:
        """Validate the needed elements of one resource.

        Args:
            resource_type: FHIR type name.
            content: decoded JSON.
            elements: top-level element names that the reader needs.

        Returns:
            The ``fhir.resources`` model, under R4's names.

        Raises:
            UnknownModifier: a modifier extension or implicit rules.
            Invalid: the needed elements are not valid in this version; the message names the element, never a value.
        """
        refuse_unknown_rules(content)
        needed: dict[str, Any] = {}
        try:
            for name in elements:
                value = content.get(name)
                if value is None:
                    continue
                _refuse_numbers_for_dates(name, value)
                if name == "extension":
                    value = known_extensions(value)
                if (clean := _kept(value)) not in ({}, [], None):
                    needed[name] = clean
            return self._validated(resource_type, needed)
        except (ValueError, TypeError, AttributeError, RecursionError) as fault:
            raise _invalid(fault, f"it is not valid FHIR {self.version}") from None


def _invalid(fault: Exception, words: str) -> Invalid:
    """Our error for a library's, naming the element but no value."""
    if isinstance(fault, Invalid):
        return fault
    errors = getattr(fault, "errors", None)
    place = str(fault) if isinstance(fault, _NotADateError) else ""
    if callable(errors):
        places = [each["loc"][0] for each in errors() if each.get("loc")]
        place = next((str(each) for each in places if str(each).isidentifier()), "")
    return Invalid(f"{words}: {place}" if place else words)
