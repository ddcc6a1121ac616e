"""Proposals and corrected drafts as FHIR STU3 resources."""

from __future__ import annotations

from fhir_mappings.r4.proposal import Builder, Json


def _order(concept: Json) -> Json:
    return {"resourceType": "ProcedureRequest", "code": concept}


def _dose(quantity: Json) -> Json:
    return {"doseQuantity": quantity}


STU3 = Builder("fhir.resources.STU3", order=_order, form="valueUri", dose=_dose)
create, with_dose, with_start, warm = STU3.create, STU3.with_dose, STU3.with_start, STU3.warm
