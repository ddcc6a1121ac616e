"""Where the source article and newer or primary sources part ways: two blocks each, never merged into one sentence.

Block one is the current standard with source, year and status; block two is the source article's statement with its
citation group; one line says why they differ (evidence dossier, section 5). The order checks follow the stricter of the
two unless a label is explicit.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Standard:
    """One current statement.

    Attributes:
        text: the statement in one plain sentence.
        source: citation id.
        year: year of the publication, approval or label copy; empty where the copy is undated.
        status: approval or endorsement and where it holds, or the kind of evidence; says "unverified" where it is.
    """

    text: str
    source: str
    year: str
    status: str

    def line(self) -> str:
        """The statement with source, year and status, ready for a card."""
        return f"{self.text} ({', '.join(part for part in (self.source, self.year, self.status) if part)})"


@dataclass(frozen=True, slots=True)
class Disagreement:
    """One difference.

    Attributes:
        id: ``D1`` to ``D14``.
        topic: what it is about, in a few words.
        current: the current standard, the one that leads first.
        article: what the source article says; where it is silent, that it is.
        article_sources: its statements (``S..``); empty where it is silent.
        article_groups: the citation groups that the article prints for them.
        why: why they differ, in one sentence.
        leads: which of the two this service follows, and how.
    """

    id: str
    topic: str
    current: tuple[Standard, ...]
    article: str
    article_sources: tuple[str, ...]
    article_groups: tuple[int, ...]
    why: str
    leads: str

    @property
    def sources(self) -> tuple[str, ...]:
        """Citation ids of both blocks, the current standard first."""
        return tuple(dict.fromkeys((*(each.source for each in self.current), *self.article_sources)))

    def article_line(self) -> str:
        """The source article's statement with its citation group, ready for a card."""
        if not self.article_groups:
            return self.article
        word = "group" if len(self.article_groups) == 1 else "groups"
        return f"{self.article.rstrip('.')} (its citation {word} {' and '.join(map(str, self.article_groups))})"


_ROWS: tuple[Disagreement, ...] = (
    Disagreement(
        "D1",
        "first-line systemic therapy and immunotherapy",
        (
            Standard(
                "With CPS 1 or more, adding pembrolizumab to platinum, paclitaxel and, where possible, bevacizumab "
                "prolonged survival.",
                "E09",
                "2023",
                "FDA approval 2021; preferred by NCCN, unverified",
            ),
            Standard(
                "Immunotherapy with chemotherapy, with or without bevacizumab, is endorsed as first line.",
                "G-SEOM2023",
                "2024",
                "guideline",
            ),
            Standard(
                "Whatever the PD-L1 score, atezolizumab with bevacizumab and chemotherapy prolonged survival.",
                "E10",
                "2024",
                "randomised trial; off-label in the US, unverified",
            ),
        ),
        "Preferred first line is cisplatin, paclitaxel and bevacizumab; immunotherapy is not mentioned.",
        ("S04", "S11", "S12", "S13", "S14"),
        (1, 2),
        "The article does not cover the immunotherapy trials published from 2021 on.",
        "Newer. The article's regimen is the backbone, and the choice when CPS is below 1.",
    ),
    Disagreement(
        "D2",
        "second-line systemic therapy",
        (
            Standard(
                "Tisotumab vedotin prolonged survival against chemotherapy after one or two systemic lines.",
                "E13",
                "2024",
                "randomised trial; FDA regular approval 2024; NCCN category 1, secondary source",
            ),
            Standard(
                "Cemiplimab prolonged survival against chemotherapy after platinum, whatever the PD-L1 score.",
                "E12",
                "2022",
                "randomised trial; EU approval 2022; no FDA cervical indication",
            ),
            Standard(
                "Pembrolizumab alone after chemotherapy is an option with CPS 1 or more.",
                "E14",
                "2021",
                "single-arm study; FDA regular approval 2021; not an EMA indication, secondary source",
            ),
            Standard(
                "Trastuzumab deruxtecan is an option for HER2 3+ tumours.",
                "E16",
                "2024",
                "basket study; FDA accelerated approval 2024, unverified",
            ),
        ),
        "There is no standard second-line regimen; chemotherapy may be tried and a clinical trial considered.",
        ("S23", "S24"),
        (1, 3),
        "Two randomised trials have since shown longer survival.",
        "Newer. Chemotherapy ranks below tisotumab vedotin and the checkpoint inhibitors.",
    ),
    Disagreement(
        "D3",
        "events for which bevacizumab is discontinued",
        (
            Standard(
                "Discontinue for gastrointestinal perforation of any grade, for grade 4 fistula, any "
                "tracheo-oesophageal fistula or fistula of any internal organ, and for haemorrhage of grade 3 or 4.",
                "L1",
                "2026",
                "US label",
            ),
        ),
        "Discontinue for perforation, fistula or haemorrhage of grade 3 or 4.",
        ("S30", "S31", "S32", "S33"),
        (2,),
        "The article applies one grade to all three events; the label sets one for each.",
        "The label, which is stricter.",
    ),
    Disagreement(
        "D4",
        "bevacizumab around surgery",
        (
            Standard(
                "Two intervals: at least 28 days before elective surgery, and at least 28 days after major surgery and "
                "until the wound has healed adequately.",
                "L1",
                "2026",
                "US label; several guidelines ask for 6 weeks before surgery",
            ),
        ),
        "Withhold for at least 28 days before elective surgery; resume after adequate wound healing.",
        ("S34", "S35"),
        (2,),
        "The article leaves out the 28 days after surgery.",
        "The label for the alert; six weeks is shown as information.",
    ),
    Disagreement(
        "D5",
        "response to cisplatin alone",
        (
            Standard("13% responded to cisplatin alone.", "E05", "2005", "randomised trial"),
            Standard("19% responded to cisplatin alone, squamous disease only.", "E06", "2004", "randomised trial"),
        ),
        "Cisplatin as a single agent brings a response in about 30%.",
        ("S19",),
        (5,),
        "The article rests on a narrative review of 1994; randomised trials found less.",
        "Newer; both are shown.",
    ),
    Disagreement(
        "D6",
        "response duration and survival with systemic therapy",
        (
            Standard("Median survival 32.1 months with atezolizumab.", "E10", "2024", "randomised trial"),
            Standard("Median survival 26.4 months with pembrolizumab.", "E09", "2023", "randomised trial"),
            Standard("Median survival 16.8 months with bevacizumab.", "E02", "2017", "randomised trial"),
            Standard("Second line: median survival about 12 months.", "E13", "2024", "randomised trial"),
            Standard("Second line: median survival about 12 months.", "E12", "2022", "randomised trial"),
        ),
        "Responses last 4 to 6 months and most patients live less than a year.",
        ("S20", "S21"),
        (5,),
        "The article's figures are from 1994, before bevacizumab and immunotherapy.",
        "Newer; the article's figures are shown as historical.",
    ),
    Disagreement(
        "D7",
        "predictors of response",
        (
            Standard(
                "A model of 428 patients found recurrence within a year, pelvic disease, performance status and an "
                "earlier radiosensitiser to predict poorer response.",
                "E03",
                "2010",
                "pooled trial data; score not computed by this service",
            ),
        ),
        "Lesion size, stage, age and interval do not predict response or survival.",
        ("S42",),
        (4,),
        "The article rests on 68 evaluable patients; the later model is larger.",
        "Newer and larger; both are shown.",
    ),
    Disagreement(
        "D8",
        "response with disease in several places",
        (
            Standard(
                "Disease elsewhere lowered response in the chest, because the other sites did not respond.",
                "E19",
                "1989",
                "the study itself, 68 evaluable patients",
            ),
        ),
        "Disease in several places lowers the chance of response at any one of them.",
        ("S18",),
        (4,),
        "The article widens what the study reported for the chest.",
        "The study's own wording.",
    ),
    Disagreement(
        "D9",
        "recurrence site and survival",
        (
            Standard(
                "Distant and combined recurrence had worse survival than local recurrence.",
                "E26",
                "2022",
                "retrospective series",
            ),
        ),
        "The site of recurrence does not clearly change overall survival.",
        ("S41",),
        (4,),
        "The study behind the article (p=0.24, 68 patients) was too small to show a difference.",
        "Both are shown.",
    ),
    Disagreement(
        "D10",
        "repeat pelvic radiotherapy",
        (
            Standard(
                "Guidelines list brachytherapy, intraoperative and stereotactic radiotherapy in selected patients.",
                "G-TABLE",
                "2024",
                "comparison of guidelines",
            ),
            Standard(
                "Re-irradiation remains a challenge; stereotactic radiotherapy and image-guided brachytherapy are "
                "promising in selected patients.",
                "E24",
                "2022",
                "review",
            ),
        ),
        "Earlier pelvic radiotherapy rules out more in most cases; re-irradiation is investigational and surgery the "
        "only route to cure.",
        ("S07", "S28", "S29"),
        (1,),
        "Same direction; the guidelines name the techniques.",
        "A critical alert, lowered to a warning when the order names a specialised technique.",
    ),
    Disagreement(
        "D11",
        "carboplatin in first line",
        (
            Standard(
                "Carboplatin-paclitaxel was not inferior to cisplatin-paclitaxel; cisplatin did better without earlier "
                "platinum.",
                "E07",
                "2015",
                "randomised trial; subgroup numbers unverified",
            ),
        ),
        "Carboplatin is not among the first-line regimens.",
        ("S11", "S13"),
        (1, 2),
        "The article does not mention the Japanese trial.",
        "Newer; cisplatin is preferred for patients without earlier platinum.",
    ),
    Disagreement(
        "D12",
        "side wall, nodal, para-aortic and oligometastatic recurrence",
        (
            Standard(
                "Guidelines have a path for side wall and oligometastatic recurrence.",
                "G-TABLE",
                "2024",
                "comparison of guidelines",
            ),
            Standard(
                "Isolated para-aortic recurrence: 45.7% lived three years after concurrent chemoradiation.",
                "E23",
                "2024",
                "retrospective series",
            ),
        ),
        "The article has no category for these.",
        (),
        (),
        "The article knows central, other pelvic and distant disease only.",
        "Newer fills the gap.",
    ),
    Disagreement(
        "D13",
        "operations other than exenteration",
        (
            Standard(
                "For a central lesion of up to 2 cm, radical hysterectomy or brachytherapy is an option in carefully "
                "selected patients.",
                "G-TABLE",
                "2024",
                "NCCN and SEOM in a comparison of guidelines; ASCO unverified",
            ),
        ),
        "Exenteration is the only operation named for central recurrence after radiotherapy.",
        ("S02", "S05"),
        (1, 2),
        "The article does not separate small central lesions.",
        "Newer, added as an option.",
    ),
    Disagreement(
        "D14",
        "resection, then systemic therapy",
        (
            Standard(
                "NCCN lists resection with or without intraoperative radiotherapy for side wall relapse after surgery; "
                "for irradiated isolated relapse this is unverified. There is no trial.",
                "G-TABLE",
                "2024",
                "comparison of guidelines",
            ),
        ),
        "An isolated pelvic recurrence in an irradiated pelvis may be resected, followed by systemic therapy.",
        ("S06",),
        (1,),
        "The guidelines name it for a narrower group.",
        "Kept as an option to consider.",
    ),
)

DISAGREEMENTS: Mapping[str, Disagreement] = {row.id: row for row in _ROWS}
"""By id, ``D1`` to ``D14``, in order."""
