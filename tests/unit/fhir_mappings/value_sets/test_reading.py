"""A value set file that does not hold together is refused by name."""

from __future__ import annotations

from pathlib import Path

import pytest

from fhir_mappings.value_sets import ValueSetError
from fhir_mappings.value_sets.concepts import ValueSets, read_folder

SOURCES = '[sources]\nbook = "a book"\n'
HEADER = 'title = "A"\npurpose = "B"\nversion = "1.0.0"\ndate = 2026-11-24\n'
ROW = '{ system = "snomed", code = "254886006", display = "a tumour", source = "book" }'


def concept(name: str = "a", rows: str = ROW, kind: str = "condition", within: str = "") -> str:
    inside = f'within = "{within}"\n' if within else ""
    return f'[concepts.{name}]\n{inside}kind = "{kind}"\ntitle = "T"\ncodes = [{rows}]\n'


def folder(tmp_path: Path, **files: str) -> Path:
    (tmp_path / "sources.toml").write_text(SOURCES, encoding="utf-8")
    for name, content in files.items():
        (tmp_path / f"{name}.toml").write_text(content, encoding="utf-8")
    return tmp_path


def test_a_good_file_is_read(tmp_path: Path) -> None:
    topics, concepts = read_folder(folder(tmp_path, one=HEADER + concept()))
    assert topics["one"].version == "1.0.0"
    row = concepts["a"].rows[0]
    assert (row.source, row.verified, row.includes_descendants) == ("a book", True, False)
    assert concepts["a"].topic == "one"


def test_a_file_may_add_codes_to_the_concept_of_another(tmp_path: Path) -> None:
    more = ROW.replace("254886006", "363354003")
    files = folder(tmp_path, a_more=HEADER + f"[additions.a]\ncodes = [{more}]\n", one=HEADER + concept())
    topics, concepts = read_folder(files)
    assert set(topics) == {"a_more", "one"}
    assert [(row.code, row.topic) for row in concepts["a"].rows] == [("254886006", "one"), ("363354003", "a_more")]
    assert concepts["a"].topic == "one"


BAD = [
    (HEADER + concept() + f"[additions.b]\ncodes = [{ROW}]\n", "one.toml: b is no concept to add to"),
    (HEADER.replace("date", "day") + concept(), "one.toml: date is missing"),
    (HEADER.replace("purpose", "use") + concept(), "one.toml: purpose is missing"),
    (HEADER + concept(kind="thing"), "unknown kind thing"),
    (HEADER + concept(rows=ROW.replace("snomed", "sct")), "no such system, source or field: 'sct'"),
    (HEADER + concept(rows=ROW.replace("book", "blog")), "no such system, source or field: 'blog'"),
    (HEADER + concept(rows=ROW.replace('code = "254886006", ', "")), "no such system, source or field: 'code'"),
    (HEADER + concept(rows=ROW.replace("code", "coed")), "unknown coed"),
    (HEADER + concept(rows=ROW.replace("a tumour", "")), "every row has a display"),
    (
        HEADER + concept(rows=ROW.replace("snomed", "cpt").replace("254886006", "58240")),
        "except CPT",
    ),
    (HEADER + concept(rows=ROW.replace("snomed", "icd-10").replace("254886006", "C539")), "not written as FHIR"),
    (HEADER + concept(within="b"), "b is no concept of the same kind"),
]


@pytest.mark.parametrize(("content", "message"), BAD)
def test_a_fault_is_named(tmp_path: Path, content: str, message: str) -> None:
    with pytest.raises(ValueSetError, match=message):
        read_folder(folder(tmp_path, one=content))


def test_a_concept_stands_in_one_file(tmp_path: Path) -> None:
    with pytest.raises(ValueSetError, match="a stands in one and in two"):
        read_folder(folder(tmp_path, one=HEADER + concept(), two=HEADER + concept()))


def test_a_code_belongs_to_one_concept(tmp_path: Path) -> None:
    _, concepts = read_folder(folder(tmp_path, one=HEADER + concept() + concept("b")))
    with pytest.raises(ValueSetError, match="254886006 stands in a and in b"):
        ValueSets(concepts)


def test_a_refinement_counts_only_within_its_concept(tmp_path: Path) -> None:
    other = ROW.replace("254886006", "254887002")
    _, concepts = read_folder(
        folder(
            tmp_path,
            one=HEADER + concept() + concept("b", rows=other) + concept("c", rows=f"{ROW}, {other}", within="a"),
        )
    )
    sets = ValueSets(concepts)
    inside, outside = (
        sets.match("http://snomed.info/sct", "254886006"),
        sets.match("http://snomed.info/sct", "254887002"),
    )
    assert inside is not None
    assert outside is not None
    assert inside.concepts == {"a", "c"}
    assert outside.concepts == {"b"}
