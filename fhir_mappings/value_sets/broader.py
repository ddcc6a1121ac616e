"""Which concepts generalise which, so that two codings of one fact can be told from two that contradict each other.

``C53.9`` beside SNOMED "squamous cell carcinoma of the cervix" agrees: the one is wider. Squamous beside adenocarcinoma
does not. Some pairs answer different questions (part of the cervix and tissue type, place and technique of
radiotherapy) and agree as well.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import lru_cache
from types import MappingProxyType
from typing import Final

from fhir_mappings.value_sets import groups

_RADIOTHERAPY_PLACES: Final = (
    groups.RADIOTHERAPY_PELVIC
    | groups.RADIOTHERAPY_PELVIC_ADJACENT
    | groups.RADIOTHERAPY_PELVIC_POSSIBLE
    | groups.RADIOTHERAPY_NON_PELVIC
)
_RADIOTHERAPY_TECHNIQUES: Final = (groups.RADIOTHERAPY_EXTERNAL_BEAM | groups.RADIOTHERAPY_BRACHYTHERAPY) - (
    groups.RADIOTHERAPY_PELVIC
)
_CERVIX_TREE: Final = groups.CERVICAL_CANCER - {"cervical-cancer"}
_KIDNEY_STAGES: Final = (
    "chronic-kidney-disease-stage-1-2",
    "chronic-kidney-disease-stage-3",
    "chronic-kidney-disease-stage-4-5",
)

NARROWER: Final[Mapping[str, frozenset[str]]] = MappingProxyType(
    {
        wide: frozenset(narrow) - {wide}
        for wide, narrow in {
            # cancers
            "cancer-any-primary": groups.CERVICAL_CANCER
            | groups.OTHER_PRIMARY_CANCER
            | groups.CANCER_SITE_UNSPECIFIED
            | groups.METASTASIS
            | {"vaginal-vault-malignancy"},
            "cervical-cancer": _CERVIX_TREE,
            "squamous-cell-carcinoma-site-unspecified": {
                "cervical-squamous-cell-carcinoma",
                "recurrent-squamous-cell-carcinoma-unspecified-site",
            },
            "recurrent-malignancy-unspecified-site": (groups.RECURRENCE_STATED - {"recurrence-qualifier"})
            | {"recurrent-primary-vaginal-cancer", "recurrent-primary-vulvar-cancer"},
            "vaginal-cancer-primary": {"vaginal-vault-malignancy", "recurrent-primary-vaginal-cancer"},
            "vulvar-cancer-primary": {"recurrent-primary-vulvar-cancer"},
            "uterine-cancer-part-unspecified": {"uterine-corpus-cancer"},
            "cervical-intraepithelial-neoplasia": {"cervical-carcinoma-in-situ"},
            "history-of-genital-cancer-organ-unspecified": {"history-of-cervical-cancer"},
            "history-of-hysterectomy": {"history-of-radical-hysterectomy", "cervical-stump-remains"},
            # metastases
            "metastasis-unspecified-site": groups.METASTASIS
            | {"secondary-cancer-in-cervix", "secondary-neuroendocrine-tumour"},
            "metastasis-from-cervical-cancer-site-unspecified": groups.METASTASIS - {"metastasis-unspecified-site"},
            "metastasis-lymph-nodes-unspecified": groups.METASTASIS_NODAL,
            "metastasis-other-specified-site": {
                "metastasis-female-genital-organ",
                "metastasis-pelvic-soft-tissue",
                "metastasis-soft-tissue",
                "metastasis-vagina",
                "metastasis-vulva",
                "secondary-cancer-in-cervix",
            },
            "metastasis-female-genital-organ": {
                "metastasis-ovary",
                "metastasis-vagina",
                "metastasis-vulva",
                "secondary-cancer-in-cervix",
                "cervical-cancer-separate-metastasis-other",
                "cervical-cancer-separate-metastasis-vagina",
                "cervical-cancer-separate-metastasis-vulva",
            },
            "metastasis-urinary-organ-unspecified": {"metastasis-bladder", "metastasis-ureter"},
            "metastasis-bladder": {"cervical-cancer-separate-metastasis-bladder"},
            "metastasis-rectum-large-bowel": {"cervical-cancer-separate-metastasis-rectum"},
            "metastasis-vagina": {"cervical-cancer-separate-metastasis-vagina"},
            "metastasis-vulva": {"cervical-cancer-separate-metastasis-vulva"},
            "metastasis-bone": {"metastasis-bone-marrow"},
            "metastasis-brain": {"metastasis-meninges"},
            "metastasis-other-central-nervous-system": {"metastasis-brain", "metastasis-meninges"},
            "metastasis-pleura": {"malignant-pleural-effusion"},
            "metastasis-peritoneum": {"malignant-ascites"},
            "metastasis-soft-tissue": {"metastasis-pelvic-soft-tissue"},
            # tissue types
            "carcinoma-nos-morphology": groups.MALIGNANT_MORPHOLOGY,
            "squamous-morphology": {"squamous-morphology-metastatic"},
            "adenocarcinoma-morphology": {"adenocarcinoma-squamous-metaplasia-morphology"},
            # body sites
            "site-pelvis": groups.PELVIC_RT_SITE | {"site-bony-pelvis"},
            "site-abdominopelvic": groups.PELVIC_RT_SITE
            | {"site-abdomen", "site-bony-pelvis", "site-liver", "site-paraaortic-lymph-nodes", "site-ureter"},
            "site-abdomen": {"site-liver", "site-paraaortic-lymph-nodes"},
            "site-vagina": {"site-vaginal-cuff"},
            "site-uterus": {"site-cervix"},
            "site-bone-other": {"site-bony-pelvis", "site-spine"},
            # radiotherapy
            "radiotherapy-any": groups.RADIOTHERAPY | {"radionuclide-therapy"},
            "radiotherapy-course-summary": (groups.RADIOTHERAPY | {"radionuclide-therapy"}) - {"radiotherapy-any"},
            "radiotherapy-phase": groups.RADIOTHERAPY - {"radiotherapy-any", "radiotherapy-course-summary"},
            "radiotherapy-pelvis": groups.RADIOTHERAPY_PELVIC | groups.RADIOTHERAPY_GYNAECOLOGICAL_DEVICE,
            "radiotherapy-external-beam": groups.RADIOTHERAPY_EXTERNAL_BEAM | groups.RADIOTHERAPY_INTRAOPERATIVE,
            "radiotherapy-stereotactic-body": {"radiotherapy-pelvis-stereotactic"},
            "radiotherapy-brachytherapy": groups.RADIOTHERAPY_BRACHYTHERAPY,
            "radiotherapy-brachytherapy-intracavitary": {
                "radiotherapy-brachytherapy-gynaecological-device",
                "radiotherapy-pelvis-brachytherapy",
            },
            "radiotherapy-brachytherapy-interstitial": {"radiotherapy-pelvis-brachytherapy"},
            "radiotherapy-pelvis-brachytherapy": groups.RADIOTHERAPY_GYNAECOLOGICAL_DEVICE,
            # surgery, biopsy, imaging
            "surgery-any": groups.SURGERY_MAJOR | groups.SURGERY_MINOR,
            "hysterectomy-extent-unspecified": groups.HYSTERECTOMY,
            "uterus-resection-component": groups.HYSTERECTOMY - {"hysterectomy-extent-unspecified"},
            "hysterectomy-total": {"radical-hysterectomy"},
            "trachelectomy": {"cervical-stump-excision"},
            "cervix-resection-component": {"cervical-stump-excision", "trachelectomy"},
            "bowel-resection": {"rectum-resection"},
            "lymphadenectomy-site-unspecified": groups.LYMPHADENECTOMY,
            "major-surgery-other": groups.SURGERY_MAJOR,
            "biopsy-any": groups.BIOPSY,
            "imaging-pet": groups.IMAGING_PET,
            "imaging-ct-body-part-unspecified": groups.IMAGING_CT_CHEST | groups.IMAGING_CT_PELVIS,
            "imaging-ct-chest-abdomen-pelvis": groups.IMAGING_CT_CHEST | groups.IMAGING_CT_PELVIS,
            "imaging-ct-abdomen-pelvis": {"imaging-ct-pelvis"},
            "imaging-mri-body-part-unspecified": groups.IMAGING_MRI_PELVIS,
            "chemotherapy-procedure": {"immunotherapy-encounter"},
            # drugs
            "bevacizumab": groups.BEVACIZUMAB_BIOSIMILAR,
            "paclitaxel-formulation-unspecified": groups.PACLITAXEL,
            "pembrolizumab": groups.PEMBROLIZUMAB,
            "atezolizumab": groups.ATEZOLIZUMAB,
            "nivolumab": groups.NIVOLUMAB,
            "trastuzumab-ingredient-ambiguous": {"trastuzumab-deruxtecan", "trastuzumab-emtansine"},
            "fluorouracil-route-unspecified": {"fluorouracil-injection", "fluorouracil-topical"},
            "gemcitabine": {"gemcitabine-intravesical"},
            "irinotecan": {"irinotecan-liposomal"},
            "nsaid-route-unspecified": {"nsaid-systemic"},
            "aminoglycoside-other-systemic": groups.AMINOGLYCOSIDE,
            "amikacin-route-unspecified": {"amikacin-systemic"},
            "gentamicin-route-unspecified": {"gentamicin-systemic"},
            "plazomicin-route-unspecified": {"plazomicin-systemic"},
            "streptomycin-route-unspecified": {"streptomycin-systemic"},
            "tobramycin-route-unspecified": {"tobramycin-systemic"},
            # findings
            "haemorrhage-unspecified-site": groups.HAEMORRHAGE,
            "renal-impairment-unspecified": groups.KIDNEY_DISEASE,
            "chronic-kidney-disease-stage-unspecified": _KIDNEY_STAGES,
            "hypertension": groups.HYPERTENSIVE_CRISIS,
            "hypertensive-crisis": {"hypertensive-encephalopathy"},
            "proteinuria": {"nephrotic-syndrome"},
            "pregnancy": {"pregnancy-obstetric-code"},
            "hydronephrosis": {"hydronephrosis-stone"},
            "oedema-site-unspecified": {"leg-oedema", "lymphoedema"},
            "peripheral-neuropathy": {"lumbosacral-plexus-disorder", "sciatica"},
            "interstitial-lung-disease": {"radiation-pneumonitis"},
            "phlebitis-thrombophlebitis": {"venous-thromboembolism"},
            # observations and answers
            "figo-stage-gynaecological": {"figo-stage-cervix"},
            "egfr": {"egfr-race-coefficient"},
            "her2-immunostain": {"her2-immunostain-breast-specimen"},
            "pd-l1-report-text": groups.PDL1,
            "pregnancy-test": {"hcg-quantitative"},
            "disease-status-improved": {"disease-status-complete-remission", "disease-status-partial-remission"},
        }.items()
    }
)
"""Wide concept -> concepts that it generalises; chains are followed."""

DIFFERENT_QUESTIONS: Final[tuple[tuple[frozenset[str], frozenset[str]], ...]] = (
    # part of the cervix, tissue type, spread, recurrence: four questions about one tumour
    (groups.CERVICAL_CANCER_BY_PART, _CERVIX_TREE - groups.CERVICAL_CANCER_BY_PART),
    (groups.CERVICAL_CANCER_BY_TYPE, _CERVIX_TREE - groups.CERVICAL_CANCER_BY_TYPE),
    (groups.RECURRENCE_STATED, groups.CERVICAL_CANCER | groups.METASTASIS),
    (groups.CANCER_SITE_UNSPECIFIED, groups.CERVICAL_CANCER | groups.OTHER_PRIMARY_CANCER),
    (groups.CERVICAL_CANCER_SEPARATE_METASTASIS, groups.CERVICAL_CANCER_WITH_DIRECT_SPREAD | groups.LOCAL_RECURRENCE),
    (_RADIOTHERAPY_PLACES, _RADIOTHERAPY_TECHNIQUES),
    (groups.CHEMORADIATION, groups.RADIOTHERAPY | {"chemotherapy-procedure"}),
    # one body scanned in parts; one operation with its lymph nodes
    (groups.IMAGING_CT_CHEST, groups.IMAGING_CT_PELVIS),
    (groups.HYSTERECTOMY | {"trachelectomy"}, groups.LYMPHADENECTOMY | groups.EXENTERATION_SUPPORT),
)
"""Pairs of groups whose members never contradict each other across the pair."""


@lru_cache(maxsize=1024)
def below(concept: str) -> frozenset[str]:
    """Every concept that this one generalises, over any number of steps."""
    found: set[str] = set()
    waiting = set(NARROWER.get(concept, ()))
    while waiting:
        one = waiting.pop()
        found.add(one)
        waiting |= NARROWER.get(one, frozenset()) - found
    return frozenset(found)


def agree(one: str, other: str) -> bool:
    """Whether two concepts of one kind can both be true of one code: equal, wider or narrower, different questions."""
    if one == other or other in below(one) or one in below(other):
        return True
    return any(
        (one in left and other in right) or (other in left and one in right) for left, right in DIFFERENT_QUESTIONS
    )


def most_specific(concepts: Iterable[str]) -> frozenset[str]:
    """The concepts that generalise no other one of them: for the words of a card."""
    all_of_them = frozenset(concepts)
    return frozenset(concept for concept in all_of_them if not below(concept) & all_of_them - {concept})
