"""order-select: orders were just picked; advice on the selected drafts alone, the others are context."""

from __future__ import annotations

from typing import Final

from cds_service.hooks.prefetch import OPTIONAL_TEMPLATES, TEMPLATES
from cds_service.hooks.usage import RULE_BASED, USAGE_REQUIREMENTS
from cds_service.protocol.discovery import Service

SERVICE: Final = Service(
    id="cervical-recurrence-order-select",
    hook="order-select",
    title="Recurrent cervical cancer: checks of a picked order",
    description=(
        "For a patient with recurrent squamous cell carcinoma of the cervix: cautions and contraindications that "
        "guidelines and labels name for the orders just picked (systemic treatment, pelvic radiotherapy, "
        f"exenteration, PET/CT), with the facts behind each. {RULE_BASED}"
    ),
    usage_requirements=USAGE_REQUIREMENTS,
    prefetch=TEMPLATES,
    accepted_prefetch=OPTIONAL_TEMPLATES,
    drafts="selected",
)
