"""FHIR R4 JSON -> the same in R5 or STU3, as far as sample patients and vignettes go.

Written from the two specifications' own pages, apart from the readers, so that a mistake in one does not hide one in
the other. An element that the target version does not have and that says nothing to us is left out.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from typing import Any, Final

Json = dict[str, Any]
Step = Callable[[Json], None]


class InexpressibleError(ValueError):
    """The target version has no way to say this."""


STATUS_CODES: Final = ("clinicalStatus", "verificationStatus")


def _renamed(resource: Json, **names: str) -> None:
    for old, new in names.items():
        if old in resource:
            resource[new] = resource.pop(old)


def _first_code(concept: Any) -> Any:
    return concept["coding"][0]["code"] if isinstance(concept, dict) and concept.get("coding") else concept


# ------------------------------------------------------------------------------------------------------------- R5


def _reasons(resource: Json) -> None:
    concepts = [{"concept": each} for each in resource.pop("reasonCode", ())]
    references = [{"reference": each} for each in resource.pop("reasonReference", ())]
    if concepts or references:
        resource["reason"] = concepts + references


def _medication_r5(resource: Json) -> None:
    if "medicationCodeableConcept" in resource:
        resource["medication"] = {"concept": resource.pop("medicationCodeableConcept")}
    if "medicationReference" in resource:
        resource["medication"] = {"reference": resource.pop("medicationReference")}
    _reasons(resource)


ADHERENCE: Final = {
    "active": "taking",
    "completed": "stopped-as-directed",
    "stopped": "stopped",
    "on-hold": "on-hold",
    "not-taken": "not-taking",
    "unknown": "unknown",
}


def _statement_r5(resource: Json) -> None:
    _medication_r5(resource)
    code = ADHERENCE.get(resource.get("status", ""))
    if code is not None:
        system = "http://hl7.org/fhir/CodeSystem/medication-statement-adherence"
        resource |= {"status": "recorded", "adherence": {"code": {"coding": [{"system": system, "code": code}]}}}


def _administration_r5(resource: Json) -> None:
    _medication_r5(resource)
    _renamed(resource, effectiveDateTime="occurenceDateTime", effectivePeriod="occurencePeriod")


def _procedure_r5(resource: Json) -> None:
    for kind in ("DateTime", "Period", "String", "Age", "Range"):
        _renamed(resource, **{f"performed{kind}": f"occurrence{kind}"})
    if "category" in resource:
        resource["category"] = [resource["category"]]
    used = [{"concept": each} for each in resource.pop("usedCode", ())]
    used += [{"reference": each} for each in resource.pop("usedReference", ())]
    if used:
        resource["used"] = used
    _reasons(resource)


def _service_r5(resource: Json) -> None:
    _reasons(resource)
    if "code" in resource:
        resource["code"] = {"concept": resource["code"]}
    if "orderDetail" in resource:
        resource["orderDetail"] = [
            {"parameter": [{"code": {"text": "detail"}, "valueCodeableConcept": each}]}
            for each in resource["orderDetail"]
        ]


def _study_r5(resource: Json) -> None:
    if "procedureCode" in resource:
        resource["procedure"] = [{"concept": each} for each in resource.pop("procedureCode")]


def _appointment_r5(resource: Json) -> None:
    if "serviceType" in resource:
        resource["serviceType"] = [{"concept": each} for each in resource["serviceType"]]
    _reasons(resource)


def _allergy_r5(resource: Json) -> None:
    for reaction in resource.get("reaction", ()):
        if "manifestation" in reaction:
            reaction["manifestation"] = [{"concept": each} for each in reaction["manifestation"]]


def _medication_itself_r5(resource: Json) -> None:
    for each in resource.get("ingredient", ()):
        if "itemCodeableConcept" in each:
            each["item"] = {"concept": each.pop("itemCodeableConcept")}


def _condition_r5(resource: Json) -> None:
    resource.setdefault("clinicalStatus", {"coding": [{"code": "unknown"}]})


def _structure_r5(resource: Json) -> None:
    if "location" in resource:
        resource["includedStructure"] = [{"structure": resource.pop("location")}]


_R5: Final[Mapping[str, Step]] = {
    "Condition": _condition_r5,
    "Procedure": _procedure_r5,
    "MedicationStatement": _statement_r5,
    "MedicationAdministration": _administration_r5,
    "MedicationRequest": _medication_r5,
    "ServiceRequest": _service_r5,
    "ImagingStudy": _study_r5,
    "Appointment": _appointment_r5,
    "AllergyIntolerance": _allergy_r5,
    "Medication": _medication_itself_r5,
    "BodyStructure": _structure_r5,
}

# ------------------------------------------------------------------------------------------------------------- STU3


def _status_words(resource: Json) -> None:
    for name in STATUS_CODES:
        if name in resource:
            resource[name] = _first_code(resource[name])


def _condition_stu3(resource: Json) -> None:
    _status_words(resource)
    _renamed(resource, recordedDate="assertedDate")
    # STU3 has neither relapse nor unconfirmed.
    if resource.get("clinicalStatus") == "relapse":
        resource["clinicalStatus"] = "recurrence"
    if resource.get("verificationStatus") == "unconfirmed":
        resource["verificationStatus"] = "provisional"


def _procedure_stu3(resource: Json) -> None:
    if resource.get("status") == "not-done":
        resource |= {"status": "completed", "notDone": True}
    words = {"on-hold": "suspended", "stopped": "aborted"}
    resource["status"] = words.get(resource["status"], resource["status"])


def _dosages_stu3(resource: Json) -> None:
    """A Dosage has one dose, in itself: of several, each gets a Dosage."""
    for name in ("dosage", "dosageInstruction"):
        if isinstance(resource.get(name), list):
            resource[name] = [
                {**{inner: value for inner, value in each.items() if inner != "doseAndRate"}, **rate}
                for each in resource[name]
                for rate in each.get("doseAndRate", ({},))
            ]


def _statement_stu3(resource: Json) -> None:
    _dosages_stu3(resource)
    words = {"not-taken": ("completed", "n"), "unknown": ("active", "unk")}
    resource["status"], resource["taken"] = words.get(resource["status"], (resource["status"], "y"))


def _request_stu3(resource: Json) -> None:
    _dosages_stu3(resource)
    if resource.pop("doNotPerform", None):
        raise InexpressibleError("STU3 has no MedicationRequest that forbids")
    if isinstance(resource.get("category"), list):
        resource["category"] = resource["category"][0]


def _administration_stu3(resource: Json) -> None:
    if resource.get("status") == "not-done":
        resource |= {"status": "completed", "notGiven": True}


def _observation_stu3(resource: Json) -> None:
    for part in (resource, *resource.get("component", ())):
        if "valueInteger" in part:
            part["valueQuantity"] = {"value": part.pop("valueInteger")}
        if part.get("interpretation"):
            part["interpretation"] = part["interpretation"][0]
    resource.pop("focus", None)


def _report_stu3(resource: Json) -> None:
    _renamed(resource, conclusionCode="codedDiagnosis")


def _service_stu3(resource: Json) -> None:
    resource["resourceType"] = "ProcedureRequest"
    if details := resource.pop("orderDetail", None):
        resource["category"] = [*resource.get("category", ()), *details]
    words = {"on-hold": "suspended", "revoked": "cancelled"}
    resource["status"] = words.get(resource["status"], resource["status"])


def _study_stu3(resource: Json) -> None:
    _renamed(resource, subject="patient")
    resource.pop("status", None)
    resource["uid"] = "urn:oid:1.2.3"


def _appointment_stu3(resource: Json) -> None:
    _renamed(resource, reasonCode="reason")


def _allergy_stu3(resource: Json) -> None:
    _status_words(resource)
    resource.setdefault("verificationStatus", "confirmed")
    _renamed(resource, recordedDate="assertedDate")


def _answers_stu3(resource: Json) -> None:
    resource["questionnaire"] = {"reference": resource["questionnaire"]}


def _structure_stu3(resource: Json) -> None:
    resource["resourceType"] = "BodySite"
    _renamed(resource, location="code")


_STU3: Final[Mapping[str, Step]] = {
    "Condition": _condition_stu3,
    "Procedure": _procedure_stu3,
    "MedicationStatement": _statement_stu3,
    "MedicationAdministration": _administration_stu3,
    "MedicationRequest": _request_stu3,
    "Observation": _observation_stu3,
    "DiagnosticReport": _report_stu3,
    "ServiceRequest": _service_stu3,
    "ImagingStudy": _study_stu3,
    "Appointment": _appointment_stu3,
    "AllergyIntolerance": _allergy_stu3,
    "QuestionnaireResponse": _answers_stu3,
    "BodyStructure": _structure_stu3,
}

STEPS: Final[Mapping[str, Mapping[str, Step]]] = {"4.0.1": {}, "5.0.0": _R5, "3.0.2": _STU3}
"""fhirVersion -> what to change in a resource of each type."""
RENAMED: Final = {"3.0.2": {"ServiceRequest/": "ProcedureRequest/", "BodyStructure/": "BodySite/"}}
"""fhirVersion -> what references to types of another name begin with."""


def reference_to(version: str, reference: str) -> str:
    """A reference as the version writes it."""
    for old, new in RENAMED.get(version, {}).items():
        reference = reference.replace(old, new)
    return reference


def _repointed(value: Any, version: str) -> Any:
    if isinstance(value, dict):
        return {
            name: reference_to(version, inner)
            if name == "reference" and isinstance(inner, str)
            else _repointed(inner, version)
            for name, inner in value.items()
        }
    return [_repointed(each, version) for each in value] if isinstance(value, list) else value


def to_version(version: str, resource: Json) -> Json:
    """A resource (or a Bundle of them) in another FHIR version.

    Args:
        version: a key of STEPS.
        resource: in R4; it is not changed.

    Raises:
        InexpressibleError: the version cannot say it.
    """
    found: Json = _repointed(copy.deepcopy(resource), version)
    if found["resourceType"] == "Bundle":
        for entry in found.get("entry", ()):
            entry["resource"] = to_version(version, entry["resource"])
            if "fullUrl" in entry:
                entry["fullUrl"] = reference_to(version, entry["fullUrl"])
        return found
    found["contained"] = [to_version(version, each) for each in found.get("contained", ())]
    if not found["contained"]:
        del found["contained"]
    step = STEPS[version].get(found["resourceType"])
    if step is not None:
        step(found)
    return found
