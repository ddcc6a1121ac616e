"""The named groups and the table of wider concepts hold together and say what they mean."""

from __future__ import annotations

import pytest

from fhir_mappings.value_sets import CONCEPTS, GROUPS, Group, kind_of
from fhir_mappings.value_sets.broader import DIFFERENT_QUESTIONS, NARROWER, agree, below


@pytest.mark.parametrize("name", sorted(GROUPS))
def test_every_member_of_a_group_exists_and_the_group_has_a_meaning(name: str) -> None:
    group = GROUPS[name]
    assert group
    assert group <= CONCEPTS.keys()
    assert group.meaning.endswith(".")
    assert "\n" not in group.meaning


def test_a_group_unites_ids_and_groups() -> None:
    small = Group("Two drugs.", "cisplatin", "carboplatin")
    wide = Group("Three drugs.", small, "topotecan")
    assert sorted(wide) == ["carboplatin", "cisplatin", "topotecan"]
    assert {"cisplatin", "docetaxel"} & wide == {"cisplatin"}
    assert (small.meaning, wide.meaning) == ("Two drugs.", "Three drugs.")


SEPARATE = [
    ("CERVICAL_CANCER", "CERVICAL_PRECANCER"),
    ("CERVICAL_CANCER", "CERVICAL_CANCER_HISTORY"),
    ("CERVICAL_CANCER", "OTHER_PRIMARY_CANCER"),
    ("METASTASIS", "SECONDARY_CANCER_IN_CERVIX"),
    ("METASTASIS", "CERVICAL_CANCER_WITH_DIRECT_SPREAD"),
    ("METASTASIS_DISTANT", "METASTASIS_PARAAORTIC"),
    ("METASTASIS_DISTANT", "METASTASIS_PELVIC_NODAL"),
    ("METASTASIS_DISTANT", "METASTASIS_CENTRAL_PELVIC"),
    ("METASTASIS_DISTANT", "METASTASIS_PELVIC_PART_UNSPECIFIED"),
    ("METASTASIS_DISTANT", "METASTASIS_SITE_UNSPECIFIED"),
    ("SITE_DISTANT", "PELVIC_RT_SITE"),
    ("SITE_CENTRAL_PELVIC", "SITE_PELVIC_SIDEWALL"),
    ("PELVIC_RT_SITE", "PELVIC_RT_SITE_POSSIBLE"),
    ("RADIOTHERAPY_PELVIC", "RADIOTHERAPY_NON_PELVIC"),
    ("RADIOTHERAPY_PELVIC", "RADIOTHERAPY_PLACE_OPEN"),
    ("RADIOTHERAPY_EXTERNAL_BEAM", "RADIOTHERAPY_BRACHYTHERAPY"),
    ("RADIOTHERAPY", "RADIOTHERAPY_PLAN"),
    ("RADIOTHERAPY", "RADIOTHERAPY_SITE_UNSPECIFIED"),
    ("SURGERY_MAJOR", "SURGERY_MINOR"),
    ("EXENTERATION", "HYSTERECTOMY"),
    ("BEVACIZUMAB_SYSTEMIC", "BEVACIZUMAB_OPHTHALMIC"),
    ("PACLITAXEL_NOT_PROTEIN_BOUND", "PACLITAXEL_PROTEIN_BOUND"),
    ("CYTOTOXIC", "ANTIBODY_DRUG_CONJUGATES"),
    ("PDL1_CPS", "PDL1_NOT_CPS"),
]


@pytest.mark.parametrize(("one", "other"), SEPARATE)
def test_groups_that_exclude_one_another_share_no_concept(one: str, other: str) -> None:
    assert not GROUPS[one] & GROUPS[other]


def test_tissue_types_are_told_apart() -> None:
    types = [group for name, group in GROUPS.items() if name.startswith("HISTOLOGY_")]
    assert len(types) == 7
    assert sum(map(len, types)) == len(frozenset().union(*types))


def test_every_metastasis_has_a_site_group_or_none_stated() -> None:
    placed = GROUPS["METASTASIS"] | GROUPS["SECONDARY_CANCER_IN_CERVIX"]
    assert {name for name in CONCEPTS if name.startswith("metastasis-")} <= placed


def test_every_body_site_is_in_a_site_group() -> None:
    sites = frozenset().union(*(group for name, group in GROUPS.items() if name.startswith("SITE_")))
    assert {name for name in CONCEPTS if kind_of(name) == "body-site"} == sites


def test_every_radiotherapy_concept_is_radiotherapy_or_a_plan() -> None:
    named = {name for name in CONCEPTS if name.startswith("radiotherapy-")}
    assert named <= GROUPS["RADIOTHERAPY"] | GROUPS["RADIOTHERAPY_PLAN"]


@pytest.mark.parametrize("wide", sorted(NARROWER))
def test_a_wider_concept_generalises_concepts_of_its_own_kind_and_never_itself(wide: str) -> None:
    assert wide not in below(wide)
    for narrow in NARROWER[wide]:
        assert kind_of(narrow) == kind_of(wide)


def test_different_questions_name_known_concepts() -> None:
    for left, right in DIFFERENT_QUESTIONS:
        assert left | right <= CONCEPTS.keys()


def test_generalising_passes_over_several_steps() -> None:
    assert "cervical-cancer-separate-metastasis-vagina" in below("metastasis-other-specified-site")
    assert agree("cancer-any-primary", "cervical-cancer-endocervix")
    assert agree("cervical-cancer-endocervix", "cancer-any-primary")
    assert not agree("cisplatin", "carboplatin")
