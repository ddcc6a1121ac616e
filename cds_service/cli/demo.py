"""``recurrence-cds demo``: the service and an embedded FHIR endpoint with sample patients, ready to be asked.

The clock of the service is fixed to the day of the sample records, so that their windows of 28 and 42 days hold on any
day; both servers listen on this machine only.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import signal
import socket
import sys
import tempfile
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from rich.console import Console
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from cds_service.app import create_app
from cds_service.demo.fhir_endpoint import PATH, make_app, running
from cds_service.demo.sample_patients import (
    DEMO_TODAY,
    PATIENTS_FOLDER,
    SERVICE_OF_HOOK,
    SamplePatient,
    Trial,
    hook_request,
    load_patients,
)
from cds_service.settings import Settings

_HOST: Final = "127.0.0.1"
_TRIES: Final = 20
_LOOK_SECONDS: Final = 0.2
_TIMEOUT_SECONDS: Final = 30
_COLOURS: Final = {"info": "blue", "warning": "yellow", "critical": "red"}


@dataclass(frozen=True, slots=True)
class Demo:
    """A running demo.

    Attributes:
        service: root URL of the CDS service, without trailing slash.
        fhir: base URL of the embedded FHIR endpoint.
        patients: the sample patients it holds.
    """

    service: str
    fhir: str
    patients: tuple[SamplePatient, ...]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of ``recurrence-cds demo``."""
    parser.add_argument("--port", type=int, default=8080, help="port of the service; the next free one when busy")
    parser.add_argument("--fhir-port", type=int, default=8081, help="port of the FHIR endpoint, likewise")
    parser.add_argument("--patient", default="central-irradiated", help="sample patient of the ready call")
    parser.add_argument("--hook", choices=tuple(SERVICE_OF_HOOK), default="patient-view", help="hook of the ready call")
    parser.add_argument("--once", action="store_true", help="make the ready call, print its cards and leave")


def run(args: argparse.Namespace) -> int:
    """Start the demo and wait for Ctrl-C, or make one call with ``--once``.

    Returns:
        0, or 1 when the call of ``--once`` was not answered with 200, or 2 when there is no such patient or hook call.
    """
    out = Console()
    chosen = _chosen(load_patients(), args.patient, args.hook)
    if isinstance(chosen, str):
        out.print(Text(chosen))
        return 2
    patient, trial = chosen
    with demo(port=args.port, fhir_port=args.fhir_port) as running_demo:
        body = hook_request(patient, trial, fhir_server=running_demo.fhir)
        url = f"{running_demo.service}/cds-services/{SERVICE_OF_HOOK[trial.hook]}"
        if args.once:
            return _ask(out, url, body)
        _introduce(out, running_demo, url, body)
        _until_interrupted()
    return 0


@contextlib.contextmanager
def demo(*, port: int = 0, fhir_port: int = 0) -> Iterator[Demo]:
    """The FHIR endpoint and the service against it, in threads, for as long as the context lasts.

    Args:
        port: wanted port of the service; busy ones are passed over, 0 takes any.
        fhir_port: wanted port of the endpoint, likewise.
    """
    with contextlib.ExitStack() as stack:
        fhir_root = stack.enter_context(running(make_app(PATIENTS_FOLDER), _HOST, _free_port(fhir_port)))
        free = _free_port(port)
        settings = Settings(
            base_url=f"http://{_HOST}:{free}",
            fhir_servers=(f"{fhir_root}{PATH}",),
            state_dir=Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="recurrence-cds-demo-"))),
        )
        app = create_app(settings, today=DEMO_TODAY, sample_server=f"{fhir_root}{PATH}")
        stack.callback(app.extensions["recurrence-cds-fhir-client"].close)
        service = stack.enter_context(running(app.wsgi_app, _HOST, free))
        yield Demo(service, f"{fhir_root}{PATH}", load_patients())


def _free_port(wanted: int) -> int:
    """The wanted port, or the next one that nobody listens on; 0 when none of the next few is free."""
    for port in range(wanted, wanted + _TRIES) if wanted else ():
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((_HOST, port))
            except OSError:
                continue
            return port
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.bind((_HOST, 0))
        free: int = probe.getsockname()[1]
    return free


def _chosen(patients: tuple[SamplePatient, ...], identity: str, hook: str) -> tuple[SamplePatient, Trial] | str:
    patient = next((patient for patient in patients if patient.id == identity), None)
    if patient is None:
        return f"There is no sample patient {identity!r}. There are: {', '.join(patient.id for patient in patients)}."
    trial = next((trial for trial in patient.trials if trial.hook == hook), None)
    if trial is None:
        return f"No draft orders for {hook} come with {identity}."
    return patient, trial


def _introduce(out: Console, running_demo: Demo, url: str, body: Mapping[str, Any]) -> None:
    out.print(f"Workbench:      {running_demo.service}/", highlight=False)
    out.print(f"Service:        {running_demo.service}/cds-services", highlight=False)
    out.print(f"FHIR endpoint:  {running_demo.fhir}", highlight=False)
    out.print(f"Today is fixed to {DEMO_TODAY.isoformat()}, the day of the sample records.\n", highlight=False)
    table = Table(title="Sample patients (all synthetic)", box=None, padding=(0, 1), title_justify="left")
    table.add_column("id", no_wrap=True)
    table.add_column("rows", no_wrap=True)
    table.add_column("story")
    for patient in running_demo.patients:
        table.add_row(patient.id, " ".join(patient.rows), patient.story)
    out.print(table)
    call = json.dumps(body)
    out.print("\nTry (nothing prefetched: the service reads the record from the FHIR endpoint):\n")
    # Not through rich: a wrapped line could not be pasted.
    sys.stdout.write(f"curl -s -H 'Content-Type: application/json' -d '{call}' {url}\n\n")
    out.print("Ctrl-C ends the demo.")
    sys.stdout.flush()


def _ask(out: Console, url: str, body: Mapping[str, Any]) -> int:
    import requests  # noqa: PLC0415 - only where the demo makes the call itself: it is to be up soon

    with requests.Session() as session:
        answer = session.post(url, json=body, timeout=_TIMEOUT_SECONDS)
    if answer.status_code != requests.codes.ok:
        out.print(Text(f"The service answered {answer.status_code}: {answer.text}"))
        return 1
    cards = answer.json()["cards"]
    out.print(f"{body['hook']} for {body['context']['patientId']}: {len(cards)} cards", highlight=False)
    for card in cards:
        out.print(_panel(card))
    return 0


def _panel(card: Mapping[str, Any]) -> Panel:
    from rich.markdown import Markdown  # noqa: PLC0415 - as above

    indicator = card["indicator"]
    title = Text(f"{indicator}: {card['summary']}")
    return Panel(Markdown(card.get("detail", "")), title=title, title_align="left", border_style=_COLOURS[indicator])


def _until_interrupted() -> None:
    """Wait for Ctrl-C or a termination signal."""
    stop = threading.Event()
    before = signal.signal(signal.SIGTERM, lambda *_: stop.set())
    try:
        with contextlib.suppress(KeyboardInterrupt):
            # A wait without end is not interrupted when the signal reaches another thread.
            while not stop.wait(_LOOK_SECONDS):
                pass
    finally:
        signal.signal(signal.SIGTERM, before)
