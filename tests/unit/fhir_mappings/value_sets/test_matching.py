"""How a code finds its concept: the rules and the traps of the terminology notes."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fhir_mappings.value_sets import (
    CONCEPTS,
    GROUPS,
    codes_of,
    concept_of,
    concepts_of,
    conflicting,
    kind_of,
    most_specific,
    title_of,
    use_cpt,
)
from fhir_mappings.value_sets import systems as s

EXACT = [
    (s.ICD10CM, "C53.0", "cervical-cancer-endocervix"),
    (s.ICD10CM, "C53", "cervical-cancer"),
    (s.ICD10, "C53.9", "cervical-cancer"),
    (s.SNOMED, "254886006", "cervical-squamous-cell-carcinoma"),
    (s.SNOMED, "116142003", "radical-hysterectomy"),
    (s.ICDO3, "8073/3", "squamous-morphology"),
    (s.SNOMED, "35718007", "squamous-morphology"),
    (s.ICDO3, "8041/3", "neuroendocrine-morphology"),
    (s.SNOMED, "74364000", "neuroendocrine-morphology"),
    (s.ICDO3, "8070/2", "squamous-morphology-in-situ"),
    (s.ICDO3, "8070/6", "squamous-morphology-metastatic"),
    (s.SNOMED, "81105003", "site-neck"),
    (s.SNOMED, "60075002", "site-neck"),
    (s.SNOMED, "94290006", "secondary-cancer-in-cervix"),
    (s.ICD10CM, "Z92.3", "history-of-radiotherapy"),
    (s.LOINC, "83053-9", "pd-l1-tumour-cell-percentage"),
    (s.LOINC, "88040-1", "cancer-disease-status"),
    (s.LOINC, "97509-4", "cancer-disease-status"),
    (s.RXNORM, "56946", "paclitaxel-formulation-unspecified"),
    (s.RXNORM, "583214", "paclitaxel-protein-bound"),
    (s.RXNORM, "312199", "paclitaxel-conventional"),
    (s.RXNORM, "2267574", "trastuzumab-deruxtecan"),
    (s.RXNORM, "224905", "trastuzumab-ingredient-ambiguous"),
    (s.HCPCS, "Q5107", "bevacizumab-awwb"),
    (s.ICD10CM, "I67.83", "posterior-reversible-encephalopathy"),
    (s.ICD10CM, "I67.4", "hypertensive-encephalopathy"),
    (s.RECURRENCE_FINDINGS, "tumour-at-site", "own-tumour-at-site"),
    (s.RECURRENCE_SITES, "pelvic-sidewall-left", "site-pelvic-sidewall"),
]

BELOW = [
    (s.ICD10CM, "C78.01", "metastasis-lung", "C78.0"),
    (s.ICD10CM, "C53.89", "cervical-cancer", "C53"),
    (s.ICD10, "I26.9", "venous-thromboembolism", "I26"),
    (s.ICD9CM, "619.1", "fistula-vaginal-or-genitourinary", "619"),
    (s.ICD10PCS, "DU011ZZ", "radiotherapy-pelvis-external-beam", "DU01"),
    (s.ICD10PCS, "DM0000Z", "radiotherapy-breast", "DM0"),
    (s.ICD10PCS, "0UT94ZZ", "uterus-resection-component", "0UT9"),
    (s.ATC, "M01AE01", "nsaid-systemic", "M01AE"),
    (s.ATC, "J01GB06", "amikacin-systemic", "J01GB06"),
    (s.ATC, "J01GB04", "aminoglycoside-other-systemic", "J01G"),
]

UNKNOWN = [
    (s.ICD10, "C80.0"),  # unknown primary in WHO ICD-10, disseminated cancer in ICD-10-CM
    (s.ICD10CM, "C5"),
    (s.SNOMED, "2548860061"),  # longer than a listed code: no prefixes in SNOMED CT
    (s.SNOMED, "25488600"),
    (s.LOINC, "83053"),
    (s.RXNORM, "569461"),
    (s.ATC, "M01AX05"),  # glucosamine is no NSAID
    (s.ICD10CM, "C79.82X"),  # C79.82 has nothing below it and C79 is no row
    ("http://hl7.org/fhir/sid/icd-10-am", "C53.9"),
    (s.ICD10GM, "C79.87"),  # no such code, and the WHO row stands for its own code only
    (s.OPS, "8-529.4"),  # planning is no treatment
    (s.OPS, "8-54"),  # antiretroviral therapy as well
    ("http://example.org/local", "C53.9"),
    (s.SNOMED, "9" * 100),
    (s.ICD10CM, "C53" + "9" * 100),
]


@pytest.fixture
def cpt_left_out() -> Iterator[None]:
    use_cpt(use=False)
    yield
    use_cpt(use=True)


@pytest.mark.parametrize(("system", "code", "concept"), EXACT)
def test_the_exact_pair_wins(system: str, code: str, concept: str) -> None:
    match = concept_of(system, code)
    assert match is not None
    assert (match.concept, match.exact, match.row.code) == (concept, True, code)


@pytest.mark.parametrize(("system", "code", "concept", "row"), BELOW)
def test_the_longest_prefix_wins_where_codes_nest(system: str, code: str, concept: str, row: str) -> None:
    match = concept_of(system, code)
    assert match is not None
    assert (match.concept, match.row.code, match.exact) == (concept, row, code == row)


@pytest.mark.parametrize(("system", "code"), UNKNOWN)
def test_no_row_is_unknown(system: str, code: str) -> None:
    assert concept_of(system, code) is None


@pytest.mark.parametrize(("system", "code"), [(None, "C53"), (s.ICD10CM, None), ("", "C53"), (s.ICD10CM, "")])
def test_half_a_coding_means_nothing(system: str | None, code: str | None) -> None:
    assert concept_of(system, code) is None
    assert concepts_of([(system, code)]) == frozenset()


def test_the_us_meaning_of_c80_0_is_read() -> None:
    match = concept_of(s.ICD10CM, "C80.0")
    assert match is not None
    assert match.concept == "metastasis-unspecified-site"


@pytest.mark.parametrize("written", ["C539", " c53.9 ", "c539"])
def test_an_icd_code_is_normalised_before_it_is_looked_up(written: str) -> None:
    assert concepts_of([(s.ICD10CM, written)]) == {"cervical-cancer"}


def test_an_alias_of_the_system_is_read() -> None:
    assert concepts_of([("urn:oid:2.16.840.1.113883.6.96", "254886006")]) == {"cervical-squamous-cell-carcinoma"}
    assert concepts_of([("https://www.cms.gov/Medicare/Coding/HCPCSReleaseCodeSets", "J9035")]) == {"bevacizumab"}
    assert concepts_of([("http://hl7.org/fhir/sid/icd-10-pcs", "du011zz")]) == {"radiotherapy-pelvis-external-beam"}
    assert concepts_of([("http://www.genenames.org/geneId", "HGNC:9967")]) == {"gene-ret"}


def test_a_refinement_comes_with_its_concept() -> None:
    assert concepts_of([(s.SNOMED, "39607008")]) == {"site-chest", "site-lung"}
    assert concepts_of([(s.SNOMED, "51185008")]) == {"site-chest"}
    match = concept_of(s.ICD10CM, "H16.071")
    assert match is not None
    assert match.concepts == {"ocular-surface-disease", "corneal-ulcer"}
    assert (match.row.code, match.exact) == ("H16", False)
    plain = concept_of(s.ICD10CM, "C53.0")
    assert plain is not None
    assert plain.concepts == {"cervical-cancer-endocervix"}


def test_all_codings_of_a_concept_count() -> None:
    codings = [(s.ICD10CM, "C53.9"), (s.SNOMED, "254886006"), ("http://example.org/local", "1"), (None, None)]
    assert concepts_of(codings) == {"cervical-cancer", "cervical-squamous-cell-carcinoma"}


AGREE = [
    [(s.ICD10CM, "C53.9"), (s.SNOMED, "254886006")],
    [(s.ICD10CM, "C53.0"), (s.SNOMED, "254886006")],  # part and tissue type
    [(s.ICD10CM, "C53.9"), (s.SNOMED, "314970000")],
    [(s.RXNORM, "253337"), (s.HCPCS, "Q5107")],
    [(s.RXNORM, "56946"), (s.RXNORM, "583214")],
    [(s.SNOMED, "108290001"), (s.ICD10PCS, "DU11BBZ")],
    [(s.SNOMED, "441799006"), (s.ICD10PCS, "DW061ZZ")],  # technique and place
    [(s.ICD10CM, "C79.9"), (s.SNOMED, "94391008")],
    [(s.SNOMED, "82918005"), (s.SNOMED, "443271005")],
    [(s.ICD10CM, "C53.9"), (s.RECURRENCE_FINDINGS, "unresectable")],  # other kinds
    [(s.ICD10CM, "C53.9")],
    [],
]

DISAGREE = [
    ([(s.SNOMED, "254886006"), (s.SNOMED, "254887002")], "cervical-squamous-cell-carcinoma"),
    ([(s.ICD10CM, "C53.9"), (s.ICD10CM, "C54.1")], "uterine-corpus-cancer"),
    ([(s.RXNORM, "2555"), (s.RXNORM, "40048")], "cisplatin"),
    ([(s.ICD10CM, "C78.7"), (s.ICD10CM, "C78.0")], "metastasis-liver"),
    ([(s.ICDO3, "8070/3"), (s.ICDO3, "8041/3")], "neuroendocrine-morphology"),
    ([(s.ICDO3, "8070/3"), (s.ICDO3, "8070/2")], "squamous-morphology-in-situ"),
    ([(s.SNOMED, "33195004"), (s.SNOMED, "152198000")], "radiotherapy-brachytherapy"),
    ([(s.SNOMED, "116142003"), (s.SNOMED, "406044008")], "pelvic-exenteration"),
]


@pytest.mark.parametrize("codings", AGREE)
def test_wider_codings_and_other_questions_do_not_conflict(codings: list[tuple[str, str]]) -> None:
    assert conflicting(codings) == frozenset()


@pytest.mark.parametrize(("codings", "one"), DISAGREE)
def test_codings_that_contradict_each_other_are_all_reported(codings: list[tuple[str, str]], one: str) -> None:
    assert conflicting(codings) == concepts_of(codings)
    assert one in conflicting(codings)


def test_most_specific_keeps_what_generalises_nothing() -> None:
    assert most_specific({"cervical-cancer", "cervical-squamous-cell-carcinoma"}) == {
        "cervical-squamous-cell-carcinoma"
    }
    assert most_specific({"metastasis-unspecified-site", "metastasis-from-cervical-cancer-site-unspecified"}) == {
        "metastasis-from-cervical-cancer-site-unspecified"
    }
    assert most_specific(["cisplatin", "carboplatin"]) == {"cisplatin", "carboplatin"}
    assert most_specific([]) == frozenset()


@pytest.mark.usefixtures("cpt_left_out")
def test_cpt_can_be_left_out() -> None:
    assert concept_of(s.CPT, "58240") is None
    assert concepts_of([(s.SNOMED, "406044008")]) == {"pelvic-exenteration"}
    assert {row.system for row in codes_of("pelvic-exenteration")} == {s.SNOMED}
    assert codes_of("radiotherapy-stereotactic-cranial") == ()


def test_cpt_counts_unless_left_out() -> None:
    match = concept_of(s.CPT, "58240")
    assert match is not None
    assert (match.concept, match.row.display) == ("pelvic-exenteration", "")
    assert len(codes_of("radiotherapy-stereotactic-cranial")) == 3


def test_kind_and_title_are_looked_up() -> None:
    assert kind_of("site-lung") == "body-site"
    assert title_of("cervical-squamous-cell-carcinoma") == "squamous cell carcinoma of the cervix"
    for lookup in (kind_of, title_of, codes_of):
        with pytest.raises(KeyError):
            lookup("no-such-concept")


def codings() -> st.SearchStrategy[tuple[str, str]]:
    rows = [(row.system, row.code) for concept in CONCEPTS.values() for row in concept.rows]
    return st.sampled_from(rows) | st.tuples(st.sampled_from(list(s.SYSTEM_NAMES.values())), st.text(max_size=12))


@given(st.lists(codings(), max_size=4))
def test_the_order_of_codings_does_not_matter(found: list[tuple[str, str]]) -> None:
    assert concepts_of(found) == concepts_of(reversed(found))
    assert conflicting(found) == conflicting(reversed(found))
    assert conflicting(found) <= concepts_of(found)


@given(codings())
def test_one_coding_never_conflicts_with_itself(coding: tuple[str, str]) -> None:
    assert conflicting([coding, coding]) == frozenset()


def test_every_concept_is_found_by_each_of_its_codes() -> None:
    for concept in CONCEPTS.values():
        for row in concept.rows:
            match = concept_of(row.system, row.code)
            assert match is not None, row
            assert concept.name in match.concepts, row
            assert match.concept == (concept.within or concept.name), row


def test_group_members_meet_the_traps() -> None:
    g = GROUPS
    assert concepts_of([(s.HCPCS, "C9257")]).isdisjoint(g["BEVACIZUMAB_SYSTEMIC"])
    assert concepts_of([(s.ATC, "S01LA08")]) <= g["BEVACIZUMAB_OPHTHALMIC"]
    assert len(g["BEVACIZUMAB_BIOSIMILAR"]) == 6
    assert g["BEVACIZUMAB_BIOSIMILAR"] < g["BEVACIZUMAB_SYSTEMIC"]
    assert concepts_of([(s.RXNORM, "583214")]).isdisjoint(g["PACLITAXEL_NOT_PROTEIN_BOUND"])
    assert concepts_of([(s.RXNORM, "583214")]) <= g["PACLITAXEL"]
    assert concepts_of([(s.ICDO3, "8073/3")]) <= g["HISTOLOGY_SQUAMOUS"]
    assert concepts_of([(s.ICDO3, "8041/3")]) <= g["HISTOLOGY_NEUROENDOCRINE"]
    assert concepts_of([(s.LOINC, "83053-9")]).isdisjoint(g["PDL1_CPS"])
    assert concepts_of([(s.ICD10CM, "Z92.3")]).isdisjoint(g["RADIOTHERAPY_PELVIC"] | g["RADIOTHERAPY"])
    assert concepts_of([(s.ICD10PCS, "DM001ZZ")]) <= g["RADIOTHERAPY_NON_PELVIC"]
    assert concepts_of([(s.ICD10CM, "Z85.41")]).isdisjoint(g["CERVICAL_CANCER"])
    assert concepts_of([(s.ICD10CM, "D06.9")]).isdisjoint(g["CERVICAL_CANCER"])
    assert concepts_of([(s.ICD10CM, "C79.82")]).isdisjoint(g["CERVICAL_CANCER"])
    assert concepts_of([(s.ICD10CM, "C50.911")]) <= g["OTHER_PRIMARY_CANCER"]
    assert concepts_of([(s.SNOMED, "116142003")]).isdisjoint(g["EXENTERATION"])
    assert concepts_of([(s.SNOMED, "1255724003")]).isdisjoint(g["RADIOTHERAPY"])


@pytest.mark.parametrize(
    ("system", "code", "concept"),
    [
        (s.ICD10GM, "C53.9", "cervical-cancer"),
        (s.ICD10GM, "c539", "cervical-cancer"),
        ("http://fhir.de/CodeSystem/dimdi/icd-10-gm", "C53.1", "cervical-cancer-exocervix"),
        (s.ICD10GM, "I82.81", "venous-thromboembolism"),  # divided further than in the WHO edition
        (s.ICD10GM, "C79.8", "metastasis-other-specified-site"),
        (s.ICD10GM, "C79.82", "metastasis-female-genital-organ"),  # a code of the German edition alone
        (s.OPS, "5-685.40", "radical-hysterectomy"),
        ("http://fhir.de/CodeSystem/dimdi/ops", "8-522.91", "radiotherapy-external-beam"),
        (s.OPS, "8-524.1", "radiotherapy-brachytherapy"),
        (s.OPS, "8-524.2", "radiotherapy-pelvis-brachytherapy"),
        (s.OPS, "8-52", "radiotherapy-any"),
        (s.OPS, "8-542.11", "chemotherapy-procedure"),
        ("http://fhir.de/CodeSystem/bfarm/atc", "L01XA01", "cisplatin"),
        (s.SNOMED, "399387003", "tnm-distant-metastases"),
        (s.LOINC, "59847-4", "tumour-morphology-observation"),
    ],
)
def test_codes_of_published_profiles_are_read(system: str, code: str, concept: str) -> None:
    match = concept_of(system, code)
    assert match is not None
    assert match.concept == concept
