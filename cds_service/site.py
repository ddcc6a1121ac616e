"""What the steps below the edge may know of the place that the service runs at, and of its caller."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

Profile = Literal["standard", "epic", "sandbox"]
"""How much of CDS Hooks a client understands; cards are cut to it (decisions, "Cards")."""

PROFILES: tuple[Profile, ...] = get_args(Profile)


@dataclass(frozen=True, slots=True)
class Site:
    """The caller's profile and the site's texts, as cards need them.

    Attributes:
        profile: what the client understands.
        recommend: whether options of strength ``recommended`` may carry ``isRecommended``.
        region_notice: one line that every card's detail ends with; empty for none.
        base_url: public base of this service, without trailing slash, for links.
        smart_launch: where the caller's EHR launches the SMART app; empty where the app is not registered there.
    """

    profile: Profile = "standard"
    recommend: bool = False
    region_notice: str = ""
    base_url: str = ""
    smart_launch: str = ""
