"""A terminology server over a real socket: descendants fetched ahead of time, and what they let match."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from werkzeug.wrappers import Request, Response

from cds_service.cli import main
from cds_service.demo.fhir_endpoint import running
from cds_service.ehr.addresses import parse_base
from cds_service.ehr.terminology import (
    FILE_NAME,
    PAGE,
    Expansions,
    Terminology,
    TerminologyFault,
    Wanted,
    load,
    refresh,
    save,
    wanted,
)
from fhir_mappings.value_sets import concept_of, expanded, use_expansions
from fhir_mappings.value_sets.systems import RXNORM, SNOMED

CERVIX_SITE = "71252005"
PART_OF_CERVIX = "999000001"
BEVACIZUMAB = "253337"
NEW_PRODUCT = "9990001"
TODAY = dt.date(2026, 11, 24)


@pytest.fixture(autouse=True)
def _as_it_was() -> Iterator[None]:
    yield
    use_expansions({})


def _value_set(codes: list[str], total: int | None = None) -> dict[str, Any]:
    expansion: dict[str, Any] = {"timestamp": "2026-11-24", "contains": [{"code": code} for code in codes]}
    return {"resourceType": "ValueSet", "expansion": expansion | ({"total": total} if total is not None else {})}


@Request.application
def _server(request: Request) -> Response:
    """Knows a code below the cervix, a product of bevacizumab, 1,500 codes below the pelvis; refuses the rest."""
    assert request.path == "/fhir/ValueSet/$expand"
    if request.method == "POST":
        include = request.get_json()["parameter"][0]["resource"]["compose"]["include"][0]
        assert include["system"] == RXNORM
        known = include["filter"] == [{"property": "has_ingredient", "op": "=", "value": f"CUI:{BEVACIZUMAB}"}]
        body = _value_set([BEVACIZUMAB, NEW_PRODUCT] if known else [])
    else:
        url, offset = request.args["url"], int(request.args["offset"])
        if url == f"{SNOMED}?fhir_vs=ecl/<<{CERVIX_SITE}":
            body = _value_set([CERVIX_SITE, PART_OF_CERVIX])
        elif url == f"{SNOMED}?fhir_vs=ecl/<<12921003":
            codes = [PART_OF_CERVIX, *(f"8{number:06}" for number in range(1499))]
            body = _value_set(codes[offset : offset + PAGE], 1500)
        elif url.endswith("<<816991004"):
            return Response("gone", 500)
        else:
            body = _value_set([])
    return Response(json.dumps(body), content_type="application/fhir+json")


@pytest.fixture
def server() -> Iterator[str]:
    with running(_server, "127.0.0.1", 0) as root:
        yield f"{root}/fhir"


@pytest.fixture
def terminology(server: str) -> Iterator[Terminology]:
    opened = Terminology(parse_base(server), token="secret")
    yield opened
    opened.close()


def test_rows_with_descendants_and_ingredients_are_what_is_asked_for() -> None:
    rows = wanted()
    assert Wanted(SNOMED, CERVIX_SITE) in rows
    assert Wanted(RXNORM, BEVACIZUMAB) in rows
    assert {row.system for row in rows} == {SNOMED, RXNORM}
    assert len(rows) == len(set(rows))


def test_all_pages_are_read(terminology: Terminology) -> None:
    assert len(terminology.below(Wanted(SNOMED, "12921003"))) == 1500


def test_the_closest_row_counts_and_failures_are_named(terminology: Terminology) -> None:
    *_, (_, result) = refresh(terminology, TODAY)
    assert result is not None
    assert result.below[SNOMED][PART_OF_CERVIX] == CERVIX_SITE
    assert result.below[RXNORM] == {NEW_PRODUCT: BEVACIZUMAB}
    assert CERVIX_SITE not in result.below[SNOMED], "our own rows stay what they are"
    assert result.failed == [f"{SNOMED}|816991004"]


def test_what_was_fetched_lets_codes_match_that_lie_below_ours() -> None:
    assert concept_of(SNOMED, PART_OF_CERVIX) is None
    assert not expanded()
    use_expansions({(SNOMED, PART_OF_CERVIX): CERVIX_SITE})
    match = concept_of(SNOMED, PART_OF_CERVIX)
    assert match is not None
    assert (match.concept, match.exact) == ("site-cervix", False)
    assert expanded()
    use_expansions({(SNOMED, PART_OF_CERVIX): "no row of ours"})
    assert concept_of(SNOMED, PART_OF_CERVIX) is None


@pytest.mark.parametrize(
    ("status", "body"),
    [(404, "{}"), (200, "<html>"), (200, "[]"), (200, '{"resourceType": "ValueSet"}'), (302, "")],
)
def test_a_server_that_does_not_answer_so_is_a_fault(status: int, body: str) -> None:
    @Request.application
    def app(_: Request) -> Response:
        return Response(body, status, headers={"Location": "http://127.0.0.1:9/"} if status == 302 else None)

    with running(app, "127.0.0.1", 0) as root:
        opened = Terminology(parse_base(f"{root}/fhir"))
        with pytest.raises(TerminologyFault):
            opened.below(Wanted(SNOMED, CERVIX_SITE))
        opened.close()


def test_a_server_that_is_not_there_is_a_fault() -> None:
    opened = Terminology(parse_base("http://127.0.0.1:9/fhir"))
    with pytest.raises(TerminologyFault, match="not reached"):
        opened.below(Wanted(SNOMED, CERVIX_SITE))
    opened.close()


def test_the_file_comes_back_as_it_was_saved(tmp_path: Path) -> None:
    expansions = Expansions(TODAY, "http://t/", {SNOMED: {PART_OF_CERVIX: CERVIX_SITE}}, ["x"])
    path = tmp_path / "folder" / FILE_NAME
    assert load(path) is None
    save(expansions, path)
    assert load(path) == expansions
    assert expansions.pairs() == {(SNOMED, PART_OF_CERVIX): CERVIX_SITE}
    path.write_text("{")
    with pytest.raises(TerminologyFault, match="cannot be read"):
        load(path)


def test_the_command_fetches_saves_and_shows(
    server: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("RECURRENCE_CDS_STATE_DIR", str(tmp_path))
    monkeypatch.setenv("RECURRENCE_CDS_TERMINOLOGY_TOKEN", "secret")
    assert main(["terminology", "show"]) == 1
    assert "descendants are not searched" in " ".join(capsys.readouterr().out.split())
    assert main(["terminology", "refresh"]) == 1
    assert main(["terminology", "refresh", "--server", server]) == 0
    assert main(["terminology", "show"]) == 0
    out = " ".join(capsys.readouterr().out.split())
    assert "1 codes below ours" in out
    assert "not expanded: 1 rows" in out


def test_a_server_that_expands_nothing_leaves_the_old_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("RECURRENCE_CDS_STATE_DIR", str(tmp_path))
    save(Expansions(TODAY, "http://t/", {SNOMED: {PART_OF_CERVIX: CERVIX_SITE}}), tmp_path / FILE_NAME)

    @Request.application
    def app(_: Request) -> Response:
        return Response("{}", 404)

    with running(app, "127.0.0.1", 0) as root:
        assert main(["terminology", "refresh", "--server", f"{root}/fhir"]) == 1
    assert "stays as it was" in " ".join(capsys.readouterr().out.split())
    assert load(tmp_path / FILE_NAME) is not None
