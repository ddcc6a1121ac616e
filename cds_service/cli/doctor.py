"""``recurrence-cds doctor --fhir-server URL``: what this FHIR server can answer, and what will be unknown for it.

Runs every prefetch query of the services as a hook call would, one after the other, and compares the server's
CapabilityStatement with what the queries need. Nothing is written anywhere; of the record only counts are shown.
"""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import parse_qsl

import msgspec
from rich.console import Console
from rich.progress import track
from rich.table import Table

from cds_service.cards import DATA_WORDS, GAP_EFFECT
from cds_service.ehr.addresses import parse_base
from cds_service.ehr.client import Access, FhirClient, Limits
from cds_service.errors import Cause, FetchFailure, RefusedRequest
from cds_service.hooks.prefetch import OPTIONAL_TEMPLATES, PATIENT_TOKEN, TEMPLATES

TOKEN_VARIABLE: Final = "RECURRENCE_CDS_DOCTOR_TOKEN"  # noqa: S105 - the variable's name
NOBODY: Final = "recurrence-cds-doctor"
"""Patient id when none is given: the queries run and find nothing."""
QUERY_SECONDS: Final = 20.0
READ_VERSIONS: Final = ("4.0", "4.3", "5.0", "3.0")
NOT_ADVERTISED_FIX: Final = "leave the key out of the prefetch; the facts are then unknown and say so"


@dataclass(frozen=True, slots=True)
class Finding:
    """How the server answered one query.

    Attributes:
        key: prefetch key.
        template: as in discovery.
        advertised: what the CapabilityStatement lacks for it; empty when nothing (or no statement could be had).
        outcome: ``answered``, or the named cause.
        found: resources over all pages.
        pages: how many there were.
        milliseconds: from the question to its last page.
        remark: what to change; empty when nothing.
    """

    key: str
    template: str
    advertised: str
    outcome: str
    found: int = 0
    pages: int = 0
    milliseconds: int = 0
    remark: str = ""

    @property
    def sound(self) -> bool:
        """Whether the query can be relied on."""
        return self.outcome == "answered" and not self.remark


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of the command."""
    parser.add_argument("--fhir-server", required=True, metavar="URL", help="base URL of the FHIR server")
    parser.add_argument("--patient", default="", metavar="ID", help="a test patient with a full record")
    parser.add_argument(
        "--token",
        default=os.environ.get(TOKEN_VARIABLE),
        help=f"access token; better in the environment variable {TOKEN_VARIABLE}",
    )
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")


def run(args: argparse.Namespace) -> int:
    """Ask and print; 0 when every query can be relied on, 1 when not, 2 when the server cannot be asked at all."""
    console = Console()
    try:
        base = parse_base(args.fhir_server)
    except (ValueError, RefusedRequest) as fault:
        console.print(f"{args.fhir_server} is not a base URL: {fault}")
        return 2
    client = FhirClient([base], loopback=True, limits=Limits())
    try:
        statement = _capabilities(client.access(base, args.token, time.monotonic() + QUERY_SECONDS))
        findings = [
            _ask(client.access(base, args.token, time.monotonic() + QUERY_SECONDS), key, template, args, statement)
            for key, template in track(
                {**TEMPLATES, **OPTIONAL_TEMPLATES}.items(), "asking", console=Console(stderr=True), transient=True
            )
        ]
    finally:
        client.close()
    if args.json:
        body = {"fhirVersion": statement.get("fhirVersion"), "queries": msgspec.to_builtins(findings)}
        console.print_json(data=body)
    else:
        _print(console, base.url, statement, findings, known=bool(args.patient))
    needed = [finding for finding in findings if finding.key in TEMPLATES]
    if all(finding.outcome != "answered" for finding in needed if finding.key != "patient"):
        return 2
    return 0 if all(finding.sound for finding in needed) else 1


def _capabilities(access: Access) -> Mapping[str, Any]:
    """The CapabilityStatement, empty when it could not be had (some servers hide it)."""
    try:
        statement: Mapping[str, Any] = msgspec.json.decode(access.capabilities())
    except (FetchFailure, msgspec.DecodeError):
        return {}
    return statement


def _searches(statement: Mapping[str, Any]) -> dict[str, set[str]]:
    """Resource type -> search parameters, as the server says."""
    found: dict[str, set[str]] = {}
    for rest in statement.get("rest") or ():
        for resource in rest.get("resource") or ():
            parameters = {each.get("name") for each in resource.get("searchParam") or ()}
            found[resource.get("type", "")] = {name for name in parameters if isinstance(name, str)}
    return found


def _lacking(template: str, statement: Mapping[str, Any]) -> str:
    """What the statement lacks for a template."""
    searches = _searches(statement)
    if not searches:
        return ""
    resource_type, _, query = template.replace("/", "?", 1).partition("?")
    if resource_type not in searches:
        return f"{resource_type} is not offered"
    if "/" in template:
        return ""
    wanted = [name for name, _ in parse_qsl(query) if not name.startswith("_")]
    missing = [name for name in wanted if name not in searches[resource_type]]
    return f"search by {', '.join(missing)} is not offered" if missing else ""


def _ask(access: Access, key: str, template: str, args: argparse.Namespace, statement: Mapping[str, Any]) -> Finding:
    advertised = _lacking(template, statement)
    url = template.replace(PATIENT_TOKEN, args.patient or NOBODY)
    start = time.monotonic()

    def spent() -> int:
        return round((time.monotonic() - start) * 1000)

    try:
        if "?" not in url:
            access.read(url)
            return Finding(key, template, advertised, "answered", 1, 1, spent())
        resource_type = url.partition("?")[0]
        pages = access.search(url, resource_type)
    except FetchFailure as failure:
        if not args.patient and key == "patient" and failure.cause is Cause.NOT_FOUND:
            return Finding(key, template, advertised, "answered", milliseconds=spent())
        remark = NOT_ADVERTISED_FIX if advertised else "check rights of the token and the server's log"
        return Finding(key, template, advertised, str(failure.cause), milliseconds=spent(), remark=remark)
    found = sum(page.matches for page in pages.surveys)
    remark = str(pages.incomplete) if pages.incomplete else ""
    if not found and args.patient:
        remark = _with_type(access, url, resource_type, args.patient)
    return Finding(key, template, advertised, "answered", found, len(pages.payloads), spent(), remark)


def _with_type(access: Access, url: str, resource_type: str, patient: str) -> str:
    """Some servers match only ``Patient/id``: an empty answer to a bare id is then no answer at all."""
    try:
        pages = access.search(url.replace(f"patient={patient}", f"patient=Patient/{patient}"), resource_type)
    except FetchFailure:
        return ""
    if any(page.matches for page in pages.surveys):
        return "the server finds these only by patient=Patient/ID: a bare id is FHIR's rule, ask its maker to mend it"
    return ""


def _consequences(findings: list[Finding]) -> Iterator[str]:
    for finding in findings:
        if finding.outcome != "answered" or finding.remark:
            words = DATA_WORDS.get(finding.key, finding.key)
            yield f"{words}: {GAP_EFFECT.get(finding.key, 'the advice may lack facts')}"


def _print(console: Console, base: str, statement: Mapping[str, Any], findings: list[Finding], *, known: bool) -> None:
    version = statement.get("fhirVersion")
    console.print(f"{base}: {f'FHIR {version}' if version else 'no CapabilityStatement'}")
    if version and not str(version).startswith(READ_VERSIONS):
        console.print(f"FHIR {version} is not read by this service: it will answer 412.")
    table = Table("prefetch key", "answer", "found", "pages", "ms", "remark")
    for finding in findings:
        remark = "; ".join(part for part in (finding.advertised, finding.remark) if part)
        numbers = (str(finding.found) if known else "-", str(finding.pages), str(finding.milliseconds))
        table.add_row(finding.key, finding.outcome, *numbers, remark)
    console.print(table)
    consequences = list(_consequences(findings))
    if consequences:
        console.print("Will be unknown or incomplete:")
        for line in consequences:
            console.print(f"  - {line}")
    if not known:
        console.print("Name a test patient with --patient ID to see how many resources each query finds.")
