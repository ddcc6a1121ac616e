"""Stretches of a record that several patients share: everyday care, first treatment, follow-up, restaging."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from tests.sample_patients.chart import LIPIDS, Analyte, Chart, concept, quantity

DAY: Final = dt.timedelta(days=1)
WEEK: Final = dt.timedelta(weeks=1)

DISTANT: Final = ("lung", "mediastinum", "liver", "bone", "brain", "supraclavicular nodes", "inguinal nodes")
NODES: Final = ("pelvic nodes", "para-aortic nodes")

_VITAMIN_D = Analyte("vitamin D", "ng/mL", 30, 100, 31)
_HBA1C = Analyte("HbA1c", "%", 4.0, 5.6, 5.4)
_COLDS = ("sinusitis", "pharyngitis", "bronchitis", "urinary infection")


def everyday_care(
    chart: Chart, years: Iterable[int], *, hypertensive: bool = False, smoker: bool = False, lipids: bool = True
) -> None:
    """A family doctor's yearly check-up with the usual vaccines, values and colds; no bearing on the cancer."""
    years = list(years)
    chart.covered(dt.date(years[0], 1, 1))
    chart.vaccinated("tetanus vaccine", dt.date(years[0], 4, 2))
    for number, year in enumerate(years):
        day = dt.date(year, 4, 2) + (number * 5) * DAY
        chart.visit("check-up", day)
        chart.vitals(day, systolic=138 if hypertensive else 122, diastolic=84 if hypertensive else 75)
        chart.vaccinated("influenza vaccine", dt.date(year, 10, 6), status="not-done" if number == 1 else "completed")
        chart.procedure("medication reconciliation", day)
        chart.procedure("depression screening", day)
        smoking = {"valueCodeableConcept": concept("former smoker" if smoker else "never smoker")}
        chart.observation("smoking", day, smoking, category="social-history")
        chart.measured(_VITAMIN_D, day)
        chart.measured(_HBA1C, day)
        if lipids:
            chart.panel("lipid panel", LIPIDS, day, {})
        cold = _COLDS[number % len(_COLDS)]
        start = dt.date(year, 1, 20)
        chart.condition(cold, onset=start, status="resolved", abated=start + 9 * DAY, category="encounter-diagnosis")
    chart.vaccinated("covid vaccine", dt.date(2021, 5, 11))
    chart.condition("rhinitis", onset=str(years[0]), verification=None)
    chart.condition("back pain", onset=f"{years[0]}-06", status="inactive")
    chart.procedure("colonoscopy", dt.date(years[-1], 3, 3), status="not-done")
    chart.prescribed(
        "amoxicillin", dt.date(years[0], 1, 22), status="completed", text="500 mg three times a day, 7 days"
    )
    chart.taking("acetaminophen", f"{years[0]}-06", text="As needed")
    if hypertensive:
        chart.condition("hypertension", onset=dt.date(years[0], 4, 2))
        chart.prescribed("amlodipine", dt.date(years[0], 4, 2), text="5 mg once daily")
        chart.taking("amlodipine", dt.date(years[0], 4, 2))
        chart.condition("hyperlipidaemia", onset=str(years[0]))
        chart.prescribed("simvastatin", dt.date(years[1], 4, 9), status="stopped")
    if smoker:
        chart.condition("prediabetes", onset=f"{years[1]}-04")
    chart.allergy("sulfamethoxazole", since=str(years[0]))
    chart.relative("breast cancer")


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """How the cancer was first found."""

    day: dt.date
    figo: str
    size: float
    icd10: str = "C53.9"
    cancer: str = "squamous cancer"
    morphology: str = "8070/3"
    conclusion: str = "squamous morphology"
    n_category: str = "cN0"


def first_diagnosis(chart: Chart, found: Diagnosis, *, status: str | None) -> str:
    """The primary cancer with biopsy, pathology, stage and imaging; returns the Condition.

    ``status`` is today's clinicalStatus: ``recurrence``, ``remission`` or ``active``.
    """
    chart.visit("symptom visit", found.day - 12 * DAY)
    chart.condition("CIN 3", onset=found.day - 11 * DAY, status="resolved", abated=found.day)
    cancer = chart.condition(
        found.cancer,
        found.icd10,
        onset=found.day,
        status=status,
        morphology=found.morphology,
        sites=["cervix"],
        stage=found.figo,
        primary=True,
    )
    chart.procedure("cervical biopsy", found.day - 8 * DAY, sites=["cervix"])
    pathology(chart, found.day - 4 * DAY, found.morphology, found.conclusion, site="cervix", where="cervix")
    chart.observation(
        "FIGO stage",
        found.day + 10 * DAY,
        {"valueCodeableConcept": concept(found.figo)},
        category="exam",
        method="FIGO system",
    )
    token = {"valueCodeableConcept": {"text": found.n_category}}
    chart.observation("clinical N", found.day + 10 * DAY, token, category="imaging")
    chart.observation("clinical M", found.day + 10 * DAY, {"valueString": "cM0"}, category="imaging")
    size = chart.tumour_size(found.day + 7 * DAY, found.size)
    chart.report("pelvic MRI", found.day + 7 * DAY, results=[size], conclusion=f"Cervical tumour of {found.size} cm.")
    chart.report("PET/CT", found.day + 9 * DAY, conclusion="Uptake in the cervix; no distant uptake.")
    chart.ecog(found.day + 10 * DAY, 0)
    chart.visit("treatment consultation", found.day + 12 * DAY)
    chart.bloods(found.day + 12 * DAY)
    chart.vitals(found.day + 12 * DAY)
    return cancer


def pathology(chart: Chart, day: dt.date, morphology: str, conclusion: str, *, site: str, where: str) -> str:
    """A final pathology report: coded morphology as Observation and as conclusion; returns the report."""
    result = chart.observation("morphology", day, {"valueCodeableConcept": concept(morphology)}, site=site)
    words = f"Biopsy of the {where}: see coded conclusion."
    return chart.report(
        "pathology report", day, results=[result], category="PAT", conclusion=words, conclusion_codes=[conclusion]
    )


def chemoradiation(
    chart: Chart,
    start: dt.date,
    cancer: str,
    *,
    sites: Iterable[str] = ("pelvis", "cervix", "pelvic nodes"),
    brachytherapy_site: str = "cervix",
    technique: str = "IMRT",
    cisplatin: bool = True,
    by_reference: bool = False,
) -> dt.date:
    """Pelvic radiotherapy with weekly cisplatin, then brachytherapy; returns the last day of treatment."""
    end = start + 35 * DAY
    chart.visit("treatment consultation", start - 6 * DAY)
    chart.radiotherapy_course(
        start,
        end,
        grays=45,
        fractions=25,
        sites=list(sites),
        modality="photons",
        technique=technique,
        reason=cancer,
    )
    medication = None
    if by_reference:
        medication = chart.add("Medication", {"code": concept("cisplatin injection"), "status": "active"})
    for week in range(5):
        day = start + week * WEEK
        chart.panel("blood count panel", _WEEKLY, day, {"neutrophils": round(4.0 - 0.4 * week, 1)})
        chart.measured(_CREATININE, day)
        weight = {"valueQuantity": quantity(chart.near(chart.weight, 1, 0.01), "kg")}
        chart.observation("weight", day, weight, category="vital-signs")
        if cisplatin:
            chart.given(
                "cisplatin",
                day,
                dose=round(40 * body_surface(chart)),
                reason=cancer,
                intent="curative intent",
                medication=medication,
                status="not-done" if week == 4 else "completed",
            )
    last = end + 17 * DAY
    chart.radiotherapy_course(
        end + 3 * DAY,
        last,
        grays=28,
        fractions=4,
        sites=[brachytherapy_site],
        modality="HDR brachytherapy",
        technique="intracavitary",
        reason=cancer,
    )
    return last


_WEEKLY = (
    Analyte("haemoglobin", "g/dL", 12.0, 15.5, 11.2),
    Analyte("leucocytes", "10*3/uL", 4.0, 11.0, 4.4),
    Analyte("neutrophils", "10*3/uL", 1.8, 7.5, 3.0),
    Analyte("platelets", "10*3/uL", 150, 400, 190, 0),
)
_EGFR = Analyte("eGFR", "mL/min/{1.73_m2}", 60, None, 84, 0)
_CREATININE = Analyte("creatinine", "mg/dL", 0.5, 1.1, 0.8, 2)


def body_surface(chart: Chart) -> float:
    """Body surface in square metres after Mosteller: root of height in cm times weight in kg over 3600."""
    return float((chart.height * chart.weight / 3600) ** 0.5)


def hysterectomy(
    chart: Chart,
    day: dt.date,
    cancer: str,
    code: str = "radical hysterectomy",
    *,
    morphology: str = "8070/3",
    conclusion: str = "squamous morphology",
) -> None:
    """Radical hysterectomy with pelvic node dissection in one stay."""
    chart.visit("treatment consultation", day, inpatient_days=4)
    chart.procedure(code, day, sites=["uterus", "cervix"], intent="curative intent", reason=cancer)
    chart.procedure("pelvic lymphadenectomy", day, sites=["pelvic nodes"], reason=cancer)
    chart.bloods(day + DAY, haemoglobin=10.1)
    pathology(chart, day + 6 * DAY, morphology, conclusion, site="cervix", where="uterus and cervix")
    chart.procedure("medication reconciliation", day + 4 * DAY)


def follow_up(
    chart: Chart, days: Iterable[dt.date], cancer: str | None = None, *, systolic: int = 124, **values: float
) -> None:
    """Visits with vital signs, blood tests and, with a cancer named, a disease status of complete remission."""
    for day in days:
        chart.visit("follow-up", day)
        chart.vitals(day, systolic=systolic)
        chart.bloods(day, **values)
        chart.procedure("physical examination", day)
        if cancer:
            chart.disease_status(day, "complete remission", cancer)


def quarterly(first: dt.date, count: int) -> list[dt.date]:
    """``count`` days, 13 weeks apart."""
    return [first + 13 * number * WEEK for number in range(count)]


def half_yearly(first: dt.date, count: int) -> list[dt.date]:
    """``count`` days, 26 weeks apart."""
    return [first + 26 * number * WEEK for number in range(count)]


def found_at(yes: Iterable[str], searched: Iterable[str]) -> Mapping[str, bool]:
    """Site -> tumour or none, for a report that looked at ``searched``."""
    present = list(yes)
    return {site: site in present for site in dict.fromkeys([*present, *searched])}


def ready_for_drugs(
    chart: Chart,
    today: dt.date,
    *,
    systolic: int = 126,
    diastolic: int = 78,
    protein: str = "negative",
    ecog: int = 1,
    **values: float,
) -> None:
    """What a treatment visit of this week records: vital signs, bloods, urine protein, performance status."""
    chart.visit("follow-up", today - 3 * DAY)
    chart.vitals(today - 3 * DAY, systolic=systolic, diastolic=diastolic, weight=chart.weight)
    chart.bloods(today - 3 * DAY, **values)
    chart.measured(_EGFR, today - 3 * DAY)
    chart.observation("urine protein", today - 3 * DAY, {"valueCodeableConcept": concept(protein)})
    chart.ecog(today - 3 * DAY, ecog)
    chart.visit("treatment consultation", today, status="in-progress")
