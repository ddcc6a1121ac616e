"""patient-view: a clinician opens a record; options of treatment and gaps in the data."""

from __future__ import annotations

from typing import Final

from cds_service.hooks.prefetch import OPTIONAL_TEMPLATES, TEMPLATES
from cds_service.hooks.usage import RULE_BASED, USAGE_REQUIREMENTS
from cds_service.protocol.discovery import Service

SERVICE: Final = Service(
    id="cervical-recurrence-patient-view",
    hook="patient-view",
    title="Recurrent cervical cancer: options and gaps",
    description=(
        "For a patient with recurrent squamous cell carcinoma of the cervix: the treatment options that guidelines "
        "name for this recurrence, with the facts behind each, and what has to be known before an option may be "
        "weighed. Answers with no cards for every other patient. "
        f"{RULE_BASED}"
    ),
    usage_requirements=USAGE_REQUIREMENTS,
    prefetch=TEMPLATES,
    accepted_prefetch=OPTIONAL_TEMPLATES,
    drafts="none",
)
