"""What the service publishes as FHIR R4 at read-only URLs, generated from the tables of the code.

CodeSystems, ValueSets, the staging Questionnaire, and the guideline as PlanDefinition and Library. No patient data, no
HTTP: :mod:`cds_service.web_published` serves it.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType
from typing import Final
from urllib.parse import urlencode

import msgspec

from cds_service.errors import BadRequest
from cds_service.guideline import knowledge
from cds_service.published import code_systems, plan, questionnaire, value_sets
from cds_service.published.canonical import FHIR_VERSION, PUBLISHER, Resource

TYPES: Final = ("CodeSystem", "ValueSet", "Questionnaire", "PlanDefinition", "Library", "StructureDefinition")
"""What can be read and searched."""
DEFAULT_COUNT: Final = 50
MAX_COUNT: Final = 200
"""Resources a page."""

Parameters = Iterable[tuple[str, str]]
"""Name and value of each query parameter, in order."""


@dataclass(frozen=True, slots=True)
class Published:
    """One resource: as JSON object, as served, and the hash of what is served."""

    resource: Resource
    body: bytes
    tag: str


Catalogue = Mapping[str, Mapping[str, Published]]
"""Type -> id -> resource, every type of TYPES."""


def tag_of(body: bytes) -> str:
    """The entity tag of an answer: the same for the same bytes."""
    return hashlib.sha256(body).hexdigest()[:32]


@cache
def catalogue(*, with_cpt: bool) -> Catalogue:
    """Everything that is published; built at the first call, then kept.

    Args:
        with_cpt: whether ValueSets list CPT codes.
    """
    found: dict[str, dict[str, Published]] = defaultdict(dict)
    for resource in (
        code_systems.findings(),
        code_systems.sites(),
        code_systems.advice(),
        code_systems.override_reasons(),
        *value_sets.value_sets(with_cpt=with_cpt),
        questionnaire.questionnaire(),
        questionnaire.body_site_extension(),
        plan.plan_definition(),
        plan.library(),
    ):
        body = msgspec.json.encode(resource)
        found[resource["resourceType"]][resource["id"]] = Published(resource, body, tag_of(body))
    return MappingProxyType({kind: MappingProxyType(found[kind]) for kind in TYPES})


# ------------------------------------------------------------------------------------------------------------ search

_Matches = Callable[[Resource, str], bool]

FILTERS: Final[Mapping[str, tuple[str, _Matches]]] = {
    "_id": ("token", lambda resource, wanted: resource["id"] == wanted),
    "url": ("uri", lambda resource, wanted: wanted in {resource["url"], f"{resource['url']}|{resource['version']}"}),
    "version": ("token", lambda resource, wanted: resource["version"] == wanted),
    "name": ("string", lambda resource, wanted: resource["name"].casefold().startswith(wanted.casefold())),
}
"""Search parameter -> its FHIR type and when a resource matches a value."""
SHAPING: Final = frozenset({"_format", "_pretty", "_summary", "_elements", "_sort", "_total"})
"""Parameters that never change which resources match; apart from ``_summary=count`` they are passed over."""


def _number(name: str, value: str) -> int:
    if not value.isascii() or not value.isdigit() or len(value) > 9:
        raise BadRequest("It is not a whole number", name)
    return int(value)


@dataclass(frozen=True, slots=True)
class _Query:
    """What is asked for: filters as (name, alternatives), and the page."""

    filters: tuple[tuple[str, tuple[str, ...]], ...]
    count: int
    offset: int

    @classmethod
    def read(cls, parameters: Parameters) -> _Query:
        filters: list[tuple[str, tuple[str, ...]]] = []
        count, offset = DEFAULT_COUNT, 0
        only_count = False
        for name, value in parameters:
            if name == "_count":
                count = min(_number(name, value), MAX_COUNT)
            elif name == "_offset":
                offset = _number(name, value)
            elif name in FILTERS:
                filters.append((name, tuple(part for part in value.split(",") if part)))
            elif name not in SHAPING:
                raise BadRequest(f"There is no such search parameter; known are {', '.join(FILTERS)}", "query")
            elif (name, value) == ("_summary", "count"):
                only_count = True
        return cls(tuple(filters), 0 if only_count else count, offset)

    def wants(self, resource: Resource) -> bool:
        return all(any(FILTERS[name][1](resource, each) for each in wanted) for name, wanted in self.filters)

    def link(self, base: str, offset: int) -> str:
        pairs = [*((name, ",".join(wanted)) for name, wanted in self.filters), ("_count", str(self.count))]
        return f"{base}?{urlencode([*pairs, ('_offset', str(offset))])}"


def search(found: Catalogue, resource_type: str, parameters: Parameters, base_url: str) -> bytes:
    """A searchset Bundle of the resources of one type that match, a page at a time.

    Args:
        found: the catalogue.
        resource_type: one of TYPES.
        parameters: ``url``, ``_id``, ``version``, ``name`` (alternatives apart by commas), ``_count``, ``_offset``.
        base_url: of the FHIR endpoint, without a slash at the end.

    Returns:
        The Bundle as JSON.

    Raises:
        BadRequest: a parameter that is not known, or a page that is no number. A filter is never passed over: the
            answer would look as if everything matched.
    """
    query = _Query.read(parameters)
    base = f"{base_url}/{resource_type}"
    matching = [each for each in found[resource_type].values() if query.wants(each.resource)]
    page = matching[query.offset : query.offset + query.count]
    links = [{"relation": "self", "url": query.link(base, query.offset)}]
    following = query.offset + query.count
    if query.count and following < len(matching):
        links.append({"relation": "next", "url": query.link(base, following)})
    if query.count and query.offset:
        links.append({"relation": "previous", "url": query.link(base, max(0, query.offset - query.count))})
    entries = [
        {
            "fullUrl": f"{base}/{each.resource['id']}",
            "resource": msgspec.Raw(each.body),
            "search": {"mode": "match"},
        }
        for each in page
    ]
    bundle = {"resourceType": "Bundle", "type": "searchset", "total": len(matching), "link": links}
    return msgspec.json.encode(bundle | ({"entry": entries} if entries else {}))


def capability_statement(base_url: str) -> Resource:
    """What can be asked of the FHIR endpoint.

    Args:
        base_url: of the FHIR endpoint, without a slash at the end.
    """
    parameters = [{"name": name, "type": kind} for name, (kind, _) in FILTERS.items()]
    return {
        "resourceType": "CapabilityStatement",
        "id": "recurrence-cds",
        "version": knowledge.VERSION,
        "name": "RecurrenceCds",
        "title": "Published knowledge of recurrence-cds",
        "status": "active",
        "date": knowledge.DATE,
        "publisher": PUBLISHER,
        "kind": "instance",
        "software": {"name": "recurrence-cds"},
        "implementation": {
            "description": "Read-only: code systems, value sets, questionnaire and guideline. No patient data.",
            "url": base_url,
        },
        "fhirVersion": FHIR_VERSION,
        "format": ["application/fhir+json", "json"],
        "rest": [
            {
                "mode": "server",
                "resource": [
                    {
                        "type": kind,
                        "interaction": [{"code": "read"}, {"code": "search-type"}],
                        "versioning": "no-version",
                        "conditionalRead": "not-match",
                        "searchParam": parameters,
                    }
                    for kind in TYPES
                ],
            }
        ],
    }


__all__ = [
    "DEFAULT_COUNT",
    "FILTERS",
    "MAX_COUNT",
    "TYPES",
    "Catalogue",
    "Published",
    "capability_statement",
    "catalogue",
    "search",
    "tag_of",
]
