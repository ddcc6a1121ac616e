"""The file of trusted clients: who may call, with which keys, and which FHIR servers may be asked for them.

Each ``[[client]]`` of the TOML file is one EHR (decisions, "Settings"). All faults are found in one go, each with its
line, so that an administrator can be shown where.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from cds_service.auth.keys import ALGORITHMS
from cds_service.ehr.addresses import parse_base
from cds_service.site import PROFILES, Profile

MAX_TOKEN_LIFE: Final = 3600
_LOOPBACK: Final = frozenset({"localhost", "127.0.0.1", "::1"})
_FILES: Final = frozenset({"jwks_file", "smart_client_secret_file"})


@dataclass(frozen=True, slots=True)
class TrustedClient:
    """One ``[[client]]`` of the file.

    Attributes:
        name: by which the administrators know the client.
        issuer: ``iss`` of its tokens, character for character.
        jku: URL of its key set; a ``jku`` in its tokens has to equal it.
        jwks_file: file with its key set, read in place of the URL.
        fhir_servers: base URLs that its calls may name as ``fhirServer``.
        audiences: values of ``aud`` that are taken besides the URL of the endpoint called.
        algorithms: that its tokens may be signed with.
        profile: how much of CDS Hooks it understands.
        max_token_life_seconds: from ``iat`` to ``exp`` of its tokens, at most.
        recommend: whether options of strength ``recommended`` may be pre-selected.
        allow_missing_typ: whether its tokens may come without ``typ``.
        smart_client_id: that the SMART app is registered under at its FHIR servers; the setting's when there is none.
        smart_client_secret_file: file with the app's secret there, for a confidential client.
    """

    name: str
    issuer: str
    jku: str | None = None
    jwks_file: Path | None = None
    fhir_servers: tuple[str, ...] = ()
    audiences: tuple[str, ...] = ()
    algorithms: tuple[str, ...] = ("ES384", "RS384")
    profile: Profile = "standard"
    max_token_life_seconds: int = 900
    recommend: bool = False
    allow_missing_typ: bool = False
    smart_client_id: str | None = None
    smart_client_secret_file: Path | None = None


@dataclass(frozen=True, slots=True)
class Fault:
    """Something wrong in the file.

    Attributes:
        text: what.
        line: where, from 1; 0 when it concerns the whole file.
        client: which ``[[client]]``, from 1; 0 as above.
    """

    text: str
    line: int = 0
    client: int = 0

    def __str__(self) -> str:
        return f"client {self.client}: {self.text}" if self.client else self.text


def load(path: Path) -> tuple[TrustedClient, ...]:
    """The clients of a file.

    Raises:
        ValueError: with every fault.
    """
    try:
        text = path.read_text("utf-8")
    except (OSError, ValueError):
        raise ValueError("the file is not readable TOML") from None
    clients, faults = examine(text, path.parent)
    if faults:
        raise ValueError("; ".join(str(fault) for fault in faults))
    return clients


def examine(text: str, folder: Path) -> tuple[tuple[TrustedClient, ...], tuple[Fault, ...]]:
    """The clients that a TOML text describes without fault, and every fault of the others.

    Args:
        text: of the file.
        folder: that the paths of key files start from.
    """
    try:
        content = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        place = re.search(r"line (\d+)", str(error))
        return (), (Fault("the file is not readable TOML", int(place.group(1)) if place else 0),)
    entries = content.get("client")
    if not isinstance(entries, list) or not entries or content.keys() != {"client"}:
        return (), (Fault("the file has to hold [[client]] entries and nothing else"),)
    places = _places(text)
    faults: list[Fault] = []
    clients: list[TrustedClient] = []
    for number, entry in enumerate(entries, start=1):
        lines = places[number - 1] if number <= len(places) else {}
        client, wrong = _client(entry, folder)
        here = lines.get("", 0)
        found = [Fault(f"{member} {text}".strip(), lines.get(member, here), number) for member, text in wrong]
        if client is not None and client.issuer in [other.issuer for other in clients]:
            found.append(Fault(f"issuer of client {number} stands twice", lines.get("issuer", here), number))
        if client is not None and not found:
            clients.append(client)
        faults += found
    return tuple(clients), tuple(faults)


def _places(text: str) -> list[dict[str, int]]:
    """For each ``[[client]]``, the line of each member, and under the empty name its own."""
    places: list[dict[str, int]] = []
    for number, line in enumerate(text.splitlines(), start=1):
        if re.match(r"\s*\[\[\s*client\s*\]\]", line):
            places.append({"": number})
        elif places and (member := re.match(r"\s*[\"']?([A-Za-z0-9_-]+)[\"']?\s*=", line)):
            places[-1].setdefault(member.group(1), number)
    return places


def _client(entry: Any, folder: Path) -> tuple[TrustedClient | None, list[tuple[str, str]]]:
    """A client, or what is wrong with its entry as pairs of member and text."""
    if not isinstance(entry, Mapping):
        return None, [("", "it is not a [[client]] entry")]
    faults = [(name, "is not a member of an entry") for name in entry if name not in CLIENT_READERS]
    faults += [(name, "is missing") for name in ("name", "issuer") if name not in entry]
    if "jku" not in entry and "jwks_file" not in entry:
        faults.append(("", "either jku or jwks_file is needed"))
    values: dict[str, Any] = {}
    for name, value in entry.items():
        if name in CLIENT_READERS:
            try:
                values[name] = CLIENT_READERS[name](value)
            except ValueError as fault:
                faults.append((name, str(fault)))
    for name in _FILES & values.keys():
        values[name] = folder / values[name]
        if not values[name].is_file():
            faults.append((name, "is not the path of a file"))
    if "smart_client_secret_file" in entry and "smart_client_id" not in entry:
        faults.append(("smart_client_secret_file", "needs smart_client_id beside it"))
    return (None, faults) if faults else (TrustedClient(**values), [])


def is_secure(url: str, *, loopback: bool) -> bool:
    """Whether a URL is https, or where ``loopback`` allows it, of this machine (AUTH-14, OUT-02)."""
    parts = urlsplit(url)
    return parts.scheme == "https" or (loopback and parts.hostname in _LOOPBACK)


def plain_url(text: str) -> str:
    """An http or https URL with a host and without user, query or fragment; ValueError for any other."""
    parts = urlsplit(text)
    try:
        port_fits = parts.port != 0
    except ValueError:
        port_fits = False
    plain = not (parts.query or parts.fragment or "@" in parts.netloc or re.search(r"[\s\\]", text))
    if parts.scheme not in ("http", "https") or not parts.hostname or not port_fits or not plain:
        raise ValueError("has to be an http or https URL without user, query or fragment")
    return text


def bases(items: Iterable[str]) -> tuple[str, ...]:
    """Base URLs in one spelling; ValueError when one of them is none."""
    return tuple(parse_base(item).url for item in items)


def _text(value: Any) -> str:
    if not isinstance(value, str) or not value:
        raise ValueError("has to be a text")
    return value


def _texts(value: Any) -> tuple[str, ...]:
    if not isinstance(value, list):
        raise ValueError("has to be a list of texts")  # noqa: TRY004 - collected with the faults of other members
    return tuple(_text(item) for item in value)


def _algorithms(value: Any) -> tuple[str, ...]:
    algorithms = _texts(value)
    if not algorithms or not ALGORITHMS.issuperset(algorithms):
        raise ValueError(f"have to be among {', '.join(sorted(ALGORITHMS))}")
    return algorithms


def _life(value: Any) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 0 < value <= MAX_TOKEN_LIFE:
        raise ValueError(f"has to be a number of seconds up to {MAX_TOKEN_LIFE}")
    return value


def _switch(value: Any) -> bool:
    if not isinstance(value, bool):
        raise ValueError("has to be true or false")  # noqa: TRY004 - collected with the faults of other members
    return value


def _profile(value: Any) -> str:
    if _text(value) not in PROFILES:
        raise ValueError(f"has to be one of {', '.join(PROFILES)}")
    return _text(value)


CLIENT_READERS: Final[Mapping[str, Callable[[Any], Any]]] = {
    "name": _text,
    "issuer": _text,
    "jku": lambda value: plain_url(_text(value)),
    "jwks_file": _text,
    "fhir_servers": lambda value: bases(_texts(value)),
    "audiences": _texts,
    "algorithms": _algorithms,
    "profile": _profile,
    "max_token_life_seconds": _life,
    "recommend": _switch,
    "allow_missing_typ": _switch,
    "smart_client_id": _text,
    "smart_client_secret_file": _text,
}
"""Members of a ``[[client]]`` entry, each with the reader that checks it."""
