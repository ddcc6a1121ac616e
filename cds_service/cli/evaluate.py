"""``recurrence-cds evaluate FILE...``: what the service sees in a record and what it would say, without any server.

A file may be a Bundle (one patient or several), a single resource or an array of them, NDJSON (one resource or Bundle a
line), each also gzipped, or a whole hook request. A file stands for the whole record: what is not in it counts as
looked for and not found. Without a Patient in it, the patients are those that its resources name.
"""

from __future__ import annotations

import argparse
import datetime as dt
import functools
import gzip
import json
import os
import re
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import msgspec
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from cds_service.errors import BadRequest
from cds_service.guideline.decide import Occasion
from cds_service.pipeline import Consultation, consult
from cds_service.protocol.request import decode
from cds_service.site import Site
from fhir_mappings.features.fields import FEATURES
from fhir_mappings.findings import Feature
from fhir_mappings.record import Obtained, Record, State
from fhir_mappings.versions import UnsupportedVersion

HOOK_INSTANCE: Final = "00000000-0000-4000-8000-000000000000"
_CHUNK: Final = 8


class _Head(msgspec.Struct):
    resourceType: str = ""  # noqa: N815 - FHIR's name
    id: Any = ""
    hook: str = ""
    subject: Any = None
    patient: Any = None
    participant: Any = None


class _Entry(msgspec.Struct):
    resource: msgspec.Raw = msgspec.Raw()
    fullUrl: Any = None  # noqa: N815 - FHIR's name


class _Bundle(msgspec.Struct):
    entry: list[_Entry | None] | None = None


@dataclass(frozen=True, slots=True)
class Case:
    """One patient to evaluate.

    Attributes:
        name: file name, with the patient's id where a file holds several.
        record: what the file holds.
        occasion: the hook; patient-view unless the file is a hook request.
        fault: why it cannot be evaluated; the record is empty then.
    """

    name: str
    record: Record
    occasion: Occasion = Occasion.PATIENT_VIEW
    fault: str = ""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of the command."""
    parser.add_argument("files", nargs="+", type=Path, metavar="FILE", help="patient Bundle, NDJSON or hook request")
    parser.add_argument("--json", action="store_true", help="one JSON object a patient and line instead of text")
    parser.add_argument("--today", type=dt.date.fromisoformat, default=None, help="the day to reckon from (YYYY-MM-DD)")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="processes to work with")
    parser.add_argument("--quiet", action="store_true", help="no progress bar")


def run(args: argparse.Namespace) -> int:
    """Evaluate and print; 0 when every file could be read, 1 otherwise."""
    today = args.today or dt.date.today()  # noqa: DTZ011 - the calendar day of the place
    work = functools.partial(_evaluate_file, today=today, as_json=args.json)
    failed = False
    with _progress(quiet=args.quiet or len(args.files) == 1) as progress:
        task = progress.add_task("evaluating", total=len(args.files))
        for outputs, sound in _each(work, args.files, args.jobs):
            for output in outputs:
                sys.stdout.write(output + "\n")
            failed = failed or not sound
            progress.advance(task)
    return 1 if failed else 0


def _progress(*, quiet: bool) -> Progress:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    return Progress(*columns, console=Console(stderr=True), disable=quiet)


def _each(work: Any, files: Sequence[Path], jobs: int) -> Iterator[tuple[list[str], bool]]:
    if jobs <= 1 or len(files) <= _CHUNK:
        yield from map(work, files)
        return
    with ProcessPoolExecutor(max_workers=jobs) as pool:
        yield from pool.map(work, files, chunksize=_CHUNK)


def _evaluate_file(path: Path, *, today: dt.date, as_json: bool) -> tuple[list[str], bool]:
    outputs = []
    sound = True
    for case in cases(path):
        result = evaluate(case, today)
        sound = sound and (isinstance(result, Consultation) or not case.fault)
        outputs.append(as_line(case, result) if as_json else as_text(case, result))
    return outputs, sound


def evaluate(case: Case, today: dt.date) -> Consultation | str:
    """Every step's result for one case, or why there is none (plain words)."""
    if case.fault:
        return case.fault
    try:
        return consult(case.record, occasion=case.occasion, hook_instance=HOOK_INSTANCE, today=today, site=Site())
    except UnsupportedVersion as unsupported:
        return str(unsupported)


def cases(path: Path) -> Iterator[Case]:
    """The patients of a file; a file that cannot be read is one case with its fault."""
    try:
        content = path.read_bytes()
        if path.suffix == ".gz":
            content = gzip.decompress(content)
    except (OSError, EOFError) as fault:
        yield Case(path.name, Record(""), fault=f"cannot be read: {fault.__class__.__name__}")
        return
    yield from _cases_of(path.name, content)


def _cases_of(name: str, content: bytes) -> Iterator[Case]:
    try:
        head = msgspec.json.decode(content, type=_Head | list[msgspec.Raw] | None)
    except (msgspec.DecodeError, RecursionError):
        yield from _lines(name, content)
        return
    if isinstance(head, _Head) and head.hook:
        yield _hook_request(name, content)
    elif isinstance(head, list):
        yield from _of_patients(name, content, [_head(raw) for raw in head])
    elif isinstance(head, _Head) and head.resourceType == "Bundle":
        yield from _of_patients(name, content, _bundled(content))
    elif isinstance(head, _Head) and head.resourceType:
        yield from _of_patients(name, content, [head])
    else:
        yield Case(name, Record(""), fault="neither FHIR nor a hook request")


def _head(raw: msgspec.Raw) -> _Head:
    try:
        return msgspec.json.decode(raw, type=_Head)
    except (msgspec.DecodeError, RecursionError):
        return _Head()


def _is_id(value: object) -> bool:
    return isinstance(value, str) and bool(value)


def _bundled(content: bytes) -> list[_Head]:
    """The heads of a Bundle's resources; one without an id is known by the end of its fullUrl, as the reader has it."""
    try:
        entries = msgspec.json.decode(content, type=_Bundle).entry or []
    except (msgspec.DecodeError, RecursionError):
        return []
    heads = []
    for entry in entries:
        if entry is not None and entry.resource:
            head = _head(entry.resource)
            if not head.id and isinstance(entry.fullUrl, str):
                head.id = re.split(r"[/:]", entry.fullUrl)[-1]
            heads.append(head)
    return heads


_PATIENT: Final = re.compile(r"(?:urn:uuid:|(?P<base>.*/)?Patient/)(?P<id>[^/]+)(?:/_history/.*)?")


def _patients_named(heads: Iterable[_Head]) -> list[tuple[str, str]]:
    """(base URL or empty, id) of each patient that the resources name as theirs, in order of appearance."""
    found: dict[tuple[str, str], None] = {}
    for head in heads:
        actors = head.participant if isinstance(head.participant, list) else ()
        for each in (head.subject, head.patient, *(one.get("actor") for one in actors if isinstance(one, dict))):
            reference = each.get("reference") if isinstance(each, dict) else None
            if isinstance(reference, str) and (named := _PATIENT.fullmatch(reference)):
                found[named["base"] or "", named["id"]] = None
    return list(found)


def _of_patients(name: str, content: bytes, heads: Sequence[_Head]) -> Iterator[Case]:
    ids = list(dict.fromkeys(head.id for head in heads if head.resourceType == "Patient" and _is_id(head.id)))
    for patient_id in ids:
        yield Case(name if len(ids) == 1 else f"{name}#{patient_id}", _whole(patient_id, (content,)))
    if ids:
        return
    named = _patients_named(heads)
    if not named:
        yield Case(name, Record(""), fault="no Patient with an id in it, and no resource that names one")
    for base, patient_id in named:
        record = _whole(patient_id, (content,), base)
        record = replace(record, obtained={**record.obtained, _NO_PATIENT.key: _NO_PATIENT})
        yield Case(name if len(named) == 1 else f"{name}#{patient_id}", record)


_NO_PATIENT: Final = Obtained("patient", State.NOT_OBTAINED, cause="no Patient resource in the file")


def _whole(patient_id: str, payloads: tuple[bytes, ...], base_url: str = "") -> Record:
    """The payloads as the whole record: any kind of data that is not in them was looked for and not found."""
    return Record(patient_id, base_url, obtained={"file": Obtained("file", State.PRESENT, payloads=payloads)})


def _lines(name: str, content: bytes) -> Iterator[Case]:
    """NDJSON: lines of one patient belong together, Bundles a line stand alone."""
    lines = [line for line in content.splitlines() if line.strip()]
    heads = []
    for line in lines:
        try:
            heads.append(msgspec.json.decode(line, type=_Head))
        except (msgspec.DecodeError, RecursionError):
            yield Case(name, Record(""), fault="malformed JSON")
            return
    if any(head.resourceType == "Bundle" for head in heads):
        for place, line in enumerate(lines, 1):
            yield from _cases_of(f"{name}:{place}", line)
    else:
        yield from _of_patients(name, b"[" + b",".join(lines) + b"]", heads)


def _hook_request(name: str, content: bytes) -> Case:
    try:
        request = decode(content)
        occasion = Occasion(request.hook)
    except BadRequest as fault:
        return Case(name, Record(""), fault=f"no usable hook request: {fault}")
    except ValueError:
        return Case(name, Record(""), fault="a hook that this service does not answer")
    if not request.patient_id:
        return Case(name, Record(""), fault="the hook request names no patient")
    obtained = {}
    for key, value in request.prefetch.items():
        raw = bytes(value)
        state = State.NONE if raw == b"null" else State.PRESENT
        obtained[key] = Obtained(key, state, payloads=(raw,) if state is State.PRESENT else ())
    drafts = bytes(request.draft_orders) if request.draft_orders is not None else None
    selections = request.selections if occasion is Occasion.ORDER_SELECT else None
    record = Record(request.patient_id, obtained=obtained, draft_orders=drafts, selections=selections)
    return Case(name, record, occasion)


def _feature(name: str, feature: Feature) -> dict[str, Any]:
    shown: dict[str, Any] = {"feature": name, "label": FEATURES[name].label, "value": feature.show()}
    if feature.note:
        shown["note"] = feature.note
    for kind in ("evidence", "possible"):
        found = getattr(feature, kind)
        if found:
            shown[kind] = [
                {"reference": each.reference, "text": each.text} | ({"date": str(each.date)} if each.date else {})
                for each in found
            ]
    return shown


def _noted(features: Mapping[str, Feature]) -> Iterator[dict[str, Any]]:
    """Features that say something: known, possible or with a note."""
    for name, feature in features.items():
        if feature.known or feature.possible or feature.note:
            yield _feature(name, feature)


def as_line(case: Case, result: Consultation | str) -> str:
    """One case as one line of JSON."""
    if isinstance(result, str):
        return json.dumps({"name": case.name, "not_evaluated": result})
    body = {
        "name": case.name,
        "scope": result.decided.scope.value,
        "scope_row": result.decided.scope_row,
        "features": list(_noted(result.features.mapping())),
        "decisions": [
            {
                "code": decision.code,
                "kind": decision.kind.value,
                "strength": decision.strength.value if decision.strength else None,
                "severity": decision.severity.value,
                "row": decision.row,
                "missing": decision.missing,
            }
            for decision in result.decided.decisions
        ],
        "unreadable": [f"{each.reference}: {each.cause}" for each in result.history.unreadable],
        "gaps": [f"{gap.key}: {gap.cause}" for gap in result.history.gaps],
        "cards": msgspec.to_builtins(result.answer)["cards"],
    }
    return json.dumps(body)


def as_text(case: Case, result: Consultation | str) -> str:
    """One case as text for a person."""
    if isinstance(result, str):
        return f"{case.name}: not evaluated: {result}\n"
    decided = result.decided
    lines = [f"{case.name}: scope {decided.scope.value} (row {decided.scope_row})", "", "Features"]
    for shown in _noted(result.features.mapping()):
        lines.append(f"  {shown['label']}: {shown['value']}{_bracketed(shown.get('note'))}")
        lines.extend(_records(shown.get("evidence", ()), "    "))
        lines.extend(_records(shown.get("possible", ()), "    possibly "))
    lines.extend(f"  could not be used: {each.reference}: {each.cause}" for each in result.history.unreadable)
    lines.extend(f"  not at hand: {gap.key}: {gap.cause}" for gap in result.history.gaps)
    lines += ["", "Decisions"]
    for decision in decided.decisions:
        strength = f", {decision.strength.value}" if decision.strength else ""
        lines.append(f"  [{decision.row}] {decision.kind.value}: {decision.code}{strength}")
    lines += ["", f"Cards: {len(result.answer.cards)}"]
    for card in result.answer.cards:
        lines += [
            "",
            f"  ({card.indicator}) {card.summary}",
            *(f"    {line}" for line in (card.detail or "").splitlines()),
        ]
        lines += [f"    -> {suggestion.label}" for suggestion in card.suggestions]
    return "\n".join(lines) + "\n"


def _bracketed(note: object) -> str:
    return f" ({note})" if note else ""


def _records(records: Iterable[Mapping[str, Any]], indent: str) -> Iterator[str]:
    for each in records:
        date = f", {each['date']}" if "date" in each else ""
        yield f"{indent}{each['reference']}{date}: {each['text']}"
