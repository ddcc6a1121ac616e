"""Reads a vignette file: a patient in words an oncologist can check, and what the service has to say about her.

A file holds one patient (``[record]``: one line a fact, each with a name), the orders drafted (``[drafts]``), and what
is expected; each ``[[variation]]`` is the same patient with some facts put otherwise, so that both sides of a threshold
stand next to each other. The loader turns every fact into plain FHIR R4 JSON through :mod:`tests.fhir_builders`; the
words for codes are in ``glossary.toml``. ``README.md`` beside the files says what the lines may hold.
"""

from __future__ import annotations

import datetime as dt
import re
import tomllib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

from fhir_mappings.record import Record
from tests import fhir_builders as fhir
from tests.fhir_builders import Json

FOLDER: Final = Path(__file__).parent / "vignettes"
GLOSSARY: Final = "glossary.toml"
TODAY: Final = dt.date(2026, 11, 24)
MCODE: Final = "http://hl7.org/fhir/us/mcode/StructureDefinition"

SYSTEMS: Final[Mapping[str, str]] = {
    "SCT": "http://snomed.info/sct",
    "LOINC": "http://loinc.org",
    "RXNORM": "http://www.nlm.nih.gov/research/umls/rxnorm",
    "ICD-10-CM": "http://hl7.org/fhir/sid/icd-10-cm",
    "ICD-10": "http://hl7.org/fhir/sid/icd-10",
    "ICD-O-3": "http://terminology.hl7.org/CodeSystem/icd-o-3",
    "HCPCS": "http://www.cms.gov/Medicare/Coding/HCPCSReleaseCodeSets",
    "CPT": "http://www.ama-assn.org/go/cpt",
    "CVX": "http://hl7.org/fhir/sid/cvx",
    "OWN": "http://recurrence-cds.org/fhir/CodeSystem/recurrence-findings",
    "OWN-SITE": "http://recurrence-cds.org/fhir/CodeSystem/recurrence-sites",
}
DISTANT: Final = ("lung", "mediastinum", "liver", "bone", "brain", "abdomen", "supraclavicular nodes")
"""What "distant sites" stands for in an examination's list."""

Entry = dict[str, Any]


class VignetteError(ValueError):
    """A vignette that does not hold together; the message names file, case and line."""


@dataclass(frozen=True, slots=True)
class Expected:
    """One output: its code and, where the vignette says so, its strength or severity and the row that puts it out."""

    code: str
    weight: str = ""
    row: str = ""

    @classmethod
    def parse(cls, text: str) -> Expected:
        """From ``code``, ``code:strength``, ``code@row`` or ``code:strength@row``."""
        found = re.fullmatch(r"(?P<code>[a-z0-9-]+)(?::(?P<weight>[a-z]+))?(?:@(?P<row>[A-Za-z0-9-]+))?", text)
        if found is None:
            raise VignetteError(f"{text!r} is no expectation")
        return cls(found["code"], found["weight"] or "", found["row"] or "")


@dataclass(frozen=True, slots=True)
class Vignette:
    """One case: the patient as R4 JSON, the call, and what is expected.

    Attributes:
        file: path below the folder, without ending.
        name: the variation's name, empty for the patient as first told.
        story: in one line.
        hook: patient-view, order-select or order-sign.
        today: the day of the call.
        resources: the record, the Patient included.
        drafts: draft orders; None for patient-view.
        selected: names of the drafts that order-select asks about; None for all.
        not_obtained: prefetch keys whose data the call does not have, with the cause.
        scope: row of the scope gate.
        shows: outputs that must be there.
        only: whether nothing else may be there.
        never: outputs that must not be there.
        fires: rows whose condition is yes.
        possible: rows whose condition is unknown.
        rests: rows whose condition is no.
        facts: feature or judgement -> its value as shown.
    """

    file: str
    name: str
    story: str
    hook: str
    today: dt.date
    resources: tuple[Json, ...]
    drafts: tuple[Json, ...] | None
    selected: tuple[str, ...] | None
    not_obtained: Mapping[str, str]
    scope: str
    shows: tuple[Expected, ...]
    only: bool
    never: tuple[Expected, ...]
    fires: tuple[str, ...]
    possible: tuple[str, ...]
    rests: tuple[str, ...]
    facts: Mapping[str, str]

    @property
    def id(self) -> str:
        """File and name of the case."""
        return f"{self.file}: {self.name}" if self.name else self.file

    def record(self) -> Record:
        """The record as a call with complete prefetch brings it."""
        return fhir.a_record(
            *self.resources, drafts=self.drafts, selections=self.selected, not_obtained=self.not_obtained
        )


# ------------------------------------------------------------------------------------------------------------- codes


@cache
def glossary() -> Mapping[str, str]:
    """Word -> ``SYSTEM code``; a word stands in one section only."""
    found: dict[str, str] = {}
    for section in tomllib.loads((FOLDER / GLOSSARY).read_text(encoding="utf-8")).values():
        for word, code in section.items():
            if word in found:
                raise VignetteError(f"{word!r} stands twice in the glossary")
            found[word] = code
    return found


def code(word: str) -> Json:
    """A CodeableConcept: by the glossary, of a written code, or of text alone (``text: ...``)."""
    if word.startswith("text: "):
        return fhir.codeable(text=word.removeprefix("text: "))
    system, _, value = glossary().get(word, word).partition(" ")
    if system not in SYSTEMS or not value:
        raise VignetteError(f"{word!r} is neither in the glossary nor a code")
    return fhir.codeable(fhir.coding(SYSTEMS[system], value))


def own(word: str) -> Json:
    """A CodeableConcept of our own CodeSystem of findings."""
    return fhir.codeable(fhir.coding(SYSTEMS["OWN"], word))


def _day(value: Any, today: dt.date) -> str:
    """A FHIR date of a TOML date, of ``12 days ago`` or ``12 days ahead``, or as written."""
    if isinstance(value, dt.date):
        return value.isoformat()
    if found := re.fullmatch(r"(\d+) days? (ago|ahead)", value):
        days = int(found[1]) * (1 if found[2] == "ahead" else -1)
        return (today + dt.timedelta(days=days)).isoformat()
    return "" if value == "undated" else str(value)


# ------------------------------------------------------------------------------------------------------------- lines


@dataclass(slots=True)
class _Line:
    """One line of the record, consumed word by word; what is left over are FHIR elements by their own name."""

    name: str
    entry: Entry
    today: dt.date

    def take(self, word: str, default: Any = None) -> Any:
        return self.entry.pop(word, default)

    def day(self, word: str) -> str | None:
        value = self.take(word)
        return None if value is None else _day(value, self.today) or None

    def site(self) -> Json | None:
        place = self.take("site")
        return None if place is None else code(place)

    def period(self, element: str) -> Json:
        """``on`` as a date, ``from`` and ``until`` as a period."""
        on, start, end = self.day("on"), self.day("from"), self.day("until")
        if start or end:
            bounds = {"start": start, "end": end}
            return {f"{element}Period": {name: value for name, value in bounds.items() if value}}
        return {f"{element}DateTime": on} if on else {}

    def extensions(self) -> Json:
        """The mCODE extension of the treatment's intent."""
        intent = self.take("intent")
        if intent is None:
            return {}
        return {"extension": [{"url": f"{MCODE}/mcode-procedure-intent", "valueCodeableConcept": code(intent)}]}

    def rest(self) -> Json:
        return {"id": self.name, **self.entry}


def _patient(line: _Line) -> list[Json]:
    gender, born = line.take("patient"), line.day("born")
    birth_sex = line.take("birth_sex")
    url = "http://hl7.org/fhir/us/core/StructureDefinition/us-core-birthsex"
    more = {} if birth_sex is None else {"extension": [{"url": url, "valueCode": birth_sex}]}
    return [fhir.a_patient(gender=gender, birthDate=born, **more, **line.entry)]


def _condition(line: _Line) -> list[Json]:
    what, site = line.take("condition"), line.take("site")
    clinical, verification = line.take("clinical", "active"), line.take("verification", "confirmed")
    dates = {"onsetDateTime": line.day("onset"), "recordedDate": line.day("recorded")}
    dates["abatementDateTime"] = line.day("abated")
    morphology, grade = line.take("morphology"), line.take("grade")
    extension = []
    if morphology:
        url = f"{MCODE}/mcode-histology-morphology-behavior"
        extension.append({"url": url, "valueCodeableConcept": code(morphology)})
    if grade is not None:
        url = "http://hl7.org/fhir/us/ctcae/StructureDefinition/ctcae-grade"
        extension.append({"url": url, "valueCodeableConcept": _grade(grade)})
    return [
        fhir.a_condition(
            code(what),
            clinical=None if verification == "entered-in-error" else clinical,
            verification=verification or None,
            bodySite=[code(site)] if site else None,
            extension=extension or None,
            **dates,
            **line.rest(),
        )
    ]


def _grade(grade: int) -> Json:
    return fhir.codeable(fhir.coding("http://hl7.org/fhir/us/ctcae/CodeSystem/ctcae-grade-code-system", str(grade)))


def _procedure(line: _Line) -> list[Json]:
    what, site, gray = line.take("procedure"), line.site(), line.take("gray")
    more = {**line.period("performed"), **line.extensions()}
    if gray is not None:
        dose = {
            "url": f"{MCODE}/mcode-radiotherapy-dose-delivered-to-volume",
            "extension": [{"url": "totalDoseDelivered", "valueQuantity": fhir.quantity(gray * 100, "cGy")}],
        }
        more["extension"] = [*more.get("extension", ()), dose]
    return [fhir.a_procedure(code(what), site=site, status=line.take("status", "completed"), **more, **line.rest())]


def _value(line: _Line) -> Json:
    """``value``: a truth, a whole number, ``58 kg`` as a quantity, else text; ``coded`` as a code."""
    coded, value, upper = line.take("coded"), line.take("value"), line.take("upper")
    if coded is not None:
        return {"valueCodeableConcept": code(coded)}
    if isinstance(value, bool):
        return {"valueBoolean": value}
    if isinstance(value, int):
        return {"valueInteger": value}
    if isinstance(value, str) and (found := re.fullmatch(r"(\d+(?:\.\d+)?) (\S+)", value)):
        limit = {"referenceRange": [{"high": fhir.quantity(upper, found[2])}]} if upper is not None else {}
        return {"valueQuantity": fhir.quantity(float(found[1]), found[2]), **limit}
    return {} if value is None else {"valueString": value}


def _observation(line: _Line, what: Json) -> list[Json]:
    site, on = line.site(), line.day("on")
    status = line.take("status", "final")
    value = _value(line)
    return [fhir.an_observation(what, status=status, on=on, bodySite=site, **value, **line.rest())]


def _pressure(line: _Line) -> list[Json]:
    high, _, low = line.take("pressure").partition("/")
    parts = [
        {"code": code(word), "valueQuantity": fhir.quantity(int(value), "mm[Hg]")}
        for word, value in (("systolic", high), ("diastolic", low))
    ]
    return [fhir.an_observation(code("blood pressure"), on=line.day("on"), component=parts, **line.rest())]


def _examination(line: _Line) -> list[Json]:
    """A report and, for each site that it names, a finding."""
    what, on, status = line.take("examination"), line.day("on"), line.take("status", "final")
    found: list[Json] = []
    for present in (True, False):
        places = line.take("positive" if present else "negative", [])
        for place in (each for one in places for each in (DISTANT if one == "distant sites" else (one,))):
            identity = f"{line.name}-{place.replace(' ', '-')}"
            found.append(
                fhir.our_observation("tumour-at-site", present, site=code(place), on=on, status=status, id=identity)
            )
    results = [{"reference": f"Observation/{each['id']}"} for each in found]
    return [fhir.a_report(code(what), on=on, status=status, result=results or None, **line.rest()), *found]


def _dosage(line: _Line, *, draft: bool) -> Json:
    """``dose`` ("15 mg/kg", or several), ``every`` (days), ``hours``, ``route``, and for a draft ``start``."""
    dose, every, hours, route, start = (
        line.take("dose"),
        line.take("every"),
        line.take("hours"),
        line.take("route"),
        line.day("start"),
    )
    found: Json = {}
    repeat: Json = {}
    if start is not None:
        repeat["boundsPeriod"] = {"start": start}
    if every is not None:
        repeat |= {"frequency": 1, "period": every, "periodUnit": "d"}
    if hours is not None:
        repeat |= {"duration": hours, "durationUnit": "h"}
    if repeat:
        found["timing"] = {"repeat": repeat}
    if route is not None:
        found["route"] = code(route)
    if dose is not None:
        found["doseAndRate"] = [
            {"doseQuantity": fhir.quantity(float(number), unit)}
            for number, _, unit in (each.partition(" ") for each in ([dose] if isinstance(dose, str) else dose))
        ]
    return {("dosageInstruction" if draft else "dosage"): [found]} if found else {}


def _taken(line: _Line) -> list[Json]:
    what, status = line.take("taken"), line.take("status", "completed")
    dosage = _dosage(line, draft=False)
    return [
        fhir.a_medication_statement(
            code(what), status=status, **line.period("effective"), **line.extensions(), **dosage, **line.rest()
        )
    ]


def _given(line: _Line) -> list[Json]:
    what, status, dose, route = (
        line.take("given"),
        line.take("status", "completed"),
        line.take("dose"),
        line.take("route"),
    )
    dosage: Json = {} if route is None else {"route": code(route)}
    if dose is not None:
        number, _, unit = dose.partition(" ")
        dosage["dose"] = fhir.quantity(float(number), unit)
    more: Json = {"dosage": dosage} if dosage else {}
    return [fhir.a_medication_administration(code(what), status=status, on=line.day("on"), **more, **line.rest())]


def _ordered(line: _Line) -> list[Json]:
    what, status, intent = line.take("ordered"), line.take("status", "active"), line.take("kind", "order")
    return [
        fhir.a_medication_request(
            code(what),
            status=status,
            intent=intent,
            authoredOn=line.day("on"),
            **_dosage(line, draft=True),
            **line.rest(),
        )
    ]


def _report(line: _Line) -> list[Json]:
    what, on, concluded = line.take("report"), line.day("on"), line.take("concluded", [])
    status = line.take("status", "final")
    coded = [code(each) for each in concluded] or None
    return [fhir.a_report(code(what), on=on, status=status, conclusionCode=coded, **line.rest())]


def _planned(line: _Line) -> list[Json]:
    what, on, priority = line.take("planned"), line.day("on"), line.take("priority")
    status, elective = line.take("status", "active"), line.take("elective", default=False)
    marks = [code("elective")] if elective else None
    return [
        fhir.a_service_request(
            code(what),
            status=status,
            occurrenceDateTime=on,
            priority=priority,
            orderDetail=marks,
            site=line.site(),
            **line.rest(),
        )
    ]


def _allergy(line: _Line) -> list[Json]:
    return [fhir.an_allergy(code(line.take("allergy")), severity=line.take("severity", "severe"), **line.rest())]


def _answers(line: _Line) -> list[Json]:
    return [fhir.a_questionnaire_response(line.take("answers"), authored=line.day("on"), **line.rest())]


def _drug_draft(line: _Line) -> list[Json]:
    what, authored = line.take("drug"), line.day("authored")
    return [
        fhir.a_medication_request(
            code(what), status="draft", authoredOn=authored, **_dosage(line, draft=True), **line.rest()
        )
    ]


def _service_draft(line: _Line) -> list[Json]:
    what, on, priority = line.take("service"), line.day("on"), line.take("priority")
    marks = [code("elective")] if line.take("elective", default=False) else None
    return [
        fhir.a_service_request(
            code(what),
            status="draft",
            occurrenceDateTime=on,
            authoredOn=line.day("authored"),
            priority=priority,
            orderDetail=marks,
            site=line.site(),
            **line.extensions(),
            **line.rest(),
        )
    ]


_LINES: Final[Mapping[str, Callable[[_Line], list[Json]]]] = {
    "patient": _patient,
    "condition": _condition,
    "procedure": _procedure,
    "observation": lambda line: _observation(line, code(line.take("observation"))),
    "finding": lambda line: _observation(line, own(line.take("finding"))),
    "pressure": _pressure,
    "examination": _examination,
    "taken": _taken,
    "given": _given,
    "ordered": _ordered,
    "report": _report,
    "planned": _planned,
    "allergy": _allergy,
    "answers": _answers,
}
_DRAFTS: Final[Mapping[str, Callable[[_Line], list[Json]]]] = {"drug": _drug_draft, "service": _service_draft}


def _expand(
    lines: Mapping[str, Entry], kinds: Mapping[str, Callable[[_Line], list[Json]]], today: dt.date
) -> Iterator[Json]:
    for name, entry in lines.items():
        kind = next((each for each in kinds if each in entry), None)
        if kind is None:
            raise VignetteError(f"the line {name!r} says nothing known")
        yield from kinds[kind](_Line(name.replace("_", "-"), dict(entry), today))


def _varied(lines: Mapping[str, Entry], changes: Mapping[str, Entry], without: list[str]) -> dict[str, Entry]:
    """The lines with some left out, some with a word changed, some put anew (what they are and more), some added."""
    kinds = {*_LINES, *_DRAFTS}
    unknown = [name for name in without if name not in lines]
    if unknown:
        raise VignetteError(f"there is no line {unknown[0]!r} to leave out")
    found = {name: dict(entry) for name, entry in lines.items() if name not in without}
    for name, entry in changes.items():
        whole = name not in found or (len(entry) > 1 and kinds & entry.keys())
        found[name] = dict(entry) if whole else {**found[name], **entry}
    return found


# ------------------------------------------------------------------------------------------------------------- files

_FILE: Final = {"title", "story", "hook", "today", "scope", "record", "drafts", "selected", "variation"}
_EXPECTED: Final = {"shows", "only", "never", "fires", "possible", "rests", "facts"}
_CASE: Final = {"name", "story", "without", "without_drafts", "record", "drafts", "hook", "scope", "selected"}


def _case(file: str, base: Mapping[str, Any], own_words: Mapping[str, Any]) -> Vignette:
    """The base patient (``own_words`` is the file itself) or a variation of it."""
    name = own_words.get("name", "")
    try:
        told: Mapping[str, Any] = {**base, **own_words}
        today = told.get("today", TODAY)
        first = own_words is base
        lines = (
            base["record"]
            if first
            else _varied(base["record"], _changes(own_words, "record"), own_words.get("without", []))
        )
        drafts = base.get("drafts", {})
        if not first:
            drafts = _varied(drafts, _changes(own_words, "drafts"), own_words.get("without_drafts", []))
        hook = told.get("hook", "patient-view")
        orders = tuple(_expand(drafts, _DRAFTS, today))
        by_id = {each["id"]: f"{each['resourceType']}/{each['id']}" for each in orders}
        selected = told.get("selected")
        return Vignette(
            file=file,
            name=name,
            story=told["story"],
            hook=hook,
            today=today,
            resources=tuple(_expand(lines, _LINES, today)),
            drafts=None if hook == "patient-view" else orders,
            selected=None if selected is None else tuple(by_id[each] for each in selected),
            not_obtained=own_words.get("not_obtained", {}),
            scope=told.get("scope", "G8"),
            shows=tuple(map(Expected.parse, own_words.get("shows", []))),
            only=own_words.get("only", False),
            never=tuple(map(Expected.parse, own_words.get("never", []))),
            fires=tuple(own_words.get("fires", [])),
            possible=tuple(own_words.get("possible", [])),
            rests=tuple(own_words.get("rests", [])),
            facts=own_words.get("facts", {}),
        )
    except (VignetteError, KeyError, ValueError) as fault:
        raise VignetteError(f"{file}: {name or 'the patient'}: {fault}") from fault


def _changes(words: Mapping[str, Any], section: str) -> Mapping[str, Entry]:
    """What a variation says of ``record`` or ``drafts``."""
    changes: Mapping[str, Entry] = words.get(section, {})
    return changes


def read_file(path: Path) -> list[Vignette]:
    """The cases of one file: the patient as told, unless nothing is expected of her, and every variation.

    Raises:
        VignetteError: an unknown word, a name twice, a case that expects nothing.
    """
    file = path.relative_to(FOLDER).with_suffix("").as_posix()
    base = tomllib.loads(path.read_text(encoding="utf-8"))
    if unknown := base.keys() - _FILE - _EXPECTED:
        raise VignetteError(f"{file}: {sorted(unknown)} is not known")
    variations = base.pop("variation", [])
    cases = [_case(file, base, base)] if _EXPECTED & base.keys() else []
    for each in variations:
        if unknown := each.keys() - _CASE - _EXPECTED - {"not_obtained"}:
            raise VignetteError(f"{file}: {each.get('name')}: {sorted(unknown)} is not known")
        if not _EXPECTED & each.keys():
            raise VignetteError(f"{file}: {each.get('name')}: expects nothing")
        cases.append(_case(file, base, each))
    names = [case.name for case in cases]
    if len(set(names)) != len(names):
        raise VignetteError(f"{file}: two cases of one name")
    return cases


@cache
def vignettes() -> tuple[Vignette, ...]:
    """Every case of every file, in the order of the files."""
    paths = sorted(path for path in FOLDER.rglob("*.toml") if path.name != GLOSSARY)
    return tuple(case for path in paths for case in read_file(path))
