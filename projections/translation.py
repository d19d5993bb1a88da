"""What a virtual router lets through and translates, or a host for its own EIPs: data, of which a kernel's rules are
made and a packet's fate told.

Who is inside is one L3 network; all else is outside. Nothing passes that is not named here. It knows no text of any
filter's, and no facts but those it rests on.
"""

from __future__ import annotations

import msgspec

from domain import values
from domain.ports import Ports


class Door(msgspec.Struct, frozen=True):
    """A leg to the outside."""

    leg: str
    number: int
    """Of its own routes, by which leaves what came in there; 0: it has none, being the way out of all the rest."""
    addresses: tuple[str, ...]
    """The router's there: its own, and those of VIPs."""
    networks: tuple[str, ...]
    gateways: tuple[str, ...]
    """Where leads what is not on its networks, one of each family at most."""


class Source(msgspec.Struct, frozen=True):
    """What a subnet's packets have for their source when they are out of a door."""

    network: str
    door: str
    address: str


class OneToOne(msgspec.Struct, frozen=True):
    """A VIP that is one guest's: all that comes to it, and all that the guest sends out."""

    vip: str
    guest: str
    door: str


class Forward(msgspec.Struct, frozen=True):
    """Ports of a VIP that are a guest's, each one's counterpart as far from the first."""

    protocol: str
    vip: str
    ports: Ports
    guest: str
    private: Ports
    allowed: str
    """Who may come; nothing where everybody may."""
    door: str

    def counterpart(self, port: int) -> int:
        return self.private.first + port - self.ports.first


class Rules(msgspec.Struct, frozen=True):
    inside: str
    """The leg to the guests."""
    own: tuple[str, ...]
    """The router's addresses there."""
    networks: tuple[str, ...]
    doors: tuple[Door, ...] = ()
    sources: tuple[Source, ...] = ()
    pairs: tuple[OneToOne, ...] = ()
    forwards: tuple[Forward, ...] = ()
    serves: tuple[str, ...] = ()
    """The services that guests may ask the router itself for."""
    advertises: bool = False
    """Whether guests may ask it to advertise itself by IPv6, though it serves no DHCP."""
    because: tuple[int, ...] = ()

    @property
    def addresses(self) -> tuple[str, ...]:
        """Give all addresses that are the router's."""
        return (*self.own, *(ip for door in self.doors for ip in door.addresses))

    def own_like(self, ip: str) -> str:
        """Give the router's address inside that is of an address's family; nothing where it has none."""
        return next((own for own in self.own if values.family(own) == values.family(ip)), "")
