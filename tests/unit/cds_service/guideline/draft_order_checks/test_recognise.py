"""Which families a draft order belongs to."""

from __future__ import annotations

from typing import Any

import pytest

from cds_service.guideline.draft_order_checks.recognise import Family, families
from fhir_mappings.history import Route
from fhir_mappings.value_sets import groups
from tests.unit.cds_service.guideline.draft_order_checks.order_builders import draft

RADIOTHERAPY = {"resource_type": "ServiceRequest"}


@pytest.mark.parametrize("concept", sorted(groups.BEVACIZUMAB_SYSTEMIC))
def test_every_biosimilar_is_bevacizumab(concept: str) -> None:
    assert families(draft(concept, (1000, "mg"))) == {Family.BEVACIZUMAB}


def test_the_biosimilars_of_the_label_are_all_there() -> None:
    suffixes = {"awwb", "bvzr", "maly", "adcd", "tnjn", "nwgd"}
    assert {f"bevacizumab-{suffix}" for suffix in suffixes} | {"bevacizumab"} == set(groups.BEVACIZUMAB_SYSTEMIC)


@pytest.mark.parametrize(
    "order",
    [
        draft("bevacizumab-ophthalmic"),
        draft("bevacizumab", (1.25, "mg"), route=Route.OPHTHALMIC),
        draft("bevacizumab", route=Route.OPHTHALMIC),
        draft("bevacizumab", (1.25, "mg")),
        draft("bevacizumab-awwb", (5, "mg")),
        draft("bevacizumab", (1250, "ug")),
    ],
)
def test_bevacizumab_for_the_eye_is_not_systemic(order: Any) -> None:
    assert families(order) == frozenset()


@pytest.mark.parametrize(
    "order",
    [
        draft("bevacizumab", (5.1, "mg")),
        draft("bevacizumab", (5, "mg/kg")),
        draft("bevacizumab", (1.25, "mg"), (900, "mg")),
        draft("bevacizumab", (5, "mg"), route=Route.SYSTEMIC),
        draft("bevacizumab", (1, "mL")),
    ],
)
def test_small_doses_that_are_not_for_the_eye(order: Any) -> None:
    assert families(order) == {Family.BEVACIZUMAB}


@pytest.mark.parametrize(
    ("concept", "family"),
    [
        ("cisplatin", Family.CISPLATIN),
        ("carboplatin", Family.CARBOPLATIN),
        ("paclitaxel-conventional", Family.PACLITAXEL),
        ("paclitaxel-formulation-unspecified", Family.PACLITAXEL),
        ("paclitaxel-protein-bound", Family.NAB_PACLITAXEL),
        ("topotecan", Family.TOPOTECAN),
        ("pembrolizumab-berahyaluronidase", Family.PEMBROLIZUMAB),
        ("cemiplimab", Family.CEMIPLIMAB),
        ("atezolizumab-hyaluronidase", Family.ATEZOLIZUMAB),
        ("nivolumab-relatlimab", Family.NIVOLUMAB),
        ("tisotumab-vedotin", Family.TISOTUMAB_VEDOTIN),
        ("trastuzumab-deruxtecan", Family.TRASTUZUMAB_DERUXTECAN),
        ("trastuzumab-emtansine", Family.OTHER_CYTOTOXIC),
        ("docetaxel", Family.OTHER_CYTOTOXIC),
        ("gemcitabine", Family.OTHER_CYTOTOXIC),
        ("chemotherapy-procedure", Family.OTHER_CYTOTOXIC),
        ("imaging-pet-ct", Family.PET_CT),
        ("pelvic-exenteration", Family.EXENTERATION),
        ("radical-hysterectomy", Family.MAJOR_SURGERY),
        ("hysterectomy-total", Family.MAJOR_SURGERY),
        ("trachelectomy", Family.MAJOR_SURGERY),
        ("bladder-resection", Family.MAJOR_SURGERY),
        ("surgery-any", Family.MAJOR_SURGERY),
        ("biopsy-any", Family.MINOR_SURGERY),
        ("nephrostomy", Family.MINOR_SURGERY),
    ],
)
def test_one_concept_one_family(concept: str, family: Family) -> None:
    assert families(draft(concept)) == {family}


@pytest.mark.parametrize("concept", ["gemcitabine-intravesical", "fluorouracil-topical", "apixaban", "selpercatinib"])
def test_no_family(concept: str) -> None:
    assert families(draft(concept)) == frozenset()


def test_only_a_stated_local_route_makes_fluorouracil_a_cream() -> None:
    assert families(draft("fluorouracil-route-unspecified")) == {Family.OTHER_CYTOTOXIC}
    assert families(draft("fluorouracil-route-unspecified", route=Route.OTHER)) == frozenset()


@pytest.mark.parametrize(
    ("concept", "sites", "expected"),
    [
        ("radiotherapy-any", {"site-pelvis"}, {Family.PELVIC_RADIOTHERAPY}),
        ("radiotherapy-external-beam", {"site-cervix"}, {Family.PELVIC_RADIOTHERAPY}),
        ("radiotherapy-brachytherapy", {"site-vaginal-cuff"}, {Family.PELVIC_RADIOTHERAPY}),
        ("radiotherapy-stereotactic-body", {"site-pelvic-sidewall"}, {Family.PELVIC_RADIOTHERAPY}),
        ("radiotherapy-any", {"site-bony-pelvis"}, {Family.PELVIC_RADIOTHERAPY}),
        ("radiotherapy-pelvis", set(), {Family.PELVIC_RADIOTHERAPY}),
        ("radiotherapy-pelvic-bones", set(), {Family.PELVIC_RADIOTHERAPY}),
        ("radiotherapy-plan", {"site-pelvis"}, {Family.PELVIC_RADIOTHERAPY}),
        ("chemoradiation", {"site-pelvis"}, {Family.PELVIC_RADIOTHERAPY, Family.OTHER_CYTOTOXIC}),
        ("radiotherapy-any", {"site-pelvis", "site-chest"}, {Family.PELVIC_RADIOTHERAPY, Family.OTHER_RADIOTHERAPY}),
        ("radiotherapy-any", {"site-breast"}, {Family.OTHER_RADIOTHERAPY}),
        ("radiotherapy-any", {"site-paraaortic-lymph-nodes"}, {Family.OTHER_RADIOTHERAPY}),
        ("radiotherapy-brain", set(), {Family.OTHER_RADIOTHERAPY}),
        ("radiotherapy-any", set(), {Family.RADIOTHERAPY_SITE_UNKNOWN}),
        ("radiotherapy-any", {"site-abdominopelvic"}, {Family.RADIOTHERAPY_SITE_UNKNOWN}),
        ("radiotherapy-any", {"site-spine"}, {Family.RADIOTHERAPY_SITE_UNKNOWN}),
        ("radiotherapy-hemibody", set(), {Family.RADIOTHERAPY_SITE_UNKNOWN}),
        ("radiotherapy-inguinal", set(), {Family.RADIOTHERAPY_SITE_UNKNOWN}),
        (
            "radiotherapy-brachytherapy-gynaecological-device",
            set(),
            {Family.PELVIC_RADIOTHERAPY, Family.MINOR_SURGERY},
        ),
    ],
)
def test_radiotherapy_by_site(concept: str, sites: set[str], expected: set[Family]) -> None:
    assert families(draft(concept, body_sites=frozenset(sites), **RADIOTHERAPY)) == expected


def test_a_technique_alone_says_radiotherapy() -> None:
    order = draft("unmatched", technique=frozenset({"radiotherapy-imrt"}), body_sites=frozenset({"site-pelvis"}))
    assert families(order) == {Family.PELVIC_RADIOTHERAPY}


def test_a_site_without_radiotherapy_says_nothing() -> None:
    assert families(draft("imaging-mri-pelvis", body_sites=frozenset({"site-pelvis"}))) == frozenset()
