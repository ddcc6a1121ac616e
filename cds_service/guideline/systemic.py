"""First-line and second-line systemic tables (decision model, section 3).

Entered through a pathway row that opens the systemic table. F7, F8, F10 and F11 change what the other rows put out and
are written as small functions beside the table, in the order in which they apply.
"""

from __future__ import annotations

from cds_service.guideline import thresholds as t
from cds_service.guideline.conditions import (
    ALWAYS,
    Condition,
    all_of,
    any_of,
    at_least,
    between,
    documented,
    no,
    not_yes,
    under,
    unknown,
    yes,
)
from cds_service.guideline.rule import Output, Row, Strength

R, C, A, IF = Strength.RECOMMENDED, Strength.CONSIDER, Strength.ALTERNATIVE, Strength.CONDITIONAL

BEV = not_yes("bev_contraindicated")
NO_BEV = documented("bev_contraindicated")
ICI_POSSIBLE = all_of(not_yes("prior_ici"), not_yes("ici_contraindicated"))
ICI_NAIVE = no("prior_ici")
CISPLATIN_POSSIBLE = not_yes("cisplatin_ineligible")
CPS_POSITIVE = at_least("pdl1_cps", t.PDL1_CPS_POSITIVE)
CPS_NEGATIVE = under("pdl1_cps", t.PDL1_CPS_POSITIVE)
CPS_NOT_NEGATIVE: Condition = any_of(unknown("pdl1_cps"), CPS_POSITIVE)

_BEV_SURVIVAL = Output("info-bevacizumab-survival", when=BEV, sources=("E01", "E02", "S15"))
_AVOID = Output("bevacizumab-avoid", when=NO_BEV, sources=("L1",))

FIRST_LINE: tuple[Row, ...] = (
    Row(
        "F1",
        all_of(CPS_POSITIVE, BEV, ICI_POSSIBLE),
        (
            Output("systemic-pembrolizumab-chemo-bevacizumab", R, firm_if=ICI_NAIVE),
            Output("systemic-cisplatin-paclitaxel-bevacizumab", A),
            Output("systemic-atezolizumab-chemo-bevacizumab", A, firm_if=ICI_NAIVE, sources=("E10",)),
            _BEV_SURVIVAL,
        ),
        ("E09", "E08", "E01", "S11", "S12", "D1"),
        gate=True,
    ),
    Row(
        "F2",
        all_of(CPS_POSITIVE, NO_BEV, ICI_POSSIBLE),
        (
            Output("systemic-pembrolizumab-chemo", R, firm_if=ICI_NAIVE),
            Output("systemic-cisplatin-paclitaxel", A),
            _AVOID,
        ),
        ("E09", "E08", "S13", "D1"),
        gate=True,
    ),
    Row(
        "F3",
        all_of(CPS_NEGATIVE, BEV, ICI_POSSIBLE),
        (
            Output("systemic-cisplatin-paclitaxel-bevacizumab", R),
            Output("systemic-atezolizumab-chemo-bevacizumab", C, firm_if=ICI_NAIVE, sources=("E10",)),
            _BEV_SURVIVAL,
        ),
        ("E01", "E02", "S04", "S12", "D1"),
        gate=True,
        words="No pembrolizumab: no benefit was seen with CPS below 1.",
    ),
    Row(
        "F4",
        all_of(CPS_NEGATIVE, NO_BEV),
        (Output("systemic-cisplatin-paclitaxel", R), _AVOID),
        ("E04", "E09", "S04", "S13"),
        gate=True,
    ),
    Row(
        "F5",
        all_of(unknown("pdl1_cps"), ICI_POSSIBLE),
        (
            Output("missing-pdl1-cps"),
            Output("systemic-cisplatin-paclitaxel-bevacizumab", R, when=BEV),
            Output("systemic-cisplatin-paclitaxel", R, when=NO_BEV),
            Output("systemic-pembrolizumab-chemo-bevacizumab", IF, note="if CPS is 1 or more", when=BEV),
            Output("systemic-pembrolizumab-chemo", IF, note="if CPS is 1 or more", when=NO_BEV),
            _BEV_SURVIVAL,
            _AVOID,
        ),
        ("E09", "E01", "S04", "S12", "D1"),
        gate=True,
    ),
    Row(
        "F6",
        any_of(documented("prior_ici"), documented("ici_contraindicated")),
        (
            Output("systemic-cisplatin-paclitaxel-bevacizumab", R, when=BEV),
            Output("systemic-cisplatin-paclitaxel", R, when=NO_BEV),
            Output("clinical-trial", R),
            _BEV_SURVIVAL,
            _AVOID,
        ),
        ("E28", "E01", "S12", "S25"),
        gate=True,
        words="The immunotherapy trials do not answer for patients already treated with a checkpoint inhibitor.",
    ),
    Row(
        "F10",
        BEV,
        (
            Output(
                "systemic-paclitaxel-topotecan-bevacizumab",
                C,
                note="both platinums are unsuitable",
                when=documented("platinums_unsuitable"),
            ),
            Output("systemic-paclitaxel-topotecan-bevacizumab", A, when=not_yes("platinums_unsuitable")),
        ),
        ("E01", "S14", "D1"),
        gate=True,
    ),
    Row(
        "P14",
        ALWAYS,
        (Output("clinical-trial", A), Output("info-guideline-difference")),
        ("S25", "D1"),
        words="First line.",
    ),
)

CARBOPLATIN_FOR_CISPLATIN = {
    "systemic-cisplatin-paclitaxel-bevacizumab": "systemic-carboplatin-paclitaxel-bevacizumab",
    "systemic-cisplatin-paclitaxel": "systemic-carboplatin-paclitaxel",
}
"""F7 replaces each, F8 adds each as a twin."""

F7 = Row(
    "F7",
    documented("cisplatin_ineligible"),
    (),
    ("E07", "L2", "D11"),
    words="Every cisplatin code is replaced by its carboplatin code at the same strength.",
)
F8 = Row(
    "F8",
    all_of(yes("prior_platinum"), CISPLATIN_POSSIBLE),
    (),
    ("E07", "D11"),
    words="The carboplatin twin of each cisplatin code is added as an alternative (non-inferior).",
)
F9 = Row(
    "F9",
    all_of(no("prior_platinum"), CISPLATIN_POSSIBLE),
    (),
    ("E07",),
    words="Platinum-naive: cisplatin is preferred (subgroup of E07, direction verified, numbers unverified).",
)
F9_NOTE = "platinum-naive: the trial subgroup favoured cisplatin over carboplatin (E07)"
F11 = Row(
    "F11",
    between("ecog", t.ECOG_LIMITED, t.ECOG_LIMITED),
    (),
    ("S44", "policy"),
    words="Every strength drops one step.",
)
MODIFIERS: tuple[Row, ...] = (F7, F8, F9, F11)

PROGRESSED = yes("progressed_on_after_systemic")
LINES_COUNTED = at_least("systemic_lines", t.SECOND_LINE_FROM)

SECOND_LINE: tuple[Row, ...] = (
    Row(
        "T1",
        not_yes("prior_tv"),
        (Output("second-line-tisotumab-vedotin", R),),
        ("E13", "L8", "D2"),
    ),
    Row(
        "T2",
        all_of(no("prior_ici"), not_yes("ici_contraindicated")),
        (
            Output("second-line-cemiplimab", R),
            Output("second-line-pembrolizumab", R, when=CPS_NOT_NEGATIVE, firm_if=CPS_POSITIVE),
        ),
        ("E12", "E14", "L7", "D2"),
        gate=True,
    ),
    Row(
        "T3",
        all_of(unknown("prior_ici"), not_yes("ici_contraindicated")),
        (
            Output("second-line-cemiplimab", IF, note="if no earlier checkpoint inhibitor"),
            Output(
                "second-line-pembrolizumab",
                IF,
                note="if no earlier checkpoint inhibitor and CPS is 1 or more",
                when=CPS_NOT_NEGATIVE,
            ),
            Output("missing-prior-systemic"),
        ),
        ("E12", "E14", "E28", "D2"),
        gate=True,
    ),
    Row(
        "T4",
        documented("prior_ici"),
        (),
        ("E28",),
        gate=True,
        words="No checkpoint inhibitor code.",
    ),
    Row(
        "T5",
        at_least("her2_ihc", t.HER2_STRONG),
        (Output("second-line-trastuzumab-deruxtecan", C),),
        ("E16", "L9"),
        gate=True,
    ),
    Row(
        "T6",
        any_of(*(documented(marker) for marker in ("ret_fusion", "ntrk_fusion", "msi_high", "tmb_high"))),
        (Output("second-line-biomarker-directed", C),),
        ("E17", "E18"),
        gate=True,
    ),
    Row(
        "T7",
        ALWAYS,
        (
            Output("clinical-trial", R),
            Output("second-line-chemotherapy", A),
            Output("palliative-care-integration", R),
            Output("info-guideline-difference"),
        ),
        ("S23", "S24", "S25", "S44", "D2"),
    ),
)
