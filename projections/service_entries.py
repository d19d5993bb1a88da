"""What a host can be asked to do for network services, entry by entry. Each names the facts it rests on."""

from __future__ import annotations

import msgspec

from domain import provider_types


class Lease(msgspec.Struct, frozen=True):
    nic: str
    mac: str
    ips: tuple[str, ...]
    default: bool
    """Whether it is the VM's default NIC: others are told no router and no DNS."""


class DhcpServer(msgspec.Struct, frozen=True):
    l3: str
    bridge: str
    addresses: tuple[str, ...]
    """Its own: taken from the network's ranges, or the gateways where it runs in the router."""
    gateways: tuple[str, ...]
    networks: tuple[str, ...]
    dns: tuple[str, ...]
    routes: tuple[tuple[str, str], ...]
    """(prefix, next hop)."""
    domain: str
    mtu: int
    leases: tuple[Lease, ...]
    because: tuple[int, ...]


class DnsServer(msgspec.Struct, frozen=True):
    l3: str
    bridge: str
    forwards: tuple[str, ...]
    because: tuple[int, ...]


class Snat(msgspec.Struct, frozen=True):
    l3: str
    bridge: str
    networks: tuple[str, ...]
    because: tuple[int, ...]


class Eip(msgspec.Struct, frozen=True):
    eip: str
    vip: str
    guest: str
    nic: str
    vip_bridge: str
    bridge: str
    because: tuple[int, ...]


class Forwarding(msgspec.Struct, frozen=True):
    rule: str
    protocol: str
    vip: str
    vip_ports: str
    guest: str
    private_ports: str
    allowed_cidr: str
    vip_bridge: str
    bridge: str
    because: tuple[int, ...]


class Filter(msgspec.Struct, frozen=True):
    """One rule of a group; whom it lets through is one of the remotes, or anybody."""

    direction: str
    protocol: str
    ports: str
    remote_cidr: str
    remote_group: str


class Guard(msgspec.Struct, frozen=True):
    """A security group as a host needs it: its NICs here, and who its members are everywhere."""

    group: str
    ports: tuple[str, ...]
    """Devices of the NICs here that are in it; none where only another group's rule names it."""
    members: tuple[str, ...]
    """Addresses."""
    filters: tuple[Filter, ...]
    because: tuple[int, ...]


Entry = DhcpServer | DnsServer | Snat | Eip | Forwarding | Guard


class Services(msgspec.Struct, frozen=True):
    """All that a host does for services. Empty where it does nothing."""

    routers: tuple[str, ...] = ()
    """L3 networks whose virtual router runs here."""
    dhcp: tuple[DhcpServer, ...] = ()
    dns: tuple[DnsServer, ...] = ()
    snat: tuple[Snat, ...] = ()
    eips: tuple[Eip, ...] = ()
    forwardings: tuple[Forwarding, ...] = ()
    guards: tuple[Guard, ...] = ()

    @property
    def entries(self) -> tuple[tuple[str, Entry], ...]:
        """Give all of them in one list, each with the service it is part of."""
        return (
            *((provider_types.DHCP, entry) for entry in self.dhcp),
            *((provider_types.DNS, entry) for entry in self.dns),
            *((provider_types.SNAT, entry) for entry in self.snat),
            *((provider_types.EIP, entry) for entry in self.eips),
            *((provider_types.PORT_FORWARDING, entry) for entry in self.forwardings),
            *((provider_types.SECURITY_GROUP, entry) for entry in self.guards),
        )
