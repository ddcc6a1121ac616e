"""Screen: one pass over the raw JSON of a call finds the few resources that matter.

Each resource is decoded once to its lean shape (:mod:`fhir_mappings.r4.shapes`). It becomes a candidate when it is of
this patient (requirement SAFE-01) and its codes match a concept, or its words may point to one. The rest, usually most
of a record, costs nothing more.

Subject and identity are judged for every resource of a type that is read, relevant or not. A resource without subject
is nobody's; one with a contained subject too.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import msgspec
from msgspec import Raw, Struct
from msgspec.structs import replace

from fhir_mappings.history import NONE, Concepts, Gap, SetAside, Unreadable
from fhir_mappings.proposal import STAGING_QUESTIONNAIRE
from fhir_mappings.r4 import shapes
from fhir_mappings.r4.lookup import DECODE_ERRORS, Lookup
from fhir_mappings.r4.meaning import (
    NOTHING,
    Meaning,
    concepts_in,
    concepts_over,
    contradictory,
    text_of,
    tidy,
)
from fhir_mappings.r4.telling_words import hinted
from fhir_mappings.record import Obtained, Payload, Record, State
from fhir_mappings.value_sets import CONCEPTS, concepts_by_name, systems

DRAFTS: Final = "draftOrders"
"""Name under which a gap in ``context.draftOrders`` is told."""

ENTERED_IN_ERROR: Final = "entered-in-error"

_DEEPEST_BUNDLE: Final = 3
_BAD_ISSUES: Final = frozenset({"error", "fatal"})
_CODE_FIELDS: Final = frozenset(
    {
        "code",
        "category",
        "medicationCodeableConcept",
        "medicationReference",
        "medication",
        "component",
        "conclusionCode",
        "codedDiagnosis",
        "procedureCode",
        "procedure",
        "serviceRequested",
        "serviceType",
        "reaction",
        "questionnaire",
    }
)
"""Elements that say what a resource is about; when one of them cannot be decoded, nobody knows."""


class Found(Struct, frozen=True, gc=False):
    """One resource as it came.

    Attributes:
        resource_type: FHIR type name.
        r4_type: what R4 calls that type; empty for a type that is not read.
        lean: its lean shape.
        json: its JSON, for most of them a piece of what was received.
        full_url: fullUrl of its Bundle entry, if any.
        damaged: elements of the lean shape that had the wrong JSON type.
    """

    resource_type: str
    r4_type: str
    lean: shapes.Lean
    json: Raw | bytes
    full_url: str | None = None
    damaged: frozenset[str] = frozenset()

    @property
    def raw(self) -> bytes:
        """Its JSON as bytes of its own."""
        return bytes(self.json)

    @property
    def identity(self) -> str:
        """The id: its own or, in a Bundle, the end of its fullUrl; empty without either."""
        if self.lean.id:
            return self.lean.id
        if self.full_url:
            if self.full_url.startswith("urn:uuid:"):
                return self.full_url.removeprefix("urn:uuid:")
            kind, _, identity = self.full_url.rpartition("/")
            if kind.endswith(self.resource_type):
                return identity
        return ""

    @property
    def reference(self) -> str:
        """``Type/id``, or ``Type?`` when it has no id."""
        identity = self.identity
        return f"{self.resource_type}/{identity}" if identity else f"{self.resource_type}?"

    @property
    def sort_key(self) -> tuple[str, bytes]:
        """Order that does not depend on the order of arrival."""
        return self.reference, self.raw


class Candidate(Struct, frozen=True, gc=False):
    """A resource of this patient that matters, and what its code says."""

    found: Found
    meaning: Meaning


@dataclass(slots=True)
class Screened:
    """What one call brought, sorted out.

    Attributes:
        patient: the Patient resource, if it came.
        candidates: what a reader has to read, sorted by reference.
        drafts: the entries of ``context.draftOrders``, in their order, Medications left out.
        lookup: finds what references point to.
        gaps: kinds of data not (wholly) obtained.
        unreadable: resources that could not even be screened.
        set_aside: resources of other patients or of none.
        selections: which drafts the hook asks about, as the record says.
    """

    lookup: Lookup
    patient: Found | None = None
    candidates: list[Candidate] = field(default_factory=list)
    drafts: list[Found] = field(default_factory=list)
    gaps: list[Gap] = field(default_factory=list)
    unreadable: list[Unreadable] = field(default_factory=list)
    set_aside: SetAside = field(default_factory=SetAside)
    selections: tuple[str, ...] | None = None


# ------------------------------------------------------------------------------------------- payload -> resources


@dataclass(slots=True)
class _Page:
    """The resources of one payload and what speaks against its being whole."""

    shapes: shapes.Shapes
    found: list[Found] = field(default_factory=list)
    faults: set[str] = field(default_factory=set)
    has_next: bool = False


def _salvaged_fields(content: Mapping[str, Any], shape: type[shapes.Lean]) -> tuple[shapes.Lean, frozenset[str]]:
    """Decode each element by itself, leaving out those of the wrong JSON type."""
    good: dict[str, Any] = {}
    damaged: set[str] = set()
    for each in msgspec.structs.fields(shape):
        value = content.get(each.encode_name)
        if value is None:
            continue
        try:
            good[each.name] = msgspec.json.decode(msgspec.json.encode(value), type=each.type)
        except DECODE_ERRORS:
            damaged.add(each.encode_name)
    return shape(**good), frozenset(damaged)


def _resource(raw: Raw | bytes, full_url: str | None, page: _Page, depth: int) -> None:
    """Decode one resource into the page."""
    damaged: frozenset[str] = frozenset()
    try:
        lean = page.shapes.resource.decode(raw)
    except DECODE_ERRORS:
        try:
            content = shapes.ANYTHING.decode(raw)
        except DECODE_ERRORS:
            page.faults.add("an entry is not valid JSON")
            return
        name = content.get("resourceType") if isinstance(content, dict) else None
        if not isinstance(name, str) or name not in page.shapes.by_type:
            return
        lean, damaged = _salvaged_fields(content, page.shapes.by_type[name])
    names = page.shapes.types.get(type(lean))
    if names is None:
        return
    resource_type, r4_type = names
    if resource_type == "OperationOutcome":
        if any(each.severity in _BAD_ISSUES or each.code == "incomplete" for each in filter(None, lean.issue or ())):
            page.faults.add("the server reported an error")
    elif resource_type == "Bundle":
        if depth < _DEEPEST_BUNDLE:
            _bundle(bytes(raw), page, depth + 1)
        else:
            page.faults.add("Bundles are nested too deep")
    else:
        page.found.append(Found(resource_type, r4_type, lean, raw, full_url, damaged))


def _bundle(payload: Payload, page: _Page, depth: int) -> None:
    """Decode a Bundle, a single resource or ``null`` into the page."""
    try:
        envelope = shapes.ENVELOPE.decode(payload)
    except msgspec.ValidationError:
        _odd_bundle(payload, page, depth)
        return
    if envelope.resource_type not in (None, "Bundle"):
        _resource(bytes(payload), None, page, depth)
        return
    if envelope.implicit_rules:
        page.faults.add("the answer follows rules that are not known here")
        return
    entries = [entry for entry in envelope.entry or () if entry is not None]
    whole = [entry for entry in entries if entry.resource is not shapes.ABSENT]
    if len(whole) < len(entries) and any(entry.resource_type for entry in entries if entry.resource is shapes.ABSENT):
        _odd_bundle(payload, page, depth)
        return
    page.has_next |= any(link.relation == "next" for link in filter(None, envelope.link or ()))
    for entry in whole:
        _resource(entry.resource, entry.full_url, page, depth)


def _odd_bundle(payload: Payload, page: _Page, depth: int) -> None:
    """Decode what is no ordinary Bundle: wrong JSON types in its frame, bare resources as entries, an odd resource."""
    content = shapes.ANYTHING.decode(payload)
    if not isinstance(content, dict):
        if content is not None:
            page.faults.add("the answer is no FHIR resource")
        return
    if content.get("resourceType") not in (None, "Bundle"):
        _resource(msgspec.json.encode(content), None, page, depth)
        return
    if content.get("implicitRules"):
        page.faults.add("the answer follows rules that are not known here")
        return
    links = content.get("link")
    page.has_next |= isinstance(links, list) and any(
        isinstance(link, dict) and link.get("relation") == "next" for link in links
    )
    entries = content.get("entry")
    for entry in entries if isinstance(entries, list) else ():
        if not isinstance(entry, dict):
            continue
        resource = entry if "resourceType" in entry else entry.get("resource")
        full_url = entry.get("fullUrl")
        if isinstance(resource, dict):
            _resource(msgspec.json.encode(resource), full_url if isinstance(full_url, str) else None, page, depth)


def _without_mark(payload: Payload) -> Payload:
    """A byte order mark is none of JSON, but servers send it."""
    return memoryview(payload)[3:] if bytes(payload[:3]) == b"\xef\xbb\xbf" else payload


def _page(payload: Payload, known: shapes.Shapes) -> _Page:
    page = _Page(known)
    payload = _without_mark(payload)
    try:
        if bytes(payload[:64]).lstrip()[:1] == b"[":
            for raw in shapes.RAW_LIST.decode(payload):
                _bundle(bytes(raw), page, 1)
        else:
            _bundle(payload, page, 0)
    except DECODE_ERRORS:
        page.faults.add("the answer is not valid JSON")
    return page


# ------------------------------------------------------------------------------------------- gaps


def _gap(obtained: Obtained, pages: list[_Page]) -> Gap | None:
    """What is missing of one kind of data, if anything."""
    came = any(page.found for page in pages)
    if obtained.state is State.NOT_OBTAINED:
        return Gap(key=obtained.key, cause=obtained.cause or "not obtained", partial=came)
    causes = [obtained.incomplete] if obtained.incomplete else []
    causes += sorted({fault for page in pages for fault in page.faults})
    # A further page was promised by each page, so the one promised last never came.
    if not obtained.incomplete and pages and all(page.has_next for page in pages):
        causes.append("more pages were not read")
    return Gap(key=obtained.key, cause="; ".join(causes), partial=came or not pages) if causes else None


# ------------------------------------------------------------------------------------------- meaning by type


_CONCLUSIVE_CONDITION: Final = frozenset({systems.ICD10CM, systems.ICD10, systems.ICD10GM, systems.ICD9CM})
_CONCLUSIVE_OBSERVATION: Final = frozenset({systems.LOINC})
"""Our lists hold all that matters of these; SNOMED CT is never conclusive, since its descendants are not listed."""


def _component_codes(observation: shapes.Observation) -> Iterator[shapes.CodeableConcept | None]:
    return (each.code for each in observation.component or () if each is not None)


class _Words:
    """What codes and words mean, remembered for the length of one call."""

    def __init__(self, lookup: Lookup) -> None:
        self.lookup = lookup
        self._hints: dict[tuple[str, str], Concepts] = {}
        self._codes: dict[tuple[str | None, ...], Meaning | None] = {}

    def hints(self, resource_type: str, texts: Iterable[str | None]) -> Concepts:
        """Concepts that the texts may point to; each text is looked at once."""
        found = NONE
        for text in texts:
            if text:
                key = resource_type, text
                known = self._hints.get(key)
                if known is None:
                    known = self._hints[key] = hinted(resource_type, text)
                found |= known
        return found

    def code(
        self,
        resource_type: str,
        concept: shapes.CodeableConcept | None,
        conclusive: frozenset[str] = frozenset(),
    ) -> Meaning | None:
        """Meaning by coding, else by telling words, else None.

        Args:
            resource_type: whose code it is.
            concept: the code.
            conclusive: systems whose codes say by themselves that it is something else, when they match nothing.
        """
        if concept is None:
            return None
        only = concept.coding[0] if concept.coding is not None and len(concept.coding) == 1 else None
        if only is None:
            return self._code(resource_type, concept, conclusive)
        # A record says the same few codes again and again.
        key = resource_type, only.system, only.code, only.display, concept.text
        if key not in self._codes:
            self._codes[key] = self._code(resource_type, concept, conclusive)
        return self._codes[key]

    def _code(self, resource_type: str, concept: shapes.CodeableConcept, conclusive: frozenset[str]) -> Meaning | None:
        if concepts := concepts_in(concept):
            return Meaning(concepts, text_of(concept), conflict=contradictory(concept))
        codings = [each for each in concept.coding or () if each is not None]
        if any(each.system in conclusive for each in codings):
            return None
        hints = self.hints(resource_type, [concept.text, *(each.display for each in codings)])
        return Meaning(hints, text_of(concept), text_only=True) if hints else None

    def drug(self, concept: shapes.CodeableConcept | None) -> Meaning | None:
        """Meaning by coding, else by the name of a drug, else None."""
        if concept is None:
            return None
        if concepts := concepts_in(concept):
            return Meaning(concepts, text_of(concept), conflict=contradictory(concept))
        return self.named(concept.text, *(each.display for each in concept.coding or () if each is not None))

    def named(self, *texts: str | None) -> Meaning | None:
        """Meaning by the name of a drug in any of the texts."""
        said = [text for text in texts if text]
        concepts = frozenset().union(*map(concepts_by_name, said))
        return Meaning(concepts, tidy(said[0]), by_name=True) if concepts else None

    def medication(self, medication: shapes.Medication) -> Meaning | None:
        """Meaning of a Medication: its code and its ingredients together."""
        parts = [self.drug(medication.code)]
        parts += [self.drug(each.item_codeable_concept) for each in filter(None, medication.ingredient or ())]
        return _together([part for part in parts if part is not None])

    def mention(self, lean: Any) -> Meaning | None:
        """Meaning of medication[x]; ``unresolved`` when it points to nothing at hand and names nothing."""
        if (concept := lean.medication_codeable_concept) is not None:
            empty = not concept.text and not any(each and (each.code or each.display) for each in concept.coding or ())
            return Meaning(unresolved=True) if empty else self.drug(concept)
        if (reference := lean.medication_reference) is None:
            return Meaning(unresolved=True)
        found = self.lookup.medication(reference.reference, self.lookup.contained_in(lean.contained))
        if found is not None:
            return self.medication(found) or self.named(reference.display)
        if reference.display:
            return self.named(reference.display)
        return Meaning(unresolved=True)

    def procedure(self, lean: shapes.Procedure) -> Meaning | None:
        """By code, else by category, else by what was used, else by words."""
        own = self.code("Procedure", lean.code)
        if own is not None and not own.text_only:
            return own
        if concepts := concepts_in(lean.category):
            return Meaning(concepts, text_of(lean.code))
        used = concepts_over(lean.used_code)
        if lean.used_reference and not used:
            contained = self.lookup.contained_in(lean.contained)
            for each in filter(None, lean.used_reference):
                medication = self.lookup.medication(each.reference, contained)
                if medication is not None and self.medication(medication):
                    return own or NOTHING
        return own or (NOTHING if used else None)

    def observation(self, lean: shapes.Observation) -> Meaning | None:
        """By code, else by the code of a component, else by words."""
        own = self.code("Observation", lean.code, _CONCLUSIVE_OBSERVATION)
        if lean.component and (own is None or own.text_only) and any(concepts_over(_component_codes(lean))):
            return Meaning(text=text_of(lean.code))
        return own

    def report(self, lean: shapes.DiagnosticReport) -> Meaning | None:
        """By code, else by conclusion code, else by words."""
        own = self.code("DiagnosticReport", lean.code)
        if (own is None or own.text_only) and concepts_over(lean.conclusion_code):
            return Meaning(text=text_of(lean.code))
        return own

    def study(self, lean: shapes.ImagingStudy) -> Meaning | None:
        """By procedure code, else by words."""
        return self._several("ImagingStudy", lean.procedure_code, lean.description)

    def appointment(self, lean: shapes.Appointment) -> Meaning | None:
        """By service type and reason, else by words."""
        return self._several("Appointment", [*(lean.service_type or ()), *(lean.reason_code or ())], lean.description)

    def allergy(self, lean: shapes.AllergyIntolerance) -> Meaning | None:
        """By substance of the whole or of a reaction."""
        parts = [self.drug(lean.code), *(self.drug(each.substance) for each in filter(None, lean.reaction or ()))]
        return _together([part for part in parts if part is not None])

    def answers(self, lean: shapes.QuestionnaireResponse) -> Meaning | None:
        """Only answers to our own questionnaire; a version behind ``|`` does not matter."""
        return NOTHING if (lean.questionnaire or "").partition("|")[0] == STAGING_QUESTIONNAIRE else None

    def _several(
        self, resource_type: str, concepts: list[shapes.CodeableConcept | None] | None, description: str | None
    ) -> Meaning | None:
        text = tidy(description) or next((text_of(each) for each in concepts or () if text_of(each)), "")
        if matched := concepts_over(concepts):
            return Meaning(matched, text)
        hints = self.hints(resource_type, [description])
        hints |= NONE.union(*(said.concepts for each in concepts or () if (said := self.code(resource_type, each))))
        return Meaning(hints, text, text_only=True) if hints else None


_Judged = tuple[Found, Meaning | None]
"""A resource of this patient and what its code means; None when that could not be told."""


def _together(parts: list[Meaning]) -> Meaning | None:
    if not parts:
        return None
    return Meaning(
        frozenset().union(*(part.concepts for part in parts)),
        parts[0].text,
        by_name=all(part.by_name for part in parts),
        conflict=any(part.conflict for part in parts),
    )


_MEANINGS: Final[Mapping[str, Callable[[_Words, Any], Meaning | None]]] = {
    "Condition": lambda words, lean: words.code("Condition", lean.code, _CONCLUSIVE_CONDITION),
    "Procedure": _Words.procedure,
    "MedicationStatement": _Words.mention,
    "MedicationRequest": _Words.mention,
    "MedicationAdministration": _Words.mention,
    "Observation": _Words.observation,
    "DiagnosticReport": _Words.report,
    "ImagingStudy": _Words.study,
    "ServiceRequest": lambda words, lean: words.code("ServiceRequest", lean.code),
    "Appointment": _Words.appointment,
    "AllergyIntolerance": _Words.allergy,
    "QuestionnaireResponse": _Words.answers,
}


# ------------------------------------------------------------------------------------------- whose is it


def _patients_named(appointment: Any) -> list[str]:
    """The participants of an appointment that may be patients."""
    actors = (each.actor.reference for each in filter(None, appointment.participant or ()) if each.actor is not None)
    return [each for each in actors if each and ("Patient/" in each or each.startswith("urn:"))]


_OWN, _FOREIGN, _NOBODYS = "own", "foreign", "nobody's"


class _Owners:
    """Tells this patient's resources from others'."""

    def __init__(self, record: Record, lookup: Lookup) -> None:
        self._id = record.patient_id
        self._lookup = lookup
        self._own = f"Patient/{record.patient_id}"
        self._own_uuid = f"urn:uuid:{record.patient_id}"

    def is_patient(self, found: Found) -> bool:
        """Whether a Patient resource is this one."""
        return found.identity == self._id

    def aliases(self, page: _Page) -> frozenset[str]:
        """The fullUrl of this patient's own entry: a ``urn:``, or any when the call has no base to compare with."""
        return frozenset(
            each.full_url
            for each in page.found
            if each.resource_type == "Patient"
            and each.full_url is not None
            and self.is_patient(each)
            and (each.full_url.startswith("urn:") or not self._lookup.base_url)
        )

    def whose(self, found: Found, aliases: frozenset[str]) -> str:
        """This patient's, another's, or nobody's: without subject, or with a contained one."""
        lean: Any = found.lean
        if found.r4_type == "Appointment":
            named = _patients_named(lean)
        else:
            subject = getattr(lean, "patient" if found.r4_type == "AllergyIntolerance" else "subject", None)
            named = [] if subject is None or not subject.reference else [subject.reference]
            if named == [self._own]:
                return _OWN
        if any(self._is_own(each, aliases) for each in named):
            return _OWN
        return _FOREIGN if any(each[0] != "#" for each in named) else _NOBODYS

    def _is_own(self, reference: str, aliases: frozenset[str]) -> bool:
        if self._lookup.local(reference) == self._own or reference == self._own_uuid:
            return True
        return reference.partition("/_history/")[0] in aliases


# ------------------------------------------------------------------------------------------- which of two


class _Meta(Struct, gc=False, rename="camel"):
    last_updated: str | None = None
    version_id: str | None = None


class _Dated(Struct, gc=False):
    meta: _Meta | None = None


_DATED: Final = msgspec.json.Decoder(_Dated)
_LONG_AGO: Final = dt.datetime.min.replace(tzinfo=dt.UTC)


def _age(found: Found) -> tuple[dt.datetime, int, bytes]:
    """Sorts versions of one resource: newer last; the bytes decide when nothing else does."""
    updated, version = _LONG_AGO, 0
    try:
        meta = _DATED.decode(found.raw).meta or _Meta()
    except DECODE_ERRORS:
        meta = _Meta()
    if meta.last_updated:
        try:
            updated = dt.datetime.fromisoformat(meta.last_updated)
        except ValueError:
            updated = _LONG_AGO
        if updated.tzinfo is None:
            updated = updated.replace(tzinfo=dt.UTC)
    if meta.version_id and meta.version_id.isdecimal():
        version = int(meta.version_id[:18])
    return updated, version, found.raw


# ------------------------------------------------------------------------------------------- what is superseded

_NEWEST_COUNTS: Final = frozenset(name for name, concept in CONCEPTS.items() if concept.topic == "labs_vitals")
"""Measurements of which the guideline asks for the newest only (decision model, 2.4)."""

_DAYS_KEPT: Final = 2
"""Days of firm values kept of each measurement: one decides, the other stays in case that one cannot be read."""

_FINAL: Final = frozenset({"final", "amended", "corrected"})


def _firm_day(observation: shapes.Observation) -> str:
    """The day of a final measurement that has a value and an exact date; empty for any other."""
    when = observation.effective_date_time
    if observation.status not in _FINAL or when is None or len(when) < len("2026-01-01"):
        return ""
    parts = [each for each in observation.component or () if each is not None and concepts_in(each.code)]
    if parts:
        valued = all(each.value_quantity is not shapes.ABSENT for each in parts)
    else:
        valued = (
            observation.value_quantity is not shapes.ABSENT or observation.value_codeable_concept is not shapes.ABSENT
        )
    return when[:10] if valued else ""


def _without_superseded(relevant: list[_Judged], today: dt.date | None) -> list[_Judged]:
    """Leave out measurements that newer days of firm values of the same concepts have overtaken.

    A chart holds years of blood counts; to validate them all would cost most of a call. What is preliminary, undated,
    without value, known by words only or dated after today is never left out, and supersedes nothing. When the day of
    the call is not said, one more day is kept.
    """
    measured: dict[Concepts, list[tuple[str, _Judged]]] = {}
    kept: list[_Judged] = []
    for pair in relevant:
        found, meaning = pair
        if not isinstance(found.lean, shapes.Observation) or meaning is None or meaning.text_only or found.damaged:
            kept.append(pair)
            continue
        concepts = meaning.concepts
        if found.lean.component:
            concepts |= concepts_over(_component_codes(found.lean))
        day = _firm_day(found.lean) if concepts <= _NEWEST_COUNTS else ""
        if day:
            measured.setdefault(concepts, []).append((day, pair))
        else:
            kept.append(pair)
    for several in measured.values():
        newest = sorted({day for day, _ in several}, reverse=True)
        later = 1 if today is None else sum(day > today.isoformat() for day in newest)
        first = newest[: later + _DAYS_KEPT][-1]
        kept += [pair for day, pair in several if day >= first]
    return kept


# ------------------------------------------------------------------------------------------- the screen


class _Status(Struct, gc=False, rename="camel"):
    status: str | None = None
    verification_status: shapes.CodeableConcept | str | None = None


_STATUS: Final = msgspec.json.Decoder(_Status)
NOT_EXPOSED: Final = frozenset({"cancelled", "draft", "intended", "not-done", "not-taken"})
"""Statuses under which no drug reached the patient."""


def status_words(found: Found) -> frozenset[str]:
    """The codes of status and verificationStatus, of a resource that could not be read otherwise."""
    try:
        status = _STATUS.decode(found.raw)
    except DECODE_ERRORS:
        return frozenset()
    words = {status.status or ""}
    if isinstance(status.verification_status, str):
        words.add(status.verification_status)
    elif status.verification_status is not None:
        words |= {each.code or "" for each in status.verification_status.coding or () if each is not None}
    return frozenset(words - {""})


def screen(record: Record, known: shapes.Shapes = shapes.R4) -> Screened:
    """Find what matters in everything that one call brought.

    Args:
        record: raw JSON for each prefetch key and the draft orders, in any order.
        known: the lean shapes of the FHIR version read.

    Returns:
        The patient, the candidates for the readers and the drafts. Malformed JSON is a gap of its key; nothing is
        raised.
    """
    screened = Screened(Lookup(known, record.base_url), selections=record.selections)
    pages: list[_Page] = []
    for key in sorted(record.obtained):
        obtained = record.obtained[key]
        of_key = [_page(payload, known) for payload in obtained.payloads]
        if gap := _gap(obtained, of_key):
            screened.gaps.append(gap)
        pages += of_key
    drafts = _Page(known)
    if record.draft_orders is not None:
        drafts = _drafts(record.draft_orders, known)
        if drafts.faults:
            screened.gaps.append(Gap(key=DRAFTS, cause="; ".join(sorted(drafts.faults)), partial=bool(drafts.found)))
    for page in (drafts, *pages):
        _register(page, screened.lookup)
    _sort_out(pages, drafts, record, screened)
    return screened


_POINTED_TO: Final = frozenset({"Medication", "BodyStructure"})


def _register(page: _Page, lookup: Lookup) -> None:
    for found in page.found:
        if found.r4_type in _POINTED_TO:
            lookup.add(found.resource_type, found.lean, found.full_url)


def _drafts(payload: Payload, known: shapes.Shapes) -> _Page:
    """The draft orders: every entry counts, also of types that no reader reads."""
    page = _Page(known)
    try:
        content = shapes.ANYTHING.decode(_without_mark(payload))
    except DECODE_ERRORS:
        page.faults.add("the draft orders are not valid JSON")
        return page
    entries = content.get("entry") if isinstance(content, dict) else content
    for entry in entries if isinstance(entries, list) else ():
        if not isinstance(entry, dict):
            continue
        resource = entry if "resourceType" in entry else entry.get("resource")
        if not isinstance(resource, dict) or not isinstance(resource.get("resourceType"), str):
            continue
        resource_type = resource["resourceType"]
        full_url = entry.get("fullUrl")
        lean, damaged = _salvaged_fields(resource, known.by_type.get(resource_type, shapes.Lean))
        page.found.append(
            Found(
                resource_type,
                known.r4_types.get(resource_type, resource_type if resource_type in known.by_type else ""),
                lean,
                msgspec.json.encode(resource),
                full_url if isinstance(full_url, str) else None,
                damaged,
            )
        )
    return page


def _sort_out(pages: list[_Page], drafts: _Page, record: Record, screened: Screened) -> None:
    owners, words = _Owners(record, screened.lookup), _Words(screened.lookup)
    foreign: set[object] = set()
    aliases = owners.aliases(drafts)
    for found in drafts.found:
        if found.r4_type in ("Medication", "Patient"):
            continue
        # A draft that names nobody belongs to the patient of the call; one that names another does not.
        if owners.whose(found, aliases) is _FOREIGN:
            foreign.add((found.resource_type, found.identity or found.raw))
        else:
            screened.drafts.append(found)
    nobodys: set[object] = set()
    own: dict[object, Found] = {}
    patient: Found | None = None
    for page in pages:
        aliases = owners.aliases(page)
        for found in page.found:
            key: object = (found.resource_type, found.identity or found.raw)
            if found.resource_type == "Patient":
                if not owners.is_patient(found):
                    foreign.add(key)
                elif patient is None or _age(found) > _age(patient):
                    patient = found
            elif found.r4_type in _MEANINGS:
                whose = owners.whose(found, aliases)
                if whose is not _OWN:
                    (foreign if whose is _FOREIGN else nobodys).add(key)
                elif key not in own or _age(own[key]) < _age(found):
                    own[key] = found
    screened.patient = patient
    screened.set_aside = SetAside(wrong_patient=len(foreign), no_subject=len(nobodys - foreign))
    relevant: list[_Judged] = []
    for found in own.values():
        meaning = _MEANINGS[found.r4_type](words, found.lean)
        if meaning is not None or found.damaged or found.lean.foreign:
            relevant.append((found, meaning))
    for found, meaning in sorted(_without_superseded(relevant, record.today), key=lambda pair: pair[0].sort_key):
        _judge(found, meaning, screened)


def _judge(found: Found, meaning: Meaning | None, screened: Screened) -> None:
    cause = ""
    if meaning is None:
        if not found.damaged & _CODE_FIELDS and not found.lean.foreign:
            return
        cause = "what it is about could not be read"
    elif meaning.unresolved:
        cause = "the drug it refers to was not obtained"
    if meaning is None or cause:
        said = status_words(found)
        if ENTERED_IN_ERROR in said:
            screened.set_aside = replace(screened.set_aside, entered_in_error=screened.set_aside.entered_in_error + 1)
        elif "refuted" not in said and not (meaning is not None and said & NOT_EXPOSED):
            screened.unreadable.append(Unreadable(reference=found.reference, resource_type=found.r4_type, cause=cause))
        return
    if found.resource_type == "Condition" and not meaning.text_only:
        screened.lookup.add_condition(found.reference, found.full_url, meaning.concepts)
    screened.candidates.append(Candidate(found, meaning))


def meaning_of_draft(found: Found, lookup: Lookup) -> Meaning:
    """What a draft order asks for, by the same rules; NOTHING for types and codes that are not known."""
    means = _MEANINGS.get(found.r4_type)
    meaning = means(_Words(lookup), found.lean) if means is not None else None
    return NOTHING if meaning is None else meaning
