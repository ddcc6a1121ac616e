"""A first look at an answer or at prefetched data: what kind it is, how much is in it, what it leads to.

Nothing clinical is read here. The look is one lean decode; a Bundle with odd entries is looked at again entry by entry,
so that one of them does not hide the rest.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final, TypeVar

import msgspec

from fhir_mappings.record import Payload


@dataclass(frozen=True, slots=True)
class Survey:
    """What a payload holds.

    Attributes:
        resource_type: of the payload itself; ``list`` for an array of resources, empty when it says none.
        bundle_type: ``Bundle.type`` if given.
        matches: resources of the type asked for.
        others: resources of other types, except those that the server marked as included.
        unreadable: entries without a resource that could be looked at.
        failed: an OperationOutcome says that the data could not be had, or not all of it.
        total: ``Bundle.total`` if it is a number.
        next_url: link to the next page, empty when there is none.
        first_id: id of the first resource of the type asked for.
    """

    resource_type: str
    bundle_type: str = ""
    matches: int = 0
    others: int = 0
    unreadable: int = 0
    failed: bool = False
    total: int | None = None
    next_url: str = ""
    first_id: str = ""


class _Search(msgspec.Struct):
    mode: Any = None


class _Resource(msgspec.Struct):
    resourceType: Any = None  # noqa: N815 - FHIR's name
    id: Any = None
    issue: Any = None


class _Entry(msgspec.Struct):
    resource: _Resource | None = None
    search: _Search | None = None


class _Link(msgspec.Struct):
    relation: Any = None
    url: Any = None


class _Head(msgspec.Struct):
    resourceType: Any = None  # noqa: N815 - FHIR's name
    type: Any = None
    id: Any = None
    total: Any = None
    issue: Any = None
    link: list[_Link | None] | None = None
    entry: list[_Entry | None] | None = None


class _OddHead(msgspec.Struct):
    resourceType: Any = None  # noqa: N815 - FHIR's name
    type: Any = None
    id: Any = None
    total: Any = None
    issue: Any = None
    link: Any = None
    entry: Any = None


_HEAD: Final = msgspec.json.Decoder(_Head)
_ODD_HEAD: Final = msgspec.json.Decoder(_OddHead)
_LIST: Final = msgspec.json.Decoder(list[Any])
_FAILED: Final = frozenset({"error", "fatal"})
T = TypeVar("T")


def survey(payload: Payload, resource_type: str) -> Survey:
    """Look at one payload, asked for as ``resource_type``.

    Raises:
        msgspec.DecodeError: not JSON, or neither an object nor an array.
    """
    try:
        head = _HEAD.decode(payload)
    except msgspec.ValidationError:
        head = _odd_head(payload)
    if head.resourceType in ("Bundle", "list"):
        return _bundle(head, resource_type)
    kind = head.resourceType if isinstance(head.resourceType, str) else ""
    return Survey(
        kind,
        matches=int(kind == resource_type),
        others=int(kind != resource_type),
        failed=kind == "OperationOutcome",
        first_id=head.id if kind == resource_type and isinstance(head.id, str) else "",
    )


def _odd_head(payload: Payload) -> _Head:
    """The same look for what does not fit: members and entries of wrong types become None one by one."""
    if bytes(memoryview(payload)[:64]).lstrip()[:1] == b"[":
        items = _LIST.decode(payload)
        return _Head(resourceType="list", entry=[_Entry(resource=_lenient(item, _Resource)) for item in items])
    odd = _ODD_HEAD.decode(payload)
    return _Head(
        odd.resourceType,
        odd.type,
        odd.id,
        odd.total,
        odd.issue,
        [_lenient(link, _Link) for link in odd.link] if isinstance(odd.link, list) else None,
        None if odd.entry is None else _lenient_entries(odd.entry),
    )


def _lenient_entries(entries: Any) -> list[_Entry | None]:
    """The entries; what is no array at all counts as one that cannot be read, never as none."""
    return [_lenient_entry(entry) for entry in entries] if isinstance(entries, list) else [None]


def _lenient_entry(entry: Any) -> _Entry | None:
    if not isinstance(entry, dict):
        return None
    return _Entry(_lenient(entry.get("resource"), _Resource), _lenient(entry.get("search"), _Search))


def _lenient(value: Any, form: type[T]) -> T | None:
    return msgspec.convert(value, form) if isinstance(value, dict) else None


def _bundle(head: _Head, resource_type: str) -> Survey:
    matches = others = unreadable = 0
    failed = False
    first_id = ""
    for entry in head.entry or ():
        resource = entry.resource if entry is not None else None
        mode = entry.search.mode if entry is not None and entry.search is not None else None
        if resource is None:
            unreadable += 1
        elif resource.resourceType == resource_type:
            matches += 1
            if not first_id and isinstance(resource.id, str):
                first_id = resource.id
        elif resource.resourceType == "OperationOutcome":
            failed = failed or _says_failed(resource.issue)
        elif mode != "include":
            others += 1
    return Survey(
        head.resourceType,
        head.type if isinstance(head.type, str) else "",
        matches,
        others,
        unreadable,
        failed,
        head.total if isinstance(head.total, int) and not isinstance(head.total, bool) else None,
        _next(head.link),
        first_id,
    )


def _next(links: list[_Link | None] | None) -> str:
    for link in links or ():
        if link is not None and link.relation == "next" and isinstance(link.url, str):
            return link.url
    return ""


def _says_failed(issues: Any) -> bool:
    """OUT-12: an outcome of severity error or fatal, or of code incomplete, makes the data incomplete."""
    return any(
        isinstance(issue, dict) and (issue.get("severity") in _FAILED or issue.get("code") == "incomplete")
        for issue in (issues if isinstance(issues, list) else ())
    )
