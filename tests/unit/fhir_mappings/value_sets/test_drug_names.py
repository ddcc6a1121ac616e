"""Medications that come as text only: exact names, longest first."""

from __future__ import annotations

import pytest

from fhir_mappings.value_sets import concepts_by_name, kind_of
from fhir_mappings.value_sets.drug_names import DRUG_NAMES, LONGEST_TEXT
from fhir_mappings.value_sets.groups import BEVACIZUMAB_SYSTEMIC

NAMED = [
    ("Avastin 25 mg/mL", {"bevacizumab"}),
    ("MVASI", {"bevacizumab-awwb"}),
    ("bevacizumab-awwb 400 mg", {"bevacizumab-awwb"}),
    ("bevacizumab-zzzz", {"bevacizumab"}),
    ("Lytenava", {"bevacizumab-ophthalmic"}),
    ("Cisplatin 50 mg/m2 and paclitaxel", {"cisplatin", "paclitaxel-formulation-unspecified"}),
    ("Taxol", {"paclitaxel-conventional"}),
    ("nab-paclitaxel", {"paclitaxel-protein-bound"}),
    ("paclitaxel (protein-bound)", {"paclitaxel-protein-bound"}),
    ("Paclitaxel protein-bound particles (albumin-bound)", {"paclitaxel-protein-bound"}),
    ("albumin-bound paclitaxel", {"paclitaxel-protein-bound"}),
    ("Abraxane", {"paclitaxel-protein-bound"}),
    ("Hycamtin", {"topotecan"}),
    ("Keytruda", {"pembrolizumab"}),
    ("Keytruda  Qlex", {"pembrolizumab-berahyaluronidase"}),
    ("Opdivo Qvantig", {"nivolumab-hyaluronidase"}),
    ("fam-trastuzumab deruxtecan-nxki", {"trastuzumab-deruxtecan"}),
    ("trastuzumab", {"trastuzumab-ingredient-ambiguous"}),
    ("tisotumab vedotin-tftv", {"tisotumab-vedotin"}),
    ("Libtayo/Tecentriq", {"cemiplimab", "atezolizumab"}),
    ("5-FU", {"fluorouracil-route-unspecified"}),
    ("cisplatinfree regimen", set()),
    ("anticisplatin", set()),
    ("Taxolol", set()),
    ("aspirin", set()),
    ("", set()),
]


@pytest.mark.parametrize(("text", "concepts"), NAMED)
def test_names_are_whole_words_and_the_longest_wins(text: str, concepts: set[str]) -> None:
    assert concepts_by_name(text) == concepts


@pytest.mark.parametrize("brand", ["Avastin", "Mvasi", "Zirabev", "Alymsys", "Vegzelma", "Avzivi", "Jobevne"])
def test_every_bevacizumab_brand_of_the_decision_model_is_systemic_bevacizumab(brand: str) -> None:
    assert concepts_by_name(f"{brand} 400 MG") & BEVACIZUMAB_SYSTEMIC


@pytest.mark.parametrize(("name", "concept"), DRUG_NAMES.items())
def test_every_name_leads_to_a_medication_and_finds_itself(name: str, concept: str) -> None:
    assert kind_of(concept) == "medication"
    assert name == " ".join(name.lower().split())
    assert concepts_by_name(name.upper()) == {concept}


def test_only_the_beginning_of_a_text_is_searched() -> None:
    assert concepts_by_name("x " * LONGEST_TEXT + "cisplatin") == frozenset()
