"""What a host can be asked to do for network services, entry by entry. Each names the facts it rests on."""

from __future__ import annotations

from typing import Literal

import msgspec

from domain import provider_types


class Leg(msgspec.Struct, frozen=True):
    """A NIC of a virtual router."""

    l3: str
    device: str
    mac: str
    bridge: str
    addresses: tuple[str, ...]
    """With their lengths: the gateways of its own network or, elsewhere, those of its own; VIPs that lead in, alone."""
    networks: tuple[str, ...]
    mtu: int
    public: bool
    """Whether it is the way out."""
    because: tuple[int, ...]


class Router(msgspec.Struct, frozen=True):
    """A virtual router that runs here, in a network namespace of its own."""

    router: str
    l3: str
    namespace: str
    legs: tuple[Leg, ...]
    gateway: str
    """Where the default route leads, or nothing."""
    gateway6: str
    because: tuple[int, ...]


class Lease(msgspec.Struct, frozen=True):
    nic: str
    mac: str
    ips: tuple[str, ...]
    default: bool
    """Whether it is the VM's default NIC: others are told no router and no DNS."""
    name: str
    """The VM's, whatever it is."""


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
    address_mode: str
    """How guests come by IPv6 addresses; nothing where there are none."""
    mtu: int
    leases: tuple[Lease, ...]
    namespace: str
    """Of the virtual router that does it; nothing where the host itself does."""
    because: tuple[int, ...]


class DnsServer(msgspec.Struct, frozen=True):
    l3: str
    bridge: str
    addresses: tuple[str, ...]
    """Its own, as the DHCP server has them."""
    networks: tuple[str, ...]
    domain: str
    names: tuple[tuple[str, tuple[str, ...]], ...]
    """(VM, addresses) of every NIC on the network, wherever it is."""
    forwards: tuple[str, ...]
    namespace: str
    """Of the virtual router that does it; nothing where the host itself does."""
    because: tuple[int, ...]


class Snat(msgspec.Struct, frozen=True):
    l3: str
    bridge: str
    networks: tuple[str, ...]
    addresses: tuple[str, ...]
    """What is translated to, on the way out; none where there is no way out."""
    device: str
    """The router's on the way out, or nothing."""
    namespace: str
    """Of the virtual router that does it; nothing where the host itself does."""
    because: tuple[int, ...]


class Eip(msgspec.Struct, frozen=True):
    eip: str
    vip: str
    guest: str
    nic: str
    vip_bridge: str
    bridge: str
    vip_device: str
    """The router's on the VIP's network; nothing where the host itself translates."""
    namespace: str
    """Of the virtual router that does it; nothing where the host itself does."""
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
    vip_device: str
    """The router's on the VIP's network; nothing where the host itself translates."""
    namespace: str
    """Of the virtual router that does it; nothing where the host itself does."""
    because: tuple[int, ...]


class Filter(msgspec.Struct, frozen=True):
    """What a group lets through, from one of the remotes or to it, or from or to anybody."""

    direction: str
    protocol: str
    ports: str
    remote_cidr: str
    remote_group: str


class Guard(msgspec.Struct, frozen=True):
    """A security group as a host needs it on one L2 network: its NICs here, and who its members are on any host.

    On another network others may have the same addresses: who is a member there is none here.
    """

    group: str
    bridge: str
    """Of the L2 network."""
    ports: tuple[str, ...]
    """Devices of the NICs here that are in it; none where only another group's rule names it."""
    members: tuple[str, ...]
    """Addresses."""
    filters: tuple[Filter, ...]
    """First the one that lets members in to one another, then one a rule."""
    because: tuple[int, ...]


Policy = Literal["open", "closed"]
"""Whether a direction lets all through, or only what a filter does."""


class Shield(msgspec.Struct, frozen=True):
    """A NIC here that may send only as itself, and what becomes of what no filter of its groups lets through.

    Established connections, ARP, DHCP and IPv6 neighbour discovery pass, whatever it says.
    """

    nic: str
    device: str
    mac: str
    ips: tuple[str, ...]
    groups: tuple[str, ...]
    """Each is one of the guards; none where it is in none, and open both ways."""
    ingress: Policy
    egress: Policy
    because: tuple[int, ...]


class CustomVip(msgspec.Struct, frozen=True):
    """A VIP on the network of a plugin's service."""

    vip: str
    name: str
    ip: str
    uses: tuple[tuple[str, str, str], ...]
    """(service, protocol, ports) of what our own services do at it: protocol and ports are nothing for all of it."""
    because: tuple[int, ...]


class CustomNic(msgspec.Struct, frozen=True):
    """A NIC on the network of a plugin's service, wherever its VM is."""

    nic: str
    vm: str
    name: str
    """The VM's."""
    mac: str
    ips: tuple[str, ...]
    device: str
    host: str
    """Where its VM runs; nothing while that is stopped: nobody hears the NIC then."""
    because: tuple[int, ...]
    """What attached it, and what had its VM run there."""


class CustomService(msgspec.Struct, frozen=True):
    """A service of a plugin's provider type on one L3 network: for its own backend to do, not for `diff`."""

    service: str
    provider: str
    """The provider's type."""
    host: str
    """The one that is to do it."""
    l3: str
    name: str
    """The L3 network's."""
    l2: str
    bridge: str
    networks: tuple[str, ...]
    gateways: tuple[str, ...]
    mtu: int
    """0: as the bridge has it."""
    vips: tuple[CustomVip, ...]
    nics: tuple[CustomNic, ...]
    """In order of uuid: those here, and all others."""
    namespace: str
    """Of the virtual router that it is to be done in; nothing where the host itself does it."""
    because: tuple[int, ...]

    @property
    def backend(self) -> str:
        """Give what does it, but for the hypervisor: `LoadBalancer/Haproxy`."""
        return f"{self.service}/{self.provider}"


Entry = DhcpServer | DnsServer | Snat | Eip | Forwarding | Guard | Shield | CustomService


class Services(msgspec.Struct, frozen=True):
    """All that a host does for services. Empty where it does nothing."""

    routers: tuple[Router, ...] = ()
    dhcp: tuple[DhcpServer, ...] = ()
    dns: tuple[DnsServer, ...] = ()
    snat: tuple[Snat, ...] = ()
    eips: tuple[Eip, ...] = ()
    forwardings: tuple[Forwarding, ...] = ()
    guards: tuple[Guard, ...] = ()
    shields: tuple[Shield, ...] = ()
    customs: tuple[CustomService, ...] = ()

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
            *((provider_types.SECURITY_GROUP, entry) for entry in self.shields),
            *((entry.service, entry) for entry in self.customs),
        )
