"""Which network addresses a FHIR server's name may resolve to (OUT-03).

A FHIR server beside an EHR usually has a private address, so private networks are no fault. Never meant, and therefore
refused unless a network is listed, are this machine, link-local addresses (cloud metadata among them) and addresses
that are no host's. A base whose host is written as this machine's own name may be on this machine.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
_Address = ipaddress.IPv4Address | ipaddress.IPv6Address

_METADATA: Final = frozenset(map(ipaddress.ip_address, ("100.100.100.200", "fd00:ec2::254")))
"""Metadata services of clouds outside the link-local networks."""


def parse_network(text: str) -> Network:
    """Read ``10.1.0.0/16`` or a single address; ValueError when it is neither, or has bits beyond its prefix."""
    try:
        return ipaddress.ip_network(text)
    except ValueError:
        raise ValueError("has to be networks such as 10.1.0.0/16 or single addresses") from None


@dataclass(frozen=True, slots=True)
class Networks:
    """Addresses that connections may be made to.

    Attributes:
        listed: when any are, these and no others.
        loopback: whether this machine counts as listed, since the base says so by name.
    """

    listed: tuple[Network, ...] = ()
    loopback: bool = False

    def permit(self, address: str) -> bool:
        """Whether a connection to this address, as the resolver gave it, may be made."""
        try:
            found = _plain(ipaddress.ip_address(address.partition("%")[0]))
        except ValueError:
            return False
        if found.is_loopback and self.loopback:
            return True
        if self.listed:
            return any(found in network for network in self.listed)
        return not (_never_meant(found))


def _plain(address: _Address) -> _Address:
    """An IPv4 address that is dressed as IPv6 counts as what it is."""
    return (isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped) or address


def _never_meant(address: _Address) -> bool:
    odd = (address.is_loopback, address.is_link_local, address.is_multicast, address.is_unspecified)
    return any(odd) or address in _METADATA or address == ipaddress.ip_address("255.255.255.255")


def permitted(addresses: Iterable[str], networks: Networks) -> list[str]:
    """Those of the addresses that may be connected to, in their order."""
    return [address for address in addresses if networks.permit(address)]
