"""What a draft order is for: the families whose checks apply to it (decision model, section 4).

A draft is recognised by what its codes mean (ingredient, procedure, body site), never by a brand name alone. A draft
can belong to several families: radiotherapy to the pelvis and to the chest, an applicator that is both brachytherapy
and a small operation.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from cds_service.guideline import thresholds as t
from fhir_mappings.history import DraftOrder, Route
from fhir_mappings.value_sets import groups


class Family(enum.StrEnum):
    """A drug or kind of procedure that has checks of its own, or that other drafts' checks ask about."""

    BEVACIZUMAB = "bevacizumab"
    PELVIC_RADIOTHERAPY = "pelvic-radiotherapy"
    OTHER_RADIOTHERAPY = "other-radiotherapy"
    RADIOTHERAPY_SITE_UNKNOWN = "radiotherapy-site-unknown"
    """Radiotherapy whose order does not say whether the pelvis is in the field."""
    EXENTERATION = "exenteration"
    MAJOR_SURGERY = "major-surgery"
    """A large operation, or one whose extent is not said; never an exenteration."""
    MINOR_SURGERY = "minor-surgery"
    CISPLATIN = "cisplatin"
    CARBOPLATIN = "carboplatin"
    PACLITAXEL = "paclitaxel"
    NAB_PACLITAXEL = "nab-paclitaxel"
    TOPOTECAN = "topotecan"
    PEMBROLIZUMAB = "pembrolizumab"
    CEMIPLIMAB = "cemiplimab"
    ATEZOLIZUMAB = "atezolizumab"
    NIVOLUMAB = "nivolumab"
    TISOTUMAB_VEDOTIN = "tisotumab-vedotin"
    TRASTUZUMAB_DERUXTECAN = "trastuzumab-deruxtecan"
    OTHER_CYTOTOXIC = "other-cytotoxic"
    PET_CT = "pet-ct"


PLATINUM: Final = frozenset({Family.CISPLATIN, Family.CARBOPLATIN})
IMMUNOTHERAPY: Final = frozenset({Family.PEMBROLIZUMAB, Family.CEMIPLIMAB, Family.ATEZOLIZUMAB, Family.NIVOLUMAB})
RADIOTHERAPY: Final = frozenset(
    {Family.PELVIC_RADIOTHERAPY, Family.RADIOTHERAPY_SITE_UNKNOWN, Family.OTHER_RADIOTHERAPY}
)
LARGE_OPERATION: Final = frozenset({Family.EXENTERATION, Family.MAJOR_SURGERY})

_DRUGS: Final[Mapping[Family, frozenset[str]]] = MappingProxyType(
    {
        Family.CISPLATIN: groups.CISPLATIN,
        Family.CARBOPLATIN: groups.CARBOPLATIN,
        Family.PACLITAXEL: groups.PACLITAXEL_NOT_PROTEIN_BOUND,
        Family.NAB_PACLITAXEL: groups.PACLITAXEL_PROTEIN_BOUND,
        Family.TOPOTECAN: groups.TOPOTECAN,
        Family.PEMBROLIZUMAB: groups.PEMBROLIZUMAB,
        Family.CEMIPLIMAB: groups.CEMIPLIMAB,
        Family.ATEZOLIZUMAB: groups.ATEZOLIZUMAB,
        Family.NIVOLUMAB: groups.NIVOLUMAB,
        Family.TISOTUMAB_VEDOTIN: groups.TISOTUMAB_VEDOTIN,
        Family.TRASTUZUMAB_DERUXTECAN: groups.TRASTUZUMAB_DERUXTECAN,
        Family.OTHER_CYTOTOXIC: (
            groups.OTHER_CHEMOTHERAPY
            | (groups.TAXANE - groups.PACLITAXEL)
            | (groups.ANTIBODY_DRUG_CONJUGATES - groups.TISOTUMAB_VEDOTIN - groups.TRASTUZUMAB_DERUXTECAN)
            | groups.CHEMOTHERAPY_DRUG_UNSPECIFIED
            | groups.CHEMORADIATION
        ),
    }
)
_ROUTE_DECIDES: Final = frozenset({"fluorouracil-route-unspecified"})
"""Drugs that also come as a cream or drops: only a stated local route takes the order out of the family."""

_RADIOTHERAPY: Final = groups.RADIOTHERAPY | groups.RADIOTHERAPY_PLAN
_PELVIC_BONE_CODE: Final = frozenset({"radiotherapy-pelvic-bones"})
_PELVIC_BONE_SITE: Final = frozenset({"site-bony-pelvis"})
_BONE: Final = groups.SITE_BONE | _PELVIC_BONE_CODE | frozenset({"radiotherapy-bone-site-ambiguous"})
_SOFT_PELVIC_CODE: Final = groups.RADIOTHERAPY_PELVIC | groups.RADIOTHERAPY_GYNAECOLOGICAL_DEVICE
_SPECIALISED: Final = (
    groups.RADIOTHERAPY_STEREOTACTIC | groups.RADIOTHERAPY_BRACHYTHERAPY | groups.RADIOTHERAPY_INTRAOPERATIVE
)

_MG_PER_UNIT: Final[Mapping[str, float]] = MappingProxyType(
    {"mg": 1.0, "g": 1000.0, "ug": 0.001, "mcg": 0.001, "µg": 0.001}
)


def milligrams(value: float, unit: str) -> float | None:
    """A flat dose in mg, None for any other unit (mg/kg, mg/m2, AUC, mL)."""
    factor = _MG_PER_UNIT.get(unit.strip())
    return None if factor is None else value * factor


def _for_the_eye(draft: DraftOrder) -> bool:
    """Bevacizumab for the eye: said by the product or the route, else told by a dose of at most 5 mg.

    A stated systemic route keeps the draft in the family whatever its dose: such a dose is a slip, not an eye dose.
    """
    if draft.route is Route.OPHTHALMIC:
        return True
    flat = [milligrams(dose.value, dose.unit) for dose in draft.doses]
    small = bool(flat) and all(dose is not None and dose <= t.BEV_OPHTHALMIC_MAX_MG.value for dose in flat)
    return small and draft.route is not Route.SYSTEMIC


def _drugs(draft: DraftOrder) -> set[Family]:
    concepts = draft.concepts
    if draft.route in {Route.OPHTHALMIC, Route.OTHER}:
        concepts = concepts - _ROUTE_DECIDES
    found = {family for family, members in _DRUGS.items() if concepts & members}
    if concepts & groups.BEVACIZUMAB_SYSTEMIC and not _for_the_eye(draft):
        found.add(Family.BEVACIZUMAB)
    return found


def _radiotherapy(draft: DraftOrder) -> set[Family]:
    coded = draft.concepts | draft.technique
    if not coded & _RADIOTHERAPY:
        return set()
    found = set()
    sites = draft.body_sites
    if coded & (_SOFT_PELVIC_CODE | _PELVIC_BONE_CODE) or sites & (groups.PELVIC_RT_SITE | _PELVIC_BONE_SITE):
        found.add(Family.PELVIC_RADIOTHERAPY)
    elif coded & (groups.RADIOTHERAPY_PELVIC_POSSIBLE | groups.RADIOTHERAPY_PELVIC_ADJACENT) or (
        sites & groups.PELVIC_RT_SITE_POSSIBLE
    ):
        found.add(Family.RADIOTHERAPY_SITE_UNKNOWN)
    elsewhere = groups.PELVIC_RT_SITE | groups.PELVIC_RT_SITE_POSSIBLE
    if coded & groups.RADIOTHERAPY_NON_PELVIC or sites - elsewhere:
        found.add(Family.OTHER_RADIOTHERAPY)
    return found or {Family.RADIOTHERAPY_SITE_UNKNOWN}


def _operations(draft: DraftOrder) -> set[Family]:
    if draft.concepts & groups.EXENTERATION:
        return {Family.EXENTERATION}
    if draft.concepts & groups.SURGERY:
        return {Family.MAJOR_SURGERY}
    return {Family.MINOR_SURGERY} if draft.concepts & groups.SURGERY_MINOR else set()


def families(draft: DraftOrder) -> frozenset[Family]:
    """The families a draft belongs to; empty for an order that no check is about.

    Args:
        draft: as read from the hook's draft orders.

    Returns:
        Members of Family (they compare equal to their words).
    """
    found = _drugs(draft) | _radiotherapy(draft) | _operations(draft)
    if draft.concepts & groups.IMAGING_PET:
        found.add(Family.PET_CT)
    return frozenset(found)


def is_specialised(draft: DraftOrder) -> bool:
    """Whether the radiotherapy is coded as stereotactic, brachytherapy or intraoperative."""
    return bool((draft.concepts | draft.technique) & _SPECIALISED)


def is_conventional(draft: DraftOrder) -> bool:
    """Whether a conventional technique is coded; plain "external beam" leaves it open."""
    return bool((draft.concepts | draft.technique) & groups.RADIOTHERAPY_IMRT) and not is_specialised(draft)


def targets_bone(draft: DraftOrder) -> bool:
    """Whether bone in or beside the pelvis is the target, and no organ of the pelvis."""
    targets = draft.concepts | draft.technique | draft.body_sites
    return bool(targets & _BONE) and not targets & (_SOFT_PELVIC_CODE | groups.PELVIC_RT_SITE)


def targets_pelvic_organ(draft: DraftOrder) -> bool:
    """Whether an organ, node or side wall of the pelvis is a target."""
    targets = draft.concepts | draft.technique | draft.body_sites
    return bool(targets & (_SOFT_PELVIC_CODE | groups.PELVIC_RT_SITE))
