"""The hook request (CDS Hooks 3.0, "Calling a CDS Service"), read strictly in form and leniently in habit.

Refused are malformed JSON and members of the wrong type, each by name. Taken are the habits of real clients: a
``hookInstance`` that is no UUID, ids up to 256 characters, a ``Patient/`` prefix, ``null`` for absent, a
``fhirAuthorization`` without ``expires_in``, empty ``prefetch``, unknown members anywhere. A doubled name is last-wins.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable, Mapping
from typing import Any, Final

import msgspec

from cds_service import strict_json
from cds_service.errors import BadRequest, BodyTooLarge, MalformedJson

MAX_PREFETCH_KEYS: Final = 64
MAX_TOKEN: Final = 8192
MAX_TEXT: Final = 256
MAX_SELECTIONS: Final = 1000
MAX_DRAFTS: Final = 200
"""Draft orders that are looked at with one another; no order set of a clinic is larger."""

_ID: Final = re.compile(r"(?!\.{1,2}\Z)[A-Za-z0-9.-]{1,256}")
_TOKEN: Final = re.compile(r"[\x21-\x7e]{1,8192}")
_REFERENCE: Final = re.compile(r"(?:https?://[^\s?#]+/)?([A-Za-z]+/[^\s/?#]{1,256})(?:/_history/[^\s/?#]+)?")

_ABSENT: Final = msgspec.Raw()


class FhirAuthorization(msgspec.Struct, frozen=True, kw_only=True):
    """The access token for ``fhirServer``: used for this call alone, never stored or logged."""

    access_token: str
    token_type: str
    scope: str
    subject: str
    expires_in: int | None = None
    patient: str | None = None

    def __repr__(self) -> str:
        return "FhirAuthorization(...)"


class HookRequest(msgspec.Struct, frozen=True, kw_only=True):
    """One call, checked.

    Attributes:
        hook: name of the hook.
        hook_instance: the client's name for this invocation, at most 256 characters.
        context: the hook's context; ``draftOrders`` stays raw JSON, the rest is decoded.
        prefetch: raw JSON under each key, ``null`` included.
        fhir_server: base URL as sent; whether it may be asked is for the EHR side to say.
        fhir_authorization: the token for it.
        patient_id: ``context.patientId``, bare; empty for hooks without one.
        user: ``context.userId`` as ``Type/id``; empty when the hook has none.
        selections: ``context.selections`` as ``Type/id``; None when the hook has none.
        draft_orders: raw ``context.draftOrders``; None when the hook has none.
    """

    hook: str
    hook_instance: str
    context: Mapping[str, Any]
    prefetch: Mapping[str, msgspec.Raw]
    fhir_server: str | None = None
    fhir_authorization: FhirAuthorization | None = None
    patient_id: str = ""
    user: str = ""
    selections: tuple[str, ...] | None = None
    draft_orders: msgspec.Raw | None = None

    @property
    def user_type(self) -> str:
        """Resource type of the user, such as ``Practitioner``; empty when not said."""
        return self.user.partition("/")[0]


class _Body(msgspec.Struct, rename="camel"):
    hook: msgspec.Raw = _ABSENT
    hook_instance: msgspec.Raw = _ABSENT
    context: msgspec.Raw = _ABSENT
    # Nearly the whole body: cut into its keys here and now, since each further pass over it would cost as much.
    prefetch: dict[str, msgspec.Raw] | None = None
    fhir_server: msgspec.Raw = _ABSENT
    fhir_authorization: msgspec.Raw = _ABSENT


class _Entries(msgspec.Struct):
    entry: list[msgspec.Raw] = []


_BODY: Final = msgspec.json.Decoder(_Body)
_ENTRIES: Final = msgspec.json.Decoder(_Entries)
_TEXT: Final = msgspec.json.Decoder(str)
_MEMBERS: Final = msgspec.json.Decoder(dict[str, msgspec.Raw])
_ANY: Final = msgspec.json.Decoder()


def decode(body: bytes) -> HookRequest:
    """Read and check one request body.

    Raises:
        BadRequest: malformed JSON, or a member that is missing, of the wrong type or contradictory; named in
            ``element``.
        BodyTooLarge: more than 64 prefetch keys, 200 draft orders or 1000 selections.
    """
    try:
        parts = _BODY.decode(body)
        strict_json.check(body)
    except MalformedJson as fault:
        raise BadRequest(f"The body is not usable JSON: {fault}") from None
    except msgspec.ValidationError as fault:
        if "$.prefetch" in str(fault):
            raise BadRequest("It is not an object", "prefetch") from None
        raise BadRequest("The body is not a JSON object") from None
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):  # the last for names that are not UTF-8
        raise BadRequest("The body is not well-formed JSON") from None
    hook = _text(parts.hook, "hook")
    hook_instance = _text(parts.hook_instance, "hookInstance")
    context = _context(parts.context)
    known = {name: reader(context.get(name)) for name, reader in CONTEXTS.get(hook, {}).items()}
    authorization = _authorization(parts.fhir_authorization)
    fhir_server = _text(parts.fhir_server, "fhirServer", limit=2048) if _given(parts.fhir_server) else None
    if authorization is not None:
        if fhir_server is None:
            raise BadRequest("It needs fhirServer beside it", "fhirAuthorization")
        if authorization.patient is not None and known.get("patientId") not in (None, authorization.patient):
            raise BadRequest("It names another patient than context.patientId", "fhirAuthorization.patient")
    return HookRequest(
        hook=hook,
        hook_instance=hook_instance,
        context={**context, **{name: value for name, value in known.items() if value is not None}},
        prefetch=_prefetch(parts.prefetch),
        fhir_server=fhir_server,
        fhir_authorization=authorization,
        patient_id=known.get("patientId") or "",
        user=known.get("userId") or "",
        selections=known.get("selections"),
        draft_orders=known.get("draftOrders"),
    )


def _given(raw: msgspec.Raw) -> bool:
    return bytes(memoryview(raw)[:5]) not in (b"", b"null")


def _text(raw: msgspec.Raw, element: str, limit: int = MAX_TEXT) -> str:
    if not _given(raw):
        raise BadRequest("It is missing", element)
    try:
        text = _TEXT.decode(raw)
    except msgspec.DecodeError:
        raise BadRequest("It is not a string", element) from None
    if not text or len(text) > limit:
        raise BadRequest(f"It is empty or longer than {limit} characters", element)
    return text


def _object(raw: msgspec.Raw, element: str) -> dict[str, msgspec.Raw]:
    try:
        return _MEMBERS.decode(raw)
    except msgspec.DecodeError:
        raise BadRequest("It is not an object", element) from None


def _prefetch(members: dict[str, msgspec.Raw] | None) -> dict[str, msgspec.Raw]:
    if members is not None and len(members) > MAX_PREFETCH_KEYS:
        raise BodyTooLarge(f"It has more than {MAX_PREFETCH_KEYS} keys", "prefetch")
    return members or {}


def _context(raw: msgspec.Raw) -> dict[str, Any]:
    if not _given(raw):
        raise BadRequest("It is missing", "context")
    members = _object(raw, "context")
    return {name: value if name == "draftOrders" else _ANY.decode(value) for name, value in members.items()}


def _authorization(raw: msgspec.Raw) -> FhirAuthorization | None:
    if not _given(raw):
        return None
    element = "fhirAuthorization"
    members = _object(raw, element)

    def text(name: str, limit: int = MAX_TOKEN) -> str:
        return _text(members.get(name, _ABSENT), f"{element}.{name}", limit)

    token = text("access_token")
    if not _TOKEN.fullmatch(token):
        raise BadRequest("It holds characters that no access token has", f"{element}.access_token")
    token_type = text("token_type")
    if token_type.lower() != "bearer":
        raise BadRequest("Only Bearer is known", f"{element}.token_type")
    patient = members.get("patient", _ABSENT)
    return FhirAuthorization(
        access_token=token,
        token_type="Bearer",  # noqa: S106 - the scheme's name, not a secret
        scope=text("scope"),
        subject=text("subject"),
        expires_in=_seconds(members.get("expires_in", _ABSENT)),
        patient=text("patient").removeprefix("Patient/") if _given(patient) else None,
    )


def _seconds(raw: msgspec.Raw) -> int | None:
    """``expires_in``: an integer, or its digits as a string as some clients send it; absent is tolerated."""
    if not _given(raw):
        return None
    try:
        return msgspec.json.decode(raw, type=int, strict=False)
    except msgspec.DecodeError:
        raise BadRequest("It is not a number of seconds", "fhirAuthorization.expires_in") from None


def relative_reference(reference: str) -> str | None:
    """``Type/id`` of a reference that may be absolute or versioned; None when it has no such form."""
    match = _REFERENCE.fullmatch(reference)
    return match.group(1) if match else None


def is_id(text: str) -> bool:
    """Whether text may stand as an id in a URL: FHIR's characters, up to 256 of them, no dot segment (OUT-15)."""
    return _ID.fullmatch(text) is not None


def _user(value: Any) -> str:
    reference = relative_reference(value) if isinstance(value, str) else None
    if reference is None:
        raise BadRequest("It is missing or not a reference such as Practitioner/id", "context.userId")
    return reference


def _patient(value: Any) -> str:
    if not isinstance(value, str):
        raise BadRequest("It is missing or not a string", "context.patientId")
    reference = relative_reference(value)
    bare = reference.removeprefix("Patient/") if reference is not None else value
    if not is_id(bare):
        raise BadRequest("It is not a FHIR id", "context.patientId")
    return bare


def _encounter(value: Any) -> str | None:
    if value is not None and not isinstance(value, str):
        raise BadRequest("It is not a string", "context.encounterId")
    return value or None


def _selections(value: Any) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise BadRequest("It is missing or not an array of references", "context.selections")
    if len(value) > MAX_SELECTIONS:
        raise BodyTooLarge(f"It has more than {MAX_SELECTIONS} items", "context.selections")
    return tuple(relative_reference(item) or item for item in value)


def _draft_orders(value: Any) -> msgspec.Raw:
    if not isinstance(value, msgspec.Raw) or bytes(memoryview(value)[:1]) != b"{":
        raise BadRequest("It is missing or not a Bundle", "context.draftOrders")
    with contextlib.suppress(msgspec.ValidationError):  # entries that are no array are left to the reader
        if len(_ENTRIES.decode(value).entry) > MAX_DRAFTS:
            raise BodyTooLarge(f"It has more than {MAX_DRAFTS} entries", "context.draftOrders")
    return value


CONTEXTS: Final[Mapping[str, Mapping[str, Callable[[Any], Any]]]] = {
    "patient-view": {"userId": _user, "patientId": _patient, "encounterId": _encounter},
    "order-select": {
        "userId": _user,
        "patientId": _patient,
        "encounterId": _encounter,
        "selections": _selections,
        "draftOrders": _draft_orders,
    },
    "order-sign": {
        "userId": _user,
        "patientId": _patient,
        "encounterId": _encounter,
        "draftOrders": _draft_orders,
    },
}
"""Hook to the fields of its context (hook library), each with the reader that checks it."""
