"""How many resources one call may bring along (IN-03)."""

from __future__ import annotations

from typing import Final

from cds_service.ehr.bundle import Survey

MAX_RESOURCES: Final = 5000
"""In all that a call brings along, if the settings do not say otherwise."""


class Allowance:
    """What is left for a call."""

    def __init__(self, left: int = MAX_RESOURCES) -> None:
        self._left = left

    def covers(self, look: Survey) -> bool:
        """Whether it suffices for what was looked at, which is then used up."""
        self._left -= look.matches + look.others + look.unreadable
        return self._left >= 0
