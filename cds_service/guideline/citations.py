"""Each source once: id, label, locator, date, status, and what of it was verified.

Ids: ``S..`` statements of the source article, ``N..`` its notices, ``E..`` studies, ``L..`` drug labels, ``G-..``
guidelines, ``D..`` comparisons of the article with newer sources, ``policy`` what this project chose itself.

Where a figure could not be read in a copy of the publication, the word "unverified" stands behind it; it goes with the
figure wherever the figure goes.
"""

from __future__ import annotations

import enum
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from cds_service.guideline.disagreements import DISAGREEMENTS, Disagreement

NOT_STATED = "not stated by the source"


class SourceKind(enum.Enum):
    """What sort of source it is."""

    GUIDELINE = "guideline"
    TRIAL = "trial"
    STUDY = "study"
    """A series, cohort or single-arm study, or a pooled analysis."""
    REVIEW = "review"
    LABEL = "label"
    MODEL = "model"
    COMPARISON = "comparison"
    POLICY = "project policy"
    SOURCE_ARTICLE = "source article"


class Status(enum.Enum):
    """Whether the figures were read in a copy of the source; of the article, whether primary sources bear it out."""

    VERIFIED = "verified"
    PARTLY = "partly verified"
    UNVERIFIED = "unverified"


@dataclass(frozen=True, slots=True, kw_only=True)
class Citation:
    """One source, with what a reader needs to weigh it (TR-28).

    Attributes:
        id: stable id.
        label: how cards and pages name it.
        locator: DOI, PMID, address, section or citation group.
        date: ISO date, month or year; empty where the copy is undated.
        kind: what sort of source.
        status: how far it was verified.
        population: who was studied: numbers, earlier treatment, who was left out.
        result: main result with interval.
        limits: limits of applicability.
        groups: of a source article statement, the citation groups that the article prints.
    """

    id: str
    label: str
    locator: str
    date: str
    kind: SourceKind
    status: Status
    population: str
    result: str
    limits: str
    groups: tuple[int, ...] = ()

    @property
    def source_article(self) -> bool:
        """Whether it is the source article, which comes last and is marked as pending human review."""
        return self.kind is SourceKind.SOURCE_ARTICLE


_V, _P, _U = Status.VERIFIED, Status.PARTLY, Status.UNVERIFIED
_TRIAL, _STUDY, _REVIEW = SourceKind.TRIAL, SourceKind.STUDY, SourceKind.REVIEW

_STUDIES: tuple[Citation, ...] = (
    Citation(
        id="E01",
        label="GOG-240, primary analysis (Tewari 2014)",
        locator="N Engl J Med 2014;370:734-743; DOI 10.1056/NEJMoa1309748; PMID 24552320",
        date="2014",
        kind=_TRIAL,
        status=_V,
        population="452 women with metastatic, persistent or recurrent cervical carcinoma and no chemotherapy for "
        "recurrence before; about 70% squamous, 83% recurrent or persistent. Left out: candidates for curative "
        "exenteration, non-healing wounds, active bleeding, thromboembolism without adequate anticoagulation.",
        result="With v without bevacizumab: overall survival 17.0 v 13.3 months, HR 0.71 (98% CI 0.54-0.95), p=0.004; "
        "progression-free survival 8.2 v 5.9, HR 0.67 (0.54-0.82); response 48% v 36%. Topotecan-paclitaxel was not "
        "better than cisplatin-paclitaxel (HR of death 1.2, 99% CI 0.82-1.76), even after earlier platinum. "
        "Hypertension of grade 2 or more 25% v 2%; thromboembolism of grade 3 or more 8% v 1%; gastrointestinal "
        "fistula of grade 3 or more 3% v 0.",
        limits="Before immunotherapy. Adequate kidney, liver and marrow function was required.",
    ),
    Citation(
        id="E02",
        label="GOG-240, final analysis (Tewari 2017)",
        locator="Lancet 2017;390:1654-1663; DOI 10.1016/S0140-6736(17)31607-0",
        date="2017",
        kind=_TRIAL,
        status=_P,
        population="The 452 women of GOG-240 after 348 deaths; performance status 0-1, urine protein to creatinine "
        "ratio below 1.",
        result="Overall survival 16.8 v 13.3 months, HR 0.77 (0.62-0.95, interval unverified), p=0.007; pelvis never "
        "irradiated 24.5 v 16.8, HR 0.64, p=0.11. Fistula of any grade 15% v 1%, every one in a previously irradiated "
        "patient; grade 3 6% v below 1%.",
        limits="The interval of the main result was not read in the publication.",
    ),
    Citation(
        id="E03",
        label="Prognostic factors in GOG trials (Moore 2010, Tewari 2015)",
        locator="Gynecol Oncol 2010;116:44-49 (volume and pages unverified); Clin Cancer Res 2015;21:5480-5487, DOI "
        "10.1158/1078-0432.CCR-15-1346, PMID 26672085",
        date="2015",
        kind=SourceKind.MODEL,
        status=_P,
        population="428 patients of GOG 110, 169 and 179; then prospectively in GOG-240.",
        result="Pelvic disease, performance status above 0, an earlier radiosensitiser and first recurrence within a "
        "year of diagnosis predicted poorer response. With 4 or 5 factors: response 13%, progression-free survival 2.8 "
        "and overall survival 5.5 months. HR of death with bevacizumab: low risk 0.96 (0.51-1.83), mid risk 0.673 "
        "(0.50-0.91), high risk 0.536 (0.32-0.905).",
        limits="This service does not compute the score: one of its five items describes descent, not disease.",
    ),
    Citation(
        id="E04",
        label="GOG-204 (Monk 2009)",
        locator="J Clin Oncol 2009;27:4649-4655; DOI 10.1200/JCO.2009.21.8909; PMID 19720909",
        date="2009",
        kind=_TRIAL,
        status=_P,
        population="513 patients; closed early for futility.",
        result="Against cisplatin-paclitaxel, HR of death: vinorelbine-cisplatin 1.15 (0.79-1.67), "
        "gemcitabine-cisplatin 1.32 (0.91-1.92), topotecan-cisplatin 1.26 (0.86-1.82). Response 29.1% with "
        "cisplatin-paclitaxel, then 25.9, 22.3 and 23.4%. Median survival about 12.9 months with cisplatin-paclitaxel "
        "(unverified).",
        limits="The trend favours cisplatin-paclitaxel; the trial stopped early.",
    ),
    Citation(
        id="E05",
        label="GOG-179 (Long 2005)",
        locator="J Clin Oncol 2005;23:4626-4633; PMID 15911865",
        date="2005",
        kind=_TRIAL,
        status=_V,
        population="146 patients on cisplatin, 147 on cisplatin-topotecan.",
        result="Cisplatin v cisplatin-topotecan: survival 6.5 v 9.4 months (p=0.017), progression-free survival 2.9 v "
        "4.6 (p=0.014), response 13% v 27%.",
        limits="A third arm (MVAC) stopped after 4 treatment deaths among 63.",
    ),
    Citation(
        id="E06",
        label="GOG-169 (Moore 2004)",
        locator="J Clin Oncol 2004;22:3113-3119; DOI 10.1200/JCO.2004.04.170; PMID 15284262",
        date="2004",
        kind=_TRIAL,
        status=_V,
        population="264 eligible patients (134 and 130), squamous only, performance status 0-2, more than 90% "
        "previously irradiated.",
        result="Cisplatin v cisplatin-paclitaxel: response 19% (complete 6) v 36% (complete 15), p=0.002; "
        "progression-free survival 2.8 v 4.8 months, p<0.001; survival 8.8 v 9.7, not different.",
        limits="Before bevacizumab and immunotherapy.",
    ),
    Citation(
        id="E07",
        label="JCOG0505 (Kitagawa 2015)",
        locator="J Clin Oncol 2015;33:2129-2135 (volume and pages unverified); NCT00295789",
        date="2015",
        kind=_TRIAL,
        status=_P,
        population="253 patients, stage IVB, persistent or recurrent, performance status 0-2, at most one earlier "
        "platinum, no taxane.",
        result="Cisplatin-paclitaxel v carboplatin-paclitaxel: survival 18.3 v 17.5 months, HR 0.99 (90% CI 0.79-1.25, "
        "unverified); non-inferiority margin 1.29 met. Without earlier platinum cisplatin-paclitaxel did better "
        "(direction verified; 23.2 v 13.0 months, HR 1.571, 1.06-2.32, unverified).",
        limits="No bevacizumab and no immunotherapy.",
    ),
    Citation(
        id="E08",
        label="KEYNOTE-826, primary analysis (Colombo 2021)",
        locator="N Engl J Med 2021;385:1856-1867; DOI 10.1056/NEJMoa2112435; PMID 34534429",
        date="2021",
        kind=_TRIAL,
        status=_V,
        population="617 patients with squamous, adenosquamous or adenocarcinoma, ECOG 0-1, no systemic chemotherapy "
        "for recurrent or metastatic disease (earlier chemoradiation allowed); bevacizumab in 63%.",
        result="CPS 1 or more (548): progression-free survival 10.4 v 8.2 months, HR 0.62 (0.50-0.77); 24-month "
        "survival 53.0% v 41.7%, HR 0.64 (0.50-0.81). Squamous HR of death 0.61 (0.47-0.80); with bevacizumab 0.63 "
        "(0.47-0.87), without 0.74 (0.53-1.04). Grade 3-5 events 81.8% v 75.1%.",
        limits="Does not answer for patients already treated with a checkpoint inhibitor.",
    ),
    Citation(
        id="E09",
        label="KEYNOTE-826, final analysis (Monk 2023)",
        locator="J Clin Oncol 2023;41:5505-5511; DOI 10.1200/JCO.23.00914; PMID 37910822",
        date="2023",
        kind=_TRIAL,
        status=_V,
        population="The 617 patients of KEYNOTE-826, follow-up 39.1 months.",
        result="Overall survival: CPS 1 or more 28.6 v 16.5 months, HR 0.60 (0.49-0.74); all 26.4 v 16.8, HR 0.63 "
        "(0.52-0.77); CPS 10 or more 29.6 v 17.4, HR 0.58 (0.44-0.78). No benefit with CPS below 1. Grade 3 or more "
        "82.4% v 75.4%.",
        limits="As the primary analysis. FDA approval 2021 with CPS 1 or more.",
    ),
    Citation(
        id="E10",
        label="BEATcc (Oaknin 2024)",
        locator="Lancet 2024;403:31-43; PMID 38048793; NCT03556839",
        date="2024",
        kind=_TRIAL,
        status=_P,
        population="410 patients, not selected by PD-L1, all with bevacizumab and platinum-paclitaxel.",
        result="Atezolizumab added: progression-free survival 13.7 (12.3-16.6) v 10.4 (9.7-11.7) months, HR 0.62 "
        "(0.49-0.78); interim overall survival 32.1 (25.3-36.8) v 22.8 (20.3-28.0), HR 0.68 (0.52-0.88), p=0.0046. "
        "Grade 3 or more 79% v 75%. Exploratory by PD-L1: CPS below 1 HR 0.43 (0.24-0.77), CPS 1 or more 0.73 "
        "(0.51-1.06).",
        limits="Interim survival. No FDA approval for cervical cancer was found; off-label in the US (unverified).",
    ),
    Citation(
        id="E11",
        label="COMPASSION-16 (Wu 2024)",
        locator="Lancet 2024; DOI 10.1016/S0140-6736(24)02135-4",
        date="2024",
        kind=_TRIAL,
        status=_V,
        population="445 patients in China, first line.",
        result="Cadonilimab with platinum-paclitaxel, with or without bevacizumab: progression-free survival 12.7 v "
        "8.1 months, HR 0.62 (0.49-0.80); overall survival not reached v 22.8, HR 0.64 (0.48-0.86).",
        limits="No US or EU approval known; not an option in this service.",
    ),
    Citation(
        id="E12",
        label="EMPOWER-Cervical 1 (Tewari 2022, final Oaknin 2025)",
        locator="N Engl J Med 2022;386:544-555, DOI 10.1056/NEJMoa2112187; Eur J Cancer 2025;216:115146",
        date="2025",
        kind=_TRIAL,
        status=_P,
        population="608 patients after first-line platinum, any PD-L1 and histology.",
        result="Cemiplimab v single-agent chemotherapy: survival 12.0 v 8.5 months, HR 0.69 (0.56-0.84); final 11.7 v "
        "8.5, HR 0.67 (0.56-0.80), with benefit below 1% PD-L1 too; squamous HR 0.73 (0.58-0.91, unverified); response "
        "17.1% v 6.3%; grade 3 or more 47% v 54%.",
        limits="EU approval November 2022. The US application was withdrawn in January 2022.",
    ),
    Citation(
        id="E13",
        label="innovaTV 301 (Vergote 2024)",
        locator="N Engl J Med 2024;391:44-55; PMID 38959480; NCT04697628",
        date="2024",
        kind=_TRIAL,
        status=_V,
        population="502 patients after 1 or 2 systemic lines, ECOG 0-1; 63.9% had had bevacizumab, 27.5% a PD-(L)1 "
        "inhibitor. Adjuvant, neoadjuvant, maintenance treatment and chemoradiation did not count as lines.",
        result="Tisotumab vedotin v chemotherapy: survival 11.5 (9.8-14.9) v 9.5 (7.9-10.7) months, HR 0.70 "
        "(0.54-0.89), p=0.004; progression-free survival 4.2 v 2.9, HR 0.67 (0.54-0.82); response 17.8% v 5.2%; grade "
        "3 or more 52.0% v 62.3%; eye events 52.8%, neuropathy 38.4%, bleeding 42%.",
        limits="14.8% stopped for toxicity. FDA regular approval April 2024; NCCN 1.2025 preferred, category 1 "
        "(secondary source).",
    ),
    Citation(
        id="E14",
        label="KEYNOTE-158, cervical cohort (Chung 2019)",
        locator="J Clin Oncol 2019;37:1470-1478 (pages unverified)",
        date="2019",
        kind=_STUDY,
        status=_P,
        population="98 patients; 82 PD-L1 positive, 77 of them after at least one line.",
        result="Response 12.2% (6.5-20.4); PD-L1 positive 14.6%; after at least one line 14.3%. All responders were "
        "PD-L1 positive.",
        limits="Single arm. FDA regular approval 13 October 2021 with CPS 1 or more; not an EMA indication (secondary "
        "source only).",
    ),
    Citation(
        id="E15",
        label="CheckMate 358 (Oaknin 2024)",
        locator="Lancet Oncol 2024 (9 April)",
        date="2024-04-09",
        kind=_STUDY,
        status=_V,
        population="Squamous only, at most two earlier lines, ECOG 0-1; nivolumab alone 19 patients.",
        result="Nivolumab alone 5 of 19, 26% (9-51), survival 21.6 months; with ipilimumab 31% (18-47) and 38% "
        "(29-48).",
        limits="Small, not comparative.",
    ),
    Citation(
        id="E16",
        label="DESTINY-PanTumor02 (Meric-Bernstam 2024)",
        locator="J Clin Oncol 2024;42:47-58; DOI 10.1200/JCO.23.02005; PMID 37870536",
        date="2024",
        kind=_STUDY,
        status=_P,
        population="267 patients in seven tumour cohorts, HER2 2+ or 3+; cervical cohort 40 (unverified).",
        result="Trastuzumab deruxtecan: response 37.1%; centrally 3+ (75) 61.3% (49.4-72.4), survival 21.1 months. "
        "Cervical cohort 50%, 3+ (8) 75% (unverified). Interstitial lung disease 10.5%, 3 deaths.",
        limits="Single arm, few cervical cancers. FDA accelerated approval for 3+ on 5 April 2024 (unverified).",
    ),
    Citation(
        id="E17",
        label="LIBRETTO-001, tumour-agnostic (Subbiah 2022)",
        locator="Lancet Oncol 2022; DOI 10.1016/S1470-2045(22)00541-1",
        date="2022",
        kind=_STUDY,
        status=_P,
        population="41 patients with RET fusion outside lung and thyroid.",
        result="Selpercatinib: response 44% (unverified). RET fusions in under 1% of such tumours.",
        limits="FDA accelerated approval 21 September 2022; not specific to cervical cancer.",
    ),
    Citation(
        id="E18",
        label="NTRK inhibitors and MSI-high or TMB-high pembrolizumab",
        locator="own knowledge, no copy read",
        date="",
        kind=_REVIEW,
        status=_U,
        population="Tumour-agnostic; very rare in cervical cancer.",
        result="Response about 75% with larotrectinib (first 55 patients) and 57% with entrectinib (unverified).",
        limits="No source was read.",
    ),
    Citation(
        id="E19",
        label="Chest v pelvic recurrence and cisplatin (Potter 1989)",
        locator="Cancer 1989;63(7):1283-1286 (DOI not established)",
        date="1989",
        kind=_STUDY,
        status=_V,
        population="74 patients, June 1977 to June 1987, 68 evaluable; single-agent-era cisplatin for recurrent "
        "squamous carcinoma.",
        result="Chest only: complete response 53%, response 73%. Local pelvic recurrence or persistence: complete 0, "
        "response 21% (p=0.0007). Mean survival 22.7 v 14.1 months, p=0.24. Disease elsewhere lowered response in the "
        "chest (p<0.05). Lesion size, stage, age and interval were not significant.",
        limits="Small, old, one centre's era of treatment; citation group 4 of the source article.",
    ),
    Citation(
        id="E20",
        label="Salvage chemotherapy review (Alberts 1994)",
        locator="Semin Oncol 1994;21(4 Suppl 7):37-46",
        date="1994",
        kind=_REVIEW,
        status=_V,
        population=NOT_STATED,
        result="Responses last 4 to 6 months and few live more than a year; complete responses mainly outside the "
        "pelvis; bulky pelvic tumour in an irradiated field largely refractory; cisplatin about 30%.",
        limits="Narrative review of 1994; later trials found 13% (E05) and 19% (E06) with cisplatin alone, PDQ 15-25%. "
        "Citation group 5 of the source article.",
    ),
    Citation(
        id="E21",
        label="Pelvic exenteration: systematic review and series",
        locator="Chen 2014, DOI 10.3760/cma.j.issn.0529-567x.2014.06.014; Gadducci 2010, DOI 10.3892/ol_00000001; ter "
        "Glane 2022, DOI 10.21873/cdp.10110; NCI PDQ",
        date="2022",
        kind=_STUDY,
        status=_V,
        population="8 studies with 607 patients (515 recurrent); further series, one of 24 patients.",
        result="Five-year survival 26.7-56.0% (review), 21-61% (Gadducci), 32-62% in selected patients (PDQ); "
        "complications 34.3-83.3%, mortality 1.2% (review), 1-10% (Gadducci). Clear margins, negative nodes, small "
        "tumour and a long interval do better. Three-year survival 29.4% in one curative group. Lateral extended "
        "resection: five-year survival 44% in 24 selected patients.",
        limits="No randomised comparison; patients highly selected. Leg oedema, sciatic pain and hydronephrosis "
        "together have been taken as a contraindication.",
    ),
    Citation(
        id="E22",
        label="Salvage radiotherapy after surgery alone (Ijaz 1998, Thomas 1987)",
        locator="Gynecol Oncol 1998;70:241-246, DOI 10.1006/gyno.1998.5093; Gynecol Oncol 1987;27:254-263, PMID "
        "3114057; NCI PDQ",
        date="1998",
        kind=_STUDY,
        status=_V,
        population="50 isolated pelvic recurrences, median 10.5 months after radical hysterectomy; 33 treated with "
        "radiotherapy alone, 10 with cisplatin.",
        result="Five-year survival 33% of all, 39% with curative intent; vaginal or paravaginal 69%, with side wall "
        "extension 18%, side wall only 25%; squamous 51% v adenocarcinoma 14%. Radiotherapy with fluorouracil, with or "
        "without mitomycin, may cure 40-50%. Weekly cisplatin 40 mg/m2 for 4 to 6 doses is the usual schedule.",
        limits="Concurrent cisplatin for recurrence is extrapolated from primary disease.",
    ),
    Citation(
        id="E23",
        label="Isolated para-aortic recurrence (Kubota 2019, Fang 2024)",
        locator="Radiat Oncol 2019, DOI 10.1186/s13014-019-1442-6; Discov Oncol 2024, DOI 10.1007/s12672-023-00825-w; "
        "Am J Transl Res 2019;11:7492, PMID 31934296",
        date="2024",
        kind=_STUDY,
        status=_V,
        population="50 patients (Kubota); 65 of 1,521 patients in a third series.",
        result="Three-year survival 47% (Kubota). Surgery with or without adjuvant treatment 65%, concurrent "
        "chemoradiation 45.7%, sequential 38.9%, radiotherapy 33.3%, chemotherapy 20.6% (Fang). Median survival 27.7 "
        "months, salvage radiotherapy HR 0.35.",
        limits="Retrospective; Gadducci 2010 calls concurrent chemoradiation the treatment of choice.",
    ),
    Citation(
        id="E24",
        label="Side wall disease, intraoperative radiotherapy and re-irradiation",
        locator="Barney, Radiat Oncol 2013;8:80; Arians, Radiat Oncol 2016; Clin Transl Oncol 2021, DOI "
        "10.1007/s12094-021-02601-0; Curr Oncol 2022;29:5262-5277, DOI 10.3390/curroncol29080418; DOI "
        "10.1016/j.rpor.2018.08.005",
        date="2022",
        kind=_STUDY,
        status=_V,
        population="86 patients with intraoperative radiotherapy (73 recurrent); 18 cervical; 58 previously irradiated "
        "(47 cervical).",
        result="Median survival 15 months, three-year survival 25%; five-year survival 6.4% of 18; five-year survival "
        "17.8% with toxicity of grade 3 or more in 58.6%.",
        limits="Retrospective and selected. Stereotactic radiotherapy and image-guided brachytherapy are promising in "
        "selected patients only.",
    ),
    Citation(
        id="E25",
        label="PET/CT for recurrence (Meads 2014, Miccò 2022)",
        locator="BJOG 2014;121:398-407 (pages unverified), DOI 10.1111/1471-0528.12488; PMID 16574205; J Pers Med "
        "2022;12:755",
        date="2022",
        kind=_REVIEW,
        status=_P,
        population="9 PET/CT studies; another series of 121 women.",
        result="PET/CT sensitivity 94.8% (91.2-96.9), specificity 86.9% (82.2-90.5); CT 89.6% and 76%. PET/CT is "
        "recommended to select women for exenteration; MRI shows local extent, PET/CT spread.",
        limits="About one in eight without disease reads positive, so biopsy still counts.",
    ),
    Citation(
        id="E26",
        label="Timing of recurrence (Zhu 2022)",
        locator="Front Oncol 2022; DOI 10.3389/fonc.2021.782403",
        date="2022",
        kind=_STUDY,
        status=_V,
        population="153 recurrences.",
        result="115 of 153 (75.2%) within two years; distant and combined recurrence survived worse than local.",
        limits="Retrospective, one population.",
    ),
    Citation(
        id="E27",
        label="Bevacizumab after pelvic radiotherapy (Hwang 2022, Kim 2020, Sturdza 2017)",
        locator="BMC Cancer 2022, DOI 10.1186/s12885-022-09695-x; Int J Gynecol Cancer 2020, DOI "
        "10.1136/ijgc-2020-002031; Strahlenther Onkol 2017;193:1056",
        date="2022",
        kind=_STUDY,
        status=_V,
        population="219 irradiated patients (GORILLA-1001); two further series.",
        result="Fistula or perforation 20.8% v 8.0%, HR 3.27 (1.18-9.10); three-year fistula 27.0% v 3.0%, HR 4.76 "
        "(1.71-13.23); 4 of 10 v 2 of 25.",
        limits="Retrospective.",
    ),
    Citation(
        id="E28",
        label="KEYNOTE-A18 (Lorusso 2024)",
        locator="Lancet 2024;403:1341-1350; DOI 10.1016/S0140-6736(24)00317-9; PMID 38521086",
        date="2024",
        kind=_TRIAL,
        status=_V,
        population="1,060 newly diagnosed high-risk patients.",
        result="Pembrolizumab with and after chemoradiation: progression-free survival HR 0.70 (0.55-0.89).",
        limits="Primary disease. More patients will relapse after a checkpoint inhibitor; the first-line trials do not "
        "answer for them.",
    ),
    Citation(
        id="E29",
        label="Definition of oligometastatic (SABR-COMET, Palma 2020)",
        locator="J Clin Oncol 2020",
        date="2020",
        kind=_TRIAL,
        status=_P,
        population="Up to 5 metastases with a controlled primary tumour, mixed cancers.",
        result="HR of death 0.47 (read in a secondary source).",
        limits="No standard specific to cervical cancer was found; 1 to 5 lesions is this project's choice.",
    ),
)

_LABELS: tuple[Citation, ...] = (
    Citation(
        id="L1",
        label="US label: bevacizumab and biosimilars",
        locator="Avastin, Mvasi, Zirabev, Alymsys, Vegzelma, Avzivi, Jobevne; sections 1.5, 2.1 and 5.1-5.12; DailyMed "
        "setid 0a562b4e-67ce-4bab-852c-d9ee71e55fb8 (some section numbers unverified)",
        date="2026",
        kind=SourceKind.LABEL,
        status=_P,
        population="With paclitaxel and cisplatin or paclitaxel and topotecan for persistent, recurrent or metastatic "
        "cervical cancer; carboplatin is not in the US cervical label.",
        result="15 mg/kg every 3 weeks. At least 28 days before elective surgery; at least 28 days after major surgery "
        "and until adequate wound healing. Discontinue for perforation of any grade, named fistulas, grade 3-4 "
        "haemorrhage, severe arterial and grade 4 venous thromboembolism, hypertensive crisis, PRES, nephrotic "
        "syndrome, congestive heart failure and necrotising fasciitis. Withhold at 2 g urine protein in 24 hours or "
        "more. Blood pressure every 2 to 3 weeks.",
        limits="The boxed warning was removed in 2019. Intravitreal use is a different exposure.",
    ),
    Citation(
        id="L2",
        label="US label: cisplatin, and dosing literature for the kidney",
        locator="PLR label, section 5.1-5.4; Kintzel and Dorr 1995; Ogawa 2012, DOI 10.1007/s10147-012-0481-x",
        date="",
        kind=SourceKind.LABEL,
        status=_P,
        population="Labelled for testicular, ovarian and bladder cancer; cervical use is guideline-based.",
        result="Boxed: nephrotoxicity, peripheral neuropathy, nausea and vomiting, myelosuppression. Ototoxicity up to "
        "31% after one dose of 50 mg/m2. 50 mg/m2 every 3 weeks with paclitaxel; 40 mg/m2 weekly with radiotherapy.",
        limits="No numeric kidney limit in the current label; published limits disagree, so the limits here are "
        "policy.",
    ),
    Citation(
        id="L3",
        label="US label: carboplatin, and the Calvert formula",
        locator="Calvert 1989; FDA 2010 cap of estimated GFR at 125 mL/min",
        date="2010",
        kind=SourceKind.LABEL,
        status=_P,
        population=NOT_STATED,
        result="Dose in mg = AUC x (GFR + 25); AUC 5 at most 750 mg, AUC 6 at most 900 mg; AUC 5 every 3 weeks with "
        "paclitaxel. Boxed: marrow suppression, vomiting, anaphylaxis (unverified).",
        limits="Read in dosing references, not in the label itself.",
    ),
    Citation(
        id="L4",
        label="US label: paclitaxel (solvent-based)",
        locator="DailyMed setids ea28753a-8631-460a-bfdc-b101eb8ac84a, f10f730f-6479-4f6a-8edc-fa4bd2140c1b",
        date="",
        kind=SourceKind.LABEL,
        status=_P,
        population="Solid tumours; cervical dosing is from trials.",
        result="Boxed: anaphylaxis or severe hypersensitivity in 2-4%, no rechallenge after a severe reaction; not "
        "with baseline neutrophils below 1,500/mm3. Next cycle at neutrophils above 1,500 and platelets above 100,000. "
        "Liver table: not recommended at transaminases 10 times or bilirubin above 5 times the upper limit "
        "(unverified).",
        limits="Nab-paclitaxel is a different product.",
    ),
    Citation(
        id="L5",
        label="US label: topotecan",
        locator="label copies and drug cards",
        date="",
        kind=SourceKind.LABEL,
        status=_V,
        population="With cisplatin for stage IVB, recurrent or persistent cervical cancer.",
        result="Boxed: marrow suppression; first cycle only with neutrophils of 1,500 and platelets of 100,000 or "
        "more. Later cycles: neutrophils above 1,000, platelets above 100,000, haemoglobin of 9 g/dL or more. 0.75 "
        "mg/m2 on days 1-3 with cisplatin 50 mg/m2; never more than 4 mg in a dose. Reduced at clearance 20-39 mL/min; "
        "with cisplatin only at creatinine of 1.5 mg/dL or less.",
        limits="Read in secondary copies.",
    ),
    Citation(
        id="L6",
        label="US label: pembrolizumab",
        locator="dosing pages of the label holder; section numbers unverified",
        date="",
        kind=SourceKind.LABEL,
        status=_P,
        population="With chemotherapy, with or without bevacizumab, or alone after chemotherapy: CPS 1 or more by an "
        "approved test (22C3).",
        result="200 mg every 3 weeks or 400 mg every 6 weeks, up to 24 months. Immune events: pneumonitis of grade "
        "3-4, colitis of grade 4, myocarditis of grade 2-4, confirmed SJS, TEN or DRESS and neurological events of "
        "grade 3-4 end treatment.",
        limits="Transplant rejection risk is unverified.",
    ),
    Citation(
        id="L7",
        label="EU label: cemiplimab",
        locator="European Commission approval, November 2022",
        date="2022-11",
        kind=SourceKind.LABEL,
        status=_V,
        population="Recurrent or metastatic cervical cancer after platinum, any PD-L1.",
        result="350 mg every 3 weeks.",
        limits="No FDA cervical indication.",
    ),
    Citation(
        id="L8",
        label="US label: tisotumab vedotin",
        locator="openFDA label, last updated 11 August 2026 (some section numbers unverified)",
        date="2026-08-11",
        kind=SourceKind.LABEL,
        status=_P,
        population="Adults with recurrent or metastatic cervical cancer and progression on or after chemotherapy.",
        result="Boxed: ocular toxicity; eye examination with slit lamp before the first and each of the first nine "
        "doses. 2 mg/kg, at most 200 mg, every 3 weeks; reductions 1.3 and 0.9 mg/kg. Ulcerative keratitis, "
        "perforation, scarring or symblepharon end treatment for good. Neuropathy, haemorrhage, lung and liver rules "
        "are unverified.",
        limits="Strong CYP3A4 inhibitors: close monitoring.",
    ),
    Citation(
        id="L9",
        label="US label: trastuzumab deruxtecan",
        locator="dose from DESTINY-PanTumor02",
        date="",
        kind=SourceKind.LABEL,
        status=_P,
        population="HER2-positive solid tumours.",
        result="5.4 mg/kg every 3 weeks; interstitial lung disease and embryo-fetal toxicity boxed (unverified).",
        limits="The label itself was not read.",
    ),
    Citation(
        id="L10",
        label="US label: atezolizumab",
        locator="dose from BEATcc",
        date="",
        kind=SourceKind.LABEL,
        status=_U,
        population="No cervical indication in the US (unverified).",
        result="1200 mg every 3 weeks in BEATcc.",
        limits="The label itself was not read.",
    ),
)

_GUIDELINES: tuple[Citation, ...] = (
    Citation(
        id="G-ESGO2023",
        label="ESGO/ESTRO/ESP guideline 2023 (Cibula)",
        locator="Int J Gynecol Cancer 2023;33:649-666; Virchows Arch 2023;482:935-966, DOI 10.1007/s00428-023-03552-3",
        date="2023",
        kind=SourceKind.GUIDELINE,
        status=_P,
        population="Cervical cancer, all stages and recurrence.",
        result="Work-up in a multidisciplinary centre with imaging and histological proof; platinum-paclitaxel with "
        "bevacizumab, and pembrolizumab from CPS 1; cemiplimab after platinum (all unverified). Definitions by site "
        "and earlier radiotherapy were read in a comparison table.",
        limits="The recommendation text itself was not readable.",
    ),
    Citation(
        id="G-NCCN2025",
        label="NCCN Cervical Cancer 1.2025",
        locator="NCCN Guidelines 1.2025; 1.2024 in JNCCN 2023;21:1224",
        date="2025",
        kind=SourceKind.GUIDELINE,
        status=_P,
        population="Cervical cancer, all stages and recurrence.",
        result="Tisotumab vedotin preferred in second line, category 1 (secondary source). Pembrolizumab with "
        "platinum-paclitaxel, with or without bevacizumab, preferred with CPS 1 or more (unverified).",
        limits="The recommendation text itself was not readable.",
    ),
    Citation(
        id="G-SEOM2023",
        label="SEOM-GEICO guideline 2023",
        locator="Clin Transl Oncol 2024;26:2771-2782; DOI 10.1007/s12094-024-03604-3; PMID 39215938",
        date="2024",
        kind=SourceKind.GUIDELINE,
        status=_V,
        population="Cervical cancer, all stages and recurrence.",
        result="Immunotherapy with chemotherapy, with or without bevacizumab, in first line, and alone in second line "
        "after platinum, improves survival.",
        limits="Abstract read.",
    ),
    Citation(
        id="G-ESMO2017",
        label="ESMO guideline 2017 (Marth)",
        locator="Ann Oncol 2017;28(Suppl 4):iv72-iv83; DOI 10.1093/annonc/mdx220",
        date="2017",
        kind=SourceKind.GUIDELINE,
        status=_P,
        population="Cervical cancer, all stages and recurrence.",
        result="Paclitaxel-cisplatin-bevacizumab preferred (unverified).",
        limits="Predates immunotherapy; not shown as current.",
    ),
    Citation(
        id="G-TABLE",
        label="Comparison of guidelines (Restaino 2024)",
        locator="Cancers 2024;16:2541, table 5; DOI 10.3390/cancers16142541",
        date="2024",
        kind=SourceKind.GUIDELINE,
        status=_V,
        population="ESGO 2023, NCCN, ASCO, SEOM and ESMO 2017 side by side, by site of recurrence and earlier "
        "radiotherapy.",
        result="Central relapse after surgery: chemoradiation with brachytherapy. Central relapse after radiotherapy: "
        "exenteration, or for under 2 cm radical hysterectomy or brachytherapy (NCCN, SEOM). Side wall after "
        "radiotherapy: surgery only in very experienced centres, otherwise chemotherapy. Oligometastatic: "
        "radiotherapy, resection, ablation or stereotactic radiotherapy.",
        limits="A table in a review; the guidelines' own wording was not read.",
    ),
    Citation(
        id="policy",
        label="This project's own choice, to be ratified by the clinical lead",
        locator="thresholds marked as policy, and rows that cite it",
        date="2026",
        kind=SourceKind.POLICY,
        status=_U,
        population="Patients in the scope of this service.",
        result="Numbers and rows chosen where sources are silent or disagree.",
        limits="Not evidence.",
    ),
)

_ARTICLE_LABEL = "Source article (26 December 2025, pending human review)"
_ARTICLE_DATE = "2025-12-26"
_ARTICLE_LIMITS = "Educational page that calls itself pending human review; no reference list in the text held."

_STATEMENTS: tuple[tuple[str, tuple[int, ...], Status, str], ...] = (
    ("S01", (1, 2), _U, "Earlier treatment and the site of recurrence decide the choice."),
    ("S02", (1, 2), _P, "Central pelvic recurrence after radiotherapy: exenteration."),
    ("S03", (1, 2), _V, "Pelvic recurrence without earlier radiotherapy: radiotherapy with concurrent cisplatin."),
    ("S04", (1, 2), _P, "Distant or unresectable disease: cisplatin-paclitaxel, with bevacizumab as an option."),
    ("S05", (1,), _P, "Exenteration is the main curative option for selected central-only recurrence after radiation."),
    ("S06", (1,), _P, "An isolated recurrence in an irradiated pelvis may be resected, then treated systemically."),
    ("S07", (1,), _P, "After radiation only surgery can cure, and selection decides the result."),
    ("S08", (1,), _V, "Salvage radiotherapy with concurrent platinum is standard in a never irradiated pelvis."),
    ("S09", (1,), _V, "External beam radiotherapy with cisplatin as the preferred sensitiser."),
    ("S10", (1,), _V, "The intent is curative while radiation tolerance is unused."),
    ("S11", (2,), _P, "First-line regimens are a short list."),
    ("S12", (2,), _P, "Preferred: cisplatin, paclitaxel and bevacizumab 15 mg/kg every 3 weeks."),
    ("S13", (1,), _P, "Standard doublet: cisplatin and paclitaxel."),
    ("S14", (2,), _P, "Alternative: paclitaxel, topotecan and bevacizumab 15 mg/kg every 3 weeks."),
    ("S15", (3,), _V, "Bevacizumab added to chemotherapy lengthens survival."),
    ("S16", (4,), _V, "Cisplatin response 73% (53% complete) in the chest, 21% (0% complete) in the pelvis."),
    ("S17", (5,), _V, "Bulky tumour in an irradiated pelvis hardly responds to systemic chemotherapy."),
    ("S18", (4,), _P, "Disease in several places lowers the response at any one of them."),
    ("S19", (5,), _P, "Cisplatin alone brings a response in about 30%."),
    ("S20", (5,), _P, "Responses to salvage chemotherapy last about 4 to 6 months."),
    ("S21", (5,), _P, "Median survival is under a year for most."),
    ("S22", (5,), _U, "Complete remissions occur mainly outside the pelvis: lung, nodes, soft tissue."),
    ("S23", (3,), _P, "There is no standard second-line regimen."),
    ("S24", (1,), _P, "Paclitaxel, topotecan or another platinum combination may be tried in second line."),
    ("S25", (1,), _V, "After progression on first line a clinical trial deserves strong consideration."),
    ("S26", (1,), _V, "Exenteration only with central recurrence, adequate performance status and no distant disease."),
    ("S27", (1,), _V, "Thorough imaging, PET/CT preferred, comes before exenteration."),
    ("S28", (1,), _P, "Earlier pelvic radiotherapy rules out more in most cases."),
    ("S29", (1,), _P, "Re-irradiation with advanced techniques is occasionally possible and investigational."),
    ("S30", (2,), _P, "Bevacizumab: watch for gastrointestinal perforation."),
    ("S31", (2,), _P, "Bevacizumab: watch for fistula."),
    ("S32", (2,), _P, "Bevacizumab: watch for severe bleeding."),
    ("S33", (2,), _P, "Bevacizumab is discontinued for such events of grade 3 or 4."),
    ("S34", (2,), _P, "Bevacizumab is withheld for at least 28 days before elective surgery."),
    ("S35", (2,), _P, "Bevacizumab is not resumed before adequate wound healing."),
    ("S36", (2,), _U, "Blood pressure is monitored and hypertension treated on bevacizumab."),
    ("S37", (2,), _U, "Bevacizumab is discontinued for hypertensive crisis or encephalopathy."),
    ("S38", (2,), _U, "Urine is screened for protein on bevacizumab."),
    ("S39", (2,), _U, "Bevacizumab is discontinued for nephrotic syndrome."),
    ("S40", (4,), _U, "Recurrence inside or outside the pelvis changes the response rate."),
    ("S41", (4,), _P, "The same difference does not clearly change survival."),
    ("S42", (4,), _P, "Lesion size, stage, age and interval did not predict response or survival."),
    ("S43", (1,), _V, "Seven or eight of ten recurrences come within two years of the first treatment."),
    ("S44", (1,), _V, "Several pelvic nodes, distant disease or poor performance status: palliative care alongside."),
    ("S45", (1,), _V, "Selected external beam radiotherapy can relieve painful metastases."),
)
"""Verified: primary sources bear the statement out. Partly: they differ in part (see D..). Unverified: not compared."""

_NOTICES: tuple[tuple[str, str], ...] = (
    ("N1", "The page says that its content is pending human review."),
    ("N2", "The page asks to verify it against primary literature and current standards before use."),
    ("N3", "The page asks that professional judgement prevail."),
)


def _groups(numbers: tuple[int, ...]) -> str:
    return f"citation {'group' if len(numbers) == 1 else 'groups'} {' and '.join(map(str, numbers))} of the article"


def _statement(statement: str, groups: tuple[int, ...], status: Status, text: str) -> Citation:
    return Citation(
        id=statement,
        label=_ARTICLE_LABEL,
        locator=_groups(groups),
        date=_ARTICLE_DATE,
        kind=SourceKind.SOURCE_ARTICLE,
        status=status,
        population=NOT_STATED,
        result=text,
        limits=_ARTICLE_LIMITS,
        groups=groups,
    )


def _notice(notice: str, text: str) -> Citation:
    return Citation(
        id=notice,
        label=_ARTICLE_LABEL,
        locator="notice on the page",
        date=_ARTICLE_DATE,
        kind=SourceKind.SOURCE_ARTICLE,
        status=Status.VERIFIED,
        population=NOT_STATED,
        result=text,
        limits=_ARTICLE_LIMITS,
    )


def _comparison(row: Disagreement) -> Citation:
    standard = " ".join(each.line() + "." for each in row.current)
    return Citation(
        id=row.id,
        label=f"Comparison {row.id}: {row.topic}",
        locator=f"guideline pages, {row.id}",
        date="2026",
        kind=SourceKind.COMPARISON,
        status=Status.PARTLY,
        population="as in the sources compared: " + ", ".join(row.sources),
        result=f"Current standard: {standard} Source article: {row.article_line()}",
        limits=f"{row.why} {row.leads}",
    )


CITATIONS: Mapping[str, Citation] = {
    citation.id: citation
    for citation in (
        *(_statement(*row) for row in _STATEMENTS),
        *(_notice(*row) for row in _NOTICES),
        *_STUDIES,
        *_LABELS,
        *(_comparison(row) for row in DISAGREEMENTS.values()),
        *_GUIDELINES,
    )
}
"""Every source by id."""

_LAST = (SourceKind.COMPARISON, SourceKind.POLICY, SourceKind.SOURCE_ARTICLE)


def _places() -> dict[str, tuple[int, int]]:
    dates = sorted({citation.date for citation in CITATIONS.values()}, reverse=True)
    return {
        citation.id: (_LAST.index(citation.kind) + 1 if citation.kind in _LAST else 0, dates.index(citation.date))
        for citation in CITATIONS.values()
    }


_PLACES: Mapping[str, tuple[int, int]] = _places()
"""Where a source stands in the order of display."""


def ordered(ids: Iterable[str]) -> list[Citation]:
    """The sources in order of display: newest standard first, then comparisons and policy, the source article last.

    Args:
        ids: citation ids in any order; doubled ones count once.

    Returns:
        The citations; those of one date in the order of their ids' first appearance.

    Raises:
        KeyError: for an id that does not exist.
    """
    return [CITATIONS[each] for each in sorted(dict.fromkeys(ids), key=_PLACES.__getitem__)]
