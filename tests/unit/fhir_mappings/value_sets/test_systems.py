"""Names of code systems and how codes are written in them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fhir_mappings.value_sets import SYSTEM_ALIASES, normalise
from fhir_mappings.value_sets import systems as s

WRITTEN = [
    (s.ICD10CM, "c539", "C53.9"),
    (s.ICD10CM, " C53.9 ", "C53.9"),
    (s.ICD10CM, "C53", "C53"),
    (s.ICD10CM, "z85.41", "Z85.41"),
    (s.ICD10CM, "T451X5A", "T45.1X5A"),
    (s.ICD9CM, "1809", "180.9"),
    (s.ICD9CM, "V1041", "V10.41"),
    (s.ICD9CM, "E8798", "E879.8"),
    (s.ICD9CM, "042", "042"),
    (s.ICDO3, "8070/3", "8070/3"),
    (s.ICDO3, "c539", "C53.9"),
    (s.ICD10PCS, "0ut90zz", "0UT90ZZ"),
    (s.RXNORM, "0056946", "0056946"),
    (s.RECURRENCE_FINDINGS, "tumour-at-site", "tumour-at-site"),
]


@pytest.mark.parametrize(("system", "received", "expected"), WRITTEN)
def test_codes_are_written_as_the_value_sets_write_them(system: str, received: str, expected: str) -> None:
    assert normalise(system, received) == (system, expected)


@pytest.mark.parametrize(("alias", "system"), SYSTEM_ALIASES.items())
def test_every_alias_becomes_a_listed_system(alias: str, system: str) -> None:
    assert system in s.SYSTEM_NAMES.values()
    assert normalise(alias, "1")[0] == system
    assert normalise(alias + "/", "1")[0] == system


def test_the_aliases_of_the_terminology_notes_are_there() -> None:
    assert {
        "urn:oid:2.16.840.1.113883.6.96": s.SNOMED,
        "urn:oid:2.16.840.1.113883.6.90": s.ICD10CM,
        "urn:oid:2.16.840.1.113883.6.43.1": s.ICDO3,
        "http://hl7.org/fhir/sid/icd-10-pcs": s.ICD10PCS,
        "https://www.cms.gov/Medicare/Coding/HCPCSReleaseCodeSets": s.HCPCS,
        "urn:oid:2.16.840.1.113883.6.285": s.HCPCS,
        "http://www.genenames.org/geneId": s.HGNC,
    }.items() <= SYSTEM_ALIASES.items()


def test_an_unknown_system_stays() -> None:
    assert normalise("http://example.org/codes", " a ") == ("http://example.org/codes", "a")
    assert normalise("http://fhir.de/CodeSystem/bfarm/icd-10-gm", "C53.9")[0] == (
        "http://fhir.de/CodeSystem/bfarm/icd-10-gm"
    )


@given(st.sampled_from([*s.SYSTEM_NAMES.values(), *SYSTEM_ALIASES]), st.text(max_size=12))
def test_normalising_twice_changes_nothing(system: str, code: str) -> None:
    once = normalise(system, code)
    assert normalise(*once) == once
