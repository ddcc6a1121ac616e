"""What the documents say can be done: commands that run, files that exist, settings and services that are named.

A block marked ``<!-- runnable -->`` is run line by line; of all other commands the target or the subcommand with its
options has to exist, and what is posted with curl has to be a call that the service takes.
"""

from __future__ import annotations

import contextlib
import io
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from cds_service import hooks
from cds_service.cli import main
from cds_service.guideline import knowledge
from cds_service.protocol.request import decode
from cds_service.settings import PREFIX, READERS

ROOT = Path(__file__).parents[2]
DOCUMENTS = sorted(
    path.relative_to(ROOT).as_posix()
    for pattern in ("*.md", "docs/**/*.md", "changelog.d/README.md", "cds_service/**/*.md", "tests/**/*.md")
    for path in ROOT.glob(pattern)
    if "node_modules" not in path.parts
)
COMMAND = re.compile(r"(?:^|[\s`/])recurrence-cds ([a-z]+)([^\n`]*)")
TARGET = re.compile(r"(?:^|[\s`])make ([a-z][a-z-]+)(?=[\s`.,;:)]|$)", re.MULTILINE)
BLOCK = re.compile(r"^```(?:sh|console|shell)\n(.*?)^```", re.MULTILINE | re.DOTALL)
RUNNABLE = re.compile(r"^<!-- runnable -->\n```sh\n(.*?)^```", re.MULTILINE | re.DOTALL)
FOLDERS = "cds_service|fhir_mappings|tests|docs|deploy|benchmarks|changelog\\.d|\\.ci"
PATH = re.compile(rf"`((?:{FOLDERS})/[A-Za-z0-9_./-]*)`")
LINK = re.compile(r"\]\((?!https?:|#|mailto:)([^)\s#]+)")


def text(document: str) -> str:
    """A document's text."""
    return (ROOT / document).read_text(encoding="utf-8")


def runnable() -> Iterator[tuple[str, str]]:
    """Each line of each runnable block, with its document."""
    for document in DOCUMENTS:
        for block in RUNNABLE.findall(text(document)):
            yield from ((document, line) for line in block.splitlines() if line.strip())


def code(document: str) -> str:
    """All shell blocks and all code in lines of a document; prose is no command."""
    whole = text(document)
    return "\n".join([*BLOCK.findall(whole), *re.findall(r"`([^`\n]+)`", whole)])


@cache
def targets() -> frozenset[str]:
    """Targets of the Makefile."""
    return frozenset(re.findall(r"^([a-z][a-z-]*):", text("Makefile"), re.MULTILINE))


@cache
def help_of(*command: str) -> str:
    """What a subcommand says of itself; empty for one that does not exist."""
    told = io.StringIO()
    try:
        with contextlib.redirect_stdout(told), contextlib.redirect_stderr(io.StringIO()):
            main([*command, "--help"])
    except SystemExit as left:
        return "" if left.code else told.getvalue()
    return ""


def test_there_are_documents_for_everyone_and_something_to_run() -> None:
    assert {
        *("README.md", "CHANGELOG.md", "SECURITY.md", "CONTRIBUTING.md"),
        *("docs/for-clinicians.md", "docs/for-engineers.md", "docs/operations.md", "docs/connect/README.md"),
    } <= set(DOCUMENTS)
    assert (ROOT / "LICENSE").exists()
    assert len(list(runnable())) >= 4


@pytest.mark.parametrize(("document", "line"), list(runnable()), ids=lambda part: part.replace("/", " ")[:60])
def test_a_command_of_a_document_runs(document: str, line: str) -> None:
    command = line.replace(".venv/bin/", f"{Path(sys.executable).parent}/")
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=False, cwd=ROOT)  # noqa: S603, S607
    assert done.returncode == 0, (document, line, done.stderr[-500:])
    assert done.stdout.strip(), (document, line)


@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_make_target_that_is_named_exists(document: str) -> None:
    assert set(TARGET.findall(code(document))) <= targets()


@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_subcommand_that_is_named_exists_with_its_options(document: str) -> None:
    for name, rest in COMMAND.findall(code(document)):
        words = rest.split()
        deeper = words[0] if words and re.fullmatch(r"[a-z]+", words[0]) and help_of(name, words[0]) else ""
        told = help_of(name, deeper) if deeper else help_of(name)
        assert told, (name, rest)
        for option in re.findall(r"(?<!\S)--[a-z-]+", rest):
            assert option in told, (name, option)


@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_file_that_is_named_exists(document: str) -> None:
    missing = [path for path in PATH.findall(text(document)) if not (ROOT / path).exists()]
    folder = (ROOT / document).parent
    missing += [link for link in LINK.findall(text(document)) if not (folder / link).exists()]
    assert missing == []


def test_what_is_posted_with_curl_is_a_call_that_the_service_takes() -> None:
    posted = [call for document in DOCUMENTS for call in re.findall(r"-d '(\{.*?\})'", text(document), re.DOTALL)]
    assert posted
    offered = {service.hook for service in hooks.SERVICES}
    for call in posted:
        assert json.loads(call)["hook"] in offered
        request = decode(call.encode())
        patient = request.context["patientId"]
        assert (ROOT / f"cds_service/demo/patients/{patient}.json").exists(), patient


def test_every_setting_is_named_for_operators() -> None:
    told = text("README.md") + text("docs/operations.md")
    assert [name for name in READERS if f"{PREFIX}{name}" not in told and f"`{name}`" not in told] == []


@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_setting_that_is_named_exists(document: str) -> None:
    named = set(re.findall(rf"{PREFIX}([A-Z][A-Z_]*[A-Z])", text(document)))
    assert [name for name in named - READERS.keys() if name != "DOCTOR_TOKEN" and not name.startswith("TEST_")] == []


def test_every_service_is_named_in_the_readme() -> None:
    readme = text("README.md")
    for service in hooks.SERVICES:
        assert f"`{service.id}` | {service.hook}" in readme


def test_tr_09_no_document_claims_that_it_is_no_medical_device() -> None:
    claims = [name for name in DOCUMENTS if re.search(r"\bnot a medical device\b", text(name), re.IGNORECASE)]
    assert claims == []


def test_the_citation_file_names_the_version() -> None:
    version = re.search(r'^version = "(.+)"$', text("pyproject.toml"), re.MULTILINE)
    assert version is not None
    assert f"version: {version[1]}\n" in text("CITATION.cff")


def test_the_changelog_is_made_from_fragments_with_a_kind() -> None:
    kinds = set(re.findall(r'^directory = "([a-z]+)"$', text("pyproject.toml"), re.MULTILINE))
    assert "guideline" in kinds
    found = [path.name for path in (ROOT / "changelog.d").iterdir() if path.name != "README.md"]
    assert [name for name in found if name.split(".")[-2] not in kinds or not name.endswith(".md")] == []
    assert any(knowledge.VERSION in text(f"changelog.d/{name}") for name in found) or knowledge.VERSION in text(
        "CHANGELOG.md"
    )
