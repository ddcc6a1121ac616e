"""The way to the authorization server of a SMART launch: its configuration, and the exchange of a code for a token.

Two exchanges of a launch, each on a connection of its own, bounded in time and size. As towards FHIR servers there are
no redirects, no cookies and nothing from the environment; addresses are checked as theirs are (OUT-03).
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import requests

from cds_service.ehr.addresses import Base
from cds_service.ehr.networks import Network, Networks
from cds_service.ehr.transport import NETWORK_ERRORS, bounded, open_session, under_way
from cds_service.ehr.watchdog import Watchdog
from cds_service.errors import Cause, FetchFailure

SECONDS: Final = 5.0
"""For one exchange, by the wall clock."""
MAX_BYTES: Final = 64 * 1024
"""Of one answer, after decoding."""


@dataclass(frozen=True, slots=True)
class Reply:
    """What came back: HTTP status and body."""

    status: int
    body: bytes


class AuthorizationServers:
    """Asks authorization servers. Safe to use from several threads.

    Args:
        ca_file: path of a PEM file of certificate authorities in place of the usual ones.
        networks: that names may lead to; when none are given, all but those of ``networks.Networks``.
        proxy: URL of a forward proxy for all but this machine's own servers.
        seconds: for one exchange.
    """

    def __init__(
        self,
        *,
        ca_file: str | None = None,
        networks: Sequence[Network] = (),
        proxy: str | None = None,
        seconds: float = SECONDS,
    ) -> None:
        self._ca_file = ca_file
        self._networks = tuple(networks)
        self._proxy = proxy
        self._seconds = seconds
        self._watchdog = Watchdog()

    def configuration(self, server: Base) -> Reply:
        """The SMART configuration of a FHIR server (SMART App Launch 2, "Obtain authorization server's metadata").

        Args:
            server: its base; the caller has decided that it may be asked.

        Raises:
            FetchFailure: no answer came.
        """
        return self._ask("GET", f"{server.url}.well-known/smart-configuration", server)

    def token(self, url: str, form: Mapping[str, str], *, server: Base, client: tuple[str, str] | None = None) -> Reply:
        """The answer of a token endpoint, whatever its status.

        Args:
            url: of the endpoint; the caller has decided that it may be asked.
            form: the request.
            server: base of the FHIR server that named the endpoint; only one of this machine may name this machine.
            client: id and secret of a confidential client, sent by HTTP Basic.

        Raises:
            FetchFailure: no answer came.
        """
        return self._ask("POST", url, server, form, client)

    def _ask(
        self,
        method: str,
        url: str,
        server: Base,
        form: Mapping[str, str] | None = None,
        client: tuple[str, str] | None = None,
    ) -> Reply:
        deadline = time.monotonic() + self._seconds
        proxy = None if server.is_loopback else self._proxy
        networks = Networks(self._networks, loopback=server.is_loopback) if proxy is None else None
        headers = {"Accept": "application/json", "Accept-Encoding": "identity", "User-Agent": "recurrence-cds"}
        with (
            under_way(self._watchdog, deadline) as exchange,
            open_session(1, self._ca_file, networks=networks, proxy=proxy) as session,
        ):
            try:
                with session.request(
                    method,
                    url,
                    headers=headers,
                    data=form,
                    auth=client,
                    timeout=self._seconds,
                    allow_redirects=False,
                    stream=True,
                ) as response:
                    return Reply(response.status_code, bounded(response.raw, MAX_BYTES))
            except NETWORK_ERRORS as error:
                late = exchange.expired or time.monotonic() >= deadline or isinstance(error, requests.Timeout)
                raise FetchFailure(Cause.TIMED_OUT if late else Cause.UNREACHABLE) from None
