"""Questions to the EHR's FHIR server: reads and searches within one base, under one deadline, with named failures.

No redirects, no cookies, no netrc, no proxy from the environment; the token goes to the base of its call and nowhere
else. Requirements OUT-02 to OUT-14 of the reliability document.
"""

from __future__ import annotations

import contextlib
import email.utils
import secrets
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Final
from urllib.parse import quote

import msgspec

from cds_service import metrics, strict_json
from cds_service.ehr import addresses
from cds_service.ehr.addresses import Base
from cds_service.ehr.bundle import Survey, survey
from cds_service.ehr.circuit import Circuit
from cds_service.ehr.networks import Network, Networks
from cds_service.ehr.watchdog import Watchdog
from cds_service.errors import Cause, FetchFailure, MalformedJson

if TYPE_CHECKING:
    import requests
    import urllib3

_ACCEPT: Final = "application/fhir+json, application/json;q=0.9"
_RETRIED: Final = frozenset({429, 502, 503, 504})
_CAUSES: Final = {
    401: Cause.NOT_ACCEPTED,
    403: Cause.FORBIDDEN,
    404: Cause.NOT_FOUND,
    410: Cause.GONE,
    429: Cause.BUSY,
}
_SHORTEST_USEFUL: Final = 0.01
"""Seconds; with less left, a question is not begun."""
_RETRY_PAUSE: Final = 0.05
_MAX_POOLS: Final = 32
Observe = Callable[[str, str, Cause | None], None]
"""Told of one request to a FHIR server: its base, the whole URL, and why it failed, if it did."""

_SERVER_DOWN: Final = frozenset({Cause.TIMED_OUT, Cause.UNREACHABLE, Cause.NOT_TRUSTED, Cause.SERVER_FAILED})
"""Failures that count towards opening the circuit; with any other the server has shown that it works."""


@dataclass(frozen=True, slots=True)
class Limits:
    """How much of a server's answers is read; reaching a limit marks that data incomplete (OUT-07).

    Attributes:
        pages: of one search.
        resources: of one search.
        answer_bytes: of one answer, after decoding.
        call_requests: to the server within one hook call, retries included.
        call_bytes: of all answers within one hook call.
        sockets: to one base at a time, and how many questions run side by side to it.
        threads: that ask questions, over all bases.
        failures: in a row that open the circuit of a base (OUT-13).
        open_seconds: that it stays open before one question may probe.
    """

    pages: int = 10
    resources: int = 2000
    answer_bytes: int = 5 * 1024 * 1024
    call_requests: int = 40
    call_bytes: int = 10 * 1024 * 1024
    sockets: int = 10
    threads: int = 40
    failures: int = 5
    open_seconds: float = 10.0


@dataclass(frozen=True, slots=True)
class Pages:
    """The answer to a search: raw Bundles with the first look at each, and why entries may be lacking (or empty)."""

    payloads: tuple[bytes, ...]
    surveys: tuple[Survey, ...]
    incomplete: str


class _Pool:
    """One session and one circuit for one base, and its places: at most so many exchanges at a time (OUT-14)."""

    def __init__(self, limits: Limits, session: requests.Session) -> None:
        self.places = threading.BoundedSemaphore(limits.sockets)
        self.circuit = Circuit(limits.failures, limits.open_seconds, turned=metrics.circuit)
        self.session = session


class FhirClient:
    """The process's way to FHIR servers: pools by base, threads, the watchdog. Safe to use from several threads.

    Args:
        servers: bases that may be asked.
        loopback: whether every server of this machine may be asked besides.
        ca_file: path of a PEM file of certificate authorities in place of the usual ones.
        limits: how much is read.
        networks: that the servers' names may lead to; when none are given, all but those of ``networks.Networks``.
        proxy: URL of a forward proxy for all but this machine's own servers; it then resolves the names.
    """

    def __init__(
        self,
        servers: Sequence[Base] = (),
        *,
        loopback: bool = False,
        ca_file: str | None = None,
        limits: Limits | None = None,
        networks: Sequence[Network] = (),
        proxy: str | None = None,
    ) -> None:
        self.limits = limits or Limits()
        self._servers = tuple(servers)
        self._loopback = loopback
        self._ca_file = ca_file
        self._networks = tuple(networks)
        self._proxy = proxy
        self._pools: OrderedDict[Base, _Pool] = OrderedDict()
        self._lock = threading.Lock()
        self.watchdog = Watchdog()
        self.threads = ThreadPoolExecutor(self.limits.threads, thread_name_prefix="fhir")

    def base_of(self, fhir_server: str) -> Base:
        """The base that a call names; BadRequest or ForbiddenServer when it cannot or may not be asked."""
        return addresses.allowed(fhir_server, self._servers, loopback=self._loopback)

    def access(self, base: Base, token: str | None, deadline: float, observe: Observe | None = None) -> Access:
        """Access for one hook call to one base, until ``deadline`` (of ``time.monotonic``).

        ``observe`` is told of every request made; what it raises ends the question.
        """
        return Access(self, base, token, deadline, observe)

    def pool(self, base: Base) -> _Pool:
        """The pool of a base; the one unused for longest makes room when there are too many."""
        with self._lock:
            pool = self._pools.get(base)
            if pool is None:
                pool = self._pools[base] = _Pool(self.limits, self._session(base))
            self._pools.move_to_end(base)
            while len(self._pools) > _MAX_POOLS:
                _, oldest = self._pools.popitem(last=False)
                oldest.session.close()
            return pool

    def _session(self, base: Base) -> requests.Session:
        from cds_service.ehr.transport import open_session  # noqa: PLC0415 - slow to load; the start does without

        proxy = None if base.is_loopback else self._proxy
        networks = Networks(self._networks, loopback=base.is_loopback) if proxy is None else None
        return open_session(self.limits.sockets, self._ca_file, networks=networks, proxy=proxy)

    def close(self) -> None:
        """Let go of threads and connections."""
        self.threads.shutdown(wait=False, cancel_futures=True)
        with self._lock:
            for pool in self._pools.values():
                pool.session.close()
            self._pools.clear()


class Access:
    """One hook call's access to its FHIR server; counts what the call has used up."""

    def __init__(
        self, client: FhirClient, base: Base, token: str | None, deadline: float, observe: Observe | None = None
    ) -> None:
        self.base = base
        self._observe = observe
        self.deadline = deadline
        self._client = client
        self._limits = client.limits
        self._headers = {"Accept": _ACCEPT, "Accept-Encoding": "gzip", "User-Agent": "recurrence-cds"}
        if token is not None:
            self._headers["Authorization"] = f"Bearer {token}"
        self._lock = threading.Lock()
        self._requests_left = self._limits.call_requests
        self._bytes_left = self._limits.call_bytes

    def read(self, reference: str) -> bytes:
        """One resource by reference, relative or absolute within the base, as raw JSON.

        Raises:
            FetchFailure: also when the reference leads elsewhere, or another type comes back.
        """
        found = addresses.local_reference(self.base, reference)
        if found is None:
            raise FetchFailure(Cause.BAD_REFERENCE)
        resource_type, identifier = found
        body = self._get(f"{self.base.url}{resource_type}/{quote(identifier, safe='')}")
        if _look(body, resource_type).resource_type != resource_type:
            raise FetchFailure(Cause.WRONG_TYPE)
        return body

    def capabilities(self) -> bytes:
        """The server's CapabilityStatement, as raw JSON.

        Raises:
            FetchFailure: also when something else comes back.
        """
        body = self._get(f"{self.base.url}metadata")
        if _look(body, "CapabilityStatement").resource_type != "CapabilityStatement":
            raise FetchFailure(Cause.WRONG_TYPE)
        return body

    def search(self, relative_url: str, resource_type: str) -> Pages:
        """All pages of a search, within the limits.

        Args:
            relative_url: ``Type?parameters``, ready to be sent.
            resource_type: what the entries have to be.

        Raises:
            FetchFailure: when not even the first page could be had.
        """
        return self._follow(self.base.url + relative_url, resource_type)

    def further_pages(self, link: str, resource_type: str) -> Pages:
        """The pages behind a ``next`` link of a Bundle that came with the call (DATA-10, OUT-06).

        Raises:
            FetchFailure: when not even the first of them could be had, or the link leads outside the base.
        """
        url = addresses.inside(self.base, link)
        if url is None:
            raise FetchFailure(Cause.PAGE_ELSEWHERE)
        return self._follow(url, resource_type, pages_before=1)

    def _follow(self, first_url: str, resource_type: str, pages_before: int = 0) -> Pages:
        payloads: list[bytes] = []
        surveys: list[Survey] = []
        seen: set[str] = set()
        url: str | None = first_url
        resources = 0
        incomplete = ""
        while url is not None:
            try:
                self._check_page(url, seen, len(payloads) + pages_before)
                body = self._get(url)
                page = _searchset(body, resource_type)
                resources += page.matches + page.others + page.unreadable
                self._check_resources(resources)
                payloads.append(body)
                surveys.append(page)
                url = self._next(page)
            except FetchFailure as failure:
                if not payloads:
                    raise
                incomplete = failure.cause
                break
        return Pages(tuple(payloads), tuple(surveys), incomplete)

    def _check_page(self, url: str, seen: set[str], pages: int) -> None:
        if url in seen:
            raise FetchFailure(Cause.PAGES_IN_A_CIRCLE)
        if pages >= self._limits.pages:
            raise FetchFailure(Cause.TOO_MANY_PAGES)
        seen.add(url)

    def _check_resources(self, resources: int) -> None:
        if resources > self._limits.resources:
            raise FetchFailure(Cause.TOO_MANY_RESOURCES)

    def _next(self, page: Survey) -> str | None:
        if not page.next_url:
            return None
        url = addresses.inside(self.base, page.next_url)
        if url is None:
            raise FetchFailure(Cause.PAGE_ELSEWHERE)
        return url

    def _get(self, url: str) -> bytes:
        """GET with at most one repetition (OUT-10); the body is strict JSON."""
        try:
            body = self._once(url)
        except _Retriable as first:
            time.sleep(self._pause(first))
            try:
                body = self._once(url)
            except _Retriable as second:
                raise FetchFailure(second.cause) from None
            except FetchFailure as second:
                raise (FetchFailure(first.cause) if second.cause is Cause.NOT_ASKED else second) from None
        try:
            strict_json.check(body)
        except MalformedJson:
            raise FetchFailure(Cause.NOT_JSON) from None
        return body

    def _pause(self, failure: _Retriable) -> float:
        """Seconds before the repetition; FetchFailure when it does not fit into what is left of the deadline."""
        pause = failure.retry_after + _RETRY_PAUSE + secrets.randbelow(50) / 1000
        if time.monotonic() + pause + _RETRY_PAUSE > self.deadline:
            raise FetchFailure(failure.cause)
        return pause

    def _once(self, url: str) -> bytes:
        with self._place() as pool:
            if not pool.circuit.allows():
                raise FetchFailure(Cause.NOT_ASKED)
            start = time.monotonic()
            try:
                body = self._exchange(pool.session, url)
            except (FetchFailure, _Retriable) as failure:
                metrics.fhir_request(failure.cause, time.monotonic() - start)
                if self._observe is not None:
                    self._observe(self.base.url, url, failure.cause)
                if failure.cause in _SERVER_DOWN:
                    pool.circuit.failed()
                else:
                    pool.circuit.succeeded()
                raise
            pool.circuit.succeeded()
            metrics.fhir_request(None, time.monotonic() - start)
            if self._observe is not None:
                self._observe(self.base.url, url, None)
            return body

    def _exchange(self, session: requests.Session, url: str) -> bytes:
        """One request and its answer, cut off at the deadline."""
        try:
            return self._answer(session, url)
        except FetchFailure as failure:
            if failure.cause is Cause.UNREACHABLE:
                raise _Retriable(failure.cause) from None
            raise

    @contextlib.contextmanager
    def _place(self) -> Iterator[_Pool]:
        """A place among the base's sockets and one request of the call's allowance, or FetchFailure."""
        with self._lock:
            if self._requests_left <= 0:
                raise FetchFailure(Cause.TOO_MANY_REQUESTS)
            self._requests_left -= 1
        left = self.deadline - time.monotonic()
        pool = self._client.pool(self.base)
        if left < _SHORTEST_USEFUL or not pool.places.acquire(timeout=left):
            raise FetchFailure(Cause.TIMED_OUT)
        try:
            yield pool
        finally:
            pool.places.release()

    def _answer(self, session: requests.Session, url: str) -> bytes:
        from cds_service.ehr.transport import asked  # noqa: PLC0415 - as above

        watchdog = self._client.watchdog
        with asked(session, url, self._headers, watchdog=watchdog, deadline=self.deadline) as response:
            status = response.status_code
            if status in _RETRIED:
                cause = _CAUSES.get(status, Cause.SERVER_FAILED)
                raise _Retriable(cause, _retry_after(response.headers.get("Retry-After")))
            if status != HTTPStatus.OK:
                raise FetchFailure(_cause(status))
            return self._body(response.raw)

    def _body(self, raw: urllib3.BaseHTTPResponse) -> bytes:
        from cds_service.ehr.transport import CHUNK  # noqa: PLC0415 - as above

        parts: list[bytes] = []
        size = 0
        while part := raw.read(CHUNK, decode_content=True):
            size += len(part)
            with self._lock:
                self._bytes_left -= len(part)
                over = self._bytes_left < 0
            if over or size > self._limits.answer_bytes:
                raw.close()
                raise FetchFailure(Cause.TOO_LARGE)
            parts.append(part)
        if not size:
            raise FetchFailure(Cause.NO_CONTENT)
        return b"".join(parts)


class _Retriable(Exception):  # noqa: N818 - not a failure yet
    """A failure that one repetition may mend; never leaves this module."""

    def __init__(self, cause: Cause, retry_after: float = 0.0) -> None:
        self.cause = cause
        self.retry_after = retry_after
        super().__init__(cause.value)


def _cause(status: int) -> Cause:
    """What a status other than 200 means for the question that was asked."""
    if status in _CAUSES:
        return _CAUSES[status]
    if status < 300:
        return Cause.NO_CONTENT
    if status < 400:
        return Cause.REDIRECTED
    return Cause.NOT_PROCESSED if status < 500 else Cause.SERVER_FAILED


def _retry_after(header: str | None) -> float:
    """Seconds to wait by a Retry-After header: digits or a date; what makes no sense counts as none."""
    if header is None:
        return 0.0
    if header.isascii() and header.isdigit():
        return float(header[:9])
    try:
        return max(0.0, email.utils.parsedate_to_datetime(header).timestamp() - time.time())
    except (ValueError, TypeError, OverflowError):
        return 0.0


def _look(body: bytes, resource_type: str) -> Survey:
    try:
        return survey(body, resource_type)
    except (msgspec.DecodeError, RecursionError):
        raise FetchFailure(Cause.NOT_JSON) from None


def _searchset(body: bytes, resource_type: str) -> Survey:
    """The first look at a page, if it is an answer to a search (OUT-12)."""
    page = _look(body, resource_type)
    if page.resource_type == "OperationOutcome":
        raise FetchFailure(Cause.OUTCOME)
    strange = page.others and not page.matches
    if page.resource_type != "Bundle" or page.bundle_type != "searchset" or strange:
        raise FetchFailure(Cause.WRONG_TYPE)
    return page
