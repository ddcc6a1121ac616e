"""Datatypes of FHIR R4 -> values of the history: dates, periods, ages, doses, sides, routes, intents."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping
from types import MappingProxyType
from typing import Any, Final

from fhir_mappings.history import NONE, Concepts, Dose, Intent, Laterality, Priority, Route
from fhir_mappings.partial_dates import PartialDate
from fhir_mappings.r4.known_names import LATERALITY, TREATMENT_INTENT
from fhir_mappings.r4.meaning import concepts_in, concepts_over
from fhir_mappings.value_sets.systems import SNOMED

# ------------------------------------------------------------------------------------------- dates


def span(first: PartialDate | None, last: PartialDate | None) -> PartialDate | None:
    """The days from the first possible of one date to the last possible of another; None when reversed or unknown."""
    if first is last or first is None or last is None:
        return first or last
    return PartialDate(first.earliest, last.latest) if first.earliest <= last.latest else None


def period(value: Any) -> tuple[PartialDate | None, PartialDate | None]:
    """Start and end of a Period; (None, None) for none, and for one that ends before it begins."""
    if value is None:
        return None, None
    start, end = PartialDate.read(value.start), PartialDate.read(value.end)
    if start is not None and end is not None and end.latest < start.earliest:
        return None, None
    return start, end


def _years_later(day: dt.date, years: int) -> dt.date:
    try:
        return day.replace(year=day.year + years)
    except ValueError:  # 29 February
        return day.replace(year=day.year + years, day=28)


def at_age(low: Any, high: Any, birth: PartialDate | None) -> PartialDate | None:
    """The days on which the patient had an age between two whole numbers of years; None without a birth date.

    Args:
        low: Age or Quantity, the lower bound, in years (UCUM ``a``).
        high: the upper bound; may equal ``low``.
        birth: date of birth.
    """
    bounds = [each for each in (low, high) if each is not None and each.value is not None]
    if birth is None or not bounds or any((each.code or each.unit) not in _YEARS for each in bounds):
        return None
    first, last = int(bounds[0].value), int(bounds[-1].value)
    try:
        begin = _years_later(birth.earliest, first)
        return PartialDate(begin, _years_later(birth.latest, last + 1) - dt.timedelta(days=1))
    except (ValueError, OverflowError):
        return None


_YEARS: Final = frozenset({"a", "year", "years", "yr"})


def choice_of_date(
    resource: Any, name: str, birth: PartialDate | None
) -> tuple[PartialDate | None, PartialDate | None]:
    """First and last moment of a choice such as ``onset[x]``: dateTime, Instant, Period, Age, Range of ages or string.

    A string counts only when it is a FHIR date by itself. Equal for a single moment.
    """
    for suffix in ("DateTime", "Instant"):
        said = getattr(resource, f"{name}{suffix}", None)
        if said is not None and (moment := PartialDate.read(said)) is not None:
            return moment, moment
    if (inside := getattr(resource, f"{name}Period", None)) is not None:
        return period(inside)
    if (age := getattr(resource, f"{name}Age", None)) is not None:
        when = at_age(age, age, birth)
        return when, when
    if (ages := getattr(resource, f"{name}Range", None)) is not None:
        when = at_age(ages.low, ages.high, birth)
        return when, when
    text = getattr(resource, f"{name}String", None)
    when = PartialDate.read(text.strip()) if isinstance(text, str) else None
    return when, when


# ------------------------------------------------------------------------------------------- extensions


def extensions(element: Any, *urls: str) -> Iterator[Any]:
    """The extensions of an element with one of the URLs."""
    for each in element.extension or ():
        if each.url in urls:
            yield each


def coded_extensions(element: Any, *urls: str) -> Concepts:
    """Concepts of the valueCodeableConcept of those extensions."""
    return concepts_over(each.valueCodeableConcept for each in extensions(element, *urls))


def intent_of(*concepts: Concepts) -> Intent:
    """Curative or palliative, unknown when neither or both are said."""
    said = NONE.union(*concepts)
    curative, palliative = "treatment-intent-curative" in said, "treatment-intent-palliative" in said
    if curative == palliative:
        return Intent.UNKNOWN
    return Intent.CURATIVE if curative else Intent.PALLIATIVE


def treatment_intent(resource: Any) -> Intent:
    """By the mCODE extension for procedures or for medications."""
    return intent_of(coded_extensions(resource, *TREATMENT_INTENT))


# ------------------------------------------------------------------------------------------- sides, routes, priorities


def codes(concept: Any) -> Iterator[tuple[str, str]]:
    """(system, code) of each coding that has a code."""
    for coding in (concept.coding or ()) if concept is not None else ():
        if coding is not None and coding.code:
            yield coding.system or "", coding.code.strip()


_SIDES: Final[Mapping[tuple[str, str], Laterality]] = MappingProxyType(
    {
        (SNOMED, "7771000"): Laterality.ONE_SIDE,  # left
        (SNOMED, "24028007"): Laterality.ONE_SIDE,  # right
        (SNOMED, "66459002"): Laterality.ONE_SIDE,  # unilateral
        (SNOMED, "51440002"): Laterality.BOTH_SIDES,  # right and left
    }
)


def laterality(sites: Iterable[Any]) -> Laterality:
    """Side told by the mCODE laterality extension of body sites, or by left and right side wall codes of ours."""
    sides: set[str] = set()
    for site in sites:
        for each in extensions(site, *LATERALITY):
            sides.update(code for pair in codes(each.valueCodeableConcept) if pair in _SIDES for code in (pair[1],))
        sides.update(code.rpartition("-")[2] for _, code in codes(site) if code.startswith("pelvic-sidewall-"))
    if not sides:
        return Laterality.UNKNOWN
    left, right = bool(sides & {"7771000", "left"}), bool(sides & {"24028007", "right"})
    if "51440002" in sides or (left and right):
        return Laterality.BOTH_SIDES
    return Laterality.ONE_SIDE


# Routes are no concepts of the value sets. SNOMED codes to be verified by the site against a terminology server.
_ROUTE_CODES: Final[Mapping[str, Route]] = MappingProxyType(
    {
        "47625008": Route.SYSTEMIC,  # intravenous
        "26643006": Route.SYSTEMIC,  # oral
        "34206005": Route.SYSTEMIC,  # subcutaneous
        "78421000": Route.SYSTEMIC,  # intramuscular
        "418401004": Route.OPHTHALMIC,  # intravitreal
        "54485002": Route.OPHTHALMIC,  # ophthalmic
        "6064005": Route.OTHER,  # topical
    }
)
_ROUTE_WORDS: Final[Mapping[str, Route]] = MappingProxyType(
    {
        "intravitreal": Route.OPHTHALMIC,
        "ophthalmic": Route.OPHTHALMIC,
        "eye": Route.OPHTHALMIC,
        "intravenous": Route.SYSTEMIC,
        "iv": Route.SYSTEMIC,
        "oral": Route.SYSTEMIC,
        "subcutaneous": Route.SYSTEMIC,
        "intramuscular": Route.SYSTEMIC,
        "topical": Route.OTHER,
        "cutaneous": Route.OTHER,
        "intravesical": Route.OTHER,
        "inhalation": Route.OTHER,
        "nasal": Route.OTHER,
    }
)


def route(concepts: Iterable[Any]) -> Route:
    """How a drug is given, by code, else by a whole word of the text; unknown when the routes differ."""
    found: set[Route] = set()
    for concept in concepts:
        coded = {_ROUTE_CODES[code] for system, code in codes(concept) if system == SNOMED and code in _ROUTE_CODES}
        if not coded:
            texts = [concept.text, *(each.display for each in concept.coding or ())]
            said = (
                " ".join(text for text in texts if text).lower().replace("(", " ").replace(")", " ").replace(",", " ")
            )
            # The eye is told first: "intravitreal injection into the eye", never "not oral".
            coded = {_ROUTE_WORDS[word] for word in said.split() if word in _ROUTE_WORDS}
            coded = {Route.OPHTHALMIC} if Route.OPHTHALMIC in coded else coded
        found |= coded
    return found.pop() if len(found) == 1 else Route.UNKNOWN


_PRIORITIES: Final[Mapping[str, Priority]] = MappingProxyType(
    {
        "routine": Priority.UNSPECIFIED,  # says nothing about elective
        "urgent": Priority.URGENT,
        "asap": Priority.URGENT,
        "stat": Priority.URGENT,
    }
)


def priority(word: str | None, *concepts: Concepts) -> Priority:
    """Elective or urgent, by FHIR's request priority and by coded markers; unspecified when both are said."""
    said = NONE.union(*concepts)
    urgent = _PRIORITIES.get(word or "") is Priority.URGENT or "urgent-marker" in said
    elective = "elective-marker" in said
    if urgent == elective:
        return Priority.UNSPECIFIED
    return Priority.URGENT if urgent else Priority.ELECTIVE


# ------------------------------------------------------------------------------------------- quantities


def unit_of(quantity: Any) -> str:
    """UCUM code, else the unit as written, else empty."""
    return (quantity.code or quantity.unit or "").strip()


def dose(quantity: Any) -> Dose | None:
    """A SimpleQuantity as dose; None without a number."""
    if quantity is None or quantity.value is None:
        return None
    return Dose(value=float(quantity.value), unit=unit_of(quantity))


def doses(dosages: Iterable[Any] | None) -> tuple[Dose, ...]:
    """Every dose of dosage instructions, a range as its two ends, each once, in order."""
    found: list[Dose] = []
    for dosage in dosages or ():
        for each in dosage.doseAndRate or ():
            quantities = [each.doseQuantity]
            if each.doseRange is not None:
                quantities += [each.doseRange.low, each.doseRange.high]
            found += [one for one in map(dose, quantities) if one is not None and one not in found]
    return tuple(found)


_GRAY: Final[Mapping[str, float]] = MappingProxyType({"Gy": 1.0, "cGy": 0.01, "gray": 1.0, "centigray": 0.01})


def gray(quantity: Any) -> float | None:
    """An absorbed dose in Gy; None for another unit."""
    factor = _GRAY.get(unit_of(quantity)) if quantity is not None and quantity.value is not None else None
    return None if factor is None else round(float(quantity.value) * factor, 4)


# ------------------------------------------------------------------------------------------- lists


def sites_of(body_sites: Iterable[Any] | None) -> Concepts:
    """Concepts of body sites."""
    return concepts_over(body_sites)


def references(several: Iterable[Any] | None) -> list[str | None]:
    """The literal references of a list of References."""
    return [each.reference for each in several or () if each is not None]


__all__ = [
    "at_age",
    "choice_of_date",
    "coded_extensions",
    "codes",
    "concepts_in",
    "concepts_over",
    "dose",
    "doses",
    "extensions",
    "gray",
    "intent_of",
    "laterality",
    "period",
    "priority",
    "references",
    "route",
    "sites_of",
    "span",
    "treatment_intent",
    "unit_of",
]
