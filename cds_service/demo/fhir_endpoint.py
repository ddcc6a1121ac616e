"""A read-only FHIR R4 server in memory: what the demo and the tests put in place of an EHR.

A plain WSGI application: ``read``, ``search-type`` by GET and by POST ``_search``, paging, and a CapabilityStatement
made from the same table that answers the searches. It knows FHIR only as JSON. Behaviour follows FHIR R4, "RESTful
API" and "Search": unknown parameters are ignored and left out of the self link, or refused when the client prefers
strict handling; an unsupported modifier or an unreadable value is refused.
"""

from __future__ import annotations

import base64
import binascii
import contextlib
import datetime as dt
import functools
import hmac
import io
import json
import re
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Literal, NamedTuple
from urllib.parse import urlencode

import msgspec
from werkzeug.serving import BaseWSGIServer, WSGIRequestHandler, make_server
from werkzeug.wrappers import Request, Response

Json = dict[str, Any]
WsgiApp = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]

MIME: Final = "application/fhir+json"
PATH: Final = "/fhir"
_POLL_SECONDS: Final = 0.05
DEFAULT_COUNT: Final = 50
MAX_COUNT: Final = 500
MAX_FORM: Final = 64 * 1024
"""Largest ``_search`` form taken, in bytes."""

KEPT_BODY: Final = 8 * 1024 * 1024
"""Largest request body, in bytes, after which a connection stays open."""

Kind = Literal["token", "reference", "date", "string"]


class Parameter(NamedTuple):
    """A search parameter: its FHIR type and the elements it looks at (dots go into an element, lists are walked)."""

    kind: Kind
    elements: tuple[str, ...]


def _token(*elements: str) -> Parameter:
    return Parameter("token", elements)


def _date(*elements: str) -> Parameter:
    return Parameter("date", elements)


def _of(element: str) -> dict[str, Parameter]:
    """``patient`` and ``subject`` of a type that names its patient in ``element``."""
    found = {"patient": Parameter("reference", (element,))}
    return found | ({"subject": found["patient"]} if element == "subject" else {})


_EVERY: Final = {"_id": _token("id")}
_DRUG: Final = {
    "code": _token("medicationCodeableConcept"),
    "medication": Parameter("reference", ("medicationReference",)),
}
SEARCHES: Final[dict[str, dict[str, Parameter]]] = {
    "AllergyIntolerance": _of("patient")
    | {
        "code": _token("code", "reaction.substance"),
        "category": _token("category"),
        "criticality": _token("criticality"),
        "clinical-status": _token("clinicalStatus"),
        "verification-status": _token("verificationStatus"),
        "date": _date("recordedDate"),
    },
    "Appointment": {
        "patient": Parameter("reference", ("participant.actor",)),
        "status": _token("status"),
        "date": _date("start"),
    },
    "BodyStructure": _of("patient"),
    "Condition": _of("subject")
    | {
        "code": _token("code"),
        "category": _token("category"),
        "body-site": _token("bodySite"),
        "clinical-status": _token("clinicalStatus"),
        "verification-status": _token("verificationStatus"),
        "onset-date": _date("onsetDateTime", "onsetPeriod"),
        "recorded-date": _date("recordedDate"),
    },
    "Coverage": {
        "patient": Parameter("reference", ("beneficiary",)),
        "beneficiary": Parameter("reference", ("beneficiary",)),
        "status": _token("status"),
    },
    "DiagnosticReport": _of("subject")
    | {
        "code": _token("code"),
        "category": _token("category"),
        "status": _token("status"),
        "conclusion": _token("conclusionCode"),
        "date": _date("effectiveDateTime", "effectivePeriod"),
        "issued": _date("issued"),
        "result": Parameter("reference", ("result",)),
    },
    "Encounter": _of("subject")
    | {"status": _token("status"), "class": _token("class"), "type": _token("type"), "date": _date("period")},
    "FamilyMemberHistory": _of("patient") | {"status": _token("status"), "relationship": _token("relationship")},
    "ImagingStudy": _of("subject") | {"status": _token("status"), "started": _date("started")},
    "Immunization": _of("patient")
    | {"status": _token("status"), "vaccine-code": _token("vaccineCode"), "date": _date("occurrenceDateTime")},
    "Medication": {"code": _token("code"), "status": _token("status")},
    "MedicationAdministration": _of("subject")
    | _DRUG
    | {"status": _token("status"), "effective-time": _date("effectiveDateTime", "effectivePeriod")},
    "MedicationRequest": _of("subject")
    | _DRUG
    | {
        "status": _token("status"),
        "intent": _token("intent"),
        "category": _token("category"),
        "authoredon": _date("authoredOn"),
    },
    "MedicationStatement": _of("subject")
    | _DRUG
    | {
        "status": _token("status"),
        "category": _token("category"),
        "effective": _date("effectiveDateTime", "effectivePeriod"),
    },
    "Observation": _of("subject")
    | {
        "code": _token("code"),
        "category": _token("category"),
        "status": _token("status"),
        "value-concept": _token("valueCodeableConcept"),
        "date": _date("effectiveDateTime", "effectivePeriod"),
    },
    "Organization": {"name": Parameter("string", ("name",))},
    "Patient": {
        "identifier": _token("identifier"),
        "gender": _token("gender"),
        "birthdate": _date("birthDate"),
        "family": Parameter("string", ("name.family",)),
        "given": Parameter("string", ("name.given",)),
        "name": Parameter("string", ("name.family", "name.given")),
    },
    "Practitioner": {"name": Parameter("string", ("name.family", "name.given"))},
    "Procedure": _of("subject")
    | {
        "code": _token("code"),
        "category": _token("category"),
        "status": _token("status"),
        "date": _date("performedDateTime", "performedPeriod"),
    },
    "QuestionnaireResponse": _of("subject") | {"status": _token("status"), "authored": _date("authored")},
    "ServiceRequest": _of("subject")
    | {
        "code": _token("code"),
        "category": _token("category"),
        "status": _token("status"),
        "intent": _token("intent"),
        "authored": _date("authoredOn"),
        "occurrence": _date("occurrenceDateTime", "occurrencePeriod"),
    },
}
"""What can be searched, by resource type; the type list is what the server holds at most."""

_CONTROLS: Final = frozenset({"_count", "_sort", "_include", "_total", "_format", "_page"})
_INCLUDES: Final = frozenset({"MedicationAdministration", "MedicationRequest", "MedicationStatement"})
_CORS: Final = (
    ("Access-Control-Allow-Origin", "*"),
    ("Access-Control-Allow-Methods", "GET, HEAD, POST, OPTIONS"),
    ("Access-Control-Allow-Headers", "Accept, Authorization, Content-Type, Prefer"),
    ("Access-Control-Expose-Headers", "Location, Content-Location"),
)


class _RefusedError(Exception):
    """A request that is answered with an OperationOutcome."""

    def __init__(self, status: int, code: str, text: str) -> None:
        super().__init__(text)
        self.status = status
        self.code = code
        self.text = text


@dataclass(frozen=True, slots=True)
class _Held:
    """One resource: decoded for matching, encoded once for answering."""

    type: str
    id: str
    content: Json
    raw: msgspec.Raw


@dataclass(slots=True)
class Store:
    """All resources in memory, by type, then by id, in the order they came."""

    _held: dict[str, dict[str, _Held]] = field(default_factory=dict)
    _owned: dict[tuple[str, str], list[_Held]] = field(default_factory=dict)

    def add(self, resource: Json) -> None:
        """Hold one resource.

        Raises:
            ValueError: the type cannot be served, the id is missing, or another resource has the same type and id.
        """
        kind, identity = resource.get("resourceType"), resource.get("id")
        if kind not in SEARCHES or not isinstance(identity, str):
            raise ValueError(f"cannot serve a resource of type {kind!r} with id {identity!r}")
        of_type = self._held.setdefault(kind, {})
        known = of_type.get(identity)
        if known is None:
            raw = msgspec.Raw(json.dumps(resource, ensure_ascii=False, separators=(",", ":")).encode())
            held = of_type[identity] = _Held(kind, identity, resource, raw)
            for owner in _owners(held):
                self._owned.setdefault((kind, owner), []).append(held)
        elif known.content != resource:
            raise ValueError(f"two different resources are called {kind}/{identity}")

    def get(self, kind: str, identity: str) -> _Held | None:
        """The resource of that type and id, if held."""
        return self._held.get(kind, {}).get(identity)

    def all(self, kind: str) -> Iterable[_Held]:
        """Every resource of a type."""
        return self._held.get(kind, {}).values()

    def owned(self, kind: str, patient: str) -> Iterable[_Held]:
        """Every resource of a type that names this patient, by bare id or ``Patient/id``."""
        return self._owned.get((kind, patient.removeprefix("Patient/")), ())


def _owners(held: _Held) -> set[str]:
    """Bare ids of the patients that the resource names."""
    parameter = SEARCHES[held.type].get("patient")
    references = _values(held.content, parameter) if parameter is not None else ()
    return {str(reference.get("reference", "")).rpartition("/")[2] for reference in references}


def make_app(source: Path | Iterable[Mapping[str, Any]], *, access_token: str | None = None) -> WsgiApp:
    """The endpoint as a WSGI application, mounted at ``/fhir``.

    Args:
        source: a folder whose ``*.json`` files are Bundles, or Bundles already decoded.
        access_token: when given, every request but ``metadata`` and preflight needs it as Bearer token.

    Raises:
        ValueError: a file is not a Bundle, or a resource cannot be served (see ``Store.add``).
    """
    bundles: Iterable[Mapping[str, Any]]
    if isinstance(source, Path):
        bundles = [json.loads(path.read_text(encoding="utf-8")) for path in sorted(source.glob("*.json"))]
    else:
        bundles = source
    store = Store()
    for bundle in bundles:
        if bundle.get("resourceType") != "Bundle":
            raise ValueError("not a Bundle")
        for entry in bundle.get("entry", ()):
            store.add(entry["resource"])
    return _Endpoint(store, access_token)


class _Endpoint:
    """Routes a request to read, search or metadata and turns a refusal into an OperationOutcome."""

    def __init__(self, store: Store, access_token: str | None) -> None:
        self._store = store
        self._token = access_token

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        request = Request(environ)
        try:
            body, status = self._answer(request), 200
        except _RefusedError as refused:
            body, status = _outcome(refused.code, refused.text), refused.status
        response = Response(body, status=status, content_type=f"{MIME}; charset=utf-8")
        for name, value in _CORS:
            response.headers[name] = value
        if status == 401:
            response.headers["WWW-Authenticate"] = "Bearer"
        if status == 405:
            response.headers["Allow"] = "GET, HEAD, OPTIONS"
        return response(environ, start_response)

    def _answer(self, request: Request) -> bytes:
        if request.method == "OPTIONS":
            return b""
        parts = request.path.strip("/").split("/")
        if parts[0] != PATH.strip("/"):
            raise _RefusedError(404, "not-found", f"This server's FHIR base is {PATH}.")
        form = self._form(request, parts)
        base = request.url_root.rstrip("/") + PATH
        if parts[1:] == ["metadata"]:
            return msgspec.json.encode(capability_statement(base))
        self._authorise(request)
        match parts[1:]:
            case [kind]:
                return self._search(request, base, kind, form)
            case [kind, "_search"]:
                return self._search(request, base, kind, form)
            case [kind, identity]:
                _known_type(kind)
                held = self._store.get(kind, identity)
                if held is None:
                    raise _RefusedError(404, "not-found", f"No {kind} with this id.")
                return bytes(held.raw)
            case _:
                raise _RefusedError(404, "not-found", "Nothing here. Read, search and metadata are served.")

    def _form(self, request: Request, parts: Sequence[str]) -> list[tuple[str, str]]:
        """The parameters of a POST ``_search``; refuses every other method that would write."""
        if request.method in {"GET", "HEAD"}:
            if parts[-1] == "_search":
                raise _RefusedError(405, "not-supported", "_search takes POST; search by GET without it.")
            return []
        if request.method == "POST" and len(parts) == 3 and parts[2] == "_search":
            if (request.content_length or 0) > MAX_FORM:
                raise _RefusedError(413, "too-long", "The search form is too long.")
            if request.mimetype != "application/x-www-form-urlencoded":
                raise _RefusedError(415, "not-supported", "_search takes application/x-www-form-urlencoded.")
            return list(request.form.items(multi=True))
        raise _RefusedError(405, "not-supported", "This server is read-only.")

    def _authorise(self, request: Request) -> None:
        if self._token is None:
            return
        given = request.headers.get("Authorization", "")
        if not hmac.compare_digest(given.encode(), f"Bearer {self._token}".encode()):
            raise _RefusedError(401, "login", "A valid Bearer token is required.")

    def _search(self, request: Request, base: str, kind: str, form: Sequence[tuple[str, str]]) -> bytes:
        known = _EVERY | _known_type(kind)
        strict = "handling=strict" in request.headers.get("Prefer", "").replace(" ", "")
        search = _Search(kind)
        for name, value in [*request.args.items(multi=True), *form]:
            search.take(name, value, known, strict=strict)
        candidates = self._store.all(kind) if search.patient is None else self._store.owned(kind, search.patient)
        hits = search.run(candidates)
        page = hits[search.offset : search.offset + search.count]
        included = _included(page, self._store) if search.include else []
        links = [{"relation": "self", "url": search.url(base)}]
        if search.count and search.offset + search.count < len(hits):
            links.append({"relation": "next", "url": search.url(base, search.offset + search.count)})
        bundle: Json = {"resourceType": "Bundle", "type": "searchset", "total": len(hits), "link": links}
        entries = [(held, "match") for held in page] + [(held, "include") for held in included]
        if entries:
            bundle["entry"] = [
                {"fullUrl": f"{base}/{held.type}/{held.id}", "resource": held.raw, "search": {"mode": mode}}
                for held, mode in entries
            ]
        return msgspec.json.encode(bundle)


def _known_type(kind: str) -> dict[str, Parameter]:
    try:
        return SEARCHES[kind]
    except KeyError:
        raise _RefusedError(404, "not-supported", "Resources of this type are not served.") from None


def _included(page: Iterable[_Held], store: Store) -> list[_Held]:
    """The Medications that the page's resources refer to, each once."""
    found: dict[str, _Held] = {}
    for held in page:
        reference = str(held.content.get("medicationReference", {}).get("reference", ""))
        medication = store.get("Medication", reference.removeprefix("Medication/"))
        if medication is not None:
            found[medication.id] = medication
    return list(found.values())


class _Search:
    """One search: criteria, order and page, read from its parameters."""

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self.count = DEFAULT_COUNT
        self.offset = 0
        self.include = False
        self.patient: str | None = None
        """The one patient asked for, where the search names one: spares a walk over everybody's resources."""
        self._tests: list[Callable[[Json], bool]] = []
        self._sort: list[tuple[bool, Parameter]] = []
        self._used: list[tuple[str, str]] = []

    def take(self, name: str, value: str, known: Mapping[str, Parameter], *, strict: bool) -> None:
        """Read one parameter; what is not known is ignored, or refused when ``strict``."""
        if name in _CONTROLS:
            understood = self._control(name, value, known)
        else:
            bare, _, modifier = name.partition(":")
            parameter = known.get(bare)
            understood = parameter is not None
            if parameter is not None:
                self._tests.append(_test(parameter, value, modifier))
                if bare == "patient" and not modifier and "," not in value:
                    self.patient = value
        if understood:
            if name != "_page":
                self._used.append((name, value))
        elif strict:
            raise _RefusedError(400, "not-supported", f"Unknown parameter for {self.kind}: {_shown(name)}.")

    def _control(self, name: str, value: str, known: Mapping[str, Parameter]) -> bool:
        match name:
            case "_count":
                if not (value.isascii() and value.isdigit()):
                    raise _RefusedError(400, "invalid", "_count is a number.")
                self.count = min(int(value), MAX_COUNT)
            case "_page":
                self.offset = _offset_of(value)
            case "_sort":
                return self._order(value, known)
            case "_include":
                understood = value in {f"{kind}:medication" for kind in _INCLUDES}
                self.include = self.include or understood
                return understood
            case "_format":
                if value not in {"json", "application/json", MIME}:
                    raise _RefusedError(406, "not-supported", "Only JSON is served.")
        return True

    def _order(self, value: str, known: Mapping[str, Parameter]) -> bool:
        rules = [(rule.startswith("-"), known.get(rule.removeprefix("-"))) for rule in value.split(",")]
        usable = [(down, parameter) for down, parameter in rules if parameter is not None]
        self._sort = [(down, parameter) for down, parameter in usable if parameter.kind in {"date", "token"}]
        return len(self._sort) == len(rules)

    def run(self, resources: Iterable[_Held]) -> list[_Held]:
        """What matches every criterion, sorted."""
        hits = [held for held in resources if all(test(held.content) for test in self._tests)]
        for down, parameter in reversed(self._sort):
            hits = _sorted(hits, parameter, down=down)
        return hits

    def url(self, base: str, offset: int = 0) -> str:
        """This search as a GET, as understood; with an offset, its page."""
        query = [*self._used, *([("_page", _page_of(offset))] if offset else [])]
        return f"{base}/{self.kind}" + (f"?{urlencode(query)}" if query else "")


def _page_of(offset: int) -> str:
    return base64.urlsafe_b64encode(f"from:{offset}".encode()).decode().rstrip("=")


def _offset_of(page: str) -> int:
    try:
        text = base64.b64decode(page + "=" * (-len(page) % 4), altchars=b"-_", validate=True).decode("ascii")
    except (binascii.Error, UnicodeError, ValueError):
        text = ""
    found = re.fullmatch(r"from:([0-9]{1,9})", text)
    if found is None:
        raise _RefusedError(400, "invalid", "This page link is not one of this server's.")
    return int(found[1])


def _shown(name: str) -> str:
    """A parameter name fit for an error text: never long, never markup."""
    return re.sub(r"[^A-Za-z0-9_.:-]", "?", name[:40])


def _values(resource: Json, parameter: Parameter) -> Iterator[Any]:
    for element in parameter.elements:
        yield from _walk(resource, element.split("."))


def _walk(value: Any, path: Sequence[str]) -> Iterator[Any]:
    if isinstance(value, list):
        for item in value:
            yield from _walk(item, path)
    elif not path:
        yield value
    elif isinstance(value, dict) and path[0] in value:
        yield from _walk(value[path[0]], path[1:])


def _choices(value: str) -> list[str]:
    r"""The alternatives of a value: split at commas, ``\,`` being a comma."""
    return [re.sub(r"\\([\\,|$])", r"\1", choice) for choice in re.split(r"(?<!\\),", value)]


def _test(parameter: Parameter, value: str, modifier: str) -> Callable[[Json], bool]:
    """The criterion as a function of a resource.

    Raises:
        _RefusedError: an unsupported modifier, or a value that cannot be read.
    """
    if modifier and not (parameter.kind == "reference" and modifier in SEARCHES):
        raise _RefusedError(400, "not-supported", f"Unsupported modifier: {_shown(modifier)}.")
    match parameter.kind:
        case "token":
            wanted = [_read_token(choice) for choice in _choices(value)]
            return lambda resource: any(
                _same_code(pair, want) for pair in _codes(_values(resource, parameter)) for want in wanted
            )
        case "reference":
            targets = {f"{modifier}/{choice}" if modifier else choice for choice in _choices(value)}
            return lambda resource: any(
                targets & _names(reference) for reference in _values(resource, parameter) if isinstance(reference, dict)
            )
        case "string":
            starts = tuple(choice.casefold() for choice in _choices(value))
            return lambda resource: any(
                str(text).casefold().startswith(starts) for text in _values(resource, parameter)
            )
        case _:
            bounds = [_read_date(choice) for choice in _choices(value)]
            return lambda resource: any(
                _holds(prefix, span, bound) for span in _spans(resource, parameter) for prefix, bound in bounds
            )


class _Token(NamedTuple):
    """A wanted token: system (None: any; empty: none) and code (empty: any)."""

    system: str | None
    code: str


def _read_token(choice: str) -> _Token:
    system, bar, code = choice.rpartition("|")
    return _Token(system if bar else None, code)


def _codes(values: Iterable[Any]) -> Iterator[tuple[str, str]]:
    """(system, code) of codes, Codings, CodeableConcepts and Identifiers."""
    for value in values:
        if isinstance(value, dict):
            if "coding" in value:
                yield from _codes(value["coding"])
            else:
                yield value.get("system", ""), value.get("code") or value.get("value", "")
        else:
            yield "", str(value)


def _same_code(pair: tuple[str, str], want: _Token) -> bool:
    system, code = pair
    return (want.system is None or want.system == system) and want.code in {"", code}


def _names(reference: Mapping[str, Any]) -> set[str]:
    """The forms in which a reference may be asked for: ``Patient/1`` and ``1``."""
    text = str(reference.get("reference", ""))
    kind, _, identity = text.rpartition("/")
    kind = kind.rpartition("/")[2]
    return {text, f"{kind}/{identity}", identity}


class _Span(NamedTuple):
    """An interval of time: from the first moment to just before ``end``."""

    start: dt.datetime
    end: dt.datetime


_FOREVER: Final = _Span(dt.datetime.min.replace(tzinfo=dt.UTC), dt.datetime.max.replace(tzinfo=dt.UTC))
_DATE: Final = re.compile(
    r"(?P<year>[0-9]{4})(-(?P<month>[0-9]{2})(-(?P<day>[0-9]{2})"
    r"(T(?P<hour>[0-9]{2}):(?P<minute>[0-9]{2})(:(?P<second>[0-9]{2})(\.[0-9]+)?)?(?P<zone>Z|[+-][0-9]{2}:[0-9]{2})?)?)?)?"
)
_PREFIXES: Final = ("eq", "ne", "gt", "lt", "ge", "le", "sa", "eb", "ap")


def _read_date(choice: str) -> tuple[str, _Span]:
    prefix = choice[:2] if choice[:2] in _PREFIXES else ""
    span = _span(choice[len(prefix) :].replace(" ", "+"))
    if span is None:
        raise _RefusedError(400, "invalid", "A date is not readable.")
    return prefix or "eq", span


def _span(text: str) -> _Span | None:
    """The interval of a FHIR date or dateTime; a time without zone counts as UTC. None when it is neither."""
    found = _DATE.fullmatch(text)
    if found is None:
        return None
    try:
        zone = dt.datetime.fromisoformat(f"2000-01-01T00:00:00{found['zone'] or 'Z'}").tzinfo
        time = dt.time(int(found["hour"] or 0), int(found["minute"] or 0), int(found["second"] or 0), tzinfo=zone)
        day = dt.date(int(found["year"]), int(found["month"] or 1), int(found["day"] or 1))
        start = dt.datetime.combine(day, time)
        if found["hour"]:
            end = start + (dt.timedelta(seconds=1) if found["second"] else dt.timedelta(minutes=1))
        elif found["day"]:
            end = start + dt.timedelta(days=1)
        elif found["month"]:
            end = (start + dt.timedelta(days=31)).replace(day=1)
        else:
            end = start.replace(year=start.year + 1)
    except (ValueError, OverflowError):
        return None
    return _Span(start, end)


def _spans(resource: Json, parameter: Parameter) -> Iterator[_Span]:
    for value in _values(resource, parameter):
        if isinstance(value, dict):
            first, last = _span(str(value.get("start", ""))), _span(str(value.get("end", "")))
            yield _Span(first.start if first else _FOREVER.start, last.end if last else _FOREVER.end)
        else:
            span = _span(str(value))
            if span is not None:
                yield span


def _holds(prefix: str, held: _Span, asked: _Span) -> bool:
    """FHIR R4, Search, "Prefixes": the resource's interval against the asked one."""
    match prefix:
        case "eq":
            return asked.start <= held.start and held.end <= asked.end
        case "ne":
            return not (asked.start <= held.start and held.end <= asked.end)
        case "gt":
            return held.end > asked.end
        case "lt":
            return held.start < asked.start
        case "ge":
            return held.end > asked.end or (asked.start <= held.start and held.end <= asked.end)
        case "le":
            return held.start < asked.start or (asked.start <= held.start and held.end <= asked.end)
        case "sa":
            return held.start >= asked.end
        case "eb":
            return held.end <= asked.start
        case _:
            return held.start < asked.end and asked.start < held.end


def _sorted(hits: Iterable[_Held], parameter: Parameter, *, down: bool) -> list[_Held]:
    return sorted(hits, key=lambda held: _sort_key(held.content, parameter), reverse=down)


def _sort_key(resource: Json, parameter: Parameter) -> tuple[bool, dt.datetime | str]:
    """Resources without the element come last when ascending."""
    if parameter.kind == "date":
        starts = [span.start for span in _spans(resource, parameter)]
        return (not starts, min(starts, default=_FOREVER.end))
    codes = sorted(code for _, code in _codes(_values(resource, parameter)))
    return (not codes, codes[0] if codes else "")


def _outcome(code: str, text: str) -> bytes:
    issue = {"severity": "error", "code": code, "diagnostics": text}
    return msgspec.json.encode({"resourceType": "OperationOutcome", "issue": [issue]})


def capability_statement(base: str) -> Json:
    """The CapabilityStatement of this server at ``base``."""
    return {
        "resourceType": "CapabilityStatement",
        "status": "active",
        "date": "2026-11-24",
        "kind": "instance",
        "software": {"name": "recurrence-cds demo endpoint"},
        "implementation": {"description": "Read-only sample patients, all synthetic", "url": base},
        "fhirVersion": "4.0.1",
        "format": [MIME, "json"],
        "rest": [
            {
                "mode": "server",
                "security": {"cors": True},
                "resource": [
                    {
                        "type": kind,
                        "interaction": [{"code": "read"}, {"code": "search-type"}],
                        "versioning": "no-version",
                        "searchParam": [
                            {"name": name, "type": parameter.kind} for name, parameter in (_EVERY | parameters).items()
                        ],
                    }
                    | ({"searchInclude": [f"{kind}:medication"]} if kind in _INCLUDES else {})
                    for kind, parameters in SEARCHES.items()
                ],
            }
        ],
    }


class _KeepAliveHandler(WSGIRequestHandler):
    """HTTP/1.1 with connections that stay open, and no access log.

    Werkzeug's own ``run_wsgi`` closes every connection, because it cannot know whether the application read the whole
    body. Here the body is read first, so the next request line is always where the next request begins.
    """

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    timeout = 30

    def run_wsgi(self) -> None:
        """Answer one request."""
        environ = self.make_environ()
        length = self.headers.get("Content-Length", "0")
        whole = "Transfer-Encoding" not in self.headers and length.isascii() and length.isdigit()
        if whole and int(length) <= KEPT_BODY:
            environ["wsgi.input"] = io.BytesIO(self.rfile.read(int(length)))
        else:
            self.close_connection = True
        response = Response.from_app(self.server.app, environ, buffered=True)
        body = response.get_data()
        self.send_response(response.status_code)
        for name, value in response.headers:
            if name.lower() != "content-length":
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Nothing: a URL holds a patient's id."""

    def log_error(self, *_: object) -> None:
        """Nothing: browsers keep spare connections open until they time out."""


@contextlib.contextmanager
def running(app: WsgiApp, host: str = "127.0.0.1", port: int = 0) -> Iterator[str]:
    """Serve ``app`` from a daemon thread for as long as the context lasts.

    Args:
        app: what to serve.
        host: address to bind.
        port: port to bind; 0 takes a free one.

    Yields:
        The root URL without trailing slash, such as ``http://127.0.0.1:8081``.

    Raises:
        OSError: the address cannot be bound.
    """
    server: BaseWSGIServer = make_server(host, port, app, threaded=True, request_handler=_KeepAliveHandler)
    serve = functools.partial(server.serve_forever, poll_interval=_POLL_SECONDS)
    thread = threading.Thread(target=serve, name="demo-server", daemon=True)
    thread.start()
    try:
        yield f"http://{host}:{server.port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
