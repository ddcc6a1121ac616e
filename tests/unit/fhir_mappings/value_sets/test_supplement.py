"""The supplement: small, sourced, and unverified codes kept under concepts of their own."""

from __future__ import annotations

import pytest

from fhir_mappings.history import UNVERIFIED
from fhir_mappings.value_sets import CONCEPTS, concept_of
from fhir_mappings.value_sets.systems import ATC, ICD10CM, LOINC, RXNORM, SNOMED

SUPPLEMENT = [concept for concept in CONCEPTS.values() if concept.topic == "supplement"]


def test_it_stays_small() -> None:
    assert 0 < sum(len(concept.rows) for concept in SUPPLEMENT) <= 120


def test_unverified_codes_have_concepts_of_their_own() -> None:
    verified = {(concept.name.endswith(UNVERIFIED), row.verified) for concept in SUPPLEMENT for row in concept.rows}
    assert verified == {(True, False), (False, True)}


def test_an_unverified_concept_has_a_verified_counterpart() -> None:
    names = {concept.name for concept in SUPPLEMENT if concept.name.endswith(UNVERIFIED)}
    assert {name.removesuffix(UNVERIFIED) for name in names} <= CONCEPTS.keys()


@pytest.mark.parametrize(
    ("system", "code", "concept"),
    [
        (ICD10CM, "I11.0", "heart-failure-other"),
        (ICD10CM, "Z94.0", "solid-organ-transplant"),
        (ICD10CM, "Z94.7", "transplanted-tissue"),
        (ICD10CM, "G70.01", "immune-neuropathy-or-myasthenia"),
        (ICD10CM, "H16.223", "keratitis"),
        (ICD10CM, "H16.011", "corneal-ulcer"),
        (SNOMED, "55468007", "slit-lamp-examination"),
        (SNOMED, "133918004", "comfort-or-hospice-care"),
        (RXNORM, "312615", "prednisone-or-prednisolone"),
        (RXNORM, "42316", "immunosuppressant-unverified"),
        (ATC, "L04AD02", "immunosuppressant"),
        (ATC, "H02AB02", "systemic-corticosteroid-other"),
        (ATC, "H02AB07", "prednisone-or-prednisolone"),
        (LOINC, "LA9633-4", "result-positive"),
    ],
)
def test_codes(system: str, code: str, concept: str) -> None:
    match = concept_of(system, code)
    assert match is not None
    assert concept in match.concepts
