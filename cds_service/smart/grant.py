"""The token endpoint: what is asked of it, and what its answer grants."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any, Final

from cds_service import strict_json
from cds_service.errors import Hitch, LaunchFailed, MalformedJson
from cds_service.protocol.request import CONTEXTS, MAX_TEXT, is_id
from cds_service.smart.launch import Launch

OK: Final = 200
MAX_CODE: Final = 4096
MAX_APP_CONTEXT: Final = 2048
_TOKEN: Final = re.compile(r"[\x21-\x7e]{1,8192}")
OVERVIEW: Final = "patient-view"


@dataclass(frozen=True, slots=True)
class Origin:
    """The card that the app was opened from, by reference; a launch of its own looks like patient-view.

    Attributes:
        hook: name of the hook.
        hook_instance: the client's name for that invocation; empty when it is not known.
    """

    hook: str = OVERVIEW
    hook_instance: str = ""


@dataclass(frozen=True, slots=True)
class Grant:
    """What the authorization server granted.

    Attributes:
        access_token: for the FHIR server.
        patient_id: bare id of the patient of the launch.
        seconds: that the token lasts, if it says so.
        banner: whether the page has to say who the patient is, since nothing around it does.
        origin: the card that led here.
    """

    access_token: str = field(repr=False)
    patient_id: str = field(repr=False)
    seconds: int | None
    banner: bool
    origin: Origin


def form(code: str, launch: Launch, *, client_id: str, confidential: bool, redirect_uri: str) -> dict[str, str]:
    """The request for a token; a public client names itself in it."""
    asked = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": redirect_uri,
        "code_verifier": launch.verifier,
    }
    return asked if confidential else asked | {"client_id": client_id}


def read(status: int, body: bytes) -> Grant:
    """What an answer of the token endpoint grants.

    Raises:
        LaunchFailed: the code was refused, the answer cannot be used, or no patient was chosen.
    """
    if status != OK:
        raise LaunchFailed(Hitch.CODE_REFUSED if 400 <= status < 500 else Hitch.NO_TOKEN)
    try:
        told = strict_json.decode(body)
    except MalformedJson:
        told = None
    if not isinstance(told, dict):
        raise LaunchFailed(Hitch.NO_TOKEN)
    token = told.get("access_token")
    if not isinstance(token, str) or not _TOKEN.fullmatch(token) or str(told.get("token_type")).lower() != "bearer":
        raise LaunchFailed(Hitch.NO_TOKEN)
    patient = told.get("patient")
    bare = patient.removeprefix("Patient/") if isinstance(patient, str) else ""
    if not is_id(bare):
        raise LaunchFailed(Hitch.NO_PATIENT)
    seconds = told.get("expires_in")
    return Grant(
        access_token=token,
        patient_id=bare,
        seconds=seconds if isinstance(seconds, int) and not isinstance(seconds, bool) and seconds > 0 else None,
        banner=told.get("need_patient_banner") is not False,
        origin=_origin(told.get("appContext")),
    )


def _origin(told: Any) -> Origin:
    """The card's own ``appContext``, if the server handed it back; anything else is as good as none."""
    if not isinstance(told, str) or len(told) > MAX_APP_CONTEXT:
        return Origin()
    try:
        context = strict_json.decode(told.encode("utf-8"))
    except MalformedJson:
        return Origin()
    hook = context.get("hook") if isinstance(context, dict) else None
    instance = context.get("hookInstance") if isinstance(context, dict) else None
    if (
        not isinstance(hook, str)
        or hook not in CONTEXTS
        or not isinstance(instance, str)
        or not 0 < len(instance) <= MAX_TEXT
    ):
        return Origin()
    return Origin(hook, instance)
