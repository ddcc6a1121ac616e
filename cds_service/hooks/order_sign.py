"""order-sign: the last moment before orders leave draft; advice on every draft and on combinations."""

from __future__ import annotations

from typing import Final

from cds_service.hooks.prefetch import OPTIONAL_TEMPLATES, TEMPLATES
from cds_service.hooks.usage import RULE_BASED, USAGE_REQUIREMENTS
from cds_service.protocol.discovery import Service

SERVICE: Final = Service(
    id="cervical-recurrence-order-sign",
    hook="order-sign",
    title="Recurrent cervical cancer: checks before orders are signed",
    description=(
        "For a patient with recurrent squamous cell carcinoma of the cervix: cautions and contraindications that "
        "guidelines and labels name for all orders about to be signed, combinations included, with the facts behind "
        f"each. {RULE_BASED}"
    ),
    usage_requirements=USAGE_REQUIREMENTS,
    prefetch=TEMPLATES,
    accepted_prefetch=OPTIONAL_TEMPLATES,
    drafts="all",
)
