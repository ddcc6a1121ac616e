"""Draft orders as an order entry of an EHR would make them, and their one-line descriptions."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

from cds_service.errors import BadRequest

_RXNORM: Final = "http://www.nlm.nih.gov/research/umls/rxnorm"
_SNOMED: Final = "http://snomed.info/sct"
_UCUM: Final = "http://unitsofmeasure.org"
_INTENT: Final = "http://hl7.org/fhir/us/mcode/StructureDefinition/mcode-procedure-intent"
_INTRAVENOUS: Final = {"coding": [{"system": _SNOMED, "code": "47625008"}], "text": "Intravenous"}
_PELVIS: Final = ("12921003", "Pelvis")
_INTENTS: Final = MappingProxyType({"curative": ("373808002", "Curative"), "palliative": ("363676003", "Palliative")})
UNITS: Final = ("mg", "mg/kg", "mg/m2")
MAX_DOSE: Final = 100_000


@dataclass(frozen=True, slots=True)
class OrderKind:
    """Something that can be drafted.

    Attributes:
        key: stable name, also in the draft's id.
        words: as on an order form.
        code: RxNorm ingredient of a drug, SNOMED CT procedure otherwise.
        dose: usual dose of a drug; 0 for a procedure.
        unit: of the usual dose.
        weeks: between doses.
        pelvic: the body site is the pelvis, and curative or palliative intent is asked for.
    """

    key: str
    words: str
    code: str
    dose: float = 0
    unit: str = ""
    weeks: int = 3
    pelvic: bool = False

    @property
    def drug(self) -> bool:
        """Whether it is a MedicationRequest."""
        return self.dose > 0


KINDS: Final[Mapping[str, OrderKind]] = MappingProxyType(
    {
        kind.key: kind
        for kind in (
            OrderKind("bevacizumab", "Bevacizumab", "253337", 15, "mg/kg"),
            OrderKind("cisplatin", "Cisplatin", "2555", 50, "mg/m2"),
            OrderKind("cisplatin-weekly", "Cisplatin, weekly with radiotherapy", "2555", 40, "mg/m2", weeks=1),
            OrderKind("carboplatin", "Carboplatin", "40048", 450, "mg"),
            OrderKind("paclitaxel", "Paclitaxel", "56946", 175, "mg/m2"),
            OrderKind("topotecan", "Topotecan", "57308", 0.75, "mg/m2"),
            OrderKind("pembrolizumab", "Pembrolizumab", "1547545", 200, "mg"),
            OrderKind("cemiplimab", "Cemiplimab", "2058826", 350, "mg"),
            OrderKind("tisotumab-vedotin", "Tisotumab vedotin", "2571093", 2, "mg/kg"),
            OrderKind("pelvic-radiotherapy", "Pelvic external beam radiotherapy", "33195004", pelvic=True),
            OrderKind("exenteration", "Pelvic exenteration", "55853002", pelvic=True),
            OrderKind("pet-ct", "PET/CT", "443271005"),
        )
    }
)
"""What the order form offers, by key."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What was filled in on the order form, as text."""

    kind: str
    start: str = ""
    dose: str = ""
    unit: str = ""
    intent: str = ""


def draft(wish: Wish, *, patient_id: str, today: dt.date, taken: Collection[str] = ()) -> dict[str, Any]:
    """A draft order as FHIR R4 JSON.

    Args:
        wish: kind, start as an ISO date (empty: none), dose and unit (empty: the usual ones), intent of a pelvic
            procedure (empty: curative).
        patient_id: bare id.
        today: the day it is written.
        taken: ids of other drafts; the new one gets another.

    Raises:
        BadRequest: an unknown kind, unit or intent, or a date or dose that is none.
    """
    kind = KINDS.get(wish.kind)
    if kind is None:
        raise BadRequest("It is not among the orders offered", "kind")
    resource: dict[str, Any] = {
        "resourceType": "MedicationRequest" if kind.drug else "ServiceRequest",
        "id": _free_id(f"draft-{kind.key}", taken),
        "status": "draft",
        "intent": "order",
    }
    common = {
        "subject": {"reference": f"Patient/{patient_id}"},
        "authoredOn": today.isoformat(),
        "requester": {"reference": "Practitioner/demo-oncologist"},
    }
    start = _day(wish.start)
    if kind.drug:
        code = {"coding": [{"system": _RXNORM, "code": kind.code}], "text": kind.words}
        return {
            **resource,
            "medicationCodeableConcept": code,
            **common,
            "dosageInstruction": [_dosage(kind, wish, start)],
        }
    code = {"coding": [{"system": _SNOMED, "code": kind.code}], "text": kind.words}
    resource |= {"code": code, **common}
    if kind.pelvic:
        resource |= _pelvic(wish.intent or "curative")
    return resource | ({"occurrenceDateTime": start} if start else {})


def _free_id(wanted: str, taken: Collection[str]) -> str:
    if wanted not in taken:
        return wanted
    return next(each for place in range(2, len(taken) + 3) if (each := f"{wanted}-{place}") not in taken)


def _day(text: str) -> str:
    try:
        return dt.date.fromisoformat(text).isoformat() if text else ""
    except ValueError:
        raise BadRequest("It is not a date of the form YYYY-MM-DD", "start") from None


def _dose(text: str, usual: float) -> float:
    try:
        dose = float(text) if text else usual
    except ValueError:
        dose = math.nan
    if not 0 < dose <= MAX_DOSE:
        raise BadRequest("It is not a dose", "dose")
    return dose


def _dosage(kind: OrderKind, wish: Wish, start: str) -> dict[str, Any]:
    dose = _dose(wish.dose, kind.dose)
    unit = wish.unit or kind.unit
    if unit not in UNITS:
        raise BadRequest(f"It has to be one of {', '.join(UNITS)}", "unit")
    repeat: dict[str, Any] = {"frequency": 1, "period": kind.weeks, "periodUnit": "wk"}
    if start:
        repeat["boundsPeriod"] = {"start": start}
    every = "every week" if kind.weeks == 1 else f"every {kind.weeks} weeks"
    return {
        "text": f"{dose:g} {unit} intravenously {every}",
        "timing": {"repeat": repeat},
        "route": _INTRAVENOUS,
        "doseAndRate": [{"doseQuantity": {"value": dose, "unit": unit, "system": _UCUM, "code": unit}}],
    }


def _pelvic(intent: str) -> dict[str, Any]:
    if intent not in _INTENTS:
        raise BadRequest("It has to be curative or palliative", "intent")
    code, words = _INTENTS[intent]
    site, site_words = _PELVIS
    return {
        "extension": [
            {"url": _INTENT, "valueCodeableConcept": {"coding": [{"system": _SNOMED, "code": code}], "text": words}}
        ],
        "bodySite": [{"coding": [{"system": _SNOMED, "code": site}], "text": site_words}],
    }


@dataclass(frozen=True, slots=True)
class DraftLine:
    """A draft in one line: what, how much, when; ``reference`` names it."""

    reference: str
    title: str
    dose: str
    start: str


def line(resource: Mapping[str, Any]) -> DraftLine:
    """Describe any draft, made here or by a suggestion; what it lacks is left empty."""
    kind = _text(resource.get("resourceType")) or "Resource"
    concept = next(
        (found for name in ("medicationCodeableConcept", "code") if isinstance(found := resource.get(name), dict)), {}
    )
    codings = concept.get("coding")
    display = _text(codings[0].get("display")) if isinstance(codings, list) and _is_object(codings) else ""
    title = _text(concept.get("text")) or display or _text(resource.get("description")) or kind
    dosages = resource.get("dosageInstruction")
    dosage = dosages[0] if isinstance(dosages, list) and _is_object(dosages) else {}
    return DraftLine(
        reference=f"{kind}/{_text(resource.get('id'))}",
        title=title,
        dose=_said_dose(dosage),
        start=_said_start(resource, dosage),
    )


def _is_object(items: list[Any]) -> bool:
    return bool(items) and isinstance(items[0], dict)


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _said_dose(dosage: Mapping[str, Any]) -> str:
    """The coded dose, which a correction changes, rather than the text, which it may not."""
    rates = dosage.get("doseAndRate")
    quantity = rates[0].get("doseQuantity") if isinstance(rates, list) and _is_object(rates) else None
    if not isinstance(quantity, dict) or not isinstance(quantity.get("value"), (int, float)):
        return _text(dosage.get("text"))
    unit = _text(quantity.get("unit")) or _text(quantity.get("code"))
    repeat = _at(dosage, "timing", "repeat")
    period = repeat.get("period") if isinstance(repeat, dict) else None
    every = f", every {period} {_text(repeat.get('periodUnit'))}" if isinstance(period, (int, float)) else ""
    return f"{quantity['value']:g} {unit}{every}".replace("every 1 wk", "weekly").replace(" wk", " weeks")


def _said_start(resource: Mapping[str, Any], dosage: Mapping[str, Any]) -> str:
    period = _at(dosage, "timing", "repeat", "boundsPeriod", "start")
    events = _at(dosage, "timing", "event")
    event = events[0] if isinstance(events, list) and events else None
    occurrence = _at(resource, "occurrencePeriod", "start")
    return next(
        (each for each in map(_text, (period, event, resource.get("occurrenceDateTime"), occurrence)) if each), ""
    )


def _at(value: Any, *names: str) -> Any:
    for name in names:
        value = value.get(name) if isinstance(value, dict) else None
    return value
