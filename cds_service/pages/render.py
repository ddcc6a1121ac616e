"""HTML of the pages: view models into Jinja templates, everything escaped, no script, no style but the one file."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib import resources
from typing import Any, Final

from jinja2 import Environment, PackageLoader, StrictUndefined

from cds_service.guideline import knowledge
from cds_service.guideline.citations import CITATIONS, SourceKind, Status
from cds_service.guideline.disagreements import DISAGREEMENTS
from cds_service.guideline.draft_order_checks import ORDER_FACTS
from cds_service.guideline.judgements import JUDGEMENTS
from cds_service.guideline.thresholds import ALL
from cds_service.pages import releases, transparency
from cds_service.pages.elements import PERSONAL, elements, extensions
from cds_service.pages.inputs import inputs, rests_on
from cds_service.pages.measured import measured
from cds_service.pages.tables import cited_by, codes, judged, tables
from cds_service.protocol.discovery import Service
from fhir_mappings.features.fields import FEATURES
from fhir_mappings.value_sets import CONCEPTS

STYLE: Final = "pages.css"
_KIND_TITLES: Final[Mapping[SourceKind, str]] = {
    SourceKind.GUIDELINE: "Guidelines",
    SourceKind.TRIAL: "Randomised trials",
    SourceKind.STUDY: "Single-arm studies, series and pooled analyses",
    SourceKind.REVIEW: "Reviews",
    SourceKind.MODEL: "Prognostic models",
    SourceKind.LABEL: "Drug labels",
    SourceKind.POLICY: "Choices of this project",
    SourceKind.COMPARISON: "Comparisons of the source article with newer sources",
    SourceKind.SOURCE_ARTICLE: "The source article, statement by statement",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """What every page has around its content.

    Attributes:
        root: path below which the service is reached, without trailing slash.
        notice: the site's notice on the region (TR-31).
        today: day of generation; None in a stored copy, which does not age.
        services: as published.
        site: the site's own statements.
    """

    root: str = ""
    notice: str = ""
    today: dt.date | None = None
    services: tuple[Service, ...] = ()
    site: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Page:
    """One page: its path below the root, its name in the navigation, template and content."""

    path: str
    name: str
    template: str
    content: Callable[[Frame], dict[str, Any]]


def _guideline(frame: Frame) -> dict[str, Any]:
    del frame
    return {"tables": tables(), "judged": judged(), "codes": codes(), "totals": measured().totals}


def _sources(frame: Frame) -> dict[str, Any]:
    del frame
    by_kind = {kind: [each for each in CITATIONS.values() if each.kind is kind] for kind in _KIND_TITLES}
    shown = [
        (title, sorted(by_kind[kind], key=lambda each: each.date, reverse=True) if kind in _BY_DATE else by_kind[kind])
        for kind, title in _KIND_TITLES.items()
        if kind is not SourceKind.COMPARISON
    ]
    return {"groups": shown, "cited_by": cited_by(), "differences": DISAGREEMENTS.values()}


_BY_DATE: Final = frozenset(set(SourceKind) - {SourceKind.SOURCE_ARTICLE, SourceKind.COMPARISON})


def _thresholds(frame: Frame) -> dict[str, Any]:
    del frame
    own = {name: each for name, each in ALL.items() if each.policy}
    return {"policy": own, "sourced": {name: each for name, each in ALL.items() if not each.policy}}


def _inputs(frame: Frame) -> dict[str, Any]:
    del frame
    order = {name: sorted(FEATURES[each].label for each in rests_on(name)) for name in ORDER_FACTS}
    return {"inputs": inputs(), "order_facts": ORDER_FACTS, "order_rests_on": order, "elements": by_type()}


def by_type() -> dict[str, list[str]]:
    """Resource type -> the elements of it that are read."""
    found: dict[str, list[str]] = {}
    for each in elements():
        kind, _, name = each.partition(".")
        found.setdefault(kind, []).append(name)
    return found


def _methods(frame: Frame) -> dict[str, Any]:
    statuses = Counter(each.status for each in CITATIONS.values() if each.kind is not SourceKind.SOURCE_ARTICLE)
    rows = [row for concept in CONCEPTS.values() for row in concept.rows]
    return {
        "totals": measured().totals,
        "statuses": [(status.value, statuses[status]) for status in Status],
        "sources": sum(statuses.values()),
        "statements": sum(each.kind is SourceKind.SOURCE_ARTICLE for each in CITATIONS.values()),
        "policy": sum(each.policy for each in ALL.values()),
        "thresholds": len(ALL),
        "concepts": len(CONCEPTS),
        "codes": len(rows),
        "codes_verified": sum(row.verified for row in rows),
        "review": transparency.review_state(frame.today) if frame.today else "",
        "told": transparency.words(),
    }


def _changes(frame: Frame) -> dict[str, Any]:
    del frame
    return {"releases": releases.releases(), "stored": releases.stored(), "current": knowledge.VERSION}


def _about(frame: Frame) -> dict[str, Any]:
    return {
        "told": transparency.words(),
        "attributes": transparency.service_attributes(),
        "attribute_words": ATTRIBUTE_WORDS,
        "services": frame.services,
        "review": transparency.review_state(frame.today) if frame.today else "",
        "elements": by_type(),
        "extensions": extensions(),
        "site": frame.site,
    }


def _whole(frame: Frame) -> dict[str, Any]:
    return {**_guideline(frame), **_sources(frame), **_thresholds(frame), "told": transparency.words()}


ATTRIBUTE_WORDS: Final[Mapping[str, str]] = {
    "bibliographicCitation": "Bibliographic citation",
    "developer": "Developer",
    "fundingSource": "Funding source of the technical implementation",
    "releaseAndRevisionDates": "Release and revision dates",
    **{personal.key: f"Use of {personal.words}" for personal in PERSONAL},
}

PAGES: Final[Mapping[str, Page]] = {
    "guideline": Page("/guideline", "Guideline", "guideline.html", _guideline),
    "sources": Page("/guideline/sources", "Sources", "sources.html", _sources),
    "thresholds": Page("/guideline/thresholds", "Thresholds", "thresholds.html", _thresholds),
    "inputs": Page("/guideline/inputs", "Inputs", "inputs.html", _inputs),
    "methods": Page("/guideline/methods", "Methods", "methods.html", _methods),
    "changes": Page("/guideline/changes", "Changes", "changes.html", _changes),
    "print": Page("/guideline/print", "One page to print", "whole.html", _whole),
    "transparency": Page("/transparency.html", "About", "about.html", _about),
}
"""Every page by name, in the order of the navigation."""


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("cds_service.pages"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals["judgements"] = frozenset(JUDGEMENTS)
    return environment


def page(name: str, frame: Frame) -> str:
    """One page as HTML.

    Args:
        name: of PAGES.
        frame: what stands around the content.
    """
    wanted = PAGES[name]
    return _rendered(wanted.template, frame, here=wanted.path, title=wanted.name, content=wanted.content(frame))


def missing(version: str, frame: Frame, known: Iterable[str]) -> str:
    """The page for a version of which nothing is kept."""
    content = {"version": version, "known": list(known)}
    return _rendered("missing.html", frame, here="", title="No such version", content=content)


def whole(*, root: str, notice: str) -> str:
    """The whole guideline on one page, as it is kept of a version: with nothing of this day or site in it."""
    frame = Frame(root=root, notice=notice)
    title = f"Version {knowledge.VERSION}"
    return _rendered("whole.html", frame, here="", title=title, content=_whole(frame))


def _rendered(template: str, frame: Frame, *, here: str, title: str, content: Mapping[str, Any]) -> str:
    return (
        _environment()
        .get_template(template)
        .render(
            **content,
            frame=frame,
            here=here,
            title=title,
            pages=PAGES.values(),
            knowledge=knowledge,
            silence=transparency.words().about["silence"],
        )
    )


def style() -> bytes:
    """The style sheet."""
    return resources.files(__package__).joinpath("static", STYLE).read_bytes()
