"""Proposals and corrected drafts as FHIR R5 resources."""

from __future__ import annotations

from fhir_mappings.r4.proposal import Builder, Json


def _order(concept: Json) -> Json:
    return {"resourceType": "ServiceRequest", "code": {"concept": concept}}


R5 = Builder("fhir.resources", order=_order)
create, with_dose, with_start, warm = R5.create, R5.with_dose, R5.with_start, R5.warm
