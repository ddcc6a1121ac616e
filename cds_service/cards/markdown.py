"""Text for a card's detail: GitHub-flavoured Markdown in which nothing from the record can act as markup (IN-09)."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

DETAIL_LIMIT: Final = 4000
"""Code points of a detail (TR-29)."""
ENTRY_LIMIT: Final = 12
"""List entries of one list (TR-29)."""
RECORD_TEXT_LIMIT: Final = 120
"""Code points of one text from the record."""

_MARKUP: Final = re.compile(r"([\\`*_\[\]|~])")
"""What acts inside a line; our own words always stand before, so that nothing from the record begins one."""
_ACTIVE: Final = re.compile(r"[\\`*_\[\]|~&<>@]")
"""Characters that :func:`escaped` writes otherwise; most texts hold none."""


def plain(text: str, limit: int = RECORD_TEXT_LIMIT) -> str:
    """Text from the record as harmless plain text: no controls, no direction marks, one line, cut at ``limit``."""
    # What is printable has none of category C; that spares nearly every text the look at each character.
    visible = text.isprintable()
    kept = text if visible else "".join(c for c in text if unicodedata.category(c)[0] != "C" or c in "\t\n\r")
    kept = " ".join(kept.split())
    return kept if len(kept) <= limit else f"{kept[: limit - 1].rstrip()}…"


def escaped(text: str, limit: int = RECORD_TEXT_LIMIT) -> str:
    """Text from the record as Markdown that shows exactly this text: no HTML, no links, no emphasis."""
    safe = plain(text, limit)
    if _ACTIVE.search(safe) is None and "://" not in safe and "www." not in safe:
        return safe
    safe = safe.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return (
        _MARKUP.sub(r"\\\1", safe)
        .replace("](", "]&#40;")
        .replace("://", "&#58;//")
        .replace("@", "&#64;")
        .replace("www.", "www&#46;")
    )


@dataclass(frozen=True, slots=True)
class Section:
    """A heading with a list or a paragraph below it.

    Attributes:
        heading: bold words; empty for none.
        lines: list entries; a single paragraph when ``listed`` is false.
        listed: whether the lines are a list.
        numbered: whether the list is numbered.
        spare: sections with the highest number are shortened first when the detail is too long.
        keeps_last: whether the last entry stays when the list is shortened, after the count of what is left out.
    """

    heading: str
    lines: tuple[str, ...]
    listed: bool = True
    numbered: bool = False
    spare: int = 0
    keeps_last: bool = False

    def render(self, entries: int = ENTRY_LIMIT) -> str:
        """Markdown with at most ``entries`` list entries; the rest is counted, never dropped in silence."""
        kept = self.lines[-1:] if self.keeps_last and len(self.lines) > entries else ()
        if not self.lines or (entries < 1 and not kept):
            return ""
        if not self.listed:
            body = "\n\n".join(self.lines)
        else:
            room = entries if len(self.lines) <= entries else max(0, entries - 1 - len(kept))
            shown = self.lines[:room]
            rest = len(self.lines) - len(shown) - len(kept)
            marks = [f"{place}." if self.numbered else "-" for place in range(1, len(shown) + 1)]
            items = [f"{mark} {line}" for mark, line in zip(marks, shown, strict=True)]
            if rest:
                items.append(f"{len(shown) + 1}. " if self.numbered else "- ")
                items[-1] += f"and {rest} more"
            items += [f"{len(items) + 1}. {line}" if self.numbered else f"- {line}" for line in kept]
            body = "\n".join(items)
        return f"**{self.heading}**\n\n{body}" if self.heading else body


def detail(sections: Sequence[Section]) -> str:
    """The sections as one detail of fewer than 4,000 code points: long lists are shortened, the most spare first."""
    rendered = [section.render() for section in sections]
    shrink = sorted(range(len(sections)), key=lambda index: -sections[index].spare)

    def text() -> str:
        return "\n\n".join(part for part in rendered if part)

    whole = text()
    for floor in (6, 4, 3, 2, 0):
        for index in shrink:
            if len(whole) < DETAIL_LIMIT:
                return whole
            if sections[index].spare:
                rendered[index] = sections[index].render(floor)
                whole = text()
    return whole[: DETAIL_LIMIT - 1]
