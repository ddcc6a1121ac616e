"""Gathers the patient's record for one call: prefetch first, the same template against the FHIR server for the rest.

What could not be had stays visible with its cause. Only an answer that was looked at and held nothing becomes ``none``;
a missing key, an OperationOutcome, a failure or a search cut short never does (SAFE-05, DATA-01 to DATA-15).
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import Future, wait
from functools import cache
from typing import Any, Final, NamedTuple
from urllib.parse import quote

import msgspec

from cds_service.ehr.allowance import MAX_RESOURCES, Allowance
from cds_service.ehr.bundle import Survey, survey
from cds_service.ehr.client import Access, FhirClient, Observe, Pages
from cds_service.errors import Cause, FetchFailure, PreconditionFailed
from cds_service.protocol.discovery import Service
from cds_service.protocol.request import HookRequest, relative_reference
from cds_service.turns import aside
from fhir_mappings.record import Obtained, Payload, Record, State

PATIENT: Final = "patient"
CONDITIONS: Final = "conditions"
_FIRST: Final = frozenset({PATIENT, CONDITIONS})
MEDICATIONS: Final = "medications"
"""Key of the Medication resources that orders and statements refer to; only there when something was to be resolved."""
OTHER_DIAGNOSIS_SOURCES: Final = ("observations", "diagnosticReports", "procedures")
"""Besides Condition, what can say that the patient has this cancer (morphology, stage, pathology report, resection)."""
MEDICATION_USERS: Final = ("medicationStatements", "medicationRequests", "medicationAdministrations")
MAX_MEDICATIONS: Final = 20
_GRACE: Final = 0.1
"""Seconds after the deadline, for answers that the watchdog has just cut off to come back with what they had."""

_TOKEN: Final = "{{context.patientId}}"  # noqa: S105 - a template's token, not a secret
_UNREADABLE: Final = (msgspec.DecodeError, RecursionError)


def gather(
    request: HookRequest,
    service: Service,
    *,
    client: FhirClient,
    deadline_seconds: float,
    max_resources: int = MAX_RESOURCES,
    observe: Observe | None = None,
    settles: Callable[[Record], bool] | None = None,
) -> Record:
    """Everything that the call and its FHIR server give about the patient.

    Args:
        request: the call.
        service: what it was made to; its templates are the questions.
        client: the way to FHIR servers.
        deadline_seconds: for all questions to the server together.
        max_resources: that the call may bring along; a key that goes beyond is unknown.
        observe: told of every request to the server; what it raises ends the call.
        settles: asked as soon as Patient and Conditions are there, if the client sent both and no other key holds a
            Condition: whether these two decide the answer.

    Returns:
        A Record with one Obtained for each template of the service, each further key that the client sent and the
        service accepts, and ``medications`` if any had to be resolved; or, settled, with Patient and Conditions alone.

    Raises:
        BadRequest, ForbiddenServer: ``fhirServer`` cannot or may not be asked; nothing was asked then.
    """
    access = None
    base_url = ""
    if request.fhir_server is not None:
        base = client.base_of(request.fhir_server)
        base_url = base.url
        token = request.fhir_authorization.access_token if request.fhir_authorization is not None else None
        access = client.access(base, token, time.monotonic() + deadline_seconds, observe)
    questions = [_question(key, template) for key, template in service.prefetch.items()]
    questions += [
        _question(key, template)
        for key, template in service.accepted_prefetch.items()
        if key in request.prefetch and key not in service.prefetch
    ]
    asked: list[_Asked] = []
    obtained: dict[str, Obtained] = {}
    allowance = Allowance(max_resources)
    for question in questions:
        given = question.from_prefetch(request.prefetch.get(question.key), allowance)
        if isinstance(given, Obtained):
            obtained[question.key] = given
            if settles is not None and not asked and obtained.keys() == _FIRST:
                settled = Record(
                    patient_id=request.patient_id, base_url=base_url, obtained=dict(obtained), settled=True
                )
                if settles(settled) and not _conditions_elsewhere(request.prefetch):
                    return settled
        elif access is not None:
            asked.append(
                _Asked(question, given, client.threads.submit(question.ask, access, request.patient_id, given))
            )
        else:
            sent = question.key in request.prefetch
            cause = Cause.MORE_PAGES if given is not None else Cause.UNUSABLE if sent else Cause.NOT_SUPPLIED
            obtained[question.key] = question.unanswered(given, cause)
    if access is not None:
        obtained |= _collect(asked, access)
    draft_orders = memoryview(request.draft_orders) if request.draft_orders is not None else None
    medications = _medications(draft_orders, obtained, access, client)
    if medications is not None:
        obtained[MEDICATIONS] = medications
    return Record(
        patient_id=request.patient_id,
        base_url=base_url,
        obtained={
            key: obtained[key] for key in (*(question.key for question in questions), MEDICATIONS) if key in obtained
        },
        draft_orders=draft_orders,
        selections=request.selections if service.drafts == "selected" else None,
    )


def _conditions_elsewhere(prefetch: Mapping[str, msgspec.Raw]) -> bool:
    """Whether a key other than that of the Conditions may hold one; its name alone, found in the bytes, is enough."""
    # From the end, which takes CPython half as long as from the beginning.
    return any(bytes(value).rfind(b'"Condition"') >= 0 for key, value in prefetch.items() if key != CONDITIONS)


def usable(record: Record) -> None:
    """Let pass only a record on which some rule can speak.

    Raises:
        PreconditionFailed: no Patient, a Patient other than the call's, or neither Condition nor any other source of
            the diagnosis could be had.
    """
    patient = record.obtained.get(PATIENT)
    if patient is None or patient.state is not State.PRESENT:
        raise PreconditionFailed([(PATIENT, _reason(patient))])
    if not any(_patient_id(payload) == record.patient_id for payload in patient.payloads):
        raise PreconditionFailed([(PATIENT, "it is not the patient of context.patientId")])
    conditions = record.obtained.get(CONDITIONS)
    if conditions is not None and conditions.state is not State.NOT_OBTAINED:
        return
    others = [record.obtained.get(key) for key in OTHER_DIAGNOSIS_SOURCES]
    if not any(other is not None and other.state is State.PRESENT for other in others):
        raise PreconditionFailed([(CONDITIONS, _reason(conditions))])


def _reason(answer: Obtained | None) -> str:
    if answer is None:
        return Cause.NOT_SUPPLIED
    return answer.cause or "there is none"


def _patient_id(payload: Payload) -> str:
    return survey(payload, "Patient").first_id


class _Page(NamedTuple):
    """What a client sent of an answer, of which pages are still to be had."""

    payload: Payload
    look: Survey


class _Question:
    """One key of the prefetch: what it asks for, and how its answer is judged."""

    def __init__(self, key: str, template: str) -> None:
        self.key = key
        self.is_read = "?" not in template
        self.resource_type = template.partition("/" if self.is_read else "?")[0]
        self._template = template

    def from_prefetch(self, value: msgspec.Raw | None, allowance: Allowance) -> Obtained | _Page | None:
        """The answer, if what was sent settles it; the page, if further pages are to be had; None to ask for it all."""
        if value is None:
            return None
        payload = memoryview(value)
        if bytes(payload[:5]) == b"null":
            return Obtained(self.key, State.NONE)
        try:
            look = survey(payload, self.resource_type)
        except _UNREADABLE:
            return None
        if look.resource_type == "OperationOutcome":
            return self._not_obtained(Cause.OUTCOME)
        if not allowance.covers(look):
            return self._not_obtained(Cause.TOO_MANY_RESOURCES)
        container = look.resource_type in ("Bundle", "list")
        strange = not look.matches and (look.others or not container or look.resource_type == "list")
        if strange:
            return None
        if look.next_url:
            return _Page(payload, look)
        return self._judge((payload,), (look,), "")

    def unanswered(self, given: _Page | None, cause: str) -> Obtained:
        """The answer when the question, or that for the pages after the given one, stayed open."""
        if given is None:
            return self._not_obtained(cause)
        return self._judge((given.payload,), (given.look,), cause)

    def ask(self, access: Access, patient_id: str, given: _Page | None) -> Obtained:
        """Ask the FHIR server, for everything or for the pages after the given one. Raises nothing."""
        try:
            pages = self._fetch(access, patient_id, given)
        except FetchFailure as failure:
            return self.unanswered(given, failure.cause)
        if given is None:
            return self._judge(pages.payloads, pages.surveys, pages.incomplete)
        return self._judge((given.payload, *pages.payloads), (given.look, *pages.surveys), pages.incomplete)

    def _fetch(self, access: Access, patient_id: str, given: _Page | None) -> Pages:
        if given is not None:
            return access.further_pages(given.look.next_url, self.resource_type)
        relative_url = self._template.replace(_TOKEN, quote(patient_id, safe=""))
        if not self.is_read:
            return access.search(relative_url, self.resource_type)
        body = access.read(relative_url)
        return Pages((body,), (survey(body, self.resource_type),), "")

    def _judge(self, payloads: tuple[Payload, ...], looks: tuple[Survey, ...], cause: str) -> Obtained:
        incomplete = cause or _shortfall(looks)
        if any(look.matches for look in looks):
            return Obtained(self.key, State.PRESENT, payloads=payloads, incomplete=incomplete)
        return self._not_obtained(incomplete) if incomplete else Obtained(self.key, State.NONE)

    def _not_obtained(self, cause: str) -> Obtained:
        return Obtained(self.key, State.NOT_OBTAINED, cause=str(cause))


@cache
def _question(key: str, template: str) -> _Question:
    """The question of a published template."""
    return _Question(key, template)


def _shortfall(looks: Iterable[Survey]) -> str:
    """Why an answer may lack entries by its own words; empty when it does not."""
    looks = tuple(looks)
    if any(look.failed for look in looks):
        return Cause.OUTCOME
    if any(look.unreadable for look in looks):
        return Cause.UNREADABLE_ENTRIES
    totals = [look.total for look in looks if look.total is not None]
    came = sum(look.matches + look.others for look in looks)
    return Cause.FEWER_THAN_TOTAL if totals and max(totals) > came else ""


class _Asked(NamedTuple):
    """A question under way: what the client had already sent for it, and the answer to come."""

    question: _Question
    given: _Page | None
    answer: Future[Obtained]


def _time_left(access: Access) -> float:
    return max(0.0, access.deadline - time.monotonic()) + _GRACE


def _collect(asked: Iterable[_Asked], access: Access) -> dict[str, Obtained]:
    """The answers that came in time; the others are not waited for (OUT-08)."""
    asked = tuple(asked)
    with aside():
        wait([one.answer for one in asked], timeout=_time_left(access))
    answers = {}
    for question, given, answer in asked:
        late = answer.cancel() or not answer.done()
        answers[question.key] = question.unanswered(given, Cause.TIMED_OUT) if late else answer.result()
    return answers


class _Drug(msgspec.Struct):
    resourceType: Any = None  # noqa: N815 - FHIR's name
    id: Any = None
    medicationReference: Any = None  # noqa: N815 - FHIR's name
    medication: Any = None

    @property
    def pointer(self) -> Any:
        """The Reference to the drug, if any: of R5 inside a CodeableReference."""
        inside = self.medication.get("reference") if isinstance(self.medication, dict) else None
        return self.medicationReference if self.medicationReference is not None else inside


class _DrugEntry(_Drug):
    fullUrl: Any = None  # noqa: N815 - FHIR's name
    resource: _Drug | None = None


class _DrugPage(_Drug):
    entry: list[msgspec.Raw] | None = None


_DRUG_POINTERS: Final = (b'"medicationReference"', b'"medication"')
_DRUG_PAGE: Final = msgspec.json.Decoder(_DrugPage)
_DRUG_LIST: Final = msgspec.json.Decoder(list[msgspec.Raw])
_DRUG_ENTRY: Final = msgspec.json.Decoder(_DrugEntry)


def _medications(
    draft_orders: Payload | None, obtained: Mapping[str, Obtained], access: Access | None, client: FhirClient
) -> Obtained | None:
    """The Medication resources that drafts and records point to without bringing them along; None when none is missing.

    The first 20 are read, those of the drafts first; what could not be had makes the answer incomplete.
    """
    payloads = [draft_orders] if draft_orders is not None else []
    payloads += [payload for key in MEDICATION_USERS if key in obtained for payload in obtained[key].payloads]
    wanted = _missing_medications(payloads)
    if not wanted:
        return None
    if access is None:
        return Obtained(MEDICATIONS, State.NOT_OBTAINED, cause=Cause.NOT_SUPPLIED)
    answers = [client.threads.submit(access.read, reference) for reference in wanted[:MAX_MEDICATIONS]]
    with aside():
        wait(answers, timeout=_time_left(access))
    read: list[Payload] = []
    cause = str(Cause.TOO_MANY_RESOURCES) if len(wanted) > MAX_MEDICATIONS else ""
    for answer in answers:
        if answer.cancel() or not answer.done():
            cause = Cause.TIMED_OUT
        elif isinstance(failure := answer.exception(), FetchFailure):
            cause = failure.cause
        else:
            read.append(answer.result())
    if not read:
        return Obtained(MEDICATIONS, State.NOT_OBTAINED, cause=cause)
    return Obtained(MEDICATIONS, State.PRESENT, payloads=tuple(read), incomplete=cause)


def _missing_medications(payloads: Iterable[Payload]) -> list[str]:
    """References to Medications that are neither contained nor in the payloads, in order of appearance, each once."""
    copies = [bytes(payload) for payload in payloads]
    if not any(name in copy for copy in copies for name in _DRUG_POINTERS):
        return []
    wanted: dict[str, None] = {}
    here: set[str] = set()
    for drug, full_url in (found for copy in copies for found in _drugs(copy)):
        if drug.resourceType == "Medication":
            here |= {f"Medication/{drug.id}", full_url}
        elif isinstance(drug.pointer, dict):
            reference = drug.pointer.get("reference")
            if isinstance(reference, str) and reference and not reference.startswith(("#", "urn:")):
                wanted[reference] = None
    return [reference for reference in wanted if reference not in here and relative_reference(reference) not in here]


def _drugs(payload: bytes) -> Iterator[tuple[_Drug, str]]:
    """The resources of a payload with their full URLs; what cannot be read is left to the readers, which say so."""
    try:
        page = _DRUG_PAGE.decode(payload)
        items = page.entry or ()
        yield page, ""
    except msgspec.ValidationError:
        items = _items_of_list(payload)
    for item in items:
        with contextlib.suppress(msgspec.ValidationError):
            entry = _DRUG_ENTRY.decode(item)
            yield entry.resource or entry, entry.fullUrl if isinstance(entry.fullUrl, str) else ""


def _items_of_list(payload: bytes) -> list[msgspec.Raw]:
    try:
        return _DRUG_LIST.decode(payload)
    except msgspec.ValidationError:
        return []
