"""At which FHIR servers this app is registered, and as which client. No other server is ever asked anything."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from cds_service.ehr.addresses import Base, parse_base
from cds_service.errors import Hitch, LaunchFailed

MAX_ISS: Final = 512


@dataclass(frozen=True, slots=True)
class Client:
    """What an authorization server knows the app by: a public client, or with a secret a confidential one."""

    id: str
    secret: str | None = field(default=None, repr=False)

    @property
    def basic(self) -> tuple[str, str] | None:
        """Id and secret for HTTP Basic; None for a public client."""
        return (self.id, self.secret) if self.secret is not None else None


@dataclass(frozen=True, slots=True)
class Registry:
    """The app's registrations.

    Attributes:
        clients: by the FHIR server's base.
        standalone: bases as typed by the site, for launches that begin here.
        loopback: the client at every server of this machine, in sandbox mode.
    """

    clients: Mapping[Base, Client]
    standalone: tuple[str, ...] = ()
    loopback: Client | None = None

    def find(self, iss: str) -> tuple[Base, Client]:
        """The server of a launch and the client that the app is there. Exact: no server below or above a known one.

        Raises:
            LaunchFailed: it is no usable base URL, or the app is not registered there.
        """
        try:
            base = parse_base(iss) if len(iss) <= MAX_ISS else None
        except ValueError:
            base = None
        if base is None:
            raise LaunchFailed(Hitch.FOREIGN_SERVER)
        client = self.clients.get(base)
        if client is None and base.is_loopback:
            client = self.loopback
        if client is None:
            raise LaunchFailed(Hitch.FOREIGN_SERVER)
        return base, client
