"""Version, date and content hash of the knowledge: every card, audit line and page names them (SAFE-10)."""

from __future__ import annotations

import hashlib
from functools import cache
from importlib import resources
from importlib.resources.abc import Traversable
from typing import Final

VERSION: Final = "2026.11"
"""Changes with every change of a row, a number, a code or a text; see CHANGELOG."""
DATE: Final = "2026-11-24"
REVIEWED: Final = ""
"""Date of the last review by a clinical lead; empty: not reviewed yet."""

_PARTS: Final = (("cds_service.guideline", ".py"), ("fhir_mappings.value_sets", ".toml"))


def _files(folder: Traversable, ending: str, path: str) -> list[tuple[str, bytes]]:
    found = []
    for entry in folder.iterdir():
        name = f"{path}/{entry.name}"
        if entry.is_dir():
            found.extend(_files(entry, ending, name))
        elif entry.name.endswith(ending):
            found.append((name, entry.read_bytes()))
    return found


@cache
def content_hash() -> str:
    """SHA-256 over the guideline's tables and the value sets, hexadecimal: changes whenever a row or a code does."""
    digest = hashlib.sha256()
    for package, ending in _PARTS:
        for name, content in sorted(_files(resources.files(package), ending, package)):
            digest.update(name.encode())
            digest.update(hashlib.sha256(content).digest())
    return digest.hexdigest()
