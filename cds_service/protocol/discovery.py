"""Discovery: what a service publishes of itself (CDS Hooks 3.0, "Discovery")."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Literal

import msgspec

CDS_HOOKS_VERSION: Final = "3.0.0"
"""The semantic version of CDS Hooks implemented (field ``version``)."""


@dataclass(frozen=True, slots=True)
class Service:
    """One published service: an answer to one hook under one id.

    Attributes:
        id: the path part of its URL; needs no percent-encoding.
        hook: the hook's name.
        title: a short name for people.
        description: what it does, in a few sentences.
        usage_requirements: what a client has to know before it calls.
        prefetch: key to template, a relative FHIR URL with ``{{context.patientId}}`` as its only token.
        accepted_prefetch: further keys that are read when a client sends them, though not asked for.
        drafts: which of the call's draft orders it advises on.
        hook_version: ``hookVersion`` of the hook's definition.
    """

    id: str
    hook: str
    title: str
    description: str
    usage_requirements: str
    prefetch: Mapping[str, str]
    accepted_prefetch: Mapping[str, str] = field(default_factory=dict)
    drafts: Literal["none", "selected", "all"] = "none"
    hook_version: str = "1.0"


def entry(service: Service, extension: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """One service as it stands in ``services``; members without a value are left out (GEN-05)."""
    members = {
        "hook": service.hook,
        "hookVersion": service.hook_version,
        "version": CDS_HOOKS_VERSION,
        "id": service.id,
        "title": service.title,
        "description": service.description,
        "usageRequirements": service.usage_requirements,
        "prefetch": dict(service.prefetch),
        "extension": dict(extension or {}),
    }
    return {name: value for name, value in members.items() if value}


def document(services: Sequence[Service], extension: Mapping[str, Any] | None = None) -> bytes:
    """The whole discovery answer as JSON, with the same ``extension`` on each service.

    Raises:
        ValueError: when two services share both hook and id (DISC-12, DISC-13).
    """
    pairs = [(service.id, service.hook) for service in services]
    doubled = sorted({pair for pair in pairs if pairs.count(pair) > 1})
    if doubled:
        raise ValueError(f"published twice: {doubled}")
    return msgspec.json.encode({"services": [entry(service, extension) for service in services]})
