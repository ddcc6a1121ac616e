"""The names that readers know: URLs of extensions, and the elements that they look at within others."""

from __future__ import annotations

from typing import Final

# mCODE, then the oncology module of the German Medical Informatics Initiative, which the cancer registries use as well.
TREATMENT_INTENT: Final = (
    "http://hl7.org/fhir/us/mcode/StructureDefinition/mcode-procedure-intent",
    "http://hl7.org/fhir/us/mcode/StructureDefinition/mcode-treatment-intent",
    "https://www.medizininformatik-initiative.de/fhir/ext/modul-onko/StructureDefinition/mii-ex-onko-operation-intention",
    "https://www.medizininformatik-initiative.de/fhir/ext/modul-onko/StructureDefinition/mii-ex-onko-strahlentherapie-intention",
    "https://www.medizininformatik-initiative.de/fhir/ext/modul-onko/StructureDefinition/mii-ex-onko-systemische-therapie-intention",
)
MODALITY_AND_TECHNIQUE: Final = (
    "http://hl7.org/fhir/us/mcode/StructureDefinition/mcode-radiotherapy-modality-and-technique"
)
MODALITY: Final = "http://hl7.org/fhir/us/mcode/StructureDefinition/mcode-radiotherapy-modality"
TECHNIQUE: Final = "http://hl7.org/fhir/us/mcode/StructureDefinition/mcode-radiotherapy-technique"
DOSE_TO_VOLUME: Final = "http://hl7.org/fhir/us/mcode/StructureDefinition/mcode-radiotherapy-dose-delivered-to-volume"
MORPHOLOGY: Final = (
    "http://hl7.org/fhir/us/mcode/StructureDefinition/mcode-histology-morphology-behavior",
    "https://www.medizininformatik-initiative.de/fhir/ext/modul-onko/StructureDefinition/mii-ex-onko-histology-morphology-behavior-icdo3",
)
ASSERTED: Final = "http://hl7.org/fhir/StructureDefinition/condition-assertedDate"
LATERALITY: Final = (
    "http://hl7.org/fhir/us/mcode/StructureDefinition/mcode-laterality",
    "http://hl7.org/fhir/us/mcode/StructureDefinition/mcode-laterality-qualifier",
)
LOCATION_QUALIFIER: Final = "http://hl7.org/fhir/us/mcode/StructureDefinition/mcode-body-location-qualifier"
BIRTH_SEX: Final = "http://hl7.org/fhir/us/core/StructureDefinition/us-core-birthsex"
SEX_FOR_CLINICAL_USE: Final = "http://hl7.org/fhir/StructureDefinition/patient-sexParameterForClinicalUse"
CTCAE_GRADE: Final = "http://hl7.org/fhir/us/ctcae/StructureDefinition/ctcae-grade"

VOLUME: Final = "volume"
TOTAL_DOSE: Final = "totalDoseDelivered"
VALUE: Final = "value"

EXTENSIONS: Final = frozenset(
    {
        *TREATMENT_INTENT,
        MODALITY_AND_TECHNIQUE,
        MODALITY,
        TECHNIQUE,
        DOSE_TO_VOLUME,
        *MORPHOLOGY,
        ASSERTED,
        *LATERALITY,
        LOCATION_QUALIFIER,
        BIRTH_SEX,
        SEX_FOR_CLINICAL_USE,
        CTCAE_GRADE,
        VOLUME,
        TOTAL_DOSE,
        VALUE,
    }
)
"""URLs of extensions that are looked at; all others are passed over."""

NAMES: Final = frozenset(
    {
        # CodeableConcept, Coding, Reference
        *("coding", "system", "code", "display", "text", "reference"),
        # CodeableReference and the order detail of R5
        *("concept", "parameter"),
        # Quantity, Range, Ratio, Period
        *("value", "comparator", "unit", "low", "high", "numerator", "denominator", "start", "end"),
        # Extension
        *("extension", "url", "valueBoolean", "valueCode", "valueCodeableConcept", "valueInteger", "valueQuantity"),
        *("valueReference", "valueString", "valueDateTime", "valueRange", "valueRatio", "valueDecimal", "valueCoding"),
        # Dosage, Timing
        *("route", "dose", "doseAndRate", "doseQuantity", "doseRange", "timing", "event", "repeat", "boundsPeriod"),
        *("duration", "durationMax", "durationUnit", "frequency", "period", "periodUnit"),
        # backbone elements of the resources read
        *("referenceRange", "dataAbsentReason", "interpretation", "substance", "severity", "actor", "status"),
        *("linkId", "item", "answer", "manifestation"),
    }
)
"""Elements that are looked at within what a resource holds. Names at its top level are with its reader."""
