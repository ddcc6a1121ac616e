"""What the product offers: one module a hook, and the list that discovery publishes."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from cds_service.hooks import order_select, order_sign, patient_view
from cds_service.hooks.prefetch import OPTIONAL_TEMPLATES
from cds_service.protocol.discovery import Service

SERVICES: Final[tuple[Service, ...]] = (patient_view.SERVICE, order_select.SERVICE, order_sign.SERVICE)
"""Every service as published by default: one id a hook."""


def published(*, shared_id: str | None = None, questionnaire_responses: bool = False) -> tuple[Service, ...]:
    """The services as this site publishes them.

    Args:
        shared_id: one id for all of them, for clients that replace stale cards by id.
        questionnaire_responses: whether completed questionnaires are asked for as well.
    """
    return tuple(
        replace(
            service,
            id=shared_id or service.id,
            prefetch={**service.prefetch, **OPTIONAL_TEMPLATES} if questionnaire_responses else service.prefetch,
        )
        for service in SERVICES
    )
