"""Which FHIR servers may be asked, and which addresses lie inside one of them (OUT-01, OUT-06, OUT-15).

Names are compared as written, never resolved: another spelling of an allowed host is another host.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import SplitResult, unquote, urljoin, urlsplit

from cds_service.errors import BadRequest, ForbiddenServer

_HOST: Final = re.compile(r"[a-z0-9]([a-z0-9_.-]*[a-z0-9])?|\[[0-9a-f:.]+\]")
_FOREIGN: Final = re.compile(r"[^\x21-\x5b\x5d-\x7e]")
_LOOPBACK: Final = re.compile(r"localhost|127(\.(0|[1-9]\d{0,2})){3}|\[::1\]")
_PORTS: Final = {"http": 80, "https": 443}
_REFERENCE: Final = re.compile(
    r"([A-Z][A-Za-z]{1,63})/((?!\.{1,2}(?:/|\Z))[A-Za-z0-9.-]{1,256})(?:/_history/[A-Za-z0-9.-]+)?"
)


@dataclass(frozen=True, slots=True)
class Base:
    """Base URL of a FHIR server, in one spelling: lower-case scheme and host, port, path without trailing slash."""

    scheme: str
    host: str
    port: int
    path: str

    @property
    def url(self) -> str:
        """The base with trailing slash; the scheme's own port is left out."""
        port = "" if self.port == _PORTS[self.scheme] else f":{self.port}"
        return f"{self.scheme}://{self.host}{port}{self.path}/"

    @property
    def is_loopback(self) -> bool:
        """Whether the host is this machine, in its usual spellings."""
        return _LOOPBACK.fullmatch(self.host) is not None

    def holds(self, other: Base) -> bool:
        """Whether another base is this one or lies below it, on a segment border."""
        return (self.scheme, self.host, self.port) == (other.scheme, other.host, other.port) and (
            other.path == self.path or other.path.startswith(f"{self.path}/")
        )


def parse_base(text: str) -> Base:
    """Read a base URL.

    Raises:
        ValueError: not http(s) with a host, or with userinfo, query, fragment, backslash, control character or dot
            segment; the message names what is wrong, not the text.
    """
    parts = _split(text)
    if parts.query or parts.fragment or "?" in text or "#" in text:
        raise ValueError("it has a query or a fragment")
    return _base_of(parts)


def _split(text: str) -> SplitResult:
    if _FOREIGN.search(text):
        raise ValueError("it holds a character that no URL has")
    parts = urlsplit(text)
    if "@" in parts.netloc:
        raise ValueError("it holds a user name")
    return parts


def _base_of(parts: SplitResult) -> Base:
    host, port = _host_and_port(parts)
    path = parts.path.rstrip("/")
    if any(unquote(segment) in (".", "..") or "/" in unquote(segment) for segment in path.split("/")) or "//" in path:
        raise ValueError("its path has empty or dot segments")
    return Base(parts.scheme, host, port, path)


def _host_and_port(parts: SplitResult) -> tuple[str, int]:
    if parts.scheme not in _PORTS:
        raise ValueError("it is not an http or https URL")
    bare = parts.hostname or ""
    host = f"[{bare}]" if ":" in bare else bare
    if not _HOST.fullmatch(host):
        raise ValueError("it has no usable host")
    port = parts.port
    return host, _PORTS[parts.scheme] if port is None else port


def allowed(text: str, servers: Sequence[Base], *, loopback: bool) -> Base:
    """The base that a call names, if it may be asked.

    Args:
        text: ``fhirServer`` as sent.
        servers: the configured bases; the call's has to be one of them or lie below one.
        loopback: whether any server of this machine may be asked as well.

    Raises:
        BadRequest: not a usable base URL.
        ForbiddenServer: usable, but not allowed. No connection was made in either case.
    """
    try:
        base = parse_base(text)
    except ValueError as fault:
        raise BadRequest(f"It is not a usable base URL: {fault}", "fhirServer") from None
    if (loopback and base.is_loopback) or any(server.holds(base) for server in servers):
        return base
    raise ForbiddenServer("This FHIR server is not among those that this service may ask", "fhirServer")


def inside(base: Base, link: str) -> str | None:
    """A page link as an absolute URL, if it stays within the base; None otherwise. Relative links start at the base."""
    try:
        url = urljoin(base.url, link)
        parts = _split(url)
        place = _base_of(parts)
    except ValueError:
        return None
    return url if base.holds(place) and not parts.fragment else None


def local_reference(base: Base, reference: str) -> tuple[str, str] | None:
    """Type and id of a reference to this server, relative or absolute, version dropped; None for any other."""
    match = _REFERENCE.fullmatch(reference.removeprefix(base.url))
    return (match.group(1), match.group(2)) if match else None
