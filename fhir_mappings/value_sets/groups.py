"""Named groups of concepts: what belongs together clinically, each with one line of meaning.

A group is a frozenset of concept ids, so ``concepts & groups.PLATINUM`` asks whether a fact is about platinum. A group
unites; it does not conclude (``Z92.3`` is in RADIOTHERAPY_SITE_UNSPECIFIED because it says nothing about the place).
``GROUPS`` lists all of them by name.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Final, Self


class Group(frozenset[str]):
    """Concept ids that belong together, with their meaning in one line.

    Args:
        meaning: one plain sentence.
        parts: concept ids and other groups.
    """

    meaning: str

    def __new__(cls, meaning: str, *parts: str | Iterable[str]) -> Self:
        """Unites the parts."""
        members: set[str] = set()
        for part in parts:
            members.update((part,) if isinstance(part, str) else part)
        group = super().__new__(cls, members)
        group.meaning = meaning
        return group


# ---------------------------------------------------------------- medication

BEVACIZUMAB_BIOSIMILAR: Final = Group(
    "A named bevacizumab biosimilar.",
    *("bevacizumab-adcd", "bevacizumab-awwb", "bevacizumab-bvzr", "bevacizumab-maly", "bevacizumab-nwgd"),
    "bevacizumab-tnjn",
)
BEVACIZUMAB_SYSTEMIC: Final = Group(
    "Bevacizumab of any maker, not the form made for the eye; a vial drawn up for the eye is told by route and dose.",
    "bevacizumab",
    BEVACIZUMAB_BIOSIMILAR,
)
BEVACIZUMAB_OPHTHALMIC: Final = Group("Bevacizumab made for the eye.", "bevacizumab-ophthalmic")
CISPLATIN: Final = Group("Cisplatin.", "cisplatin")
CARBOPLATIN: Final = Group("Carboplatin.", "carboplatin")
PLATINUM: Final = Group("Cisplatin or carboplatin.", CISPLATIN, CARBOPLATIN)
PACLITAXEL_SOLVENT_BASED: Final = Group(
    "Paclitaxel in polyoxyl castor oil, said to be so by its code.", "paclitaxel-conventional"
)
PACLITAXEL_PROTEIN_BOUND: Final = Group("Protein-bound paclitaxel.", "paclitaxel-protein-bound")
PACLITAXEL_NOT_PROTEIN_BOUND: Final = Group(
    "Paclitaxel not said to be protein-bound: conventional, or no formulation stated.",
    PACLITAXEL_SOLVENT_BASED,
    "paclitaxel-formulation-unspecified",
)
PACLITAXEL: Final = Group("Paclitaxel of any formulation.", PACLITAXEL_NOT_PROTEIN_BOUND, PACLITAXEL_PROTEIN_BOUND)
TAXANE: Final = Group("Paclitaxel of any formulation or docetaxel.", PACLITAXEL, "docetaxel")
TOPOTECAN: Final = Group("Topotecan.", "topotecan")
PEMBROLIZUMAB: Final = Group(
    "Pembrolizumab, into the vein or under the skin.", "pembrolizumab", "pembrolizumab-berahyaluronidase"
)
PEMBROLIZUMAB_INTRAVENOUS: Final = Group("Pembrolizumab not said to be the product for the skin.", "pembrolizumab")
CEMIPLIMAB: Final = Group("Cemiplimab.", "cemiplimab")
ATEZOLIZUMAB: Final = Group(
    "Atezolizumab, into the vein or under the skin.", "atezolizumab", "atezolizumab-hyaluronidase"
)
ATEZOLIZUMAB_INTRAVENOUS: Final = Group("Atezolizumab not said to be the product for the skin.", "atezolizumab")
NIVOLUMAB: Final = Group(
    "Nivolumab, also with hyaluronidase or relatlimab.",
    *("nivolumab", "nivolumab-hyaluronidase", "nivolumab-relatlimab"),
)
IMMUNE_CHECKPOINT_INHIBITORS: Final = Group(
    "Antibodies against PD-1 or PD-L1.", PEMBROLIZUMAB, CEMIPLIMAB, ATEZOLIZUMAB, NIVOLUMAB
)
TISOTUMAB_VEDOTIN: Final = Group("Tisotumab vedotin.", "tisotumab-vedotin")
TRASTUZUMAB_DERUXTECAN: Final = Group(
    "Trastuzumab deruxtecan; not the naked antibody and not emtansine.", "trastuzumab-deruxtecan"
)
ANTIBODY_DRUG_CONJUGATES: Final = Group(
    "Antibodies that carry a cytotoxic drug.",
    TISOTUMAB_VEDOTIN,
    TRASTUZUMAB_DERUXTECAN,
    *("trastuzumab-emtansine", "datopotamab-deruxtecan"),
)
FLUOROURACIL_SYSTEMIC: Final = Group(
    "Fluorouracil by injection or of no stated route; not the skin cream.",
    *("fluorouracil-injection", "fluorouracil-route-unspecified"),
)
OTHER_CHEMOTHERAPY: Final = Group(
    "Cytotoxic drugs of later lines; not bladder implants and skin creams.",
    FLUOROURACIL_SYSTEMIC,
    *("gemcitabine", "ifosfamide", "irinotecan", "irinotecan-liposomal", "pemetrexed", "vinorelbine"),
)
CYTOTOXIC: Final = Group("Any cytotoxic drug given systemically.", PLATINUM, TAXANE, TOPOTECAN, OTHER_CHEMOTHERAPY)
RET_INHIBITORS: Final = Group("Drugs against RET fusions.", "selpercatinib")
NTRK_INHIBITORS: Final = Group("Drugs against NTRK fusions.", "entrectinib", "larotrectinib", "repotrectinib")
SYSTEMIC_ANTINEOPLASTICS: Final = Group(
    "Any drug that can be part of a systemic line.",
    CYTOTOXIC,
    BEVACIZUMAB_SYSTEMIC,
    IMMUNE_CHECKPOINT_INHIBITORS,
    ANTIBODY_DRUG_CONJUGATES,
    RET_INHIBITORS,
    NTRK_INHIBITORS,
    "trastuzumab-ingredient-ambiguous",
)
BEVACIZUMAB_PARTNERS: Final = Group(
    "Drugs that bevacizumab is given with in cervical cancer.",
    PLATINUM,
    TAXANE,
    TOPOTECAN,
    IMMUNE_CHECKPOINT_INHIBITORS,
)
ANTICOAGULANT: Final = Group(
    "Drugs that prevent clotting; heparin may be a line flush.",
    *("apixaban", "dabigatran", "dalteparin", "edoxaban", "enoxaparin", "fondaparinux", "heparin-unfractionated"),
    *("rivaroxaban", "warfarin"),
)
ANTICOAGULATION: Final = Group(
    "An anticoagulant or the statement that one is taken for long.", ANTICOAGULANT, "anticoagulant-long-term-use"
)
NSAID: Final = Group(
    "Anti-inflammatory drugs, systemic or of no stated route.", "nsaid-systemic", "nsaid-route-unspecified"
)
AMINOGLYCOSIDE: Final = Group(
    "Aminoglycosides, systemic or of no stated route.",
    *("amikacin-route-unspecified", "amikacin-systemic", "aminoglycoside-other-systemic"),
    *("gentamicin-route-unspecified", "gentamicin-systemic", "plazomicin-route-unspecified", "plazomicin-systemic"),
    *("streptomycin-route-unspecified", "streptomycin-systemic"),
    *("tobramycin-route-unspecified", "tobramycin-systemic"),
)
NEPHROTOXIC: Final = Group("Drugs hard on the kidney besides platinum.", NSAID, AMINOGLYCOSIDE)

# ------------------------------------------------------- the cancer and its tissue type

CERVICAL_CANCER_WITH_DIRECT_SPREAD: Final = Group(
    "Cervical cancer growing directly into a neighbour.",
    *("cervical-cancer-direct-spread-bladder", "cervical-cancer-direct-spread-other-pelvic"),
    *("cervical-cancer-direct-spread-rectum", "cervical-cancer-direct-spread-vagina"),
    "cervical-cancer-direct-spread-vulva",
)
CERVICAL_CANCER_SEPARATE_METASTASIS: Final = Group(
    "A metastasis named as one of cervical cancer.",
    *("cervical-cancer-separate-metastasis-bladder", "cervical-cancer-separate-metastasis-other"),
    *("cervical-cancer-separate-metastasis-rectum", "cervical-cancer-separate-metastasis-vagina"),
    *("cervical-cancer-separate-metastasis-vulva", "metastasis-from-cervical-cancer-site-unspecified"),
)
LOCAL_RECURRENCE: Final = Group(
    "The code itself says that cervical cancer has come back at its place.", "cervical-cancer-local-recurrence"
)
CERVICAL_CANCER_BY_PART: Final = Group(
    "Cancer of a named part of the cervix.", "cervical-cancer-endocervix", "cervical-cancer-exocervix"
)
CERVICAL_CANCER_BY_TYPE: Final = Group(
    "Cancer of the cervix of a named tissue type.",
    *("cervical-squamous-cell-carcinoma", "cervical-adenocarcinoma", "cervical-adenosquamous-carcinoma"),
    *("cervical-neuroendocrine-carcinoma", "cervical-cancer-other-histology"),
)
CERVICAL_CANCER: Final = Group(
    "Invasive cancer of the cervix, present or treated; not in situ, not a history code, not spread to the cervix.",
    "cervical-cancer",
    CERVICAL_CANCER_BY_PART,
    CERVICAL_CANCER_BY_TYPE,
    LOCAL_RECURRENCE,
    CERVICAL_CANCER_WITH_DIRECT_SPREAD,
    CERVICAL_CANCER_SEPARATE_METASTASIS,
)
CERVICAL_CANCER_HISTORY: Final = Group("Cervical cancer whose treatment is over.", "history-of-cervical-cancer")
CERVICAL_CANCER_HISTORY_POSSIBLE: Final = Group(
    "History of a genital cancer, organ not stated (WHO ICD-10 has nothing closer).",
    "history-of-genital-cancer-organ-unspecified",
)
CERVICAL_PRECANCER: Final = Group(
    "Forerunners of cervical cancer: in situ, dysplasia, uncertain behaviour, history of in situ.",
    *("cervical-carcinoma-in-situ", "cervical-intraepithelial-neoplasia", "cervix-neoplasm-uncertain-behaviour"),
    "history-of-cervix-in-situ-neoplasm",
)
RECURRENT_CANCER_SITE_UNSPECIFIED: Final = Group(
    "The code says recurrent cancer, not where; counts for the cervix only with the body site or another coding.",
    *("recurrent-malignancy-unspecified-site", "recurrent-squamous-cell-carcinoma-unspecified-site"),
)
CANCER_SITE_UNSPECIFIED: Final = Group(
    "Cancer whose organ the code does not say; cervical when the body site says so.",
    *("cancer-any-primary", "squamous-cell-carcinoma-site-unspecified", "msi-high-solid-tumour"),
    RECURRENT_CANCER_SITE_UNSPECIFIED,
)
RECURRENCE_STATED: Final = Group(
    "Code or qualifier that itself says recurrence.",
    LOCAL_RECURRENCE,
    RECURRENT_CANCER_SITE_UNSPECIFIED,
    "recurrence-qualifier",
)
SECONDARY_CANCER_IN_CERVIX: Final = Group("Spread to the cervix from another organ.", "secondary-cancer-in-cervix")
POSSIBLE_VAULT_RECURRENCE: Final = Group(
    "Codes often used for a vault recurrence of cervical cancer, although they name the vagina or genital organs.",
    *("vaginal-cancer-primary", "vaginal-vault-malignancy", "metastasis-female-genital-organ", "metastasis-vagina"),
)
OTHER_PRIMARY_CANCER: Final = Group(
    "A cancer that did not start in the cervix and could explain a metastasis.",
    *("other-primary-cancer", "ovarian-cancer-primary", "uterine-cancer-part-unspecified", "uterine-corpus-cancer"),
    *("vaginal-cancer-primary", "vulvar-cancer-primary", "recurrent-primary-vaginal-cancer"),
    *("recurrent-primary-vulvar-cancer", "secondary-neuroendocrine-tumour"),
    SECONDARY_CANCER_IN_CERVIX,
)
HISTOLOGY_SQUAMOUS: Final = Group(
    "Squamous cell carcinoma, small cell nonkeratinizing (8073/3) included; not in situ.",
    *("cervical-squamous-cell-carcinoma", "squamous-morphology", "squamous-morphology-metastatic"),
    *("squamous-cell-carcinoma-site-unspecified", "recurrent-squamous-cell-carcinoma-unspecified-site"),
)
HISTOLOGY_ADENOCARCINOMA: Final = Group(
    "Adenocarcinoma, squamous metaplasia included; not in situ.",
    *("cervical-adenocarcinoma", "adenocarcinoma-morphology", "adenocarcinoma-squamous-metaplasia-morphology"),
)
HISTOLOGY_ADENOSQUAMOUS: Final = Group(
    "Adenosquamous carcinoma, glassy cell and mucoepidermoid included.",
    *("cervical-adenosquamous-carcinoma", "adenosquamous-morphology"),
)
HISTOLOGY_NEUROENDOCRINE: Final = Group(
    "Neuroendocrine carcinoma, small cell (8041/3) included.",
    *("cervical-neuroendocrine-carcinoma", "neuroendocrine-morphology"),
)
HISTOLOGY_OTHER: Final = Group(
    "Any other named type of cervical cancer.", "cervical-cancer-other-histology", "other-cervical-morphology"
)
HISTOLOGY_NOT_STATED: Final = Group("Carcinoma without a type.", "carcinoma-nos-morphology")
HISTOLOGY_IN_SITU: Final = Group(
    "In situ morphology: no invasive cancer.", "adenocarcinoma-in-situ-morphology", "squamous-morphology-in-situ"
)
MALIGNANT_MORPHOLOGY: Final = Group(
    "Morphology of invasive or metastatic cancer, of any type.",
    *("squamous-morphology", "squamous-morphology-metastatic", "adenocarcinoma-morphology"),
    *("adenocarcinoma-squamous-metaplasia-morphology", "adenosquamous-morphology", "neuroendocrine-morphology"),
    *("other-cervical-morphology", "carcinoma-nos-morphology"),
)

# ------------------------------------------------------------------ metastases by site

METASTASIS_CENTRAL_PELVIC: Final = Group(
    "Spread to bladder, vagina, uterus, or from the cervix into its neighbours: the central pelvis.",
    *("cervical-cancer-direct-spread-bladder", "cervical-cancer-direct-spread-other-pelvic"),
    *("cervical-cancer-direct-spread-rectum", "cervical-cancer-direct-spread-vagina"),
    *("cervical-cancer-separate-metastasis-bladder", "cervical-cancer-separate-metastasis-rectum"),
    *("cervical-cancer-separate-metastasis-vagina", "metastasis-bladder", "metastasis-vagina"),
    "metastasis-female-genital-organ",
)
METASTASIS_PELVIC_PART_UNSPECIFIED: Final = Group(
    "Spread in or near the pelvis; central part, side wall and beyond are not told apart.",
    *("metastasis-pelvic-soft-tissue", "metastasis-rectum-large-bowel", "metastasis-ovary", "metastasis-ureter"),
    *("metastasis-urinary-organ-unspecified", "metastasis-vulva", "cervical-cancer-direct-spread-vulva"),
    *("cervical-cancer-separate-metastasis-vulva", "cervical-cancer-separate-metastasis-other"),
)
METASTASIS_PELVIC_NODAL: Final = Group("Spread to pelvic lymph nodes.", "metastasis-pelvic-lymph-nodes")
METASTASIS_PARAAORTIC: Final = Group(
    "Spread to abdominal or retroperitoneal lymph nodes; ICD C77.2 does not tell para-aortic from other ones.",
    "metastasis-paraaortic-abdominal-lymph-nodes",
)
METASTASIS_LUNG: Final = Group("Spread to the lung.", "metastasis-lung")
METASTASIS_MEDIASTINAL: Final = Group(
    "Spread to the mediastinum or lymph nodes in the chest.",
    *("metastasis-mediastinum", "metastasis-intrathoracic-lymph-nodes"),
)
METASTASIS_LIVER: Final = Group("Spread to the liver.", "metastasis-liver")
METASTASIS_BONE: Final = Group("Spread to bone or bone marrow.", "metastasis-bone", "metastasis-bone-marrow")
METASTASIS_BRAIN: Final = Group(
    "Spread to the brain, its coverings or the spinal cord.",
    *("metastasis-brain", "metastasis-meninges", "metastasis-other-central-nervous-system"),
)
METASTASIS_PERITONEAL: Final = Group("Spread to the peritoneum.", "metastasis-peritoneum", "malignant-ascites")
METASTASIS_SUPRACLAVICULAR: Final = Group(
    "Spread to supraclavicular or other neck nodes.", "metastasis-supraclavicular-neck-lymph-nodes"
)
METASTASIS_INGUINAL: Final = Group("Spread to inguinal lymph nodes.", "metastasis-inguinal-lymph-nodes")
METASTASIS_OTHER_DISTANT: Final = Group(
    "Spread to another distant place.",
    *("metastasis-adrenal", "metastasis-axillary-lymph-nodes", "metastasis-kidney", "metastasis-pleura"),
    *("malignant-pleural-effusion", "metastasis-skin", "metastasis-small-bowel", "metastasis-soft-tissue"),
)
METASTASIS_DISTANT: Final = Group(
    "Spread beyond the pelvis and the para-aortic nodes.",
    METASTASIS_LUNG,
    METASTASIS_MEDIASTINAL,
    METASTASIS_LIVER,
    METASTASIS_BONE,
    METASTASIS_BRAIN,
    METASTASIS_PERITONEAL,
    METASTASIS_SUPRACLAVICULAR,
    METASTASIS_INGUINAL,
    METASTASIS_OTHER_DISTANT,
)
METASTASIS_SITE_UNSPECIFIED: Final = Group(
    "Metastatic cancer whose place the code does not say.",
    *("metastasis-unspecified-site", "metastasis-other-specified-site", "metastasis-lymph-nodes-unspecified"),
    "metastasis-from-cervical-cancer-site-unspecified",
)
METASTASIS_NODAL: Final = Group(
    "Spread to lymph nodes anywhere.",
    METASTASIS_PELVIC_NODAL,
    METASTASIS_PARAAORTIC,
    METASTASIS_INGUINAL,
    METASTASIS_SUPRACLAVICULAR,
    *("metastasis-axillary-lymph-nodes", "metastasis-intrathoracic-lymph-nodes"),
    "metastasis-lymph-nodes-unspecified",
)
METASTASIS: Final = Group(
    "Secondary cancer of any place; not spread to the cervix and not growth into a neighbour.",
    METASTASIS_CENTRAL_PELVIC - CERVICAL_CANCER_WITH_DIRECT_SPREAD,
    METASTASIS_PELVIC_PART_UNSPECIFIED - CERVICAL_CANCER_WITH_DIRECT_SPREAD,
    METASTASIS_PELVIC_NODAL,
    METASTASIS_PARAAORTIC,
    METASTASIS_DISTANT,
    METASTASIS_SITE_UNSPECIFIED,
)

# ------------------------------------------------------------------------ body sites

SITE_CENTRAL_PELVIC: Final = Group(
    "Cervix, uterus, vagina, vaginal cuff, parametrium, bladder, rectum.",
    *("site-cervix", "site-uterus", "site-vagina", "site-vaginal-cuff", "site-parametrium", "site-bladder"),
    "site-rectum",
)
SITE_CERVIX: Final = Group("The cervix.", "site-cervix")
SITE_VAGINAL: Final = Group("Vagina or vaginal cuff.", "site-vagina", "site-vaginal-cuff")
SITE_PELVIC_SIDEWALL: Final = Group("Pelvic side wall, either side.", "site-pelvic-sidewall")
SITE_PELVIC_NODAL: Final = Group("Pelvic lymph nodes.", "site-pelvic-lymph-nodes")
SITE_PELVIC_PART_UNSPECIFIED: Final = Group("The pelvis, part not stated.", "site-pelvis")
SITE_PARAAORTIC: Final = Group("Para-aortic lymph nodes.", "site-paraaortic-lymph-nodes")
SITE_LUNG: Final = Group("The lung.", "site-lung")
SITE_MEDIASTINAL: Final = Group("The mediastinum.", "site-mediastinum")
SITE_CHEST: Final = Group(
    "Anywhere in the chest, lung and mediastinum included.", "site-chest", SITE_LUNG, SITE_MEDIASTINAL
)
SITE_LIVER: Final = Group("The liver.", "site-liver")
SITE_BONE: Final = Group("Bone.", "site-bone-other", "site-bony-pelvis", "site-spine")
SITE_BRAIN: Final = Group("Brain or head.", "site-brain-head")
SITE_SUPRACLAVICULAR: Final = Group("Supraclavicular lymph nodes.", "site-supraclavicular-lymph-nodes")
SITE_INGUINAL: Final = Group("Inguinal lymph nodes.", "site-inguinal-lymph-nodes")
SITE_OTHER_DISTANT: Final = Group("Another place far from the pelvis.", "site-breast", "site-neck", "site-skin")
SITE_ABDOMEN: Final = Group("The abdomen.", "site-abdomen")
SITE_OVERLAPPING: Final = Group(
    "Places so wide, or so placed, that they do not tell pelvis from elsewhere.",
    *("site-abdominopelvic", "site-whole-body", "site-ureter"),
)
SITE_VULVA_PERINEUM: Final = Group("Vulva or perineum.", "site-vulva", "site-perineum")
SITE_DISTANT: Final = Group(
    "Beyond the pelvis and the para-aortic nodes; a chest wall or rib is chest.",
    SITE_CHEST,
    SITE_LIVER,
    SITE_BONE,
    SITE_BRAIN,
    SITE_SUPRACLAVICULAR,
    SITE_INGUINAL,
    SITE_OTHER_DISTANT,
)
PELVIC_RT_SITE: Final = Group(
    "Target that makes radiotherapy pelvic.",
    SITE_CENTRAL_PELVIC,
    SITE_PELVIC_SIDEWALL,
    SITE_PELVIC_NODAL,
    SITE_PELVIC_PART_UNSPECIFIED,
)
PELVIC_RT_SITE_POSSIBLE: Final = Group(
    "Target that may take in part of the pelvis: a neighbour, its bones, or a field too wide to tell.",
    SITE_OVERLAPPING,
    SITE_VULVA_PERINEUM,
    SITE_INGUINAL,
    *("site-bony-pelvis", "site-spine", "site-bone-other"),
)

# --------------------------------------------------------------------- radiotherapy

RADIOTHERAPY_PELVIC: Final = Group(
    "Radiotherapy whose code itself says pelvis or a pelvic organ.",
    *("radiotherapy-pelvis", "radiotherapy-pelvis-brachytherapy", "radiotherapy-pelvis-external-beam"),
    "radiotherapy-pelvis-stereotactic",
)
RADIOTHERAPY_GYNAECOLOGICAL_DEVICE: Final = Group(
    "Gynaecological brachytherapy device or application: points to vagina, cervix or uterus.",
    "radiotherapy-brachytherapy-gynaecological-device",
)
RADIOTHERAPY_PELVIC_ADJACENT: Final = Group(
    "Radiotherapy beside the pelvis: its bones or groins.", "radiotherapy-pelvic-bones", "radiotherapy-inguinal"
)
RADIOTHERAPY_PELVIC_POSSIBLE: Final = Group(
    "Radiotherapy that may have reached the pelvis: half or whole body, bone without a place.",
    *("radiotherapy-hemibody", "radiotherapy-whole-body", "radiotherapy-bone-site-ambiguous"),
)
RADIOTHERAPY_ABDOMINAL: Final = Group(
    "Radiotherapy to the abdomen or its lymph nodes, para-aortic not told apart.", "radiotherapy-abdomen-paraaortic"
)
RADIOTHERAPY_NON_PELVIC: Final = Group(
    "Radiotherapy whose code names a place away from the pelvis: no information about the pelvis.",
    RADIOTHERAPY_ABDOMINAL,
    *("radiotherapy-brain", "radiotherapy-breast", "radiotherapy-chest", "radiotherapy-head-neck"),
    *("radiotherapy-bone-outside-pelvis", "radiotherapy-stereotactic-cranial"),
)
RADIOTHERAPY_BRACHYTHERAPY: Final = Group(
    "Brachytherapy.",
    RADIOTHERAPY_GYNAECOLOGICAL_DEVICE,
    *("radiotherapy-brachytherapy", "radiotherapy-brachytherapy-interstitial"),
    *("radiotherapy-brachytherapy-intracavitary", "radiotherapy-pelvis-brachytherapy"),
)
RADIOTHERAPY_STEREOTACTIC: Final = Group(
    "Stereotactic radiotherapy.",
    *("radiotherapy-stereotactic-body", "radiotherapy-stereotactic-cranial", "radiotherapy-pelvis-stereotactic"),
)
RADIOTHERAPY_IMRT: Final = Group("Intensity-modulated radiotherapy.", "radiotherapy-imrt")
RADIOTHERAPY_INTRAOPERATIVE: Final = Group("Radiotherapy during an operation.", "radiotherapy-intraoperative")
RADIOTHERAPY_EXTERNAL_BEAM: Final = Group(
    "External beam radiotherapy of any technique.",
    RADIOTHERAPY_STEREOTACTIC,
    RADIOTHERAPY_IMRT,
    *("radiotherapy-external-beam", "radiotherapy-pelvis-external-beam"),
)
RADIOTHERAPY_PLACE_OPEN: Final = Group(
    "Radiotherapy whose code does not say where; the body site decides.",
    *("radiotherapy-any", "radiotherapy-course-summary", "radiotherapy-phase", "radiotherapy-external-beam"),
    *("radiotherapy-imrt", "radiotherapy-stereotactic-body", "radiotherapy-intraoperative"),
    *("radiotherapy-brachytherapy", "radiotherapy-brachytherapy-interstitial"),
    *("radiotherapy-brachytherapy-intracavitary", "chemoradiation"),
)
RADIOTHERAPY_SITE_UNSPECIFIED: Final = Group(
    "Statement of earlier radiotherapy without a place: never pelvic by itself.", "history-of-radiotherapy"
)
RADIOTHERAPY: Final = Group(
    "Radiotherapy given, of any kind and place; not a plan and not a radioactive drug.",
    RADIOTHERAPY_PLACE_OPEN,
    RADIOTHERAPY_PELVIC,
    RADIOTHERAPY_PELVIC_ADJACENT,
    RADIOTHERAPY_PELVIC_POSSIBLE,
    RADIOTHERAPY_NON_PELVIC,
    RADIOTHERAPY_BRACHYTHERAPY,
)
RADIOTHERAPY_PLAN: Final = Group("Planning of radiotherapy: not a treatment.", "radiotherapy-plan")
CHEMORADIATION: Final = Group("Chemotherapy and radiotherapy together.", "chemoradiation")
PELVIC_RADIATION_INJURY: Final = Group(
    "Radiation injury of bladder or rectum: points to pelvic radiotherapy for any cancer.", "pelvic-radiation-injury"
)
CHEMOTHERAPY_DRUG_UNSPECIFIED: Final = Group(
    "Chemotherapy given, drug not stated.", "chemotherapy-procedure", "history-of-chemotherapy"
)

# -------------------------------------------------------------------------- surgery

HYSTERECTOMY: Final = Group(
    "Removal of the uterus, of any extent.",
    *("hysterectomy-extent-unspecified", "hysterectomy-supracervical", "hysterectomy-total"),
    *("radical-hysterectomy", "uterus-resection-component"),
)
HYSTERECTOMY_HISTORY: Final = Group(
    "Statement that the uterus was removed.",
    *("history-of-hysterectomy", "history-of-radical-hysterectomy", "cervical-stump-remains"),
)
EXENTERATION: Final = Group("Pelvic exenteration coded as such.", "pelvic-exenteration")
EXENTERATION_UTERUS: Final = Group("PCS part of an exenteration: uterus.", "uterus-resection-component")
EXENTERATION_CERVIX: Final = Group("PCS part of an exenteration: cervix.", "cervix-resection-component")
EXENTERATION_VAGINA: Final = Group("PCS part of an exenteration: vagina.", "vagina-resection")
EXENTERATION_BLADDER: Final = Group("PCS part of an anterior exenteration: bladder.", "bladder-resection")
EXENTERATION_URETHRA: Final = Group("PCS part of an anterior exenteration: urethra.", "urethra-resection-component")
EXENTERATION_RECTUM: Final = Group("PCS part of a posterior exenteration: rectum.", "rectum-resection")
EXENTERATION_SUPPORT: Final = Group(
    "PCS part of a radical hysterectomy: supporting tissue of the uterus.", "uterine-support-resection-component"
)
LYMPHADENECTOMY: Final = Group(
    "Removal of lymph nodes.",
    *("inguinal-lymphadenectomy", "lymphadenectomy-site-unspecified", "paraaortic-lymphadenectomy"),
    "pelvic-lymphadenectomy",
)
SURGERY_MAJOR: Final = Group(
    "Abdominal, thoracic or pelvic operation on an organ, open or keyhole.",
    HYSTERECTOMY,
    EXENTERATION,
    EXENTERATION_CERVIX,
    EXENTERATION_VAGINA,
    EXENTERATION_BLADDER,
    EXENTERATION_URETHRA,
    EXENTERATION_RECTUM,
    EXENTERATION_SUPPORT,
    LYMPHADENECTOMY,
    *("bladder-partial-resection", "bowel-resection", "cervical-stump-excision", "colostomy-creation"),
    *("ileostomy-creation", "major-surgery-other", "pelvic-debulking", "trachelectomy", "urinary-diversion-creation"),
)
BIOPSY: Final = Group(
    "Tissue sampling.", "biopsy-any", "biopsy-cervix-vagina", "biopsy-metastatic-site", "biopsy-pelvic-lymph-node"
)
SURGERY_MINOR: Final = Group(
    "Small procedure: biopsy, nephrostomy, brachytherapy applicator.",
    BIOPSY,
    RADIOTHERAPY_GYNAECOLOGICAL_DEVICE,
    "nephrostomy",
)
SURGERY_UNSPECIFIED: Final = Group("Surgery whose extent the code does not say.", "surgery-any")
SURGERY: Final = Group(
    "Any operation, large or of unsaid extent; small ones are SURGERY_MINOR.", SURGERY_MAJOR, SURGERY_UNSPECIFIED
)
GYNAECOLOGICAL_PROCEDURE: Final = Group(
    "Procedure that only a person with a cervix or uterus can have had.",
    HYSTERECTOMY,
    HYSTERECTOMY_HISTORY,
    EXENTERATION_CERVIX,
    EXENTERATION_SUPPORT,
    RADIOTHERAPY_GYNAECOLOGICAL_DEVICE,
    *("trachelectomy", "cervical-stump-excision", "biopsy-cervix-vagina", "vagina-resection"),
    "history-of-cervix-removal-uterus-remains",
)

# -------------------------------------------------------------------------- imaging

IMAGING_PET_CT: Final = Group("PET with CT.", "imaging-pet-ct")
IMAGING_PET: Final = Group("PET, with CT or without it being said.", IMAGING_PET_CT, "imaging-pet")
IMAGING_CT_CHEST: Final = Group("CT that takes in the chest.", "imaging-ct-chest", "imaging-ct-chest-abdomen-pelvis")
IMAGING_CT_ABDOMEN_PELVIS: Final = Group(
    "CT that takes in abdomen and pelvis.", "imaging-ct-abdomen-pelvis", "imaging-ct-chest-abdomen-pelvis"
)
IMAGING_CT_PELVIS: Final = Group("CT that takes in the pelvis.", IMAGING_CT_ABDOMEN_PELVIS, "imaging-ct-pelvis")
IMAGING_MRI_PELVIS: Final = Group("MRI of the pelvis.", "imaging-mri-pelvis")
IMAGING_UNSPECIFIED: Final = Group(
    "CT or MRI, body part not stated.", "imaging-ct-body-part-unspecified", "imaging-mri-body-part-unspecified"
)
IMAGING: Final = Group(
    "Any staging examination.",
    IMAGING_PET,
    IMAGING_CT_CHEST,
    IMAGING_CT_PELVIS,
    IMAGING_MRI_PELVIS,
    IMAGING_UNSPECIFIED,
)

# ------------------------------------------------------------------ events and findings

GI_PERFORATION: Final = Group("Hole in the gut, ever.", "gi-perforation")
FISTULA: Final = Group(
    "Fistula of an internal organ; those of anus and rectum alone are mostly benign (FISTULA_ANORECTAL).",
    *("fistula-gastrointestinal", "fistula-vaginal-or-genitourinary", "fistula-thoracic"),
)
FISTULA_ANORECTAL: Final = Group("Fistula of anus or rectum.", "fistula-anorectal")
HAEMOPTYSIS: Final = Group("Coughing up blood.", "haemoptysis")
HAEMORRHAGE_VAGINAL: Final = Group("Vaginal bleeding.", "haemorrhage-vaginal")
HAEMORRHAGE_INTRACRANIAL: Final = Group("Bleeding inside the skull.", "haemorrhage-intracranial")
HAEMORRHAGE: Final = Group(
    "Bleeding of any place.",
    HAEMOPTYSIS,
    HAEMORRHAGE_VAGINAL,
    HAEMORRHAGE_INTRACRANIAL,
    *("haemorrhage-gastrointestinal", "haemorrhage-unspecified-site", "haemorrhage-urinary", "pulmonary-haemorrhage"),
)
ARTERIAL_THROMBOEMBOLISM: Final = Group(
    "Stroke, transient ischaemic attack, heart attack, arterial clot; angina is not among them.",
    *("arterial-thromboembolism-other", "myocardial-infarction", "stroke-or-transient-ischaemia"),
)
ANGINA: Final = Group("Angina, stable or unstable.", "angina")
VENOUS_THROMBOEMBOLISM: Final = Group("Deep vein thrombosis or pulmonary embolism.", "venous-thromboembolism")
VENOUS_THROMBOEMBOLISM_HISTORY: Final = Group("Past venous clot.", "history-of-venous-thromboembolism")
VENOUS_THROMBOEMBOLISM_POSSIBLE: Final = Group(
    "Phlebitis or clot, superficial veins not told apart.", "phlebitis-thrombophlebitis"
)
HYPERTENSION: Final = Group("High blood pressure as a diagnosis.", "hypertension")
HYPERTENSIVE_CRISIS: Final = Group(
    "Hypertensive crisis or encephalopathy.", "hypertensive-crisis", "hypertensive-encephalopathy"
)
PRES: Final = Group("Posterior reversible encephalopathy syndrome.", "posterior-reversible-encephalopathy")
NEPHROTIC_SYNDROME: Final = Group("Nephrotic syndrome.", "nephrotic-syndrome")
PROTEINURIA: Final = Group("Protein in the urine as a diagnosis.", "proteinuria")
HEART_FAILURE: Final = Group("Heart failure, past or present, of any cause.", "heart-failure", "heart-failure-other")
NECROTISING_FASCIITIS: Final = Group("Necrotising fasciitis.", "necrotising-fasciitis")
TRANSPLANT: Final = Group(
    "Transplanted solid organ, or marrow or stem cells from a donor.",
    *("solid-organ-transplant", "solid-organ-transplant-procedure", "allogeneic-stem-cell-transplant"),
    "graft-versus-host-disease",
)
TRANSPLANT_POSSIBLE: Final = Group(
    "A transplant whose kind the code may not say; with TRANSPLANT_TISSUE it is skin, bone or cornea only.",
    "transplanted-organ",
)
TRANSPLANT_TISSUE: Final = Group("Transplanted skin, bone or cornea.", "transplanted-tissue")
AUTOIMMUNE_DISEASE: Final = Group("Autoimmune disease.", "autoimmune-disease")
MYOCARDITIS: Final = Group("Inflammation of the heart muscle, of any cause.", "myocarditis")
SEVERE_SKIN_REACTION: Final = Group("Stevens-Johnson syndrome or toxic epidermal necrolysis.", "severe-skin-reaction")
PNEUMONITIS: Final = Group("Interstitial lung disease or pneumonitis.", "interstitial-lung-disease")
NEUROPATHY: Final = Group("Peripheral neuropathy.", "peripheral-neuropathy")
HEARING_LOSS: Final = Group("Hearing loss.", "hearing-loss")
TINNITUS: Final = Group("Ringing in the ears.", "tinnitus")
OCULAR_SURFACE: Final = Group("Disease of the eye surface, of any severity.", "ocular-surface-disease")
OCULAR_SEVERE: Final = Group(
    "Corneal ulcer, scarred cornea or conjunctiva, symblepharon.",
    *("corneal-ulcer", "corneal-scar", "conjunctival-scarring", "symblepharon"),
)
EYE_EXAMINATION: Final = Group(
    "Eye examination with a slit lamp.", "slit-lamp-examination", "own-slit-lamp-examination"
)
EYE_EXAMINATION_POSSIBLE: Final = Group("Eye examination, slit lamp not stated.", "eye-examination-any")
HEARING_AID: Final = Group("Hearing aid in use.", "hearing-aid")
STRONG_CYP3A4_INHIBITOR: Final = Group("Strong inhibitor of CYP3A4.", "strong-cyp3a4-inhibitor")
CORTICOSTEROID: Final = Group(
    "Systemic corticosteroid.",
    *("prednisone-or-prednisolone", "methylprednisolone", "systemic-corticosteroid-other"),
)
IMMUNOSUPPRESSANT: Final = Group("Immunosuppressant.", "immunosuppressant", "immunosuppressant-long-term-use")
HYDRONEPHROSIS: Final = Group("Hydronephrosis, not from a stone.", "hydronephrosis")
LEG_OEDEMA: Final = Group("Swelling of the leg; the side is in laterality.", "leg-oedema", "leg-oedema-one-side")
ONE_LEG: Final = Group("Swelling of one leg: the code itself says that it is one.", "leg-oedema-one-side")
LEG_OEDEMA_POSSIBLE: Final = Group(
    "Oedema whose place the code does not say, or lymphoedema.", "oedema-site-unspecified", "lymphoedema"
)
SCIATIC_PAIN: Final = Group("Sciatica or another sciatic nerve lesion.", "sciatica", "lumbosacral-plexus-disorder")
KIDNEY_DISEASE: Final = Group(
    "Kidney disease as a diagnosis; a laboratory value with its date is better.",
    *("acute-kidney-injury", "chronic-kidney-disease-stage-1-2", "chronic-kidney-disease-stage-3"),
    *("chronic-kidney-disease-stage-4-5", "chronic-kidney-disease-stage-unspecified", "renal-impairment-unspecified"),
)
PREGNANCY: Final = Group("Pregnancy or a condition of it; needs a date.", "pregnancy", "pregnancy-obstetric-code")
NOT_PREGNANT: Final = Group("Stated not to be pregnant.", "not-pregnant")
PREGNANCY_TEST: Final = Group("Pregnancy test, qualitative or hCG.", "pregnancy-test", "hcg-quantitative")
MENOPAUSE: Final = Group("Past the menopause.", "menopause", "own-menopausal")
HOSPICE: Final = Group("Hospice or comfort care.", "hospice-care", "comfort-or-hospice-care", "own-hospice")
OSTOMY: Final = Group("Ostomy or urostomy present.", "ostomy-present")

# ------------------------------------------------------- observations and their answers

PERFORMANCE_STATUS: Final = Group(
    "ECOG or Karnofsky performance status.", "ecog-performance-status", "karnofsky-performance-status"
)
DISEASE_STATUS: Final = Group("mCODE cancer disease status, current and older code.", "cancer-disease-status")
DISEASE_WORSENED: Final = Group("Answer: disease worsened.", "disease-status-worsened")
DISEASE_FREE: Final = Group(
    "Answer: complete remission, or no evidence of recurrence.",
    *("disease-status-complete-remission", "no-evidence-of-cancer-recurrence"),
)
PDL1_CPS: Final = Group("Combined positive score as a number: our own code only.", "own-pdl1-cps")
PDL1_NOT_CPS: Final = Group("PD-L1 tumour proportion score: never a CPS.", "pd-l1-tumour-cell-percentage")
PDL1: Final = Group(
    "Any PD-L1 observation.",
    PDL1_CPS,
    PDL1_NOT_CPS,
    *("pd-l1-presence", "pd-l1-report-text", "pd-l1-scoring-method"),
)
HER2_IMMUNOSTAIN: Final = Group(
    "HER2 by immunostain in tissue; the code for breast specimens is not among them.", "her2-immunostain"
)
BLOOD_PRESSURE: Final = Group(
    "Blood pressure, alone or as panel.", "blood-pressure-panel", "blood-pressure-systolic", "blood-pressure-diastolic"
)
CREATININE_CLEARANCE: Final = Group(
    "Creatinine clearance measured or by Cockcroft-Gault; eGFR is not one.",
    *("creatinine-clearance-measured", "creatinine-clearance-estimated"),
)
TRANSAMINASE: Final = Group("AST or ALT.", "aspartate-aminotransferase", "alanine-aminotransferase")
URINE_PROTEIN: Final = Group(
    "Urine protein: dipstick, protein to creatinine ratio, or amount per day; not concentrations, not albumin.",
    *("urine-protein-dipstick", "urine-protein-creatinine-ratio", "urine-protein-24h"),
)
TUMOUR_MORPHOLOGY: Final = Group("Observation whose value is the tissue type.", "tumour-morphology-observation")
MISMATCH_REPAIR: Final = Group(
    "Microsatellite or mismatch repair test.", "microsatellite-instability-result", "mismatch-repair-protein-result"
)

GROUPS: Final[Mapping[str, Group]] = MappingProxyType(
    {name: value for name, value in vars().copy().items() if isinstance(value, Group)}
)
"""Every group by its name in this module."""
