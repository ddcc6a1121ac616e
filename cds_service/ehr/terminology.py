"""What a terminology server says lies below our rows, fetched ahead of time into a dated file; never in the hot path.

SNOMED CT: each row with descendants is expanded by ECL (``<< code``) through an implicit value set. RxNorm: each row of
an ingredient is expanded to what has that ingredient, through the code system's own filter. Where a code lies below
several rows the closest counts, which is the one with the fewest codes below it.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import msgspec

from cds_service.ehr.addresses import Base
from cds_service.errors import ServiceError
from fhir_mappings.value_sets import CONCEPTS
from fhir_mappings.value_sets.systems import RXNORM, SNOMED

FILE_NAME: Final = "terminology.json"
PAGE: Final = 1000
MOST_PAGES: Final = 50
SECONDS: Final = 60
_INGREDIENT: Final = "ingredient)"
"""How the display of an RxNorm row of an ingredient ends."""


class TerminologyFault(ServiceError):  # noqa: N818 - says what it is
    """The terminology server, or the file made from it, cannot be used; the message says why."""


class Expansions(msgspec.Struct, frozen=True):
    """What was fetched.

    Attributes:
        date: day of the fetch.
        server: base URL asked.
        below: system -> code -> code of the closest row above it.
        failed: rows that the server could not expand, as ``system|code``.
    """

    date: dt.date
    server: str
    below: dict[str, dict[str, str]]
    failed: list[str] = []

    def pairs(self) -> dict[tuple[str, str], str]:
        """As ``value_sets.use_expansions`` takes it."""
        return {(system, code): above for system, codes in self.below.items() for code, above in codes.items()}


@dataclass(frozen=True, slots=True)
class Wanted:
    """One row to expand."""

    system: str
    code: str


def wanted() -> tuple[Wanted, ...]:
    """Every row whose descendants only a terminology server knows, sorted."""
    rows = {(row.system, row.code): row for concept in CONCEPTS.values() for row in concept.rows}
    return tuple(
        Wanted(system, code)
        for (system, code), row in sorted(rows.items())
        if (system == SNOMED and row.includes_descendants) or (system == RXNORM and row.display.endswith(_INGREDIENT))
    )


class Terminology:
    """One terminology server.

    Args:
        base: its FHIR base.
        token: access token, if it wants one.
        ca_file: path of a PEM file of certificate authorities in place of the usual ones.
        proxy: URL of a forward proxy.
    """

    def __init__(
        self, base: Base, token: str | None = None, *, ca_file: str | None = None, proxy: str | None = None
    ) -> None:
        from cds_service.ehr.transport import open_session  # noqa: PLC0415 - slow to load; the service only reads files

        self.base = base
        self._session = open_session(1, ca_file, proxy=proxy)
        self._session.headers["Accept"] = "application/fhir+json"
        if token:
            self._session.headers["Authorization"] = f"Bearer {token}"

    def close(self) -> None:
        """Give the connections back."""
        self._session.close()

    def below(self, row: Wanted) -> frozenset[str]:
        """Codes at or below a row.

        Raises:
            TerminologyFault: the server refused, failed or answered something else.
        """
        ask = self._snomed if row.system == SNOMED else self._rxnorm
        codes: set[str] = set()
        for page in range(MOST_PAGES):
            found, total = _contained(ask(row.code, page * PAGE))
            codes |= found
            if len(found) < PAGE or (total is not None and len(codes) >= total):
                return frozenset(codes)
        raise TerminologyFault("more codes than are read")

    def _snomed(self, code: str, offset: int) -> Any:
        query = {"url": f"{SNOMED}?fhir_vs=ecl/<<{code}", "count": str(PAGE), "offset": str(offset)}
        return self._answer("GET", query, None)

    def _rxnorm(self, code: str, offset: int) -> Any:
        include = {
            "system": RXNORM,
            "filter": [{"property": "has_ingredient", "op": "=", "value": f"CUI:{code}"}],
        }
        body = {
            "resourceType": "Parameters",
            "parameter": [
                {
                    "name": "valueSet",
                    "resource": {"resourceType": "ValueSet", "status": "active", "compose": {"include": [include]}},
                },
                {"name": "count", "valueInteger": PAGE},
                {"name": "offset", "valueInteger": offset},
            ],
        }
        return self._answer("POST", {}, body)

    def _answer(self, method: str, query: Mapping[str, str], body: Any) -> Any:
        import requests  # noqa: PLC0415 - as above

        try:
            response = self._session.request(
                method,
                f"{self.base.url}ValueSet/$expand",
                params=query,
                json=body,
                timeout=SECONDS,
                allow_redirects=False,
            )
        except requests.RequestException as fault:
            raise TerminologyFault(f"not reached: {type(fault).__name__}") from None
        if response.status_code != requests.codes.ok:
            raise TerminologyFault(f"answered {response.status_code}")
        try:
            return msgspec.json.decode(response.content)
        except msgspec.DecodeError:
            raise TerminologyFault("did not answer JSON") from None


def _contained(answer: Any) -> tuple[set[str], int | None]:
    """Codes of a page of an expansion, and how many there are in all if it says."""
    if not isinstance(answer, dict) or answer.get("resourceType") != "ValueSet":
        raise TerminologyFault("did not answer a ValueSet")
    expansion = answer.get("expansion")
    if not isinstance(expansion, dict):
        raise TerminologyFault("answered a ValueSet without expansion")
    total = expansion.get("total")
    entries = expansion.get("contains") or ()
    codes = {entry["code"] for entry in entries if isinstance(entry, dict) and isinstance(entry.get("code"), str)}
    return codes, total if isinstance(total, int) else None


def refresh(server: Terminology, today: dt.date) -> Iterator[tuple[Wanted, Expansions | None]]:
    """Expand every row, one after the other.

    Yields:
        Each row once it is done with None, and last the whole result with the last row.
    """
    rows = wanted()
    found: dict[Wanted, frozenset[str]] = {}
    failed: list[str] = []
    for row in rows:
        try:
            found[row] = server.below(row)
        except TerminologyFault:
            failed.append(f"{row.system}|{row.code}")
        yield row, None
    ours = {(row.system, row.code) for row in rows}
    below: dict[str, dict[str, str]] = {}
    # The widest first, so that the closest row has the last word.
    for row in sorted(found, key=lambda each: (-len(found[each]), each.code)):
        for code in found[row]:
            if (row.system, code) not in ours:
                below.setdefault(row.system, {})[code] = row.code
    yield rows[-1], Expansions(today, server.base.url, below, failed)


def save(expansions: Expansions, path: Path) -> None:
    """Write the file in one step, so that a reader never sees half of it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_suffix(".new")
    fresh.write_bytes(msgspec.json.encode(expansions))
    fresh.replace(path)


def load(path: Path) -> Expansions | None:
    """The file's content; None when there is none.

    Raises:
        TerminologyFault: there is one, and it cannot be read.
    """
    try:
        return msgspec.json.decode(path.read_bytes(), type=Expansions)
    except FileNotFoundError:
        return None
    except (OSError, msgspec.DecodeError):
        raise TerminologyFault(f"{path.name} cannot be read; fetch it anew or remove it") from None
