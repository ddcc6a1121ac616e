"""The scope gate (decision model, section 1) and the pathway (section 3): which patients, which branch, which options.

Read a table top to bottom. Rows add up unless one stops. A row fires when its condition is yes; when nothing in it is
no, it is *possible*: its options are shown as conditional and the missing facts are asked for.
"""

from __future__ import annotations

from dataclasses import dataclass

from cds_service.guideline import thresholds as t
from cds_service.guideline.conditions import (
    ALWAYS,
    Condition,
    all_of,
    any_of,
    at_least,
    at_most,
    between,
    documented,
    no,
    not_yes,
    one_of,
    unknown,
    yes,
)
from cds_service.guideline.rule import Output, Row, Scope, Strength
from fhir_mappings.features.fields import Histology, Sex

R, C, A, IF = Strength.RECOMMENDED, Strength.CONSIDER, Strength.ALTERNATIVE, Strength.CONDITIONAL


@dataclass(frozen=True, slots=True)
class Gate:
    """One row of the scope gate: the first that is yes decides how much of the model runs."""

    id: str
    when: Condition
    scope: Scope
    words: str


SCOPE_GATE: tuple[Gate, ...] = (
    Gate("G0", yes("deceased"), Scope.SILENT, "Nothing can be acted on."),
    Gate("G1", yes("cancer_disowned"), Scope.SILENT, "The data were disowned by their author."),
    Gate(
        "G2",
        not_yes("cervical_cancer"),
        Scope.SILENT,
        "Other cancers, precursors and family history have other rules.",
    ),
    Gate(
        "G3",
        all_of(one_of("sex_param", Sex.MALE), not_yes("evidence_of_cervix")),
        Scope.SILENT,
        "Data conflict. Administrative gender alone never hides advice: transgender men can have this cancer.",
    ),
    Gate(
        "G4",
        one_of(
            "histology", Histology.ADENOCARCINOMA, Histology.ADENOSQUAMOUS, Histology.NEUROENDOCRINE, Histology.OTHER
        ),
        Scope.SAFETY,
        "The source article is about squamous disease.",
    ),
    Gate("G5", no("recurrence"), Scope.SAFETY, "Remission or untreated primary disease."),
    Gate(
        "G6",
        all_of(unknown("recurrence"), yes("recurrence_suspected")),
        Scope.WORK_UP,
        "A suspicion on record calls for a work-up, not for treatment options.",
    ),
    Gate("G6b", unknown("recurrence"), Scope.SAFETY, "Nothing on record says that the cancer came back."),
    Gate("G7", yes("hospice"), Scope.COMFORT, "A comfort-only plan is respected."),
    Gate("G8", ALWAYS, Scope.FULL, "The full model."),
)

PELVIC_SITES = ("site_central_pelvic", "site_pelvic_sidewall", "site_pelvic_nodal")
SITES = (*PELVIC_SITES, "site_paraaortic", "site_distant")

ANY_PELVIC = any_of(*(yes(site) for site in PELVIC_SITES))
NO_PELVIC = all_of(*(no(site) for site in PELVIC_SITES))
NO_SITE_YES = all_of(*(not_yes(site) for site in SITES))

_EXENTERATION_POSSIBLE = all_of(
    yes("site_central_pelvic"),
    not_yes("site_pelvic_sidewall"),
    not_yes("sidewall_triad"),
    not_yes("site_paraaortic"),
    not_yes("prior_exenteration"),
)
_CENTRAL_ONLY_IRRADIATED = (
    yes("site_central_pelvic"),
    no("site_pelvic_sidewall"),
    no("site_pelvic_nodal"),
    no("site_paraaortic"),
    no("site_distant"),
    not_yes("sidewall_triad"),
    yes("prior_pelvic_rt"),
    not_yes("vaginal_brachy_only"),
    yes("biopsy_proof"),
    not_yes("prior_exenteration"),
)
_P3 = all_of(*_CENTRAL_ONLY_IRRADIATED, at_most("ecog", t.ECOG_FIT_FOR_EXENTERATION))
_P3A = all_of(*_CENTRAL_ONLY_IRRADIATED, between("ecog", t.ECOG_LIMITED, t.ECOG_LIMITED))

_SIDE_WALL_OPTIONS = (
    Output("sidewall-specialist-surgery", C, sources=("G-TABLE",)),
    Output("reirradiation-specialist-review", C, sources=("S29", "E24")),
    Output("palliative-care-integration", C, sources=("S44",)),
    Output("info-bulky-irradiated-refractory", when=at_least("central_size_cm", t.BULKY_TUMOUR_CM), sources=("S17",)),
)

COMFORT_OUTPUTS = (
    Output("best-supportive-care", R, sources=("S44",)),
    Output("palliative-care-integration", R, sources=("S44",)),
)
WORK_UP_OUTPUTS = (
    Output("suspected-recurrence-workup", R, sources=("E25", "S43")),
    Output("missing-biopsy", when=not_yes("biopsy_proof")),
    Output("missing-pet-ct", when=not_yes("pet_ct_recent")),
)

PATHWAY: tuple[Row, ...] = (
    Row(
        "P0",
        yes("pregnant"),
        (Output("pregnancy-mdt-referral", R),),
        ("L1", "L8"),
        stop=True,
        gate=True,
        words="Pregnancy changes every option; no treatment code is shown before a specialist team has seen her.",
    ),
    Row(
        "P1",
        at_least("ecog", t.ECOG_POOR),
        (
            Output("best-supportive-care", R, note="reassess if the cause of poor performance is reversible"),
            Output("palliative-care-integration", R),
            Output("palliative-radiotherapy", C),
        ),
        ("S44", "S45"),
        stop=True,
        gate=True,
        words="Curative and multi-agent options are not shown.",
    ),
    Row(
        "P2",
        NO_SITE_YES,
        (Output("missing-recurrence-site"), Output("missing-pet-ct"), Output("mdt-review", R)),
        ("S01",),
        stop=True,
        words="No treatment is named before it is known where the disease is.",
    ),
    Row(
        "P3",
        _P3,
        (
            Output("pelvic-exenteration", R),
            Output("resection-then-systemic", C, sources=("S06", "D14")),
            Output("mdt-review", R),
            Output("palliative-care-integration", A),
            Output("info-expected-outcomes"),
        ),
        ("E21", "E25", "S02", "S05", "S07", "S26", "S27"),
        words="Vaginal brachytherapy alone is P4a.",
    ),
    Row("P3a", _P3A, (Output("pelvic-exenteration", C), Output("mdt-review", R)), ("E21", "S26", "policy")),
    Row(
        "P3b",
        all_of(any_of(_P3, _P3A), at_most("central_size_cm", t.SMALL_CENTRAL_TUMOUR_CM)),
        (Output("radical-hysterectomy-or-brachytherapy-small-central", C),),
        ("D13", "G-TABLE"),
    ),
    Row(
        "P3c",
        all_of(
            yes("site_central_pelvic"),
            any_of(yes("site_pelvic_sidewall"), documented("sidewall_triad")),
            no("site_distant"),
            yes("prior_pelvic_rt"),
        ),
        (Output("exenteration-not-advised"), *_SIDE_WALL_OPTIONS),
        ("E21", "E24"),
        opens_systemic=ALWAYS,
        excludes=("pelvic-exenteration",),
        words="Side wall disease rules exenteration out whatever biopsy and performance status say.",
    ),
    Row(
        "P3d",
        all_of(
            yes("site_central_pelvic"),
            yes("site_pelvic_nodal"),
            no("site_pelvic_sidewall"),
            no("site_paraaortic"),
            no("site_distant"),
            not_yes("sidewall_triad"),
            yes("prior_pelvic_rt"),
            not_yes("prior_exenteration"),
        ),
        (
            Output("resection-then-systemic", C),
            Output("mdt-review", R),
            Output("palliative-care-integration", C, sources=("S44",)),
        ),
        ("S06", "D14", "policy"),
        gate=True,
        words="Central and nodal disease in an irradiated pelvis: exenteration is for central disease alone.",
    ),
    Row(
        "P3e",
        all_of(ANY_PELVIC, no("biopsy_proof")),
        (Output("mdt-review", R, note="the biopsy of the suspected recurrence was benign"),),
        ("E25", "S26", "policy"),
        gate=True,
        words="A benign biopsy speaks against curative surgery; the pattern still needs an answer.",
    ),
    Row(
        "P4",
        all_of(ANY_PELVIC, no("site_paraaortic"), no("site_distant"), no("prior_pelvic_rt")),
        (
            Output("salvage-chemoradiation", R, when=not_yes("cisplatin_ineligible"), sources=("S09",)),
            Output(
                "salvage-chemoradiation-cisplatin-ineligible",
                R,
                when=documented("cisplatin_ineligible"),
                sources=("S09",),
            ),
            Output("mdt-review", R),
            Output(
                "palliative-care-integration",
                C,
                when=at_least("pelvic_node_count", t.SEVERAL_PELVIC_NODES),
                sources=("S44",),
            ),
            Output("info-expected-outcomes"),
        ),
        ("E22", "S03", "S08", "S10"),
        excludes=("pelvic-exenteration",),
        words="No exenteration and no systemic-only code while radiation tolerance is unused.",
    ),
    Row(
        "P4a",
        all_of(ANY_PELVIC, no("site_paraaortic"), no("site_distant"), documented("vaginal_brachy_only")),
        (
            Output("salvage-chemoradiation", IF, note="if whole-pelvis radiotherapy is still possible"),
            Output("radiation-oncology-review", R),
            Output(
                "pelvic-exenteration",
                IF,
                note="if whole-pelvis radiotherapy is not possible",
                when=_EXENTERATION_POSSIBLE,
            ),
            Output("mdt-review", R),
        ),
        ("policy",),
    ),
    Row(
        "P5",
        all_of(ANY_PELVIC, not_yes("site_distant"), unknown("prior_pelvic_rt")),
        (
            Output("missing-prior-pelvic-rt"),
            Output("salvage-chemoradiation", IF, note="if never irradiated", when=not_yes("site_paraaortic")),
            Output("pelvic-exenteration", IF, note="if irradiated", when=_EXENTERATION_POSSIBLE),
        ),
        ("S01", "S02", "S03"),
        words="A chart that merely lacks radiotherapy is unknown: both branches are shown, the question first.",
    ),
    Row(
        "P6",
        all_of(yes("site_pelvic_sidewall"), no("site_distant"), yes("prior_pelvic_rt")),
        _SIDE_WALL_OPTIONS,
        ("E24", "G-TABLE", "S17", "S29"),
        opens_systemic=ALWAYS,
        excludes=("pelvic-exenteration",),
    ),
    Row(
        "P7",
        all_of(
            yes("site_pelvic_nodal"),
            no("site_central_pelvic"),
            no("site_pelvic_sidewall"),
            no("site_paraaortic"),
            no("site_distant"),
            yes("prior_pelvic_rt"),
        ),
        (
            Output("oligometastatic-local-therapy", C, note="node resection or stereotactic radiotherapy"),
            Output("palliative-care-integration", R, when=at_least("pelvic_node_count", t.SEVERAL_PELVIC_NODES)),
        ),
        ("E29", "G-TABLE", "S44"),
        opens_systemic=ALWAYS,
    ),
    Row(
        "P8",
        all_of(yes("site_paraaortic"), NO_PELVIC, no("site_distant")),
        (
            Output("extended-field-chemoradiation", R, when=no("prior_paraaortic_rt")),
            Output(
                "extended-field-chemoradiation",
                IF,
                note="if the para-aortic field was never irradiated",
                when=unknown("prior_paraaortic_rt"),
            ),
            Output("missing-prior-pelvic-rt", note="field extent", when=unknown("prior_paraaortic_rt")),
            Output("oligometastatic-local-therapy", C, when=yes("prior_paraaortic_rt")),
            Output("radiation-oncology-review", R, note="check the field junction", when=yes("prior_pelvic_rt")),
            Output("mdt-review", R),
        ),
        ("E23",),
        opens_systemic=yes("prior_paraaortic_rt"),
    ),
    Row(
        "P8b",
        all_of(yes("site_paraaortic"), ANY_PELVIC, no("site_distant")),
        (
            Output(
                "extended-field-chemoradiation",
                R,
                when=all_of(not_yes("prior_pelvic_rt"), not_yes("prior_paraaortic_rt")),
                firm_if=all_of(no("prior_pelvic_rt"), no("prior_paraaortic_rt")),
                note="pelvis and para-aortic region in one field",
            ),
            Output("mdt-review", R),
        ),
        ("E23",),
        opens_systemic=any_of(yes("prior_pelvic_rt"), yes("prior_paraaortic_rt")),
        excludes=("pelvic-exenteration",),
    ),
    Row(
        "P9",
        all_of(yes("site_distant"), documented("oligometastatic"), at_most("ecog", t.ECOG_LIMITED)),
        (Output("oligometastatic-local-therapy", C), Output("mdt-review", R)),
        ("E29", "G-TABLE"),
        opens_systemic=ALWAYS,
    ),
    Row(
        "P9a",
        yes("isolated_chest"),
        (
            Output("info-site-response-chest"),
            Output("missing-biopsy", note="exclude a primary lung cancer", when=unknown("biopsy_proof")),
        ),
        ("E19", "S16"),
        gate=True,
    ),
    Row(
        "P10",
        any_of(yes("site_distant"), all_of(documented("unresectable"), yes("prior_pelvic_rt"))),
        (Output("palliative-care-integration", R), Output("info-expected-outcomes")),
        ("S04", "S26", "S44"),
        opens_systemic=ALWAYS,
        excludes=("pelvic-exenteration", "salvage-chemoradiation", "salvage-chemoradiation-cisplatin-ineligible"),
        words="Never exenteration or salvage chemoradiation, even with central disease.",
    ),
    Row(
        "P10a",
        all_of(yes("site_distant"), ANY_PELVIC),
        (
            Output("info-multisite-response"),
            Output("palliative-radiotherapy", C, note="for pelvic bleeding or pain"),
        ),
        ("E19", "S18", "S45"),
        gate=True,
    ),
    Row(
        "P11",
        all_of(documented("prior_exenteration"), ANY_PELVIC),
        (Output("reirradiation-specialist-review", C),),
        ("E24", "policy"),
        opens_systemic=ALWAYS,
        excludes=("pelvic-exenteration",),
    ),
    Row(
        "P12",
        all_of(
            at_least("recurrence_number", t.REPEATED_RECURRENCE), yes("site_central_pelvic"), yes("prior_pelvic_rt")
        ),
        (Output("mdt-review", R, note="a second curative operation only after tumour board review"),),
        ("S05",),
        gate=True,
        words="Salvage radiotherapy counts as earlier pelvic radiotherapy, so P3 applies.",
    ),
    Row(
        "P13",
        documented("metastasis_symptoms"),
        (Output("palliative-radiotherapy", C, note="for the painful or bleeding metastasis; check field overlap"),),
        ("S45",),
        gate=True,
    ),
    Row(
        "P14a",
        between("ecog", t.ECOG_LIMITED, t.ECOG_LIMITED),
        (Output("palliative-care-integration", C),),
        ("S44",),
        gate=True,
    ),
    Row(
        "P15",
        at_most("disease_free_interval", t.EARLY_RECURRENCE_MONTHS),
        (Output("info-recurrence-timing"),),
        ("E26", "S43"),
        gate=True,
    ),
)

WITH_TREATMENT: tuple[Row, ...] = (
    Row(
        "P14",
        ALWAYS,
        (Output("info-prognostic-factors"),),
        ("E03", "E19", "S40", "S41", "S42"),
        words="For every patient who is shown a treatment option.",
    ),
)

WITH_SYSTEMIC: tuple[Row, ...] = (
    Row(
        "P16",
        all_of(ANY_PELVIC, no("site_paraaortic"), no("site_distant")),
        (
            Output("info-site-response-pelvic"),
            Output(
                "info-bulky-irradiated-refractory",
                when=all_of(yes("prior_pelvic_rt"), at_least("central_size_cm", t.BULKY_TUMOUR_CM)),
                sources=("E20", "S17"),
            ),
        ),
        ("E19", "S16", "S22"),
        gate=True,
        words="Pelvic disease only while a systemic table is in use.",
    ),
)
