"""How this service goes to the network: sessions that are watched, and one bounded fetch of a document.

No redirects, no cookies, no netrc, no proxy from the environment; certificates are always checked. FHIR servers are
asked through ``client``; what is not FHIR (a client's key set) comes through :class:`Documents`.
"""

from __future__ import annotations

import contextlib
import email.utils
import http.client
import http.cookiejar
import socket
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

import requests
import urllib3
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import NameResolutionError, NewConnectionError
from urllib3.util.connection import create_connection

from cds_service.ehr.networks import Networks, permitted
from cds_service.ehr.watchdog import Exchange, Watchdog
from cds_service.errors import Cause, FetchFailure
from cds_service.turns import aside

CHUNK: Final = 65536
CONNECT_SECONDS: Final = 5.0
_SHORTEST: Final = 0.01
"""Seconds: no socket is given less."""
MAX_ADDRESSES: Final = 4
"""Of one name that are tried in turn."""
NETWORK_ERRORS: Final = (
    requests.RequestException,
    urllib3.exceptions.HTTPError,
    http.client.HTTPException,
    OSError,
    ValueError,
)
"""What the network stack raises; ValueError is how it refuses header lines and lengths that make no sense."""


class _Current(threading.local):
    exchange: Exchange | None = None


current = _Current()
"""The exchange that this thread is in, if any."""


def _seconds_left() -> float:
    """Of the exchange that this thread is in."""
    return (
        max(_SHORTEST, current.exchange.deadline - time.monotonic())
        if current.exchange is not None
        else CONNECT_SECONDS
    )


class _Watched:
    """Mixin for urllib3's connections: tells the exchange under way in this thread which socket it runs on.

    Where ``networks`` are given, the name is resolved once, and the connection goes to an address that was checked
    (OUT-03).
    """

    networks: Networks | None = None
    _twin: socket.socket | None = None

    def _new_conn(self) -> socket.socket:
        sock: socket.socket = super()._new_conn() if self.networks is None else self._checked(self.networks)  # type: ignore[misc]
        self._forget_twin()
        try:
            self._twin = sock.dup()
            self._name_socket()
        except OSError:  # too late already, or no more file descriptors
            sock.close()
            raise
        return sock

    def _checked(self, networks: Networks) -> socket.socket:
        connection: Any = self
        try:
            found = socket.getaddrinfo(connection._dns_host.strip("[]"), connection.port, type=socket.SOCK_STREAM)  # noqa: SLF001 - as urllib3 does
        except (socket.gaierror, UnicodeError) as error:
            raise NameResolutionError(connection.host, connection, socket.gaierror(str(error))) from None
        addresses = permitted(dict.fromkeys(str(entry[4][0]) for entry in found), networks)
        if not addresses:
            raise FetchFailure(Cause.ADDRESS_REFUSED)
        for address in addresses[:MAX_ADDRESSES]:
            with contextlib.suppress(OSError):
                return create_connection(
                    (address, connection.port), _seconds_left(), socket_options=connection.socket_options
                )
        raise NewConnectionError(connection, "none of its addresses could be reached")

    def request(self, *args: Any, **kwargs: Any) -> None:
        self._name_socket()
        super().request(*args, **kwargs)  # type: ignore[misc]

    def close(self) -> None:
        super().close()  # type: ignore[misc]
        self._forget_twin()

    def _name_socket(self) -> None:
        if current.exchange is not None and self._twin is not None:
            current.exchange.runs_on(self._twin)

    def _forget_twin(self) -> None:
        if self._twin is not None:
            self._twin.close()
            self._twin = None


class WatchedHTTPConnection(_Watched, HTTPConnection):
    """A plain connection whose socket the watchdog can shut."""


class WatchedHTTPSConnection(_Watched, HTTPSConnection):
    """A TLS connection whose socket the watchdog can shut, also in its handshake."""


class _HTTPPool(HTTPConnectionPool):
    ConnectionCls = WatchedHTTPConnection


class _HTTPSPool(HTTPSConnectionPool):
    ConnectionCls = WatchedHTTPSConnection


_WATCHED_POOLS: Final = {"http": _HTTPPool, "https": _HTTPSPool}


def _checked_pools(networks: Networks) -> dict[str, type[HTTPConnectionPool]]:
    """The watched pools, with connections that check where they go."""
    plain = type("CheckedHTTPConnection", (WatchedHTTPConnection,), {"networks": networks})
    secure = type("CheckedHTTPSConnection", (WatchedHTTPSConnection,), {"networks": networks})
    return {
        "http": type("CheckedHTTPPool", (HTTPConnectionPool,), {"ConnectionCls": plain}),
        "https": type("CheckedHTTPSPool", (HTTPSConnectionPool,), {"ConnectionCls": secure}),
    }


class _Adapter(HTTPAdapter):
    """Builds watched connections. A proxy's own address is the administrator's word and is not checked."""

    def __init__(self, sockets: int, networks: Networks | None) -> None:
        self._pools = _WATCHED_POOLS if networks is None else _checked_pools(networks)
        super().__init__(pool_connections=1, pool_maxsize=sockets, max_retries=0)

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = self._pools

    def proxy_manager_for(self, proxy: str, **kwargs: Any) -> Any:
        manager = super().proxy_manager_for(proxy, **kwargs)
        manager.pool_classes_by_scheme = _WATCHED_POOLS
        return manager


def open_session(
    sockets: int, ca_file: str | None, *, networks: Networks | None = None, proxy: str | None = None
) -> requests.Session:
    """A session that keeps at most ``sockets`` connections, takes nothing from the environment and keeps no cookies.

    Args:
        sockets: connections kept open to one host.
        ca_file: path of a PEM file of certificate authorities in place of the usual ones.
        networks: where connections may go; anywhere if None.
        proxy: URL of a forward proxy that all requests go through; the names are then resolved there.
    """
    session = requests.Session()
    session.trust_env = False
    session.verify = ca_file or True
    session.cookies.set_policy(http.cookiejar.DefaultCookiePolicy(allowed_domains=[]))
    if proxy is not None:
        session.proxies = {"http": proxy, "https": proxy}
    adapter = _Adapter(sockets, networks)
    for scheme in ("http://", "https://"):
        session.mount(scheme, adapter)
    return session


@contextlib.contextmanager
def under_way(watchdog: Watchdog, deadline: float) -> Iterator[Exchange]:
    """What this thread does on the network inside the block is cut off at ``deadline`` (of ``time.monotonic``)."""
    with aside(), watchdog.watch(deadline) as exchange:
        current.exchange = exchange
        try:
            yield exchange
        finally:
            current.exchange = None


@contextlib.contextmanager
def asked(
    session: requests.Session, url: str, headers: Mapping[str, str], *, watchdog: Watchdog, deadline: float
) -> Iterator[requests.Response]:
    """The answer to a GET, its body yet to be read, all cut off at ``deadline`` (of ``time.monotonic``).

    Raises:
        FetchFailure: a fault of the network, inside the block as well.
    """
    with under_way(watchdog, deadline) as exchange:
        try:
            with _get(session, url, headers, max(deadline - time.monotonic(), _SHORTEST)) as response:
                yield response
        except NETWORK_ERRORS as error:
            if exchange.expired or time.monotonic() >= deadline or isinstance(error, requests.Timeout):
                raise FetchFailure(Cause.TIMED_OUT) from None
            if isinstance(error, requests.exceptions.SSLError):
                raise FetchFailure(Cause.NOT_TRUSTED) from None
            if isinstance(error, requests.ConnectionError):
                raise FetchFailure(Cause.UNREACHABLE) from None
            raise FetchFailure(Cause.CUT_SHORT) from None


def _get(session: requests.Session, url: str, headers: Mapping[str, str], seconds: float) -> requests.Response:
    """A GET past the session, which has nothing to add to a request and would take half its time to find that out."""
    request = requests.PreparedRequest()
    request.prepare(method="GET", url=url, headers=headers)
    adapter = session.get_adapter(url)
    return adapter.send(request, stream=True, timeout=seconds, verify=session.verify or True, proxies=session.proxies)


class Documents:
    """Fetches small documents, one connection each, bounded in time and size (AUTH-14). Safe from several threads.

    Args:
        ca_file: path of a PEM file of certificate authorities in place of the usual ones.
        clock: seconds since 1970.
    """

    def __init__(self, ca_file: str | None = None, *, clock: Callable[[], float] = time.time) -> None:
        self.clock_ahead = 0.0
        """Seconds that this host's clock was ahead of the last peer that said the time; negative when behind."""
        self._ca_file = ca_file
        self._clock = clock
        self._watchdog = Watchdog()

    def fetch(self, url: str, *, accept: str, seconds: float, limit: int) -> bytes:
        """The body of a 200 answer.

        Args:
            url: absolute; the caller has decided that it may be asked.
            accept: media types for the Accept header.
            seconds: for the whole exchange, by the wall clock.
            limit: bytes after decoding.

        Raises:
            FetchFailure: with the cause; a redirect is one.
        """
        deadline = time.monotonic() + seconds
        headers = {"Accept": accept, "Accept-Encoding": "identity", "User-Agent": "recurrence-cds"}
        with under_way(self._watchdog, deadline) as exchange, open_session(1, self._ca_file) as session:
            try:
                with session.get(url, headers=headers, timeout=seconds, allow_redirects=False, stream=True) as response:
                    self._compare_clocks(response.headers.get("Date"))
                    if response.status_code != requests.codes.ok:
                        raise FetchFailure(_cause(response.status_code))
                    return bounded(response.raw, limit)
            except NETWORK_ERRORS as error:
                late = exchange.expired or time.monotonic() >= deadline or isinstance(error, requests.Timeout)
                raise FetchFailure(Cause.TIMED_OUT if late else Cause.UNREACHABLE) from None

    def _compare_clocks(self, date: str | None) -> None:
        """A Date header that is none says nothing (AUD-07)."""
        with contextlib.suppress(ValueError, OverflowError):
            if date is not None:
                self.clock_ahead = self._clock() - email.utils.parsedate_to_datetime(date).timestamp()


def _cause(status: int) -> Cause:
    if status < 300:
        return Cause.NO_CONTENT
    if status < 400:
        return Cause.REDIRECTED
    return Cause.NOT_PROCESSED if status < 500 else Cause.SERVER_FAILED


def bounded(raw: urllib3.BaseHTTPResponse, limit: int) -> bytes:
    """The body of an answer after decoding; FetchFailure when it is larger than ``limit`` bytes."""
    parts: list[bytes] = []
    size = 0
    while part := raw.read(CHUNK, decode_content=True):
        size += len(part)
        if size > limit:
            raw.close()
            raise FetchFailure(Cause.TOO_LARGE)
        parts.append(part)
    return b"".join(parts)
