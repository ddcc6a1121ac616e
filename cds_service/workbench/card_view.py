"""Cards as a client shows them: the answer's JSON with its Markdown turned into HTML that cannot do anything."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

from cds_service.cards import EXTENSION

_INDICATORS: Final = {"info": "Information", "warning": "Warning", "critical": "Critical"}


@dataclass(frozen=True, slots=True)
class CardView:
    """One card, ready for a template.

    Attributes:
        uuid: of the card; empty when it has none.
        indicator: ``info``, ``warning`` or ``critical``.
        indicator_words: the same for people, so that colour is not the only sign.
        summary: headline.
        detail: safe HTML.
        source_label: who says so.
        source_url: its page, if any.
        suggestions: as sent.
        exclusive: accepting one suggestion rules the others out.
        reasons: override reasons as sent.
        links: as sent.
        rows: rows of the guideline behind the card, each once.
    """

    uuid: str
    indicator: str
    indicator_words: str
    summary: str
    detail: str
    source_label: str
    source_url: str
    suggestions: tuple[Mapping[str, Any], ...]
    exclusive: bool
    reasons: tuple[Mapping[str, Any], ...]
    links: tuple[Mapping[str, Any], ...]
    rows: tuple[str, ...]


def views(answer: Mapping[str, Any]) -> tuple[CardView, ...]:
    """The cards of a service's answer; anything that is no card is left out, as a lenient client would."""
    return tuple(_view(card) for card in _objects(answer.get("cards")))


def html(markdown: str) -> str:
    """Markdown as HTML: no raw HTML, no images, no links but http, https and mailto."""
    return str(_renderer().render(markdown))


@cache
def _renderer() -> Any:
    from markdown_it import MarkdownIt  # noqa: PLC0415 - for pages only; hook calls and the start do without

    return MarkdownIt("commonmark", {"html": False}).enable(["table", "strikethrough"]).disable("image")


def _objects(value: Any) -> tuple[Mapping[str, Any], ...]:
    return tuple(each for each in value if isinstance(each, dict)) if isinstance(value, list) else ()


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _web(url: Any) -> str:
    return url if isinstance(url, str) and url.startswith(("https://", "http://", "/")) else ""


def _view(card: Mapping[str, Any]) -> CardView:
    indicator = _text(card.get("indicator"))
    if indicator not in _INDICATORS:
        indicator = "info"
    source = card.get("source")
    source = source if isinstance(source, dict) else {}
    links = tuple({**link, "url": _web(link.get("url"))} for link in _objects(card.get("links")))
    return CardView(
        uuid=_text(card.get("uuid")),
        indicator=indicator,
        indicator_words=_INDICATORS[indicator],
        summary=_text(card.get("summary")),
        detail=html(_text(card.get("detail"))),
        source_label=_text(source.get("label")),
        source_url=_web(source.get("url")),
        suggestions=_objects(card.get("suggestions")),
        exclusive=card.get("selectionBehavior") == "at-most-one",
        reasons=_objects(card.get("overrideReasons")),
        links=links,
        rows=_rows(card.get("extension")),
    )


def _rows(extension: Any) -> tuple[str, ...]:
    decisions: Sequence[Any] = _objects(extension.get(EXTENSION)) if isinstance(extension, dict) else ()
    return tuple(dict.fromkeys(_text(each.get("row")) for each in decisions if each.get("row")))
