"""The caller of one request, as the rest of the service sees it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from cds_service.site import Profile


@dataclass(frozen=True, slots=True)
class Caller:
    """A client that has shown who it is, or anyone in sandbox mode.

    Attributes:
        issuer: of the client's tokens; empty in sandbox mode.
        name: by which the administrators know the client.
        tenant: of the client, as its token says; empty if it does not.
        profile: how much of CDS Hooks the client understands.
        recommend: whether options of strength ``recommended`` may be pre-selected.
    """

    issuer: str
    name: str
    tenant: str = ""
    profile: Profile = "standard"
    recommend: bool = False


ANYONE: Final = Caller("", "sandbox", profile="sandbox")
"""The caller of sandbox mode, where nobody is asked who they are."""
