"""Every output code, once: options, information, alerts and prompts. Anything outside this register is a defect.

An entry's text says what the code stands for, for every patient; what is particular to a row or an order stands in the
row's note or the check's text, and is not said twice.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass

from cds_service.guideline.missing_data import PROMPTS
from cds_service.guideline.rule import Kind, Prompt


class Group(enum.Enum):
    """Where a code belongs, as a heading of lists and pages."""

    CURATIVE = "Local treatment with curative intent"
    REVIEW = "Review and work-up"
    FIRST_LINE = "First-line systemic treatment"
    SECOND_LINE = "Second-line systemic treatment"
    SUPPORTIVE = "Palliative and supportive care"
    INFORMATION = "Information for shared decision making"
    MISSING_DATA = "Missing data"
    BEVACIZUMAB = "Bevacizumab orders"
    PELVIC_RADIOTHERAPY = "Pelvic radiotherapy orders"
    EXENTERATION = "Exenteration orders"
    CYTOTOXIC = "Chemotherapy orders"
    IMMUNOTHERAPY = "Immunotherapy orders"
    TISOTUMAB = "Tisotumab vedotin orders"
    PET_CT = "PET/CT orders"
    PREGNANCY = "Orders in pregnancy"


@dataclass(frozen=True, slots=True)
class Drug:
    """One drug of a regimen.

    Attributes:
        name: ingredient.
        dose: with unit, alternatives included.
        schedule: interval, and time of infusion where the trial fixed it.
    """

    name: str
    dose: str
    schedule: str

    def line(self) -> str:
        """The drug as one line of a list."""
        return f"{self.name} {self.dose}, {self.schedule}"


@dataclass(frozen=True, slots=True)
class OutputCode:
    """One code.

    Attributes:
        code: stable; never reused for something else.
        kind: option, alert, prompt or information.
        group: heading under which lists and pages show it.
        title: at most 70 characters of plain words.
        text: one to three sentences: what it is and why, approval status where it differs between places.
        sources: citation ids.
        regimen: of a systemic option, its drugs as studied.
    """

    code: str
    kind: Kind
    group: Group
    title: str
    text: str
    sources: tuple[str, ...]
    regimen: tuple[Drug, ...] = ()


_CYCLE = "every 3 weeks"
_CISPLATIN = Drug("cisplatin", "50 mg/m2", _CYCLE)
_CARBOPLATIN = Drug("carboplatin", "AUC 5", _CYCLE)
_PACLITAXEL = Drug("paclitaxel", "175 mg/m2 over 3 h (or, with cisplatin, 135 mg/m2 over 24 h)", _CYCLE)
_PACLITAXEL_3_H = Drug("paclitaxel", "175 mg/m2 over 3 h", _CYCLE)
_BEVACIZUMAB = Drug("bevacizumab", "15 mg/kg", _CYCLE)
_PLATINUM = Drug("cisplatin or carboplatin", "50 mg/m2 or AUC 5", _CYCLE)
_PEMBROLIZUMAB = Drug("pembrolizumab", "200 mg", f"{_CYCLE}, up to 35 cycles")
_WEEKLY_CISPLATIN = Drug("cisplatin", "40 mg/m2", "weekly during radiotherapy, 4 to 6 doses")


def _option(
    code: str, group: Group, title: str, text: str, sources: tuple[str, ...], *, regimen: tuple[Drug, ...] = ()
) -> OutputCode:
    return OutputCode(code, Kind.OPTION, group, title, text, sources, regimen)


def _information(code: str, title: str, text: str, sources: tuple[str, ...]) -> OutputCode:
    return OutputCode(code, Kind.INFORMATION, Group.INFORMATION, title, text, sources)


def _alert(code: str, group: Group, title: str, text: str, sources: tuple[str, ...]) -> OutputCode:
    return OutputCode(code, Kind.ALERT, group, title, text, sources)


def _prompt(prompt: Prompt) -> OutputCode:
    text = f"{prompt.changes} What would fill it: {prompt.filled_by}."
    return OutputCode(prompt.code, Kind.PROMPT, Group.MISSING_DATA, prompt.title, text, prompt.sources)


_OPTIONS: tuple[OutputCode, ...] = (
    _option(
        "pelvic-exenteration",
        Group.CURATIVE,
        "Assessment for pelvic exenteration",
        "After pelvic radiotherapy, exenteration is the main curative option for disease confined to the central "
        "pelvis. It is for carefully selected patients: proven recurrence, free side wall, no distant or para-aortic "
        "disease on PET/CT, good performance status, and informed acceptance of stomas.",
        ("G-TABLE", "E21", "E25", "S02", "S05", "S26", "S27"),
    ),
    _option(
        "resection-then-systemic",
        Group.CURATIVE,
        "Resection followed by systemic treatment",
        "An isolated recurrence in an irradiated pelvis may be resected and systemic treatment added. No trial "
        "supports it; guidelines name resection mainly for side wall relapse after surgery.",
        ("D14", "S06"),
    ),
    _option(
        "radical-hysterectomy-or-brachytherapy-small-central",
        Group.CURATIVE,
        "Radical hysterectomy or brachytherapy for a small central tumour",
        "For a small central tumour after radiotherapy (under 2 cm), NCCN and SEOM list radical hysterectomy or "
        "brachytherapy in carefully selected patients.",
        ("G-TABLE", "D13"),
    ),
    _option(
        "salvage-chemoradiation",
        Group.CURATIVE,
        "Salvage radiotherapy with concurrent cisplatin",
        "Pelvic external beam radiotherapy, with image-guided brachytherapy where suitable, and weekly cisplatin is "
        "the standard for a pelvis never irradiated; the intent is curative. Concurrent cisplatin is extrapolated from "
        "primary disease.",
        ("G-TABLE", "E22", "S03", "S08", "S09", "S10"),
        regimen=(_WEEKLY_CISPLATIN,),
    ),
    _option(
        "salvage-chemoradiation-cisplatin-ineligible",
        Group.CURATIVE,
        "Salvage radiotherapy with another sensitiser than cisplatin",
        "Curative-intent pelvic radiotherapy remains the option when cisplatin is unsuitable; weekly carboplatin AUC 2 "
        "is an alternative sensitiser, and in one series most had radiotherapy alone (E22).",
        ("G-TABLE", "E22", "L3", "S09"),
        regimen=(Drug("carboplatin", "AUC 2", "weekly during radiotherapy"),),
    ),
    _option(
        "extended-field-chemoradiation",
        Group.CURATIVE,
        "Extended-field radiotherapy with chemotherapy",
        "For para-aortic recurrence without distant disease, concurrent chemoradiation to the para-aortic field is the "
        "treatment of choice in the series: 45.7% lived three years (E23).",
        ("E23", "D12"),
    ),
    _option(
        "oligometastatic-local-therapy",
        Group.CURATIVE,
        "Local treatment of few metastases",
        "Resection, stereotactic radiotherapy or ablation of each lesion is an option for few, treatable lesions. No "
        "definition specific to cervical cancer exists; this service uses 1 to 5 lesions with a controlled pelvis.",
        ("G-TABLE", "E29", "D12", "policy"),
    ),
    _option(
        "sidewall-specialist-surgery",
        Group.CURATIVE,
        "Side wall surgery in a specialised centre",
        "Laterally extended resection is an option only in very experienced centres; one reported 44% five-year "
        "survival in 24 selected patients (E21).",
        ("G-TABLE", "E21", "E24", "D12"),
    ),
    _option(
        "reirradiation-specialist-review",
        Group.REVIEW,
        "Specialist review for re-irradiation",
        "Stereotactic radiotherapy, brachytherapy or intraoperative radiotherapy after earlier radiotherapy is for "
        "highly selected patients and investigational. In one series five-year survival was 17.8%, with severe "
        "toxicity in 58.6% (E24).",
        ("G-TABLE", "E24", "D10", "S29"),
    ),
    _option(
        "radiation-oncology-review",
        Group.REVIEW,
        "Radiation oncology review of fields and doses",
        "A radiation oncologist can tell from the earlier plan what dose and field remain possible.",
        ("G-TABLE", "policy"),
    ),
    _option(
        "systemic-pembrolizumab-chemo-bevacizumab",
        Group.FIRST_LINE,
        "Pembrolizumab, platinum, paclitaxel and bevacizumab",
        "Recommended with CPS 1 or more: with pembrolizumab median survival was 28.6 v 16.5 months, HR 0.60 (E09). "
        "Approved in the US with CPS 1 or more.",
        ("E09", "E08", "G-SEOM2023", "L6", "D1", "S11"),
        regimen=(_PEMBROLIZUMAB, _PLATINUM, _PACLITAXEL_3_H, _BEVACIZUMAB),
    ),
    _option(
        "systemic-pembrolizumab-chemo",
        Group.FIRST_LINE,
        "Pembrolizumab, platinum and paclitaxel",
        "Recommended with CPS 1 or more where bevacizumab is unsuitable. In all patients without bevacizumab the HR of "
        "death was 0.74 (0.53-1.04) (E08). Approved in the US with CPS 1 or more.",
        ("E09", "E08", "G-SEOM2023", "L6", "D1", "S11"),
        regimen=(_PEMBROLIZUMAB, _PLATINUM, _PACLITAXEL_3_H),
    ),
    _option(
        "systemic-atezolizumab-chemo-bevacizumab",
        Group.FIRST_LINE,
        "Atezolizumab, platinum, paclitaxel and bevacizumab",
        "An option whatever the PD-L1 score: interim median survival 32.1 v 22.8 months, HR 0.68 (E10). Off-label in "
        "the US (unverified).",
        ("E10", "L10", "D1", "S11"),
        regimen=(Drug("atezolizumab", "1200 mg", _CYCLE), _PLATINUM, _PACLITAXEL_3_H, _BEVACIZUMAB),
    ),
    _option(
        "systemic-cisplatin-paclitaxel-bevacizumab",
        Group.FIRST_LINE,
        "Cisplatin, paclitaxel and bevacizumab",
        "The backbone of first-line treatment, the regimen that the source article prefers, and the choice when CPS is "
        "below 1. Median survival 16.8 v 13.3 months with v without bevacizumab (E02).",
        ("E02", "E01", "L1", "D1", "S04", "S11", "S12", "S15"),
        regimen=(_CISPLATIN, _PACLITAXEL, _BEVACIZUMAB),
    ),
    _option(
        "systemic-cisplatin-paclitaxel",
        Group.FIRST_LINE,
        "Cisplatin and paclitaxel",
        "The standard doublet where bevacizumab is unsuitable; three other cisplatin doublets were no better (E04), "
        "and in squamous disease 36% responded (E06).",
        ("E04", "E06", "D1", "S04", "S13"),
        regimen=(_CISPLATIN, _PACLITAXEL),
    ),
    _option(
        "systemic-carboplatin-paclitaxel-bevacizumab",
        Group.FIRST_LINE,
        "Carboplatin, paclitaxel and bevacizumab",
        "Carboplatin-paclitaxel was not inferior to cisplatin-paclitaxel, 17.5 v 18.3 months (E07). Bevacizumab with "
        "carboplatin is not in the US cervical label.",
        ("E07", "E01", "L1", "L3", "D11"),
        regimen=(_CARBOPLATIN, _PACLITAXEL_3_H, _BEVACIZUMAB),
    ),
    _option(
        "systemic-carboplatin-paclitaxel",
        Group.FIRST_LINE,
        "Carboplatin and paclitaxel",
        "Not inferior to cisplatin-paclitaxel, 17.5 v 18.3 months (E07), for patients unsuited to cisplatin and to "
        "bevacizumab.",
        ("E07", "L3", "D11"),
        regimen=(_CARBOPLATIN, _PACLITAXEL_3_H),
    ),
    _option(
        "systemic-paclitaxel-topotecan-bevacizumab",
        Group.FIRST_LINE,
        "Paclitaxel, topotecan and bevacizumab",
        "A labelled combination without platinum. Topotecan-paclitaxel was no better than cisplatin-paclitaxel, even "
        "after earlier platinum (E01).",
        ("E01", "L1", "L5", "S11", "S14"),
        regimen=(Drug("topotecan", "0.75 mg/m2", f"days 1 to 3, {_CYCLE}"), _PACLITAXEL_3_H, _BEVACIZUMAB),
    ),
    _option(
        "second-line-tisotumab-vedotin",
        Group.SECOND_LINE,
        "Tisotumab vedotin",
        "Median survival 11.5 v 9.5 months against chemotherapy, HR 0.70 (E13). FDA regular approval 2024 after "
        "progression on or after chemotherapy; NCCN category 1 (secondary source). Boxed warning for the eyes.",
        ("G-NCCN2025", "E13", "L8", "D2"),
        regimen=(Drug("tisotumab vedotin", "2 mg/kg (at most 200 mg)", _CYCLE),),
    ),
    _option(
        "second-line-cemiplimab",
        Group.SECOND_LINE,
        "Cemiplimab",
        "Median survival 12.0 v 8.5 months against chemotherapy after platinum, whatever the PD-L1 score (E12). EU "
        "label; no FDA cervical indication.",
        ("G-SEOM2023", "E12", "L7", "D2"),
        regimen=(Drug("cemiplimab", "350 mg", _CYCLE),),
    ),
    _option(
        "second-line-pembrolizumab",
        Group.SECOND_LINE,
        "Pembrolizumab alone",
        "With CPS 1 or more after chemotherapy 14.6% responded (E14). FDA approval; not an EMA indication (secondary "
        "source).",
        ("G-SEOM2023", "E14", "L6", "D2"),
        regimen=(Drug("pembrolizumab", "200 mg or 400 mg", "every 3 or every 6 weeks, up to 24 months"),),
    ),
    _option(
        "second-line-trastuzumab-deruxtecan",
        Group.SECOND_LINE,
        "Trastuzumab deruxtecan for HER2 3+",
        "Among tumours that were HER2 3+ on central testing 61.3% responded, few of them cervical (E16). FDA "
        "accelerated approval whatever the tumour type (unverified); lung toxicity in 10.5%, three deaths.",
        ("E16", "L9", "D2"),
        regimen=(Drug("trastuzumab deruxtecan", "5.4 mg/kg", _CYCLE),),
    ),
    _option(
        "second-line-biomarker-directed",
        Group.SECOND_LINE,
        "Treatment directed at a rare biomarker",
        "RET or NTRK fusion, MSI-high or TMB-high tumours have options approved whatever the tumour type, each very "
        "rare in cervical cancer (unverified beyond RET).",
        ("E17", "E18"),
    ),
    _option(
        "second-line-chemotherapy",
        Group.SECOND_LINE,
        "Single-agent or further platinum chemotherapy",
        "Paclitaxel, topotecan or another platinum combination may be tried. In the trials that set the newer standard "
        "5.2% (E13) and 6.3% (E12) responded to chemotherapy.",
        ("E13", "E12", "D2", "S24"),
    ),
    _option(
        "clinical-trial",
        Group.REVIEW,
        "Clinical trial",
        "A trial deserves strong consideration, above all after progression on first-line treatment or an earlier "
        "checkpoint inhibitor.",
        ("E28", "S25"),
    ),
    _option(
        "palliative-care-integration",
        Group.SUPPORTIVE,
        "Palliative care alongside treatment",
        "Palliative care together with, not instead of, disease-directed treatment is an option for several pelvic "
        "nodes, distant disease or limited performance status.",
        ("S44",),
    ),
    _option(
        "palliative-radiotherapy",
        Group.SUPPORTIVE,
        "Palliative radiotherapy",
        "Selected external beam radiotherapy can relieve pain or bleeding when cure is not possible. Earlier fields "
        "limit what is possible.",
        ("S45",),
    ),
    _option(
        "best-supportive-care",
        Group.SUPPORTIVE,
        "Best supportive care",
        "With ECOG 3 or 4, or a comfort-only plan, symptom control leads; the trials of systemic treatment enrolled "
        "patients in better condition.",
        ("E02", "S44"),
    ),
    _option(
        "mdt-review",
        Group.REVIEW,
        "Multidisciplinary tumour board review",
        "Selection decides the result of salvage treatment. A centre with gynaecological oncology, radiation oncology "
        "and the needed surgery is advised (guideline wording unverified).",
        ("G-ESGO2023", "S05"),
    ),
    _option(
        "pregnancy-mdt-referral",
        Group.REVIEW,
        "Referral to a team for cancer in pregnancy",
        "Pregnancy changes every option: radiotherapy and most systemic treatments can harm the unborn child. A "
        "multidisciplinary team with obstetrics is advised before any treatment is named.",
        ("L1", "L8", "policy"),
    ),
    _option(
        "suspected-recurrence-workup",
        Group.REVIEW,
        "Work-up of suspected recurrence",
        "PET/CT for spread, pelvic MRI for local extent and a biopsy are advised before treatment is planned. Three of "
        "four recurrences come within two years (E26), and a positive scan can be false (E25).",
        ("G-ESGO2023", "E25", "E26", "S43"),
    ),
)

_INFORMATION: tuple[OutputCode, ...] = (
    _information(
        "info-expected-outcomes",
        "What to expect from these options",
        "Results from series and trials, not a forecast for one patient.",
        ("E21", "E22", "E10", "E09", "E02", "D5", "D6", "S07", "S10", "S19", "S20", "S21"),
    ),
    _information(
        "info-bevacizumab-survival",
        "What bevacizumab adds",
        "Bevacizumab added to chemotherapy lengthened survival, at the price of fistula, hypertension and thrombosis.",
        ("E02", "E01", "S15"),
    ),
    _information(
        "info-site-response-chest",
        "Response of chest-only recurrence",
        "Disease confined to the chest answered cisplatin far more often than pelvic disease.",
        ("E19", "E20", "D5", "S16", "S22"),
    ),
    _information(
        "info-site-response-pelvic",
        "Response of pelvic recurrence to systemic treatment",
        "Pelvic recurrence answered cisplatin less often than chest disease; local treatment is preferred where "
        "possible.",
        ("E19", "E20", "D5", "S16", "S22"),
    ),
    _information(
        "info-multisite-response",
        "Response with disease in several places",
        "Disease elsewhere lowered the response of chest disease; the source article says so of any site.",
        ("E19", "D8", "S18"),
    ),
    _information(
        "info-bulky-irradiated-refractory",
        "Bulky tumour in an irradiated pelvis",
        "Such tumour is largely refractory to chemotherapy; chemotherapy alone is unlikely to shrink it.",
        ("E20", "S17"),
    ),
    _information(
        "info-prognostic-factors",
        "What predicted response and survival",
        "Studies disagree; both views are shown, and no score is computed.",
        ("E26", "E03", "E19", "D7", "D9", "S40", "S41", "S42"),
    ),
    _information(
        "info-recurrence-timing",
        "When recurrences come",
        "Most recurrences come within two years of the first treatment.",
        ("E26", "S43"),
    ),
    _information(
        "info-guideline-difference",
        "Where newer evidence and the source article differ",
        "Both are shown with their dates; the newer leads.",
        ("D1", "D2", "S23"),
    ),
    _information(
        "exenteration-not-advised",
        "Why exenteration is not advised here",
        "Side wall disease, or leg oedema on one side with sciatic pain and hydronephrosis, has been taken as a "
        "contraindication to exenteration.",
        ("E21", "S26"),
    ),
    _information(
        "bevacizumab-avoid",
        "Why regimens with bevacizumab are left out",
        "A contraindication to bevacizumab is documented; the options shown do without it.",
        ("L1", "D3", "S33"),
    ),
)

_BEV = Group.BEVACIZUMAB
_RT = Group.PELVIC_RADIOTHERAPY
_EX = Group.EXENTERATION
_CT = Group.CYTOTOXIC
_ICI = Group.IMMUNOTHERAPY
_TV = Group.TISOTUMAB

_ALERTS: tuple[OutputCode, ...] = (
    _alert(
        "bevacizumab-surgery-interval",
        _BEV,
        "Bevacizumab less than 28 days before surgery",
        "The label withholds bevacizumab for at least 28 days before elective surgery.",
        ("L1", "D4", "S34"),
    ),
    _alert(
        "bevacizumab-surgery-interval-extended",
        _BEV,
        "Bevacizumab four to six weeks before surgery",
        "The label's 28 days are kept; several guidelines ask for six weeks.",
        ("D4",),
    ),
    _alert(
        "bevacizumab-post-surgery-interval",
        _BEV,
        "Bevacizumab less than 28 days after major surgery",
        "The label asks for at least 28 days after major surgery and adequate wound healing.",
        ("L1", "D4", "S35"),
    ),
    _alert(
        "bevacizumab-wound-healing",
        _BEV,
        "Bevacizumab before a wound has healed",
        "The label withholds bevacizumab until the wound has healed adequately.",
        ("L1", "S35"),
    ),
    _alert(
        "bevacizumab-gi-perforation",
        _BEV,
        "Bevacizumab after gastrointestinal perforation",
        "The label says to discontinue for perforation of any grade.",
        ("L1", "D3", "S30", "S33"),
    ),
    _alert(
        "bevacizumab-fistula",
        _BEV,
        "Bevacizumab with a fistula",
        "The label says to discontinue for fistula of an internal organ, any tracheo-oesophageal or any grade 4 "
        "fistula.",
        ("L1", "D3", "S31", "S33"),
    ),
    _alert(
        "bevacizumab-hemorrhage",
        _BEV,
        "Bevacizumab after haemorrhage",
        "The label says to discontinue for haemorrhage of grade 3 or 4 and advises against bevacizumab after recent "
        "haemoptysis.",
        ("L1", "D3", "S32", "S33"),
    ),
    _alert(
        "bevacizumab-thromboembolism",
        _BEV,
        "Bevacizumab after thromboembolism",
        "The label says to discontinue for severe arterial and grade 4 venous thromboembolism.",
        ("L1", "E01"),
    ),
    _alert(
        "bevacizumab-hypertension",
        _BEV,
        "Bevacizumab with uncontrolled hypertension",
        "The label withholds bevacizumab in severe uncontrolled hypertension and says to discontinue for hypertensive "
        "crisis or encephalopathy.",
        ("L1", "S36", "S37", "policy"),
    ),
    _alert(
        "bevacizumab-proteinuria",
        _BEV,
        "Bevacizumab with protein in the urine",
        "The label withholds bevacizumab at 2 g in 24 hours or more and says to discontinue for nephrotic syndrome.",
        ("L1", "E02", "S38", "S39"),
    ),
    _alert(
        "bevacizumab-pres",
        _BEV,
        "Bevacizumab after posterior reversible encephalopathy",
        "The label says to discontinue for posterior reversible encephalopathy syndrome.",
        ("L1",),
    ),
    _alert(
        "bevacizumab-heart-failure",
        _BEV,
        "Bevacizumab with heart failure",
        "The label says to discontinue for congestive heart failure.",
        ("L1",),
    ),
    _alert(
        "bevacizumab-necrotising-fasciitis",
        _BEV,
        "Bevacizumab after necrotising fasciitis",
        "The label says to discontinue for necrotising fasciitis.",
        ("L1",),
    ),
    _alert(
        "bevacizumab-prior-pelvic-rt",
        _BEV,
        "Bevacizumab after pelvic radiotherapy: fistula risk",
        "In GOG-240 every fistula came in a previously irradiated patient (E02); in another series 20.8% v 8.0% had "
        "fistula or perforation (E27).",
        ("E27", "E02", "L1", "S31"),
    ),
    _alert(
        "bevacizumab-dose",
        _BEV,
        "Bevacizumab dose or interval differs from 15 mg/kg every 3 weeks",
        "The label and the trial used 15 mg/kg every 3 weeks, without dose reductions.",
        ("L1", "E01", "S12"),
    ),
    _alert(
        "bevacizumab-partner",
        _BEV,
        "Bevacizumab without a partner drug",
        "The label is for bevacizumab with paclitaxel and cisplatin, or paclitaxel and topotecan.",
        ("L1",),
    ),
    _alert(
        "pelvic-rt-repeat",
        _RT,
        "Pelvic radiotherapy in a pelvis already irradiated",
        "Earlier pelvic radiotherapy rules out a second conventional course in most cases because of toxicity; "
        "specialised techniques are for selected patients.",
        ("G-TABLE", "E24", "D10", "S28", "S29"),
    ),
    _alert(
        "pelvic-rt-vaginal-brachy",
        _RT,
        "Pelvic radiotherapy after vaginal brachytherapy",
        "Whole-pelvis radiotherapy may remain possible after vaginal brachytherapy alone; the doses need review.",
        ("policy",),
    ),
    _alert(
        "pelvic-rt-distant-disease",
        _RT,
        "Curative pelvic radiotherapy with distant disease",
        "With distant disease systemic treatment leads; pelvic radiotherapy may still relieve symptoms.",
        ("S04", "S45"),
    ),
    _alert(
        "pelvic-rt-no-concurrent-chemo",
        _RT,
        "Curative pelvic radiotherapy without platinum",
        "Concurrent platinum is standard in a pelvis never irradiated.",
        ("E22", "S08", "S09"),
    ),
    _alert(
        "pelvic-rt-bevacizumab",
        _RT,
        "Pelvic radiotherapy close to bevacizumab",
        "Bevacizumab before or after pelvic radiotherapy raised the three-year fistula rate to 27.0% v 3.0% (E27).",
        ("E27", "L1"),
    ),
    _alert(
        "exenteration-distant-disease",
        _EX,
        "Exenteration with distant or para-aortic disease",
        "Exenteration is for disease confined to the central pelvis, with none elsewhere on PET/CT.",
        ("E25", "E21", "S26", "S27"),
    ),
    _alert(
        "exenteration-sidewall",
        _EX,
        "Exenteration with side wall disease",
        "Clear margins matter most for the result; side wall fixation has been taken as a contraindication.",
        ("E21", "S26"),
    ),
    _alert(
        "exenteration-not-central",
        _EX,
        "Exenteration without central disease",
        "Exenteration is for central pelvic recurrence; imaging shows none.",
        ("E21", "S26"),
    ),
    _alert(
        "exenteration-performance-status",
        _EX,
        "Exenteration with limited performance status",
        "Adequate performance status is one of the three conditions for exenteration.",
        ("E21", "S26", "policy"),
    ),
    _alert(
        "exenteration-no-prior-rt",
        _EX,
        "Exenteration in a pelvis never irradiated",
        "Salvage chemoradiation comes first while radiation tolerance is unused.",
        ("G-TABLE", "E22", "S03", "S08"),
    ),
    _alert(
        "exenteration-biopsy-negative",
        _EX,
        "Exenteration with a benign biopsy",
        "Histological proof of recurrence is advised before exenteration.",
        ("E25", "G-ESGO2023"),
    ),
    _alert(
        "cisplatin-renal",
        _CT,
        "Cisplatin with reduced kidney function",
        "Cisplatin carries a boxed warning for the kidney. The label names no numeric limit; published limits "
        "disagree, so the limits are this project's.",
        ("L2", "policy"),
    ),
    _alert(
        "cisplatin-neuropathy",
        _CT,
        "Cisplatin with neuropathy",
        "Peripheral neuropathy is a boxed warning of cisplatin.",
        ("L2", "policy"),
    ),
    _alert(
        "cisplatin-ototoxicity",
        _CT,
        "Cisplatin with hearing loss or tinnitus",
        "Ototoxicity occurs in up to 31% after one dose of 50 mg/m2 (L2).",
        ("L2", "policy"),
    ),
    _alert(
        "cisplatin-myelosuppression",
        _CT,
        "Cisplatin with low blood counts",
        "Myelosuppression is a boxed warning of cisplatin.",
        ("L2", "policy"),
    ),
    _alert(
        "platinum-hypersensitivity",
        _CT,
        "Platinum after a severe platinum reaction",
        "Severe platinum allergy is a contraindication of the carboplatin label (unverified).",
        ("L2", "L3"),
    ),
    _alert(
        "cisplatin-dose",
        _CT,
        "Cisplatin dose differs from the usual",
        "Usual doses are 50 mg/m2 every 3 weeks with paclitaxel and 40 mg/m2 weekly with radiotherapy.",
        ("E01", "L2", "policy"),
    ),
    _alert(
        "carboplatin-dose-calvert",
        _CT,
        "Carboplatin dose differs from the Calvert formula",
        "Dose in mg is AUC x (GFR + 25), with estimated GFR capped at 125 mL/min.",
        ("L3", "policy"),
    ),
    _alert(
        "carboplatin-platinum-naive",
        _CT,
        "Carboplatin without earlier platinum",
        "Without earlier platinum, cisplatin-paclitaxel did better than carboplatin-paclitaxel (E07, subgroup numbers "
        "unverified).",
        ("E07", "D11"),
    ),
    _alert(
        "carboplatin-myelosuppression",
        _CT,
        "Carboplatin with low blood counts",
        "Marrow suppression is a boxed warning of carboplatin (unverified).",
        ("L3", "policy"),
    ),
    _alert(
        "paclitaxel-neutropenia",
        _CT,
        "Paclitaxel with neutrophils below 1,500/mm3",
        "The boxed warning advises against paclitaxel in solid tumours at baseline neutrophils below 1,500/mm3.",
        ("L4",),
    ),
    _alert(
        "paclitaxel-platelets",
        _CT,
        "Paclitaxel with low platelets",
        "The label delays the next cycle until platelets are above 100,000/mm3.",
        ("L4",),
    ),
    _alert(
        "paclitaxel-hypersensitivity",
        _CT,
        "Paclitaxel after a severe hypersensitivity reaction",
        "The boxed warning advises against rechallenge after a severe reaction to paclitaxel or to polyoxyl castor "
        "oil.",
        ("L4",),
    ),
    _alert(
        "paclitaxel-hepatic",
        _CT,
        "Paclitaxel with liver impairment",
        "The label reduces paclitaxel by bilirubin and transaminases and advises against it above the table's limits "
        "(table unverified).",
        ("L4",),
    ),
    _alert(
        "paclitaxel-neuropathy",
        _CT,
        "Paclitaxel with neuropathy",
        "Paclitaxel adds to existing neuropathy; a lower dose or another drug is an option.",
        ("L4", "policy"),
    ),
    _alert(
        "paclitaxel-dose",
        _CT,
        "Paclitaxel dose differs from the trials",
        "The trials used 175 mg/m2 over 3 hours, or 135 mg/m2 over 24 hours with cisplatin.",
        ("E01", "L4"),
    ),
    _alert(
        "topotecan-marrow",
        _CT,
        "Topotecan with low blood counts",
        "The boxed warning reserves the first cycle for neutrophils of 1,500 and platelets of 100,000/mm3 or more.",
        ("L5",),
    ),
    _alert(
        "topotecan-renal",
        _CT,
        "Topotecan with reduced kidney function",
        "The label reduces topotecan at a clearance of 20 to 39 mL/min and keeps the cisplatin combination to "
        "creatinine of at most 1.5 mg/dL.",
        ("L5",),
    ),
    _alert(
        "topotecan-dose",
        _CT,
        "Topotecan dose above the usual",
        "Cervical combinations use 0.75 mg/m2 a day; the label allows at most 4 mg in one dose.",
        ("E01", "L5"),
    ),
    _alert(
        "performance-status-chemo",
        _CT,
        "Systemic treatment with ECOG 3 or 4",
        "Trials enrolled patients in better condition; best supportive care leads and palliative care is advised.",
        ("E02", "S44"),
    ),
    _alert(
        "immunotherapy-pdl1",
        _ICI,
        "Pembrolizumab with CPS below 1",
        "No benefit was seen with CPS below 1 (E09), and the US label asks for CPS 1 or more.",
        ("E09", "L6", "D1"),
    ),
    _alert(
        "immunotherapy-prior-irae",
        _ICI,
        "Checkpoint inhibitor after a severe immune event",
        "The label ends treatment for good after such events.",
        ("L6",),
    ),
    _alert(
        "immunotherapy-transplant",
        _ICI,
        "Checkpoint inhibitor after transplantation",
        "Rejection or graft-versus-host disease can follow (unverified).",
        ("L6",),
    ),
    _alert(
        "immunotherapy-autoimmune",
        _ICI,
        "Checkpoint inhibitor with autoimmune disease or steroids",
        "Active autoimmune disease may flare, and prednisone above 10 mg a day may weaken the effect; trials left such "
        "patients out (unverified).",
        ("L6", "policy"),
    ),
    _alert(
        "immunotherapy-prior-ici",
        _ICI,
        "Checkpoint inhibitor after an earlier one",
        "The immunotherapy trials do not answer for patients already treated with a checkpoint inhibitor.",
        ("E28", "E08", "E10"),
    ),
    _alert(
        "immunotherapy-dose",
        _ICI,
        "Checkpoint inhibitor dose differs from the usual",
        "Usual doses: pembrolizumab 200 mg every 3 or 400 mg every 6 weeks, cemiplimab 350 mg every 3 weeks, "
        "atezolizumab 1200 mg every 3 weeks.",
        ("L6", "L7", "L10", "E10"),
    ),
    _alert(
        "immunotherapy-regulatory",
        _ICI,
        "Checkpoint inhibitor without a US cervical indication",
        "Cemiplimab has an EU label and no FDA cervical indication; atezolizumab is off-label in the US (unverified).",
        ("L7", "L10", "E12", "E15"),
    ),
    _alert(
        "tisotumab-ocular",
        _TV,
        "Tisotumab vedotin with severe eye disease",
        "The boxed warning ends treatment for ulcerative keratitis, perforation, scarring or symblepharon.",
        ("L8", "E13"),
    ),
    _alert(
        "tisotumab-dose",
        _TV,
        "Tisotumab vedotin dose differs from the label",
        "The label uses 2 mg/kg, at most 200 mg, every 3 weeks, with reductions to 1.3 and 0.9 mg/kg.",
        ("L8",),
    ),
    _alert(
        "tisotumab-line",
        _TV,
        "Tisotumab vedotin before any systemic line",
        "The label is for progression on or after chemotherapy.",
        ("L8", "E13"),
    ),
    _alert(
        "tisotumab-neuropathy",
        _TV,
        "Tisotumab vedotin with neuropathy",
        "Neuropathy came in 38.4% (E13); the label withholds from grade 2 and ends treatment at grade 3 (unverified).",
        ("L8", "E13"),
    ),
    _alert(
        "tisotumab-bleeding",
        _TV,
        "Tisotumab vedotin after haemorrhage",
        "Bleeding came in 42% (E13); the label ends treatment after intracranial or pulmonary haemorrhage "
        "(unverified).",
        ("L8", "E13"),
    ),
    _alert(
        "tisotumab-pneumonitis",
        _TV,
        "Tisotumab vedotin with pneumonitis",
        "The label withholds for grade 2 and ends treatment for grade 3 or 4 (unverified).",
        ("L8",),
    ),
    _alert(
        "tisotumab-hepatic",
        _TV,
        "Tisotumab vedotin with liver impairment",
        "The label advises against it in moderate or severe hepatic impairment (unverified).",
        ("L8",),
    ),
    _alert(
        "tisotumab-cyp3a4",
        _TV,
        "Tisotumab vedotin with a strong CYP3A4 inhibitor",
        "The label asks for close monitoring.",
        ("L8",),
    ),
    _alert(
        "pet-ct-recent",
        Group.PET_CT,
        "PET/CT repeated within four weeks",
        "A final PET/CT is at hand; a new one adds little unless something has changed.",
        ("E25", "policy"),
    ),
    _alert(
        "pet-ct-pregnancy",
        Group.PET_CT,
        "PET/CT in pregnancy",
        "PET/CT exposes the unborn child to radiation; other imaging such as MRI is an option.",
        ("policy",),
    ),
    _alert(
        "pregnancy-teratogen",
        Group.PREGNANCY,
        "Treatment that can harm the unborn child",
        "The ordered treatment can harm the unborn child.",
        ("L1", "L2", "L4", "L5", "L6", "L8"),
    ),
)

REGISTER: Mapping[str, OutputCode] = {
    entry.code: entry for entry in (*_OPTIONS, *_INFORMATION, *_ALERTS, *(_prompt(prompt) for prompt in PROMPTS))
}
"""Every code: options, information, alerts, prompts, each in the order of the decision model."""
