"""What every published resource has in common: its canonical URL, version, date, status and publisher."""

from __future__ import annotations

from typing import Any, Final

from cds_service.guideline import knowledge

Resource = dict[str, Any]
"""One FHIR R4 resource as JSON."""

BASE: Final = "http://recurrence-cds.org/fhir"
"""Canonicals start with it; it names resources and need not be where they are served."""
FHIR_VERSION: Final = "4.0.1"
PUBLISHER: Final = "recurrence-cds project"
OWN_COPYRIGHT: Final = "Copyright of the recurrence-cds project; Apache License 2.0."


def canonical(resource_type: str, resource_id: str) -> str:
    """The canonical URL without its version."""
    return f"{BASE}/{resource_type}/{resource_id}"


def versioned(url: str) -> str:
    """A canonical URL with the version of the knowledge, as references between the resources carry it."""
    return f"{url}|{knowledge.VERSION}"


def head(resource_type: str, resource_id: str, title: str, description: str) -> Resource:
    """The first elements of a resource.

    Status is ``active`` and not experimental only once a clinical lead has reviewed the knowledge.

    Args:
        resource_type: FHIR type.
        resource_id: id on this service and last part of the canonical.
        title: in plain words.
        description: what it is for, markdown.
    """
    return {
        "resourceType": resource_type,
        "id": resource_id,
        "url": canonical(resource_type, resource_id),
        "version": knowledge.VERSION,
        "name": "".join(part.capitalize() for part in resource_id.split("-")),
        "title": title,
        "status": "active" if knowledge.REVIEWED else "draft",
        "experimental": not knowledge.REVIEWED,
        "date": knowledge.DATE,
        "publisher": PUBLISHER,
        "description": description,
    }
