"""The sample patients, one function each: who she is, what happened to her, and which calls to try."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from cds_service.demo.sample_patients import DEMO_TODAY
from tests.sample_patients import orders
from tests.sample_patients.chart import Chart, Json, concept, moment, quantity
from tests.sample_patients.courses import (
    DAY,
    DISTANT,
    NODES,
    Diagnosis,
    chemoradiation,
    everyday_care,
    first_diagnosis,
    follow_up,
    found_at,
    half_yearly,
    hysterectomy,
    pathology,
    quarterly,
    ready_for_drugs,
)


@dataclass(frozen=True, slots=True)
class Try:
    """A hook call worth trying: its drafts and the output codes that must and must not come."""

    hook: str
    what: str
    expect: tuple[str, ...] = ()
    never: tuple[str, ...] = ()
    drafts: tuple[Json, ...] = ()


@dataclass(frozen=True, slots=True)
class Story:
    """One patient for the index; ``build`` makes the chart."""

    id: str
    title: str
    story: str
    rows: tuple[str, ...]
    build: Callable[[str], Chart]
    trials: tuple[Try, ...]


def day(offset: int) -> dt.date:
    """The day that many days after (before, when negative) the demo's today."""
    return DEMO_TODAY + offset * DAY


def view(*expect: str, never: tuple[str, ...] = ()) -> Try:
    """Opening the chart."""
    return Try("patient-view", "Open the chart", expect, never)


def central_irradiated(name: str) -> Chart:
    """All sites but the cervix searched and free, biopsy, ECOG 1: everything an exenteration needs."""
    chart = Chart(name, "Testpatient-Alder", "Demo", dt.date(1971, 3, 8), weight=66, height=165)
    everyday_care(chart, range(2022, 2027), hypertensive=True)
    cancer = first_diagnosis(chart, Diagnosis(dt.date(2024, 3, 4), "FIGO IIB", 4.6), status="recurrence")
    end = chemoradiation(chart, dt.date(2024, 4, 8), cancer, by_reference=True)
    follow_up(chart, half_yearly(end + 90 * DAY, 4), cancer, systolic=134)
    chart.condition("local recurrence", onset=day(-31), sites=["cervix"])
    chart.disease_status(day(-31), "worsened", cancer)
    chart.procedure("cervical biopsy", day(-26), sites=["cervix"])
    pathology(chart, day(-23), "8070/3", "keratinizing", site="cervix", where="cervix")
    chart.own("biopsy-malignant", day(-23), True, site="cervix")
    chart.requested("PET/CT", day(-30), due=day(-21), status="completed")
    chart.staging(
        "PET/CT", day(-21), found_at(["cervix"], [*NODES, *DISTANT]), "Uptake confined to the cervix.", m_category="rM0"
    )
    size = chart.tumour_size(day(-19), 3.1)
    sites = found_at(["cervix"], ["pelvic side wall"])
    chart.staging("pelvic MRI", day(-19), sites, "Central recurrence, side walls free.", more=[size])
    chart.condition("liver metastasis", onset=day(-29), verification="entered-in-error")
    chart.own("menopausal", day(-3), True)
    ready_for_drugs(chart, day(0), systolic=132)
    return chart


def pelvic_unirradiated(name: str) -> Chart:
    """Surgery only: a treatment summary says so, and the radiotherapy that was offered was not given."""
    chart = Chart(name, "Testpatient-Birch", "Demo", dt.date(1979, 6, 21), weight=71, height=168)
    everyday_care(chart, range(2021, 2027))
    cancer = first_diagnosis(chart, Diagnosis(dt.date(2024, 10, 2), "FIGO IB1", 1.8, "C53.1"), status="recurrence")
    hysterectomy(chart, dt.date(2024, 11, 6), cancer)
    chart.procedure("pelvic radiotherapy", None, status="not-done", sites=["pelvis"], reason=cancer)
    follow_up(chart, half_yearly(dt.date(2025, 2, 5), 4), cancer)
    chart.condition("local recurrence", onset=day(-36), sites=["vaginal cuff"])
    chart.own("prior-pelvic-radiotherapy", day(-25), False)
    chart.own("prior-paraaortic-radiotherapy", day(-25), False)
    chart.own("prior-platinum", day(-25), False)
    chart.own("prior-immune-checkpoint-inhibitor", day(-25), False)
    chart.procedure("biopsy", day(-32), sites=["vaginal cuff"])
    pathology(chart, day(-29), "8070/3", "large cell nonkeratinizing", site="vagina", where="vaginal cuff")
    sites = found_at(["vaginal cuff"], [*NODES, *DISTANT])
    chart.staging("PET/CT", day(-21), sites, "Uptake at the vaginal cuff only.", m_category="rM0")
    size = chart.tumour_size(day(-20), 2.6)
    sites = found_at(["vaginal cuff"], ["pelvic side wall"])
    chart.staging("pelvic MRI", day(-20), sites, "Vault recurrence, side walls free.", more=[size])
    chart.condition("deep vein thrombosis", onset=dt.date(2024, 11, 20), verification="refuted")
    ready_for_drugs(chart, day(0), ecog=0)
    return chart


def distant_cps_positive(name: str) -> Chart:
    """Lung and liver, CPS 12, nothing given yet for the recurrence."""
    chart = Chart(name, "Testpatient-Cedar", "Demo", dt.date(1968, 1, 30), weight=63, height=162)
    everyday_care(chart, range(2022, 2027), smoker=True)
    cancer = first_diagnosis(chart, Diagnosis(dt.date(2024, 12, 3), "FIGO IIIB", 5.2), status="recurrence")
    end = chemoradiation(chart, dt.date(2025, 1, 13), cancer, technique="VMAT")
    follow_up(chart, half_yearly(end + 90 * DAY, 3), cancer)
    chart.condition("lung metastasis", "C78.0", onset=day(-38), sites=["lung"], category="encounter-diagnosis")
    chart.condition("liver metastasis", "C78.7", onset=day(-38), sites=["liver"])
    chart.disease_status(day(-38), "worsened", cancer)
    chart.procedure("liver biopsy", day(-30), sites=["liver"])
    pathology(chart, day(-27), "8070/6", "squamous morphology", site="liver", where="liver")
    chart.own("pdl1-cps", day(-20), 12)
    pelvis_and_nodes = ["cervix", "pelvic side wall", *NODES, *DISTANT]
    sites = found_at(["lung", "liver"], pelvis_and_nodes)
    chart.staging("PET/CT", day(-22), sites, "Multiple lung and liver metastases.", m_category="rM1")
    chart.own("distant-lesion-count", day(-22), 9)
    chart.own("systemic-lines-recurrent", day(-10), 0)
    chart.own("prior-immune-checkpoint-inhibitor", day(-10), False)
    chart.own("prior-bevacizumab", day(-10), False)
    chart.condition("pulmonary embolism", onset=day(-50), verification="refuted")
    ready_for_drugs(chart, day(0), haemoglobin=11.2)
    return chart


def distant_cps_unknown(name: str) -> Chart:
    """Bone and lung; PD-L1 was reported as tumour proportion score only, which is not a CPS."""
    chart = Chart(name, "Testpatient-Dogwood", "Demo", dt.date(1965, 9, 14), weight=74, height=170)
    everyday_care(chart, range(2021, 2027), hypertensive=True)
    cancer = first_diagnosis(chart, Diagnosis(dt.date(2023, 5, 9), "FIGO IIA1", 3.4, "C53.8"), status="recurrence")
    hysterectomy(chart, dt.date(2023, 6, 12), cancer, "robotic radical hysterectomy")
    end = chemoradiation(
        chart, dt.date(2023, 8, 7), cancer, sites=("pelvis", "pelvic nodes"), brachytherapy_site="vaginal cuff"
    )
    follow_up(chart, half_yearly(end + 60 * DAY, 4), cancer, systolic=138)
    chart.condition("bone metastasis", "C79.51", onset=day(-33), sites=["lumbar vertebra"])
    chart.condition("lung metastasis", onset=day(-33), sites=["lung"])
    chart.procedure("needle biopsy", day(-28), sites=["lumbar vertebra"])
    pathology(chart, day(-25), "8070/6", "squamous morphology", site="lumbar vertebra", where="lumbar vertebra")
    share = {"valueQuantity": quantity(20, "%")}
    chart.observation("PD-L1 share", day(-19), share)
    searched = ["vaginal cuff", "pelvic side wall", *NODES, *DISTANT]
    sites = found_at(["bone", "lung"], searched)
    chart.staging("PET/CT", day(-24), sites, "Bone and lung metastases.", m_category="rM1")
    chart.own("metastasis-pain", day(-5), True, site="lumbar vertebra")
    chart.own("systemic-lines-recurrent", day(-12), 0)
    chart.own("prior-immune-checkpoint-inhibitor", day(-12), False)
    pain = {"valueInteger": 6}
    chart.observation("pain score", day(-5), pain, category="vital-signs")
    ready_for_drugs(chart, day(0), systolic=136, diastolic=84)
    return chart


def isolated_chest(name: str) -> Chart:
    """Two lung nodules and nothing else, not yet sampled."""
    chart = Chart(name, "Testpatient-Elm", "Demo", dt.date(1973, 11, 2), weight=58, height=160)
    everyday_care(chart, range(2022, 2027), smoker=True)
    cancer = first_diagnosis(chart, Diagnosis(dt.date(2024, 1, 15), "FIGO IB3", 4.4), status="recurrence")
    end = chemoradiation(chart, dt.date(2024, 2, 26), cancer)
    follow_up(chart, half_yearly(end + 90 * DAY, 4), cancer)
    chart.condition("lung metastasis", "C78.0", onset=day(-27), sites=["lung"])
    chart.report("CT chest", day(-27), conclusion="Two nodules of the right lung, 11 and 14 mm.")
    searched = ["cervix", "pelvic side wall", "abdomen", *NODES, *DISTANT]
    chart.staging(
        "PET/CT", day(-14), found_at(["lung"], searched), "Two avid nodules of the right lung.", m_category="rM1"
    )
    chart.own("distant-lesion-count", day(-14), 2)
    chart.own("all-lesions-amenable-to-local-therapy", day(-9), True)
    chart.own("systemic-lines-recurrent", day(-9), 0)
    chart.own("prior-immune-checkpoint-inhibitor", day(-9), False)
    chart.own("pdl1-cps", dt.date(2024, 1, 22), 3)
    ready_for_drugs(chart, day(0))
    chart.ecog(day(-1), 4, status="entered-in-error")
    return chart


def para_aortic(name: str) -> Chart:
    """Para-aortic nodes above an irradiated pelvis; the earlier field ended below them."""
    chart = Chart(name, "Testpatient-Fir", "Demo", dt.date(1976, 4, 19), weight=69, height=167)
    everyday_care(chart, range(2022, 2027))
    cancer = first_diagnosis(
        chart, Diagnosis(dt.date(2024, 6, 10), "FIGO IIIC1", 4.1, n_category="cN1"), status="recurrence"
    )
    end = chemoradiation(chart, dt.date(2024, 7, 15), cancer)
    follow_up(chart, half_yearly(end + 90 * DAY, 4), cancer)
    chart.condition("para-aortic metastasis", "C77.2", onset=day(-34), sites=["para-aortic nodes"])
    chart.procedure("needle biopsy", day(-28), sites=["para-aortic nodes"])
    pathology(chart, day(-26), "8070/6", "squamous morphology", site="para-aortic nodes", where="para-aortic node")
    chart.own("prior-paraaortic-radiotherapy", day(-20), False)
    searched = ["cervix", "pelvic side wall", *NODES, *DISTANT]
    sites = found_at(["para-aortic nodes"], searched)
    chart.staging("PET/CT", day(-24), sites, "Three para-aortic nodes, no other uptake.", m_category="rM0")
    chart.own("systemic-lines-recurrent", day(-20), 0)
    ready_for_drugs(chart, day(0))
    return chart


def second_line(name: str) -> Chart:
    """Six cycles with bevacizumab, maintenance, then progression in lung and peritoneum; no immunotherapy yet."""
    chart = Chart(name, "Testpatient-Ginkgo", "Demo", dt.date(1970, 8, 25), weight=60, height=163)
    everyday_care(chart, range(2025, 2027))
    cancer = first_diagnosis(chart, Diagnosis(dt.date(2024, 2, 6), "FIGO IIB", 4.0), status="recurrence")
    end = chemoradiation(chart, dt.date(2024, 3, 18), cancer)
    follow_up(chart, quarterly(end + 90 * DAY, 5), cancer)
    found = dt.date(2025, 10, 20)
    lung = chart.condition("lung metastasis", "C78.0", onset=found, sites=["lung"])
    chart.procedure("lung biopsy", found + 9 * DAY, sites=["lung"])
    pathology(chart, found + 12 * DAY, "8070/6", "squamous morphology", site="lung", where="lung")
    start = dt.date(2025, 12, 1)
    for cycle in range(6):
        dose_day = start + 21 * cycle * DAY
        for drug, dose in (("cisplatin", 82), ("paclitaxel", 289), ("bevacizumab-awwb", 900)):
            chart.given(drug, dose_day, dose=dose, reason=lung, intent="palliative intent")
        if cycle % 2:
            chart.bloods(dose_day - DAY, neutrophils=round(3.6 - 0.3 * cycle, 1))
    for cycle in range(6, 12):
        chart.given("bevacizumab-awwb", start + 21 * cycle * DAY, dose=900, reason=lung, intent="palliative intent")
    last = start + 21 * 11 * DAY
    chart.taking("paclitaxel", start, start + 105 * DAY, status="completed", text="Six cycles", route="intravenous")
    chart.disease_status(start + 110 * DAY, "improved", cancer)
    chart.disease_status(last + 20 * DAY, "stable", cancer)
    chart.disease_status(day(-20), "worsened", cancer)
    chart.condition("peritoneal metastasis", onset=day(-20))
    searched = ["cervix", "pelvic side wall", *NODES, *DISTANT]
    sites = found_at(["lung"], searched)
    chart.staging("PET/CT", day(-20), sites, "Growth of lung and new peritoneal metastases.", m_category="rM1")
    chart.own("systemic-lines-recurrent", day(-15), 1)
    chart.own("progressed-after-systemic", day(-15), True)
    chart.own("prior-immune-checkpoint-inhibitor", day(-15), False)
    chart.own("prior-tisotumab-vedotin", day(-15), False)
    chart.own("pdl1-cps", found + 20 * DAY, 5)
    chart.own("neuropathy-grade", day(-15), 1)
    chart.condition("neuropathy by drug", onset=dt.date(2026, 3, 2), severity="mild")
    chart.condition("fatigue", onset=day(-60))
    ready_for_drugs(chart, day(0), haemoglobin=10.6)
    return chart


def bevacizumab_surgery(name: str) -> Chart:
    """Elective sigmoid resection booked in 18 days; bevacizumab about to be ordered today."""
    chart = Chart(name, "Testpatient-Hazel", "Demo", dt.date(1963, 2, 17), weight=68, height=166)
    everyday_care(chart, range(2021, 2027), hypertensive=True)
    cancer = first_diagnosis(chart, Diagnosis(dt.date(2024, 8, 5), "FIGO IIB", 3.9), status="recurrence")
    end = chemoradiation(chart, dt.date(2024, 9, 9), cancer)
    follow_up(chart, half_yearly(end + 90 * DAY, 3), cancer, systolic=136)
    chart.condition("supraclavicular metastasis", onset=day(-40), sites=["supraclavicular nodes"])
    chart.condition("lung metastasis", "C78.0", onset=day(-40), sites=["lung"])
    chart.procedure("needle biopsy", day(-35), sites=["supraclavicular nodes"])
    pathology(
        chart, day(-32), "8070/6", "squamous morphology", site="supraclavicular nodes", where="supraclavicular node"
    )
    searched = ["cervix", "pelvic side wall", *NODES, *DISTANT]
    sites = found_at(["lung", "supraclavicular nodes"], searched)
    chart.staging("PET/CT", day(-26), sites, "Supraclavicular and lung metastases.", m_category="rM1")
    chart.own("pdl1-cps", day(-21), 8)
    chart.own("systemic-lines-recurrent", day(-12), 0)
    chart.own("prior-immune-checkpoint-inhibitor", day(-12), False)
    surgery = chart.requested(
        "sigmoid resection",
        day(-13),
        due=day(18),
        elective=True,
        category="surgical procedure",
        text="Sigmoid resection for recurrent diverticulitis",
    )
    chart.add(
        "Appointment",
        {
            "status": "booked",
            "description": "Sigmoid resection",
            "basedOn": [{"reference": surgery}],
            "start": moment(day(18), "07:30"),
            "end": moment(day(18), "11:30"),
            "participant": [{"actor": {"reference": chart.patient}, "status": "accepted"}],
        },
    )
    chart.requested("nephrostomy", dt.date(2024, 9, 1), due=dt.date(2024, 9, 3), status="revoked")
    ratio = {"valueQuantity": quantity(0.1, "mg/mg")}
    chart.observation("urine protein ratio", day(-4), ratio)
    ready_for_drugs(chart, day(0), systolic=134, diastolic=82)
    return chart


def radiation_unspecified(name: str) -> Chart:
    """ "History of irradiation" and no word where: both pathways stay open."""
    chart = Chart(name, "Testpatient-Ironwood", "Demo", dt.date(1966, 12, 5), weight=77, height=164)
    everyday_care(chart, range(2021, 2027), hypertensive=True)
    cancer = first_diagnosis(chart, Diagnosis(dt.date(2022, 3, 7), "FIGO IB1", 1.9), status="recurrence")
    hysterectomy(chart, dt.date(2022, 4, 11), cancer)
    chart.condition("Z92.3", onset="2022", category="problem-list-item")
    chart.condition("past hysterectomy", onset=dt.date(2022, 4, 11), status=None)
    follow_up(chart, half_yearly(dt.date(2024, 11, 4), 4), cancer, systolic=136)
    chart.condition("local recurrence", onset=day(-30), sites=["vaginal cuff"])
    chart.procedure("biopsy", day(-27), sites=["vaginal cuff"])
    pathology(chart, day(-24), "8070/3", "squamous morphology", site="vagina", where="vaginal cuff")
    sites = found_at(["vaginal cuff"], [*NODES, *DISTANT])
    chart.staging("PET/CT", day(-18), sites, "Uptake at the vaginal cuff only.", m_category="rM0")
    sites = found_at(["vaginal cuff"], ["pelvic side wall"])
    chart.staging("pelvic MRI", day(-17), sites, "Vault recurrence, side walls free.")
    ready_for_drugs(chart, day(0), systolic=138, diastolic=84)
    return chart


def sidewall_triad(name: str) -> Chart:
    """Swollen leg, sciatica and hydronephrosis on one side, and side wall disease on MRI, after chemoradiation."""
    chart = Chart(name, "Testpatient-Juniper", "Demo", dt.date(1969, 7, 11), weight=62, height=161)
    everyday_care(chart, range(2022, 2027))
    cancer = first_diagnosis(chart, Diagnosis(dt.date(2024, 5, 6), "FIGO IIIB", 5.5), status="recurrence")
    end = chemoradiation(chart, dt.date(2024, 6, 10), cancer, sites=("true pelvis", "cervix", "parametrium"))
    follow_up(chart, half_yearly(end + 90 * DAY, 4), cancer)
    chart.condition("local recurrence", onset=day(-37), sites=["cervix"])
    chart.condition("swelling of one leg", onset=day(-45), left="leg")
    chart.condition("sciatica", onset=day(-41), left="leg")
    chart.condition("hydronephrosis", onset=day(-36), left="kidney")
    chart.procedure("nephrostomy", day(-33))
    chart.procedure("cervical biopsy", day(-31), sites=["cervix"])
    pathology(chart, day(-28), "8070/3", "squamous morphology", site="cervix", where="cervix")
    sites = found_at(["cervix"], [*NODES, *DISTANT])
    chart.staging("PET/CT", day(-23), sites, "Pelvic recurrence to the left side wall.", m_category="rM0")
    size = chart.tumour_size(day(-22), 4.8)
    sites = {"cervix": True, "left pelvic side wall": True}
    chart.staging("pelvic MRI", day(-22), sites, "Fixed to the left side wall.", more=[size])
    chart.own("systemic-lines-recurrent", day(-10), 0)
    chart.own("prior-immune-checkpoint-inhibitor", day(-10), False)
    chart.own("pdl1-cps", day(-12), 2)
    ready_for_drugs(chart, day(0), creatinine=0.98)
    return chart


def poor_performance(name: str) -> Chart:
    """ECOG 3 this week; Karnofsky 40 says the same."""
    chart = Chart(name, "Testpatient-Katsura", "Demo", dt.date(1954, 5, 23), weight=51, height=158)
    everyday_care(chart, range(2021, 2027), hypertensive=True)
    cancer = first_diagnosis(chart, Diagnosis(dt.date(2024, 9, 2), "FIGO IIIB", 6.0), status="recurrence")
    end = chemoradiation(chart, dt.date(2024, 10, 7), cancer)
    follow_up(chart, half_yearly(end + 90 * DAY, 3), cancer, albumin=3.4)
    chart.condition("liver metastasis", "C78.7", onset=day(-39), sites=["liver"])
    chart.condition("lung metastasis", onset=day(-39), sites=["lung"])
    chart.procedure("liver biopsy", day(-33), sites=["liver"])
    pathology(chart, day(-30), "8070/6", "squamous morphology", site="liver", where="liver")
    searched = ["cervix", "pelvic side wall", *NODES, *DISTANT]
    chart.staging(
        "PET/CT", day(-27), found_at(["liver", "lung"], searched), "Liver and lung metastases.", m_category="rM1"
    )
    karnofsky = {"valueInteger": 40}
    chart.observation("Karnofsky", day(-3), karnofsky, category="survey")
    chart.ecog(day(-38), 1)
    chart.condition("anaemia", onset=day(-20))
    chart.taking("ferrous sulphate", day(-18))
    ready_for_drugs(chart, day(0), ecog=3, haemoglobin=8.9, albumin=2.7)
    return chart


def pregnancy(name: str) -> Chart:
    """Pelvic node recurrence after trachelectomy, nine weeks pregnant."""
    chart = Chart(name, "Testpatient-Larch", "Demo", dt.date(1992, 10, 28), weight=64, height=169)
    everyday_care(chart, range(2021, 2027), lipids=False)
    chart.vaccinated("HPV vaccine", dt.date(2021, 5, 6))
    cancer = first_diagnosis(chart, Diagnosis(dt.date(2024, 4, 3), "FIGO IB1", 1.4, "C53.1"), status="recurrence")
    chart.procedure(
        "radical trachelectomy", dt.date(2024, 5, 8), sites=["cervix"], intent="curative intent", reason=cancer
    )
    chart.own("prior-pelvic-radiotherapy", dt.date(2024, 9, 3), False)
    follow_up(chart, half_yearly(dt.date(2024, 8, 5), 5), cancer, haemoglobin=12.9)
    chart.condition("pelvic node metastasis", "C77.5", onset=day(-29), sites=["external iliac node"])
    chart.procedure("needle biopsy", day(-24), sites=["external iliac node"])
    pathology(chart, day(-21), "8070/6", "squamous morphology", site="external iliac node", where="left iliac node")
    chart.observation("pregnancy test", day(-12), {"valueCodeableConcept": concept("positive")})
    chart.condition("pregnancy", onset=day(-12), text="Pregnancy, about nine weeks")
    sites = {"external iliac node": True, "pelvic side wall": False}
    chart.staging("pelvic MRI", day(-15), sites, "One enlarged left external iliac node.")
    chart.own("pelvic-node-count", day(-15), 1)
    chart.condition("anaemia", onset=day(-12), verification="provisional")
    ready_for_drugs(chart, day(0), ecog=0)
    return chart


def suspected_only(name: str) -> Chart:
    """A suspicious pelvic MRI two years after chemoradiation; nothing proven, nothing staged."""
    chart = Chart(name, "Testpatient-Maple", "Demo", dt.date(1974, 2, 9), weight=70, height=165)
    everyday_care(chart, range(2022, 2027))
    cancer = first_diagnosis(chart, Diagnosis(dt.date(2024, 7, 1), "FIGO IIB", 3.6), status="active")
    end = chemoradiation(chart, dt.date(2024, 8, 5), cancer)
    follow_up(chart, half_yearly(end + 90 * DAY, 4), cancer)
    chart.condition("local recurrence", onset=day(-6), verification="provisional", sites=["cervix"])
    chart.own("suspected-recurrence", day(-6), True)
    words = "New enhancing lesion of the cervix, suspicious for recurrence; radiation change not excluded."
    chart.report("pelvic MRI", day(-8), conclusion=words)
    chart.requested("cervical biopsy", day(-2), due=day(5))
    ready_for_drugs(chart, day(0), ecog=0)
    return chart


def adenocarcinoma(name: str) -> Chart:
    """The other histology: no pathway, but the safety rules still run (bowel resection 15 days ago)."""
    chart = Chart(name, "Testpatient-Nutmeg", "Demo", dt.date(1972, 8, 3), weight=67, height=163)
    everyday_care(chart, range(2022, 2027))
    found = Diagnosis(
        dt.date(2023, 9, 4),
        "FIGO IB3",
        4.3,
        "C53.0",
        cancer="adenocarcinoma",
        morphology="8140/3",
        conclusion="adenocarcinoma morphology",
    )
    cancer = first_diagnosis(chart, found, status="recurrence")
    morphology, conclusion = found.morphology, found.conclusion
    hysterectomy(chart, dt.date(2023, 10, 9), cancer, morphology=morphology, conclusion=conclusion)
    end = chemoradiation(chart, dt.date(2023, 12, 4), cancer, sites=("pelvis",), brachytherapy_site="vaginal cuff")
    follow_up(chart, half_yearly(end + 90 * DAY, 4), cancer)
    chart.condition("liver metastasis", "C78.7", onset=day(-30), sites=["liver"])
    chart.procedure("liver biopsy", day(-26), sites=["liver"])
    pathology(chart, day(-23), "8140/3", "adenocarcinoma morphology", site="liver", where="liver")
    chart.visit("treatment consultation", day(-15), inpatient_days=6)
    chart.procedure("bowel resection", day(-15))
    searched = ["vaginal cuff", *NODES, *DISTANT]
    chart.staging("PET/CT", day(-22), found_at(["liver"], searched), "Liver metastases.", m_category="rM1")
    ready_for_drugs(chart, day(0), haemoglobin=10.2)
    return chart


def remission(name: str) -> Chart:
    """Treated, followed up, no sign of disease: nothing to advise."""
    chart = Chart(name, "Testpatient-Oak", "Demo", dt.date(1977, 1, 12), weight=65, height=166)
    everyday_care(chart, range(2022, 2027))
    cancer = first_diagnosis(chart, Diagnosis(dt.date(2024, 2, 12), "FIGO IIB", 3.2), status="remission")
    end = chemoradiation(chart, dt.date(2024, 3, 25), cancer)
    chart.condition("Z85.41", onset=end, status=None)
    follow_up(chart, half_yearly(end + 90 * DAY, 5), cancer)
    chart.disease_status(day(-21), "complete remission", cancer)
    chart.report("PET/CT", day(-60), conclusion="No uptake suspicious for recurrence.")
    chart.ecog(day(-21), 0)
    chart.condition("local recurrence", onset=dt.date(2025, 3, 3), verification="refuted")
    return chart


def cisplatin_unfit(name: str) -> Chart:
    """Kidneys and hearing rule cisplatin out; CPS below 1."""
    chart = Chart(name, "Testpatient-Pecan", "Demo", dt.date(1958, 6, 6), weight=59, height=159)
    everyday_care(chart, range(2021, 2027), hypertensive=True)
    cancer = first_diagnosis(chart, Diagnosis(dt.date(2023, 10, 2), "FIGO IIB", 4.2), status="recurrence")
    end = chemoradiation(chart, dt.date(2023, 11, 6), cancer)
    follow_up(chart, half_yearly(end + 90 * DAY, 4), cancer, systolic=137, creatinine=1.21)
    chart.condition("kidney disease 3B", onset=dt.date(2025, 5, 12))
    chart.condition("hearing loss", onset=dt.date(2024, 3, 1))
    chart.own("hearing-loss-grade", day(-8), 2)
    chart.condition("lung metastasis", "C78.0", onset=day(-35), sites=["lung"])
    chart.condition("mediastinal metastasis", onset=day(-35), sites=["mediastinum"])
    chart.procedure("lung biopsy", day(-29), sites=["lung"])
    pathology(chart, day(-26), "8070/6", "squamous morphology", site="lung", where="lung")
    searched = ["cervix", "pelvic side wall", "abdomen", *NODES, *DISTANT]
    sites = found_at(["lung", "mediastinum"], searched)
    chart.staging("PET/CT", day(-23), sites, "Lung and mediastinal metastases.", m_category="rM1")
    chart.own("pdl1-cps", day(-20), 0)
    chart.own("systemic-lines-recurrent", day(-8), 0)
    chart.own("prior-immune-checkpoint-inhibitor", day(-8), False)
    ready_for_drugs(chart, day(0), systolic=134, creatinine=1.32)
    chart.observation("creatinine", day(-2), {"valueQuantity": quantity(117, "umol/L")})
    return chart


def prior_immunotherapy(name: str) -> Chart:
    """Pembrolizumab was already part of the first treatment; CPS 20 does not bring it back."""
    chart = Chart(name, "Testpatient-Quince", "Demo", dt.date(1975, 3, 27), weight=72, height=171)
    everyday_care(chart, range(2022, 2027))
    cancer = first_diagnosis(
        chart, Diagnosis(dt.date(2024, 8, 19), "FIGO IIIC1", 4.9, n_category="cN1"), status="recurrence"
    )
    start = dt.date(2024, 9, 23)
    end = chemoradiation(chart, start, cancer)
    for cycle in range(12):
        chart.given("pembrolizumab", start + 21 * cycle * DAY, dose=200, reason=cancer, intent="curative intent")
    follow_up(chart, quarterly(end + 200 * DAY, 4), cancer)
    chart.condition("Hashimoto thyroiditis", onset="2025-04", status="inactive")
    chart.condition("liver metastasis", "C78.7", onset=day(-36), sites=["liver"])
    chart.procedure("liver biopsy", day(-31), sites=["liver"])
    pathology(chart, day(-28), "8070/6", "squamous morphology", site="liver", where="liver")
    searched = ["cervix", "pelvic side wall", *NODES, *DISTANT]
    chart.staging("PET/CT", day(-25), found_at(["liver"], searched), "Seven liver metastases.", m_category="rM1")
    chart.own("distant-lesion-count", day(-25), 7)
    chart.own("pdl1-cps", day(-18), 20)
    chart.own("systemic-lines-recurrent", day(-9), 0)
    ready_for_drugs(chart, day(0))
    return chart


def fistula(name: str) -> Chart:
    """An open vesicovaginal fistula keeps bevacizumab out of the regimen."""
    chart = Chart(name, "Testpatient-Rowan", "Demo", dt.date(1967, 10, 16), weight=57, height=160)
    everyday_care(chart, range(2022, 2027), smoker=True)
    cancer = first_diagnosis(chart, Diagnosis(dt.date(2024, 3, 18), "FIGO IIIB", 5.8), status="recurrence")
    end = chemoradiation(chart, dt.date(2024, 4, 22), cancer, technique="3D conformal")
    follow_up(chart, half_yearly(end + 90 * DAY, 4), cancer)
    chart.condition("vesicovaginal fistula", onset=day(-70))
    chart.condition("lung metastasis", "C78.0", onset=day(-34), sites=["lung"])
    chart.procedure("lung biopsy", day(-29), sites=["lung"])
    pathology(chart, day(-26), "8070/6", "squamous morphology", site="lung", where="lung")
    searched = ["cervix", "pelvic side wall", "abdomen", *NODES, *DISTANT]
    chart.staging("PET/CT", day(-22), found_at(["lung"], searched), "Multiple lung metastases.", m_category="rM1")
    chart.own("distant-lesion-count", day(-22), 8)
    chart.own("pdl1-cps", day(-17), 6)
    chart.own("systemic-lines-recurrent", day(-9), 0)
    chart.own("prior-immune-checkpoint-inhibitor", day(-9), False)
    ready_for_drugs(chart, day(0))
    return chart


def breast_radiotherapy(name: str) -> Chart:
    """The only radiotherapy on record went to the breast: neither yes nor no for the pelvis."""
    chart = Chart(name, "Testpatient-Sumac", "Demo", dt.date(1961, 4, 4), weight=73, height=165)
    everyday_care(chart, range(2021, 2027), hypertensive=True)
    chart.condition("breast cancer", onset=dt.date(2015, 2, 9), status="remission")
    chart.radiotherapy_course(
        dt.date(2015, 6, 1),
        dt.date(2015, 7, 10),
        grays=50,
        fractions=25,
        sites=["breast"],
        modality="photons",
        technique="3D conformal",
    )
    cancer = first_diagnosis(chart, Diagnosis(dt.date(2023, 2, 6), "FIGO IB1", 1.7), status="recurrence")
    hysterectomy(chart, dt.date(2023, 3, 13), cancer)
    follow_up(chart, half_yearly(dt.date(2024, 10, 7), 4), cancer, systolic=137)
    chart.condition("local recurrence", onset=day(-32), sites=["vaginal cuff"])
    chart.procedure("biopsy", day(-28), sites=["vaginal cuff"])
    pathology(chart, day(-25), "8070/3", "squamous morphology", site="vagina", where="vaginal cuff")
    sites = found_at(["vaginal cuff"], [*NODES, *DISTANT])
    chart.staging("PET/CT", day(-20), sites, "Uptake at the vaginal cuff only.", m_category="rM0")
    sites = found_at(["vaginal cuff"], ["pelvic side wall"])
    chart.staging("pelvic MRI", day(-19), sites, "Vault recurrence, side walls free.")
    ready_for_drugs(chart, day(0), systolic=135)
    return chart


def _sign(what: str, *drafts: Json, expect: tuple[str, ...] = (), never: tuple[str, ...] = ()) -> Try:
    return Try("order-sign", what, expect, never, drafts)


def _select(what: str, *drafts: Json, expect: tuple[str, ...] = (), never: tuple[str, ...] = ()) -> Try:
    return Try("order-select", what, expect, never, drafts)


def _pet_ct(patient: str) -> Json:
    return orders.service(patient, "PET/CT method", what="pet-ct", intent=None, due=day(5))


STORIES: Final = (
    Story(
        "central-irradiated",
        "Central pelvic recurrence, irradiated",
        "Chemoradiation in 2024, now a proven recurrence in the cervix alone, everything else free, ECOG 1.",
        ("P3",),
        central_irradiated,
        (
            view(
                "pelvic-exenteration",
                "resection-then-systemic",
                "mdt-review",
                never=("salvage-chemoradiation", "missing-prior-pelvic-rt", "missing-pet-ct", "missing-biopsy"),
            ),
            _sign(
                "Sign a second course of pelvic radiotherapy",
                orders.pelvic_radiotherapy("central-irradiated"),
                expect=("pelvic-rt-repeat",),
            ),
            _sign(
                "Sign the exenteration",
                orders.exenteration("central-irradiated"),
                never=("exenteration-distant-disease", "exenteration-sidewall", "exenteration-no-prior-rt"),
            ),
        ),
    ),
    Story(
        "pelvic-unirradiated",
        "Pelvic recurrence, never irradiated",
        "Radical hysterectomy only; a treatment summary states that no radiotherapy was given; vault recurrence now.",
        ("P4", "P15"),
        pelvic_unirradiated,
        (
            view("salvage-chemoradiation", "mdt-review", never=("pelvic-exenteration", "missing-prior-pelvic-rt")),
            _sign(
                "Sign an exenteration instead of chemoradiation",
                orders.exenteration("pelvic-unirradiated"),
                expect=("exenteration-no-prior-rt",),
            ),
            _sign(
                "Sign chemoradiation with weekly cisplatin",
                orders.pelvic_radiotherapy("pelvic-unirradiated"),
                orders.drug("pelvic-unirradiated", "cisplatin", 70, "mg", every_weeks=1, start=day(7)),
                never=("pelvic-rt-repeat", "pelvic-rt-no-concurrent-chemo", "cisplatin-dose"),
            ),
        ),
    ),
    Story(
        "distant-cps-positive",
        "Distant recurrence, CPS 12",
        "Lung and liver metastases after chemoradiation, CPS 12, no systemic treatment for the recurrence yet.",
        ("P10", "F1", "F8"),
        distant_cps_positive,
        (
            view(
                "systemic-pembrolizumab-chemo-bevacizumab",
                "systemic-cisplatin-paclitaxel-bevacizumab",
                "palliative-care-integration",
                never=("pelvic-exenteration", "salvage-chemoradiation", "missing-pdl1-cps"),
            ),
            _select(
                "Pick an exenteration",
                orders.exenteration("distant-cps-positive"),
                expect=("exenteration-distant-disease",),
            ),
            _sign(
                "Sign pembrolizumab, cisplatin, paclitaxel and bevacizumab",
                orders.drug("distant-cps-positive", "pembrolizumab", 200, "mg"),
                orders.drug("distant-cps-positive", "cisplatin", 50, "mg/m2"),
                orders.drug("distant-cps-positive", "paclitaxel", 175, "mg/m2"),
                orders.drug("distant-cps-positive", "bevacizumab", 15, "mg/kg"),
                expect=("bevacizumab-prior-pelvic-rt",),
                never=("immunotherapy-pdl1", "missing-pdl1-cps", "bevacizumab-dose"),
            ),
        ),
    ),
    Story(
        "distant-cps-unknown",
        "Distant recurrence, CPS unknown",
        "Bone and lung metastases, painful; PD-L1 reported as tumour proportion score only, so CPS is unknown.",
        ("P10", "P13", "F5"),
        distant_cps_unknown,
        (
            view(
                "missing-pdl1-cps",
                "systemic-cisplatin-paclitaxel-bevacizumab",
                "palliative-radiotherapy",
                never=("pelvic-exenteration", "salvage-chemoradiation"),
            ),
            _sign(
                "Sign pembrolizumab without a CPS",
                orders.drug("distant-cps-unknown", "pembrolizumab", 200, "mg"),
                expect=("missing-pdl1-cps",),
            ),
        ),
    ),
    Story(
        "isolated-chest",
        "Isolated chest recurrence",
        "Two lung nodules, both amenable to local treatment, everything else free, not yet sampled.",
        ("P9", "P9a"),
        isolated_chest,
        (
            view(
                "info-site-response-chest",
                "missing-biopsy",
                "oligometastatic-local-therapy",
                never=("pelvic-exenteration", "best-supportive-care"),
            ),
            _select("Pick another PET/CT", _pet_ct("isolated-chest"), expect=("pet-ct-recent",)),
        ),
    ),
    Story(
        "para-aortic",
        "Para-aortic recurrence only",
        "Three para-aortic nodes above an irradiated pelvis; the earlier field did not reach them.",
        ("P8",),
        para_aortic,
        (
            view("extended-field-chemoradiation", never=("pelvic-exenteration",)),
            _select(
                "Pick an exenteration", orders.exenteration("para-aortic"), expect=("exenteration-distant-disease",)
            ),
        ),
    ),
    Story(
        "second-line",
        "Progression on first-line treatment",
        "Progressed after cisplatin, paclitaxel and bevacizumab for recurrence; never had immunotherapy; CPS 5.",
        ("P10", "T1", "T2", "T7"),
        second_line,
        (
            view(
                "second-line-tisotumab-vedotin",
                "second-line-cemiplimab",
                "second-line-pembrolizumab",
                never=("systemic-cisplatin-paclitaxel-bevacizumab", "pelvic-exenteration"),
            ),
            _sign(
                "Sign tisotumab vedotin without an eye examination",
                orders.drug("second-line", "tisotumab vedotin", 2, "mg/kg"),
                expect=("missing-eye-exam",),
                never=("tisotumab-dose", "tisotumab-line"),
            ),
            _sign(
                "Sign cemiplimab 350 mg",
                orders.drug("second-line", "cemiplimab", 350, "mg"),
                never=("immunotherapy-dose", "immunotherapy-prior-ici", "immunotherapy-autoimmune"),
            ),
        ),
    ),
    Story(
        "bevacizumab-before-surgery",
        "Bevacizumab ordered before planned surgery",
        "Distant recurrence about to get bevacizumab, with an elective sigmoid resection booked in 18 days.",
        ("P10", "F2"),
        bevacizumab_surgery,
        (
            view(
                "systemic-pembrolizumab-chemo",
                "bevacizumab-avoid",
                never=("systemic-pembrolizumab-chemo-bevacizumab",),
            ),
            _select(
                "Pick bevacizumab 15 mg/kg",
                orders.drug("bevacizumab-before-surgery", "bevacizumab", 15, "mg/kg"),
                expect=("bevacizumab-surgery-interval",),
            ),
            _sign(
                "Sign bevacizumab at half the dose",
                orders.drug("bevacizumab-before-surgery", "bevacizumab-awwb", 7.5, "mg/kg"),
                expect=("bevacizumab-surgery-interval", "bevacizumab-dose"),
            ),
        ),
    ),
    Story(
        "radiation-unspecified",
        "Radiation history without a site",
        "Vault recurrence after hysterectomy and a bare history of irradiation (Z92.3): both pathways stay open.",
        ("P5",),
        radiation_unspecified,
        (
            view("missing-prior-pelvic-rt", "salvage-chemoradiation", "pelvic-exenteration"),
            _sign(
                "Sign pelvic radiotherapy",
                orders.pelvic_radiotherapy("radiation-unspecified"),
                expect=("missing-prior-pelvic-rt",),
                never=("pelvic-rt-repeat",),
            ),
        ),
    ),
    Story(
        "sidewall-triad",
        "Side wall recurrence with the triad",
        "Irradiated; swollen leg, sciatica and hydronephrosis on the left and side wall disease on MRI.",
        ("P3c", "P6", "F1"),
        sidewall_triad,
        (
            view(
                "exenteration-not-advised",
                "sidewall-specialist-surgery",
                "reirradiation-specialist-review",
                never=("pelvic-exenteration", "salvage-chemoradiation"),
            ),
            _sign("Sign an exenteration", orders.exenteration("sidewall-triad"), expect=("exenteration-sidewall",)),
        ),
    ),
    Story(
        "poor-performance",
        "ECOG 3",
        "Liver and lung metastases in a frail patient who is in bed for more than half of the day.",
        ("P1",),
        poor_performance,
        (
            view(
                "best-supportive-care",
                "palliative-care-integration",
                "palliative-radiotherapy",
                never=("systemic-cisplatin-paclitaxel-bevacizumab", "systemic-pembrolizumab-chemo-bevacizumab"),
            ),
            _sign(
                "Sign cisplatin and paclitaxel",
                orders.drug("poor-performance", "cisplatin", 50, "mg/m2"),
                orders.drug("poor-performance", "paclitaxel", 175, "mg/m2"),
                expect=("performance-status-chemo",),
            ),
        ),
    ),
    Story(
        "pregnancy",
        "Recurrence in pregnancy",
        "Pelvic node recurrence after trachelectomy; pregnant for about nine weeks.",
        ("P0",),
        pregnancy,
        (
            view("pregnancy-mdt-referral", never=("salvage-chemoradiation", "pelvic-exenteration")),
            _sign(
                "Sign chemoradiation",
                orders.pelvic_radiotherapy("pregnancy"),
                orders.drug("pregnancy", "cisplatin", 40, "mg/m2", every_weeks=1),
                expect=("pregnancy-teratogen",),
            ),
            _select("Pick a PET/CT", _pet_ct("pregnancy"), expect=("pet-ct-pregnancy",)),
        ),
    ),
    Story(
        "suspected-only",
        "Suspected recurrence, nothing proven",
        "A suspicious MRI and a provisional diagnosis two years after chemoradiation; no biopsy, no PET/CT.",
        ("G6",),
        suspected_only,
        (
            view(
                "suspected-recurrence-workup",
                "missing-biopsy",
                "missing-pet-ct",
                never=("pelvic-exenteration", "salvage-chemoradiation"),
            ),
            _sign(
                "Sign pelvic radiotherapy",
                orders.pelvic_radiotherapy("suspected-only"),
                expect=("pelvic-rt-repeat",),
            ),
        ),
    ),
    Story(
        "adenocarcinoma",
        "Adenocarcinoma: safety rules only",
        "Liver recurrence of an adenocarcinoma, bowel resection 15 days ago: no pathway, but bevacizumab is too early.",
        ("G4",),
        adenocarcinoma,
        (
            view(never=("systemic-cisplatin-paclitaxel-bevacizumab", "pelvic-exenteration", "missing-pdl1-cps")),
            _sign(
                "Sign bevacizumab",
                orders.drug("adenocarcinoma", "bevacizumab", 15, "mg/kg"),
                expect=("bevacizumab-post-surgery-interval",),
            ),
        ),
    ),
    Story(
        "remission",
        "In remission",
        "Treated in 2024, in complete remission three weeks ago: the chart opens without advice.",
        ("G5",),
        remission,
        (
            view(never=("pelvic-exenteration", "salvage-chemoradiation", "missing-pet-ct", "missing-biopsy")),
            _sign(
                "Sign a second course of pelvic radiotherapy",
                orders.pelvic_radiotherapy("remission"),
                expect=("pelvic-rt-repeat",),
            ),
        ),
    ),
    Story(
        "cisplatin-unfit",
        "Unfit for cisplatin, CPS below 1",
        "Chest metastases in a patient with a creatinine clearance near 38 mL/min and grade 2 hearing loss.",
        ("P10", "P9a", "F3", "F7"),
        cisplatin_unfit,
        (
            view(
                "systemic-carboplatin-paclitaxel-bevacizumab",
                never=("systemic-cisplatin-paclitaxel-bevacizumab", "systemic-pembrolizumab-chemo-bevacizumab"),
            ),
            _sign(
                "Sign cisplatin",
                orders.drug("cisplatin-unfit", "cisplatin", 50, "mg/m2"),
                expect=("cisplatin-renal", "cisplatin-ototoxicity"),
            ),
            _sign(
                "Sign carboplatin at AUC 5 (Calvert)",
                orders.drug(
                    "cisplatin-unfit", "carboplatin", 315, "mg", text="AUC 5: 315 mg intravenously every 3 weeks"
                ),
                never=("carboplatin-dose-calvert", "cisplatin-renal"),
            ),
        ),
    ),
    Story(
        "prior-immunotherapy",
        "Immunotherapy already given",
        "Pembrolizumab was part of the first treatment; liver metastases now, CPS 20.",
        ("P10", "F6"),
        prior_immunotherapy,
        (
            view(
                "systemic-cisplatin-paclitaxel-bevacizumab",
                "clinical-trial",
                never=("systemic-pembrolizumab-chemo-bevacizumab", "systemic-atezolizumab-chemo-bevacizumab"),
            ),
            _sign(
                "Sign pembrolizumab again",
                orders.drug("prior-immunotherapy", "pembrolizumab", 400, "mg", every_weeks=6),
                expect=("immunotherapy-prior-ici",),
                never=("immunotherapy-dose",),
            ),
        ),
    ),
    Story(
        "fistula",
        "Open fistula: no bevacizumab",
        "Lung metastases, CPS 6, and an open fistula between bladder and vagina.",
        ("P10", "P9a", "F2"),
        fistula,
        (
            view(
                "systemic-pembrolizumab-chemo",
                "bevacizumab-avoid",
                never=("systemic-pembrolizumab-chemo-bevacizumab", "systemic-cisplatin-paclitaxel-bevacizumab"),
            ),
            _sign(
                "Sign bevacizumab",
                orders.drug("fistula", "bevacizumab", 15, "mg/kg"),
                expect=("bevacizumab-fistula",),
            ),
        ),
    ),
    Story(
        "breast-radiotherapy",
        "Only breast radiotherapy on record",
        "Vault recurrence after hysterectomy; the one recorded course of radiotherapy went to the breast.",
        ("P5",),
        breast_radiotherapy,
        (
            view("missing-prior-pelvic-rt", "salvage-chemoradiation", "pelvic-exenteration"),
            _sign(
                "Sign pelvic radiotherapy",
                orders.pelvic_radiotherapy("breast-radiotherapy"),
                expect=("missing-prior-pelvic-rt",),
                never=("pelvic-rt-repeat",),
            ),
        ),
    ),
)
