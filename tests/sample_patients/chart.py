"""A patient's chart under construction: one method for each shape that a fact can take in FHIR R4.

Every method adds one resource (or a panel of them) and returns its reference. Days are ``datetime.date``; the same
calls always give the same resources.
"""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from tests.sample_patients.codes import OWN_FINDINGS, Code, code_named

Json = dict[str, Any]
Day = dt.date | str
"""A whole day, or a partial date as FHIR writes it (``2019``, ``2019-04``)."""

HL7: Final = "http://terminology.hl7.org/CodeSystem"
MCODE: Final = "http://hl7.org/fhir/us/mcode/StructureDefinition"
US_CORE: Final = "http://hl7.org/fhir/us/core/StructureDefinition"
UCUM: Final = "http://unitsofmeasure.org"
SERVER: Final = "https://sample-patients.example/fhir"
ONCOLOGIST: Final = "Practitioner/demo-oncologist"
RADIATION_ONCOLOGIST: Final = "Practitioner/demo-radiation-oncologist"
FAMILY_DOCTOR: Final = "Practitioner/demo-family-doctor"
HOSPITAL: Final = "Organization/demo-hospital"

_SHORT: Final = {
    "AllergyIntolerance": "allergy",
    "Appointment": "appointment",
    "BodyStructure": "volume",
    "CarePlan": "plan",
    "Condition": "condition",
    "Coverage": "coverage",
    "DiagnosticReport": "report",
    "Encounter": "visit",
    "FamilyMemberHistory": "family",
    "ImagingStudy": "imaging",
    "Immunization": "vaccine",
    "Medication": "medication",
    "MedicationAdministration": "dose",
    "MedicationRequest": "order",
    "MedicationStatement": "statement",
    "Observation": "obs",
    "Procedure": "procedure",
    "ServiceRequest": "request",
    "Specimen": "specimen",
}


@dataclass(frozen=True, slots=True)
class Analyte:
    """A laboratory value: its code name, UCUM unit, reference range and usual value."""

    name: str
    unit: str
    low: float | None
    high: float | None
    usual: float
    digits: int = 1


BLOOD_COUNT: Final = (
    Analyte("haemoglobin", "g/dL", 12.0, 15.5, 12.4),
    Analyte("leucocytes", "10*3/uL", 4.0, 11.0, 6.4),
    Analyte("neutrophils", "10*3/uL", 1.8, 7.5, 4.1),
    Analyte("platelets", "10*3/uL", 150, 400, 248, 0),
)
METABOLIC: Final = (
    Analyte("creatinine", "mg/dL", 0.5, 1.1, 0.78, 2),
    Analyte("sodium", "mmol/L", 135, 145, 139, 0),
    Analyte("potassium", "mmol/L", 3.5, 5.1, 4.2),
    Analyte("albumin", "g/dL", 3.5, 5.0, 4.0),
    Analyte("bilirubin", "mg/dL", 0.2, 1.2, 0.5),
    Analyte("AST", "U/L", 8, 40, 21, 0),
    Analyte("ALT", "U/L", 7, 40, 19, 0),
)
LIPIDS: Final = (
    Analyte("cholesterol", "mg/dL", None, 200, 184, 0),
    Analyte("triglycerides", "mg/dL", None, 150, 118, 0),
    Analyte("HDL", "mg/dL", 50, None, 57, 0),
    Analyte("LDL", "mg/dL", None, 130, 104, 0),
)


def written(day: Day) -> str:
    """The day as FHIR writes it."""
    return day if isinstance(day, str) else day.isoformat()


def moment(day: dt.date, clock: str = "09:30") -> str:
    """A time on that day in the hospital's zone."""
    return f"{day.isoformat()}T{clock}:00-05:00"


def concept(*names: str, text: str = "") -> Json:
    """A CodeableConcept with the codings of those names, in our words."""
    codes = [code_named(name) for name in names]
    return {"coding": [_coding(code) for code in codes], "text": text or codes[0].text}


def quantity(value: float, unit: str) -> Json:
    """A Quantity in UCUM."""
    return {"value": value, "unit": unit, "system": UCUM, "code": unit}


def _coding(code: Code) -> Json:
    return {"system": code.system, "code": code.code}


def _plain(system: str, code: str) -> Json:
    return {"coding": [{"system": f"{HL7}/{system}", "code": code}]}


class Chart:
    """The resources of one patient, in the order they were recorded."""

    def __init__(
        self, patient_id: str, family: str, given: str, birth: dt.date, *, weight: float, height: float
    ) -> None:
        self.id = patient_id
        self.birth = birth
        self.weight = weight
        self.height = height
        self.resources: list[Json] = []
        self._numbers: dict[str, int] = {}
        self._chance = random.Random(patient_id)  # noqa: S311 - varies laboratory values, guards nothing
        self.patient = f"Patient/{patient_id}"
        self._staff()
        self.resources.append(
            {
                "resourceType": "Patient",
                "id": patient_id,
                "meta": {
                    "profile": [f"{US_CORE}/us-core-patient"],
                    "tag": [{"system": f"{HL7}/v3-ActReason", "code": "HTEST", "display": "test health data"}],
                },
                "extension": [{"url": f"{US_CORE}/us-core-birthsex", "valueCode": "F"}],
                "identifier": [{"system": "https://sample-patients.example/mrn", "value": f"SAMPLE-{patient_id}"}],
                "active": True,
                "name": [{"use": "official", "family": family, "given": [given]}],
                "gender": "female",
                "birthDate": birth.isoformat(),
                "address": [{"city": "Sampletown", "country": "US"}],
                "communication": [{"language": {"coding": [{"system": "urn:ietf:bcp:47", "code": "en"}]}}],
                "generalPractitioner": [{"reference": FAMILY_DOCTOR}],
                "managingOrganization": {"reference": HOSPITAL},
            }
        )

    def _staff(self) -> None:
        people = (
            (ONCOLOGIST, "Oncology"),
            (RADIATION_ONCOLOGIST, "Radiation"),
            (FAMILY_DOCTOR, "Practice"),
        )
        for reference, family in people:
            name = {"family": f"Sample-{family}", "given": ["Demo"], "prefix": ["Dr."]}
            self.resources.append(
                {"resourceType": "Practitioner", "id": reference.partition("/")[2], "active": True, "name": [name]}
            )
        self.resources.append(
            {"resourceType": "Organization", "id": "demo-hospital", "active": True, "name": "Sample Cancer Centre"}
        )

    def add(self, resource_type: str, content: Mapping[str, Any]) -> str:
        """Append a resource with the next id of its type; elements that are None are left out."""
        number = self._numbers[resource_type] = self._numbers.get(resource_type, 0) + 1
        identity = f"{self.id}-{_SHORT[resource_type]}-{number}"
        elements = {name: value for name, value in content.items() if value is not None}
        self.resources.append({"resourceType": resource_type, "id": identity, **elements})
        return f"{resource_type}/{identity}"

    def _subject(self) -> Json:
        return {"reference": self.patient}

    def near(self, value: float, digits: int = 1, spread: float = 0.04) -> float:
        """The value with a little variation, the same at every build."""
        varied = round(value * (1 + spread * (2 * self._chance.random() - 1)), digits)
        return int(varied) if digits == 0 else varied

    # what is wrong with the patient

    def condition(
        self,
        *codes: str,
        onset: Day | None,
        status: str | None = "active",
        verification: str | None = "confirmed",
        abated: Day | None = None,
        category: str = "problem-list-item",
        sites: Sequence[str] = (),
        morphology: str | None = None,
        stage: str | None = None,
        primary: bool = False,
        text: str = "",
        recorded: Day | None = None,
        severity: str | None = None,
        left: str | None = None,
    ) -> str:
        """A Condition; with ``morphology`` or ``stage`` in the shape of an mCODE cancer condition.

        ``left`` names a body part whose left side it is, in words, with the mCODE laterality extension.
        """
        places = [concept(site) for site in sites]
        if left:
            side = {"url": f"{MCODE}/mcode-laterality-qualifier", "valueCodeableConcept": concept("left")}
            places.append({"extension": [side], "text": f"Left {left}"})
        extension = None
        if morphology:
            url = f"{MCODE}/mcode-histology-morphology-behavior"
            extension = [{"url": url, "valueCodeableConcept": concept(morphology)}]
        if verification == "entered-in-error":
            status = None
        return self.add(
            "Condition",
            {
                "meta": {"profile": [f"{MCODE}/mcode-primary-cancer-condition"]} if primary else None,
                "extension": extension,
                "clinicalStatus": _plain("condition-clinical", status) if status else None,
                "verificationStatus": _plain("condition-ver-status", verification) if verification else None,
                "category": [_plain("condition-category", category)],
                "severity": {"text": severity} if severity else None,
                "code": concept(*codes, text=text),
                "bodySite": places or None,
                "subject": self._subject(),
                "onsetDateTime": written(onset) if onset else None,
                "abatementDateTime": written(abated) if abated else None,
                "recordedDate": written(recorded) if recorded else (written(onset) if onset else None),
                "asserter": {"reference": ONCOLOGIST if primary else FAMILY_DOCTOR},
                "stage": [{"summary": concept(stage), "type": concept("FIGO system")}] if stage else None,
            },
        )

    def allergy(
        self,
        code: str,
        *,
        since: Day,
        criticality: str = "low",
        verification: str = "confirmed",
        severity: str = "mild",
    ) -> str:
        """An AllergyIntolerance with one skin reaction."""
        return self.add(
            "AllergyIntolerance",
            {
                "clinicalStatus": _plain("allergyintolerance-clinical", "active"),
                "verificationStatus": _plain("allergyintolerance-verification", verification),
                "type": "allergy",
                "category": ["medication"],
                "criticality": criticality,
                "code": concept(code),
                "patient": self._subject(),
                "recordedDate": written(since),
                "reaction": [{"manifestation": [concept("rash")], "severity": severity}],
            },
        )

    # what was seen

    def observation(
        self,
        code: str | Code,
        day: dt.date,
        value: Mapping[str, Any],
        *,
        category: str = "laboratory",
        status: str = "final",
        site: str | None = None,
        method: str | None = None,
        clock: str = "09:30",
        extra: Mapping[str, Any] | None = None,
    ) -> str:
        """An Observation; ``value`` holds its value element (``valueQuantity``, ``valueBoolean`` ...)."""
        coded = concept(code) if isinstance(code, str) else {"coding": [_coding(code)], "text": code.text}
        return self.add(
            "Observation",
            {
                "status": status,
                "category": [_plain("observation-category", category)],
                "code": coded,
                "subject": self._subject(),
                "effectiveDateTime": moment(day, clock),
                "performer": [{"reference": ONCOLOGIST if category in {"survey", "exam", "imaging"} else HOSPITAL}],
                **value,
                "bodySite": concept(site) if site else None,
                "method": concept(method) if method else None,
                **(extra or {}),
            },
        )

    def own(
        self, code: str, day: dt.date, value: bool | int, *, site: str | None = None, method: str | None = None
    ) -> str:
        """An Observation with a code of this service's own CodeSystem."""
        element = {"valueBoolean": value} if isinstance(value, bool) else {"valueInteger": value}
        category = "imaging" if method else "survey"
        words = code.replace("-", " ").capitalize()
        return self.observation(
            Code(OWN_FINDINGS, code, words), day, element, category=category, site=site, method=method
        )

    def measured(self, analyte: Analyte, day: dt.date, value: float | None = None, clock: str = "08:10") -> str:
        """One laboratory value with its reference range."""
        number = self.near(analyte.usual, analyte.digits) if value is None else value
        bounds = {
            side: quantity(bound, analyte.unit)
            for side, bound in (("low", analyte.low), ("high", analyte.high))
            if bound is not None
        }
        extra = {"referenceRange": [bounds]}
        return self.observation(
            analyte.name, day, {"valueQuantity": quantity(number, analyte.unit)}, clock=clock, extra=extra
        )

    def panel(self, name: str, analytes: Sequence[Analyte], day: dt.date, values: Mapping[str, float]) -> str:
        """A laboratory panel: its Observations and the DiagnosticReport that lists them."""
        results = [self.measured(analyte, day, values.get(analyte.name)) for analyte in analytes]
        return self.report(name, day, results=results, category="LAB")

    def bloods(self, day: dt.date, **values: float) -> None:
        """Blood count and metabolic panel of one morning; named values replace the usual ones."""
        self.panel("blood count panel", BLOOD_COUNT, day, values)
        self.panel("metabolic panel", METABOLIC, day, values)

    def vitals(self, day: dt.date, *, systolic: int = 124, diastolic: int = 76, weight: float | None = None) -> None:
        """Blood pressure, pulse, temperature, weight and height of one visit."""
        pressure = {
            "component": [
                {"code": concept("systolic"), "valueQuantity": quantity(self.near(systolic, 0, 0.02), "mm[Hg]")},
                {"code": concept("diastolic"), "valueQuantity": quantity(self.near(diastolic, 0, 0.02), "mm[Hg]")},
            ]
        }
        self.observation("blood pressure", day, pressure, category="vital-signs")
        kilograms = self.near(self.weight, 1, 0.005) if weight is None else weight
        index = round(kilograms / (self.height / 100) ** 2, 1)
        for name, value, unit in (
            ("heart rate", self.near(76, 0), "/min"),
            ("respiratory rate", self.near(15, 0), "/min"),
            ("temperature", self.near(36.8, 1, 0.005), "Cel"),
            ("oxygen saturation", self.near(98, 0, 0.01), "%"),
            ("weight", kilograms, "kg"),
            ("height", self.height, "cm"),
            ("body mass index", index, "kg/m2"),
        ):
            self.observation(name, day, {"valueQuantity": quantity(value, unit)}, category="vital-signs")

    def ecog(self, day: dt.date, grade: int, *, status: str = "final") -> str:
        """An mCODE ECOG performance status."""
        extra = {"interpretation": [concept(f"ECOG {min(grade, 3)}")]}
        return self.observation("ECOG", day, {"valueInteger": grade}, category="survey", status=status, extra=extra)

    def disease_status(self, day: dt.date, name: str, condition: str) -> str:
        """An mCODE cancer disease status about the condition."""
        value = {"valueCodeableConcept": concept(name)}
        return self.observation(
            "disease status", day, value, category="exam", extra={"focus": [{"reference": condition}]}
        )

    def report(
        self,
        code: str,
        day: dt.date,
        *,
        results: Sequence[str] = (),
        category: str = "RAD",
        conclusion: str | None = None,
        conclusion_codes: Sequence[str] = (),
        status: str = "final",
    ) -> str:
        """A DiagnosticReport."""
        return self.add(
            "DiagnosticReport",
            {
                "status": status,
                "category": [_plain("v2-0074", category)],
                "code": concept(code),
                "subject": self._subject(),
                "effectiveDateTime": moment(day, "11:05"),
                "issued": moment(day, "16:40"),
                "performer": [{"reference": HOSPITAL}],
                "result": [{"reference": reference} for reference in results] or None,
                "conclusion": conclusion,
                "conclusionCode": [concept(name) for name in conclusion_codes] or None,
            },
        )

    def staging(
        self,
        code: str,
        day: dt.date,
        sites: Mapping[str, bool],
        conclusion: str,
        *,
        m_category: str | None = None,
        more: Sequence[str] = (),
    ) -> str:
        """A final imaging report with structured results: tumour or none, site by site, and perhaps an M category."""
        method = {"PET/CT": "PET/CT method", "pelvic MRI": "pelvic MRI method"}[code]
        results = [
            self.own("tumour-at-site", day, present, site=site, method=method) for site, present in sites.items()
        ]
        if m_category:
            token = {"valueCodeableConcept": {"text": m_category}}
            results.append(self.observation("clinical M", day, token, category="imaging"))
        self.add(
            "ImagingStudy",
            {
                "status": "available",
                "subject": self._subject(),
                "started": moment(day, "10:20"),
                "procedureCode": [concept(method)],
                "numberOfSeries": 6,
                "numberOfInstances": 940,
            },
        )
        return self.report(code, day, results=[*results, *more], conclusion=conclusion)

    def tumour_size(self, day: dt.date, centimetres: float) -> str:
        """An mCODE tumour size."""
        part = {"code": concept("largest dimension"), "valueQuantity": quantity(centimetres, "cm")}
        return self.observation("tumour size", day, {"component": [part]}, category="imaging")

    # what was done

    def procedure(
        self,
        code: str,
        day: dt.date | None,
        *,
        status: str = "completed",
        sites: Sequence[str] = (),
        intent: str | None = None,
        reason: str | None = None,
        category: str | None = None,
    ) -> str:
        """A Procedure of one day."""
        return self.add(
            "Procedure",
            {
                "extension": _intent(intent),
                "status": status,
                "category": concept(category) if category else None,
                "code": concept(code),
                "subject": self._subject(),
                "performedDateTime": moment(day, "10:00") if day else None,
                "performer": [{"actor": {"reference": ONCOLOGIST}}],
                "reasonReference": [{"reference": reason}] if reason else None,
                "bodySite": [concept(site) for site in sites] or None,
            },
        )

    def radiotherapy_course(
        self,
        start: dt.date,
        end: dt.date,
        *,
        grays: float,
        fractions: int,
        sites: Sequence[str],
        modality: str,
        technique: str,
        intent: str = "curative intent",
        reason: str | None = None,
        status: str = "completed",
    ) -> str:
        """An mCODE radiotherapy course summary with its treated volume and delivered dose."""
        volume = self.add(
            "BodyStructure",
            {"location": concept(sites[0]), "description": f"Treated volume {sites[0]}", "patient": self._subject()},
        )
        modality_and_technique = {
            "url": f"{MCODE}/mcode-radiotherapy-modality-and-technique",
            "extension": [
                {"url": f"{MCODE}/mcode-radiotherapy-modality", "valueCodeableConcept": concept(modality)},
                {"url": f"{MCODE}/mcode-radiotherapy-technique", "valueCodeableConcept": concept(technique)},
            ],
        }
        dose = {
            "url": f"{MCODE}/mcode-radiotherapy-dose-delivered-to-volume",
            "extension": [
                {"url": "volume", "valueReference": {"reference": volume}},
                {"url": "totalDoseDelivered", "valueQuantity": quantity(grays * 100, "cGy")},
                {"url": "fractionsDelivered", "valueUnsignedInt": fractions},
            ],
        }
        sessions = {"url": f"{MCODE}/mcode-radiotherapy-sessions", "valueUnsignedInt": fractions}
        return self.add(
            "Procedure",
            {
                "meta": {"profile": [f"{MCODE}/mcode-radiotherapy-course-summary"]},
                "extension": [*(_intent(intent) or ()), modality_and_technique, dose, sessions],
                "status": status,
                "category": concept("radiotherapy"),
                "code": concept("radiotherapy course"),
                "subject": self._subject(),
                "performedPeriod": {"start": start.isoformat(), "end": end.isoformat()},
                "performer": [{"actor": {"reference": RADIATION_ONCOLOGIST}}],
                "reasonReference": [{"reference": reason}] if reason else None,
                "bodySite": [concept(site) for site in sites],
            },
        )

    def given(
        self,
        drug: str,
        day: dt.date,
        *,
        dose: float,
        unit: str = "mg",
        reason: str | None = None,
        intent: str | None = None,
        status: str = "completed",
        medication: str | None = None,
    ) -> str:
        """A MedicationAdministration into a vein; ``medication`` names a Medication resource instead of a code."""
        return self.add(
            "MedicationAdministration",
            {
                "extension": _intent(intent),
                "status": status,
                "medicationCodeableConcept": None if medication else concept(drug),
                "medicationReference": {"reference": medication, "display": drug} if medication else None,
                "subject": self._subject(),
                "effectiveDateTime": moment(day, "13:15"),
                "reasonReference": [{"reference": reason}] if reason else None,
                "dosage": {"route": concept("intravenous"), "dose": quantity(dose, unit)},
            },
        )

    def taking(
        self,
        drug: str,
        start: Day,
        end: Day | None = None,
        *,
        status: str = "active",
        text: str = "Once daily",
        reason: str | None = None,
        intent: str | None = None,
        route: str = "oral",
    ) -> str:
        """A MedicationStatement over a period."""
        period = {"start": written(start)} | ({"end": written(end)} if end else {})
        return self.add(
            "MedicationStatement",
            {
                "extension": _intent(intent),
                "status": status,
                "medicationCodeableConcept": concept(drug),
                "subject": self._subject(),
                "effectivePeriod": period,
                "dateAsserted": written(start),
                "reasonReference": [{"reference": reason}] if reason else None,
                "dosage": [{"text": text, "route": concept(route)}],
            },
        )

    def prescribed(self, drug: str, day: dt.date, *, status: str = "active", text: str = "Once daily") -> str:
        """A MedicationRequest on record."""
        return self.add(
            "MedicationRequest",
            {
                "status": status,
                "intent": "order",
                "category": [_plain("medicationrequest-category", "outpatient")],
                "medicationCodeableConcept": concept(drug),
                "subject": self._subject(),
                "authoredOn": moment(day, "10:45"),
                "requester": {"reference": FAMILY_DOCTOR},
                "dosageInstruction": [{"text": text}],
            },
        )

    def requested(
        self,
        code: str,
        authored: dt.date,
        *,
        due: dt.date | None = None,
        status: str = "active",
        elective: bool = False,
        category: str | None = None,
        text: str = "",
    ) -> str:
        """A ServiceRequest on record."""
        return self.add(
            "ServiceRequest",
            {
                "status": status,
                "intent": "order",
                "category": [{"text": category}] if category else None,
                "priority": "routine",
                "code": concept(code, text=text),
                "orderDetail": [concept("elective")] if elective else None,
                "subject": self._subject(),
                "occurrenceDateTime": due.isoformat() if due else None,
                "authoredOn": moment(authored, "15:20"),
                "requester": {"reference": ONCOLOGIST},
            },
        )

    # the paper around it

    def visit(self, kind: str, day: dt.date, *, status: str = "finished", inpatient_days: int = 0) -> str:
        """An Encounter; with ``inpatient_days`` a stay."""
        act = "IMP" if inpatient_days else "AMB"
        end = day + dt.timedelta(days=inpatient_days)
        return self.add(
            "Encounter",
            {
                "status": status,
                "class": {"system": f"{HL7}/v3-ActCode", "code": act},
                "type": [concept(kind)],
                "subject": self._subject(),
                "participant": [{"individual": {"reference": ONCOLOGIST}}],
                "period": {"start": moment(day, "08:45"), "end": moment(end, "17:00")},
                "serviceProvider": {"reference": HOSPITAL},
            },
        )

    def vaccinated(self, vaccine: str, day: dt.date, *, status: str = "completed") -> str:
        """An Immunization."""
        return self.add(
            "Immunization",
            {
                "status": status,
                "statusReason": _plain("v3-ActReason", "PATOBJ") if status == "not-done" else None,
                "vaccineCode": concept(vaccine),
                "patient": self._subject(),
                "occurrenceDateTime": moment(day, "09:05"),
                "primarySource": True,
            },
        )

    def relative(self, disease: str) -> str:
        """A FamilyMemberHistory of the mother: never a fact about the patient."""
        return self.add(
            "FamilyMemberHistory",
            {
                "status": "completed",
                "patient": self._subject(),
                "relationship": concept("mother"),
                "condition": [{"code": concept(disease)}],
            },
        )

    def covered(self, since: dt.date) -> str:
        """A Coverage: on file, and read by no rule."""
        return self.add(
            "Coverage",
            {
                "status": "active",
                "subscriberId": f"SAMPLE-{self.id}",
                "beneficiary": self._subject(),
                "period": {"start": since.isoformat()},
                "payor": [{"display": "Sample Health Plan"}],
            },
        )

    def bundle(self) -> Json:
        """The chart as a collection Bundle."""
        return {
            "resourceType": "Bundle",
            "id": self.id,
            "type": "collection",
            "entry": [
                {"fullUrl": f"{SERVER}/{resource['resourceType']}/{resource['id']}", "resource": resource}
                for resource in self.resources
            ],
        }


def _intent(name: str | None) -> list[Json] | None:
    if name is None:
        return None
    return [{"url": f"{MCODE}/mcode-procedure-intent", "valueCodeableConcept": concept(name)}]
