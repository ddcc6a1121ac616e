"""``.well-known/smart-configuration``: where to send the browser, where to take the code, which scopes are spoken."""

from __future__ import annotations

import re
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Final

from cds_service import strict_json
from cds_service.ehr.addresses import Base, parse_base
from cds_service.ehr.authorization import Reply
from cds_service.errors import FetchFailure, Hitch, LaunchFailed, MalformedJson

OK: Final = 200
V2: Final = "permission-v2"
S256: Final = "S256"
FRESH_SECONDS: Final = 300.0
FAILED_SECONDS: Final = 10.0
"""For so long a configuration, or that there was none, is taken as known: launches cannot be used to flood a server."""
MAX_KNOWN: Final = 64
_V2_SCOPE: Final = re.compile(r"(?:patient|user|system)/[A-Za-z*]+\.c?r?u?d?s?(?:\?.*)?")


@dataclass(frozen=True, slots=True)
class Configuration:
    """What a launch needs of it.

    Attributes:
        authorization_endpoint: where the browser is sent.
        token_endpoint: where the code is exchanged.
        issuer: of the authorization server; empty when it does not say.
        speaks_v2: whether it knows the scopes of SMART App Launch 2 (``patient/Condition.rs``).
    """

    authorization_endpoint: str
    token_endpoint: str
    issuer: str
    speaks_v2: bool


class Configurations:
    """The configurations of FHIR servers, each asked for once in a while. Safe to use from several threads.

    Args:
        fetch: asks a server for its configuration; may raise FetchFailure.
        clock: seconds that only grow.
    """

    def __init__(self, fetch: Callable[[Base], Reply], clock: Callable[[], float] = time.monotonic) -> None:
        self._fetch = fetch
        self._clock = clock
        self._lock = threading.Lock()
        self._known: OrderedDict[Base, tuple[float, Configuration | Hitch]] = OrderedDict()

    def of(self, server: Base) -> Configuration:
        """The configuration of a server that the caller has decided may be asked.

        Raises:
            LaunchFailed: it could not be had, now or a moment ago, or cannot be used.
        """
        with self._lock:
            until, found = self._known.get(server, (0.0, Hitch.NO_CONFIGURATION))
        if self._clock() >= until:
            found = self._ask(server)
            with self._lock:
                lasts = FRESH_SECONDS if isinstance(found, Configuration) else FAILED_SECONDS
                self._known[server] = (self._clock() + lasts, found)
                while len(self._known) > MAX_KNOWN:
                    self._known.popitem(last=False)
        if isinstance(found, Hitch):
            raise LaunchFailed(found)
        return found

    def _ask(self, server: Base) -> Configuration | Hitch:
        try:
            reply = self._fetch(server)
            return read(reply.body, server) if reply.status == OK else Hitch.NO_CONFIGURATION
        except FetchFailure:
            return Hitch.NO_CONFIGURATION
        except LaunchFailed as failure:
            return failure.hitch


def read(body: bytes, server: Base) -> Configuration:
    """The configuration that a FHIR server publishes.

    Args:
        body: JSON as it came.
        server: whose it is. Endpoints may be on any host, since it is the server's to name them, but they have to be
            https; http only on this machine, and only if the server is.

    Raises:
        LaunchFailed: it is not a configuration that can be used.
    """
    try:
        told = strict_json.decode(body)
    except MalformedJson:
        raise LaunchFailed(Hitch.BAD_CONFIGURATION) from None
    if not isinstance(told, dict):
        raise LaunchFailed(Hitch.BAD_CONFIGURATION)
    methods = told.get("code_challenge_methods_supported")
    if methods is not None and S256 not in _texts(methods):
        raise LaunchFailed(Hitch.NO_S256)
    issuer = told.get("issuer")
    return Configuration(
        authorization_endpoint=_endpoint(told.get("authorization_endpoint"), server),
        token_endpoint=_endpoint(told.get("token_endpoint"), server),
        issuer=issuer if isinstance(issuer, str) else "",
        speaks_v2=V2 in _texts(told.get("capabilities"))
        or any(map(_V2_SCOPE.fullmatch, _texts(told.get("scopes_supported")))),
    )


def _texts(value: Any) -> Iterable[str]:
    return [item for item in value if isinstance(item, str)] if isinstance(value, list) else []


def _endpoint(value: Any, server: Base) -> str:
    text = value if isinstance(value, str) else ""
    try:
        place = parse_base(text.partition("?")[0])
    except ValueError:
        raise LaunchFailed(Hitch.BAD_CONFIGURATION) from None
    secure = place.scheme == "https" or (place.is_loopback and server.is_loopback)
    if not secure or "#" in text or not text.isascii() or not text.isprintable() or " " in text:
        raise LaunchFailed(Hitch.BAD_CONFIGURATION)
    return text
