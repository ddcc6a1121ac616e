"""What every client has to know before it calls one of the services (``usageRequirements``)."""

from __future__ import annotations

from typing import Final

RULE_BASED: Final = (
    "For clinicians, to inform and not to replace judgement; rule-based, from guidelines, labels and trials that each "
    "card names."
)
"""How it comes to its advice and whom it is for, said of every service (TR-02)."""

USAGE_REQUIREMENTS: Final = (
    "FHIR R4. For professionals who plan the treatment of adults: calls made for a Patient or RelatedPerson as user "
    "get no cards. Send the prefetch, or fhirServer with a token for reading it; what can be had neither way is named "
    "on the cards, and without Patient and diagnosis the call is answered with 412. Not for urgent decisions."
)
