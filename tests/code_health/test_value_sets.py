"""Every value set: header, source, one place for a code, each code well formed for its system.

A code that passes is well formed, which is not the same as being the right code.
"""

from __future__ import annotations

import csv
import re
from collections import Counter
from pathlib import Path

import pytest

from fhir_mappings.value_sets import CONCEPTS, TOPICS, Row
from fhir_mappings.value_sets import systems as s

ROOT = Path(__file__).parents[2]
REGISTER = ROOT.parent / "shared" / "terminology" / "codes.csv"
"""The terminology list that the files were made from, where it is at hand."""

NOT_OF_THE_REGISTER = {
    *("own_codes", "refinements", "other_primaries", "further_events", "supplement", "metastasis_history"),
    "profiles",
}
REGISTER_CONCEPTS, REGISTER_ROWS, REGISTER_UNVERIFIED = 402, 2058, 5
OWN_CONCEPTS, OWN_ROWS = 30, 32
REGISTER_SYSTEMS = {
    s.SNOMED: 532,
    s.RXNORM: 530,
    s.ICD10CM: 255,
    s.LOINC: 144,
    s.ICD10PCS: 143,
    s.CPT: 125,
    s.ICD10: 82,
    s.HCPCS: 59,
    s.ICDO3: 52,
    s.ATC: 52,
    s.ICD9CM: 38,
    s.NCIT: 25,
    s.CONDITION_CLINICAL: 6,
    s.CONDITION_VERIFICATION: 6,
    s.HGNC: 5,
    s.ACT_PRIORITY: 4,
}

SHAPES = {
    s.SNOMED: r"[1-9]\d{5,17}",
    s.LOINC: r"(LA)?\d{1,7}-\d",
    s.ICD10CM: r"[A-Z]\d[0-9A-Z](\.[0-9A-Z]{1,4})?",
    s.ICD10: r"[A-Z]\d\d(\.\d)?",
    s.ICD10GM: r"[A-Z]\d\d(\.\d{1,2})?",
    s.OPS: r"\d-\d\d[0-9a-z](\.[0-9a-z]{1,2})?|\d-\d\d",
    s.MII_INTENTION: r"[A-Z]",
    s.MII_THERAPY: r"[A-Z]{2}",
    s.ICD9CM: r"(\d{3}|V\d\d)(\.\d{1,2})?",
    s.ICDO3: r"\d{4}/[012369]|C\d\d\.\d",
    s.ICD10PCS: r"[0-9A-HJ-NP-Z]{3,7}",
    s.CPT: r"\d{5}|\d{4}[FTU]",
    s.HCPCS: r"[A-V]\d{4}",
    s.RXNORM: r"[1-9]\d{0,7}",
    s.ATC: r"[A-Z]\d\d[A-Z]([A-Z](\d\d)?)?",
    s.NCIT: r"C\d+",
    s.HGNC: r"HGNC:\d+",
    s.CONDITION_CLINICAL: r"active|recurrence|relapse|inactive|remission|resolved|unknown",
    s.CONDITION_VERIFICATION: r"unconfirmed|provisional|differential|confirmed|refuted|entered-in-error",
    s.ACT_PRIORITY: r"[A-Z]{1,3}",
    s.RECURRENCE_FINDINGS: r"[a-z0-9]+(-[a-z0-9]+)*",
    s.RECURRENCE_SITES: r"pelvic-sidewall(-left|-right)?",
}


def times(a: int, b: int) -> int:
    """Product in the dihedral group of order ten: 0-4 are rotations, 5-9 reflections."""
    rotation = (a % 5 + (b % 5 if a < 5 else -b % 5)) % 5
    return rotation + 5 * ((a >= 5) ^ (b >= 5))


def turned(digit: int, position: int) -> int:
    """Verhoeff's permutation applied as often as the digit stands from the right."""
    step = (1, 5, 7, 6, 2, 8, 3, 0, 9, 4)
    for _ in range(position % 8):
        digit = step[digit]
    return digit


def has_snomed_check_digit(code: str) -> bool:
    """Verhoeff's check digit, and a partition identifier of a concept."""
    state = 0
    for position, digit in enumerate(map(int, reversed(code))):
        state = times(state, turned(digit, position))
    return state == 0 and code[-3:-1] in {"00", "10"}


def has_loinc_check_digit(code: str) -> bool:
    """LOINC's mod-10 digit; the letters LA add a constant by whether the number has an even or odd length."""
    digits, check = code.removeprefix("LA").split("-")
    total = sum(sum(divmod(int(digit) * 2, 10)) if i % 2 == 0 else int(digit) for i, digit in enumerate(digits[::-1]))
    if code.startswith("LA"):
        total += 5 if len(digits) % 2 == 0 else 8
    return -total % 10 == int(check)


CHECK_DIGITS = {s.SNOMED: has_snomed_check_digit, s.LOINC: has_loinc_check_digit}


def is_well_formed(row: Row) -> bool:
    shaped = re.fullmatch(SHAPES[row.system], row.code) is not None
    return shaped and CHECK_DIGITS.get(row.system, lambda _: True)(row.code)


def register_rows() -> list[tuple[str, Row]]:
    return [
        (concept.name, row)
        for concept in CONCEPTS.values()
        for row in concept.rows
        if row.topic not in NOT_OF_THE_REGISTER
    ]


def test_the_check_digits_refuse_near_misses() -> None:
    assert all(map(has_snomed_check_digit, ("254886006", "77386006", "550991000124107")))
    assert not any(map(has_snomed_check_digit, ("254886007", "254868006", "245886006")))
    assert all(map(has_loinc_check_digit, ("2160-0", "89247-1", "LA9622-7", "LA26203-2")))
    assert not any(map(has_loinc_check_digit, ("2160-1", "98247-1", "LA9622-5")))


@pytest.mark.parametrize("name", sorted(TOPICS))
def test_every_topic_has_a_header(name: str) -> None:
    topic = TOPICS[name]
    assert re.fullmatch(r"\d+\.\d+\.\d+", topic.version)
    assert topic.title
    assert topic.purpose.endswith(".")


@pytest.mark.parametrize("name", sorted(CONCEPTS))
def test_every_row_is_well_formed_and_has_a_source(name: str) -> None:
    concept = CONCEPTS[name]
    assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", name)
    assert concept.title == concept.title.strip()
    assert concept.rows
    for row in concept.rows:
        assert is_well_formed(row), row
        assert row.source, row
        assert row.verified == (row.source != "own knowledge"), row
        assert not row.includes_descendants or row.system in s.PREFIX_SYSTEMS | {s.SNOMED}, row
        assert row.system != s.ICD10PCS or row.includes_descendants == (len(row.code) < 7), row
        assert row.display == row.display.strip(), row
    assert len({(row.system, row.code) for row in concept.rows}) == len(concept.rows)


def test_no_code_stands_in_two_concepts() -> None:
    pairs = Counter(
        (row.system, row.code) for concept in CONCEPTS.values() if not concept.within for row in concept.rows
    )
    assert [pair for pair, times_seen in pairs.items() if times_seen > 1] == []


def test_no_cpt_descriptor_is_shipped() -> None:
    displays = {row.display for concept in CONCEPTS.values() for row in concept.rows if row.system == s.CPT}
    assert displays == {""}


def test_nothing_of_the_register_was_lost() -> None:
    rows = register_rows()
    assert len(rows) == REGISTER_ROWS
    assert len({concept for concept, _ in rows}) == REGISTER_CONCEPTS
    assert Counter(row.system for _, row in rows) == REGISTER_SYSTEMS
    assert sum(not row.verified for _, row in rows) == REGISTER_UNVERIFIED


def test_our_own_codes_are_packaged() -> None:
    own = [concept for concept in CONCEPTS.values() if concept.topic == "own_codes"]
    assert len(own) == OWN_CONCEPTS
    assert sum(len(concept.rows) for concept in own) == OWN_ROWS
    for concept in own:
        assert concept.name == "site-pelvic-sidewall" or concept.name == f"own-{concept.rows[0].code}"


def test_the_rows_equal_the_register_where_it_is_at_hand() -> None:
    found = {
        (
            name,
            CONCEPTS[name].kind,
            row.system,
            row.code,
            row.display,
            row.includes_descendants,
            row.source,
            row.verified,
        )
        for name, row in register_rows()
    }
    assert len(found) == REGISTER_ROWS
    if not REGISTER.exists():
        return
    with REGISTER.open(encoding="utf-8", newline="") as file:
        expected = {
            (
                *(entry[column] for column in ("concept", "kind", "system", "code", "display")),
                entry["includes_descendants"] == "yes",
                # how a source was searched for is left out of the product
                re.sub(r" found by \w+", "", entry["source"]),
                entry["verified"] == "yes",
            )
            for entry in csv.DictReader(file)
        }
    assert found == expected
