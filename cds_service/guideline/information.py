"""Figures for shared decision making: what each information code shows, newer standard and source article apart.

Every figure stands with its source and, where it was not read in the publication, with the word "unverified". Figures
are results of groups of patients; none is computed for one patient.
"""

from __future__ import annotations

import enum
from collections.abc import Collection
from dataclasses import dataclass
from functools import cache

from cds_service.guideline.disagreements import DISAGREEMENTS, Disagreement

CURRENT_HEADING = "Current standard"
ARTICLE_HEADING = "Source article (26 December 2025, pending human review)"


class Setting(enum.Enum):
    """Which options are on the card; some information has a text for each."""

    ANY = "any"
    SURGERY = "surgery after pelvic radiotherapy"
    CHEMORADIATION = "salvage chemoradiation, curative intent"
    FIRST_LINE = "first-line systemic treatment"
    SECOND_LINE = "second-line systemic treatment"
    COMFORT = "palliative and supportive care"


_SETTING_OF_CODE = {
    "pelvic-exenteration": Setting.SURGERY,
    "resection-then-systemic": Setting.SURGERY,
    "radical-hysterectomy-or-brachytherapy-small-central": Setting.SURGERY,
    "salvage-chemoradiation": Setting.CHEMORADIATION,
    "salvage-chemoradiation-cisplatin-ineligible": Setting.CHEMORADIATION,
    "extended-field-chemoradiation": Setting.CHEMORADIATION,
}
_SETTING_OF_PREFIX = {"systemic-": Setting.FIRST_LINE, "second-line-": Setting.SECOND_LINE}


@dataclass(frozen=True, slots=True)
class Figure:
    """One statement with its figure.

    Attributes:
        statement: what was measured, of whom.
        figure: the result; empty where the statement has none.
        sources: citation ids.
        verified: whether the figure was read in a copy of the source.
    """

    statement: str
    figure: str
    sources: tuple[str, ...]
    verified: bool = True

    def line(self) -> str:
        """One plain line: statement, figure, sources, and "unverified" where it is."""
        text = f"{self.statement}: {self.figure}" if self.figure else self.statement
        mark = "" if self.verified or "unverified" in text else "; unverified"
        return f"{text} ({', '.join(self.sources)}{mark})"


@dataclass(frozen=True, slots=True)
class Information:
    """What one information code shows in one setting.

    Attributes:
        code: of the register.
        setting: the options it goes with.
        current: the newer or primary sources, the one that leads first.
        article: the source article's statements, with the study behind them where known.
        remark: age and size of the study, or why the two differ; may be empty.
    """

    code: str
    setting: Setting
    current: tuple[Figure, ...]
    article: tuple[Figure, ...]
    remark: str = ""

    @property
    def sources(self) -> tuple[str, ...]:
        """Citation ids of all figures, the current ones first."""
        return tuple(dict.fromkeys(each for figure in (*self.current, *self.article) for each in figure.sources))

    def blocks(self) -> tuple[tuple[str, tuple[str, ...]], ...]:
        """Headings with their lines: current standard first, source article second; an empty block is left out."""
        parts = ((CURRENT_HEADING, self.current), (ARTICLE_HEADING, self.article))
        return tuple((heading, tuple(each.line() for each in figures)) for heading, figures in parts if figures)


_CISPLATIN_ALONE = (
    Figure("Response to cisplatin alone, any site, 146 patients, 2005", "13%", ("E05",)),
    Figure("Response to cisplatin alone, any site, squamous only, 134 patients, 2004", "19%", ("E06",)),
)
_WITH_PARTNERS = (
    Figure("Response to chemotherapy with v without bevacizumab, any site, 2014", "48% v 36%", ("E01",)),
    Figure("Response to cisplatin-paclitaxel, any site, squamous only, 2004", "36%", ("E06",)),
)
_SITE_RESPONSE = (
    Figure(
        "Response to cisplatin, chest only v pelvis only (recurrent or persistent)",
        "73% (53% complete) v 21% (0% complete), p=0.0007",
        ("S16", "E19"),
    ),
    Figure("Complete remissions come mainly outside the pelvis: lung, nodes, soft tissue", "", ("S22", "E20")),
)
_SITE_REMARK = "Study of 1977-1987, 68 evaluable patients; no newer figure by site was found."
_OLD_SYSTEMIC = (
    Figure("Response to cisplatin alone", "about 30%", ("S19", "E20")),
    Figure("Length of responses to salvage chemotherapy", "about 4 to 6 months", ("S20", "E20")),
    Figure("Median survival of most patients", "under a year", ("S21", "E20")),
)


def _difference(row: Disagreement, setting: Setting) -> Information:
    current = tuple(
        Figure(each.text.rstrip("."), f"{each.year}, {each.status}", (each.source,), "unverified" not in each.status)
        for each in row.current
    )
    article = (Figure(row.article_line().rstrip("."), "", row.article_sources),)
    return Information("info-guideline-difference", setting, current, article, f"{row.why} {row.leads}")


INFORMATION: tuple[Information, ...] = (
    Information(
        "info-expected-outcomes",
        Setting.SURGERY,
        (
            Figure("Exenteration, five-year survival, review of 607 patients, 2014", "26.7-56.0%", ("E21",)),
            Figure("Exenteration, five-year survival, other summaries", "21-61% and 32-62%", ("E21",)),
            Figure("Exenteration, complications and operative mortality, 2014", "34.3-83.3% and 1.2%", ("E21",)),
            Figure("Exenteration, operative mortality, review of 2010", "1-10%", ("E21",)),
            Figure("Clear margins, negative nodes, small tumour and a long interval do better", "", ("E21",)),
        ),
        (
            Figure("After radiation, surgery is the only route to cure; selection decides the result", "", ("S07",)),
            Figure("Exenteration is the main curative option for selected central-only recurrence", "", ("S05",)),
        ),
        "No randomised comparison; all patients were selected.",
    ),
    Information(
        "info-expected-outcomes",
        Setting.CHEMORADIATION,
        (
            Figure("Isolated para-aortic recurrence, chemoradiation, three-year survival", "45.7%", ("E23",)),
            Figure("Pelvic recurrence after hysterectomy, curative intent, five-year survival", "39%", ("E22",)),
            Figure("The same by site: vaginal or paravaginal", "69%", ("E22",)),
            Figure("The same by site: with side wall extension; side wall only", "18%; 25%", ("E22",)),
            Figure("The same by histology: squamous v adenocarcinoma", "51% v 14%", ("E22",)),
        ),
        (Figure("The intent is curative while radiation tolerance is unused", "", ("S10",)),),
        "50 isolated pelvic recurrences; 10 of the curative courses had cisplatin, which is extrapolated from primary "
        "disease.",
    ),
    Information(
        "info-expected-outcomes",
        Setting.FIRST_LINE,
        (
            Figure("Median survival with atezolizumab added, 2024", "32.1 v 22.8 months", ("E10",)),
            Figure("Median survival with pembrolizumab added, all patients, 2023", "26.4 v 16.8 months", ("E09",)),
            Figure("Median survival with pembrolizumab added, CPS 1 or more", "28.6 v 16.5 months", ("E09",)),
            Figure("Median survival with bevacizumab added, 2017", "16.8 v 13.3 months", ("E02",)),
            *_CISPLATIN_ALONE,
        ),
        _OLD_SYSTEMIC,
        "The article's figures are historical (1994).",
    ),
    Information(
        "info-expected-outcomes",
        Setting.SECOND_LINE,
        (
            Figure("Median survival, tisotumab vedotin v chemotherapy, 2024", "11.5 v 9.5 months", ("E13",)),
            Figure("Response, tisotumab vedotin v chemotherapy", "17.8% v 5.2%", ("E13",)),
            Figure("Median survival, cemiplimab v chemotherapy, 2022", "12.0 v 8.5 months", ("E12",)),
            Figure("Response, cemiplimab v chemotherapy, final analysis", "17.1% v 6.3%", ("E12",)),
        ),
        _OLD_SYSTEMIC,
        "The article's figures are historical (1994).",
    ),
    Information(
        "info-expected-outcomes",
        Setting.COMFORT,
        (
            Figure("Performance status of the patients in the systemic trials", "0 to 1", ("E13", "E08", "E02")),
            Figure("So their results do not describe patients with ECOG 3 or 4", "", ("E13", "E08", "E02")),
        ),
        (
            Figure("Palliative or best supportive care goes together with systemic options", "", ("S44",)),
            Figure("Selected radiotherapy can relieve painful metastases", "", ("S45",)),
        ),
    ),
    Information(
        "info-bevacizumab-survival",
        Setting.ANY,
        (
            Figure("Survival with v without bevacizumab, final", "16.8 v 13.3 months, HR 0.77, p=0.007", ("E02",)),
            Figure("95% interval of that ratio", "0.62-0.95", ("E02",), verified=False),
            Figure(
                "Survival with v without bevacizumab, first analysis",
                "17.0 v 13.3 months, HR 0.71 (98% CI 0.54-0.95), p=0.004",
                ("E01",),
            ),
            Figure("Time to progression or death", "8.2 v 5.9 months, HR 0.67 (0.54-0.82)", ("E01",)),
            Figure("Fistula of any grade, every one in an irradiated patient", "15% v 1%", ("E02",)),
            Figure("Hypertension of grade 2 or more", "25% v 2%", ("E01",)),
            Figure("Thromboembolism of grade 3 or more", "8% v 1%", ("E01",)),
        ),
        (Figure("Bevacizumab added to chemotherapy lengthens overall survival", "", ("S15",)),),
    ),
    Information(
        "info-site-response-chest",
        Setting.ANY,
        (*_WITH_PARTNERS, *_CISPLATIN_ALONE),
        _SITE_RESPONSE,
        _SITE_REMARK,
    ),
    Information(
        "info-site-response-pelvic",
        Setting.ANY,
        (
            *_WITH_PARTNERS,
            *_CISPLATIN_ALONE,
            Figure("Pelvic disease predicted poorer response, 428 patients", "", ("E03",)),
        ),
        _SITE_RESPONSE,
        _SITE_REMARK,
    ),
    Information(
        "info-multisite-response",
        Setting.ANY,
        (
            Figure(
                "Disease elsewhere lowered response in the chest, because the other sites did not respond",
                "p<0.05",
                ("E19",),
            ),
        ),
        (Figure("Disease in several places lowers the response at any one of them", "", ("S18",)),),
        "The study of 1989 says it of the chest only; the article widens it.",
    ),
    Information(
        "info-bulky-irradiated-refractory",
        Setting.ANY,
        (Figure("Pelvic disease predicted poorer response, 428 patients", "", ("E03",)),),
        (Figure("Bulky tumour in an irradiated pelvis is largely refractory to chemotherapy", "", ("S17", "E20")),),
        "A narrative review of 1994; 4 cm as bulky is this project's choice.",
    ),
    Information(
        "info-prognostic-factors",
        Setting.ANY,
        (
            Figure("Distant and combined recurrence survived worse than local, 2022", "", ("E26",)),
            Figure(
                "Poorer response in 428 patients with pelvic disease, performance status above 0, an earlier "
                "radiosensitiser, or recurrence within a year",
                "score not computed",
                ("E03",),
            ),
        ),
        (
            Figure("Recurrence inside or outside the pelvis changes the response rate", "", ("S40", "E19")),
            Figure(
                "It does not clearly change survival; mean survival chest v pelvis",
                "22.7 v 14.1 months, p=0.24",
                ("S41", "E19"),
            ),
            Figure("Lesion size, stage, age and interval predicted neither", "", ("S42", "E19")),
        ),
        "The article rests on 68 evaluable patients; the larger analysis disagrees on interval and pelvic disease.",
    ),
    Information(
        "info-recurrence-timing",
        Setting.ANY,
        (Figure("Recurrences within two years, 2022", "115 of 153 (75.2%)", ("E26",)),),
        (Figure("Recurrences within two years of the first treatment", "seven or eight of ten", ("S43",)),),
    ),
    _difference(DISAGREEMENTS["D1"], Setting.FIRST_LINE),
    _difference(DISAGREEMENTS["D2"], Setting.SECOND_LINE),
    Information(
        "exenteration-not-advised",
        Setting.ANY,
        (
            Figure(
                "Unilateral leg oedema, sciatic pain and hydronephrosis together have been taken as a contraindication",
                "",
                ("E21",),
            ),
            Figure("Clear margins matter most for the result", "", ("E21",)),
            Figure("Laterally extended resection, 24 selected patients, five-year survival", "44%", ("E21",)),
        ),
        (
            Figure(
                "Exenteration needs central recurrence, adequate performance status and no distant disease",
                "",
                ("S26",),
            ),
        ),
        "Hydronephrosis alone is a reason for MRI, not an exclusion.",
    ),
    Information(
        "bevacizumab-avoid",
        Setting.ANY,
        (
            Figure(DISAGREEMENTS["D3"].current[0].text.rstrip("."), "US label", ("L1",)),
            Figure("Pembrolizumab in patients without bevacizumab, HR of death", "0.74 (0.53-1.04)", ("E08",)),
        ),
        (Figure(DISAGREEMENTS["D3"].article.rstrip("."), "", ("S33",)),),
        DISAGREEMENTS["D3"].why,
    ),
)
"""Every information code, with one entry for each setting that differs, in the order of the register."""


_BY_CODE = {code: tuple(each for each in INFORMATION if each.code == code) for code in {i.code for i in INFORMATION}}


@cache
def _settings_of_code(code: str) -> tuple[Setting, ...]:
    by_prefix = (setting for prefix, setting in _SETTING_OF_PREFIX.items() if code.startswith(prefix))
    return tuple(setting for setting in (_SETTING_OF_CODE.get(code), *by_prefix) if setting is not None)


def settings_of(codes: Collection[str]) -> tuple[Setting, ...]:
    """The settings that the option codes on a card stand for, curative ones first; comfort where none is named."""
    named = {setting for code in codes for setting in _settings_of_code(code)}
    return tuple(setting for setting in Setting if setting in named) or (Setting.COMFORT,)


def information_for(code: str, options: Collection[str]) -> tuple[Information, ...]:
    """What an information code shows beside these options.

    Args:
        code: an information code of the register.
        options: the option codes decided on in the same call.

    Returns:
        The entries that apply, in the order of the settings; empty where the code has nothing for these options.
    """
    wanted = {Setting.ANY, *settings_of(options)}
    return tuple(each for each in _BY_CODE.get(code, ()) if each.setting in wanted)
