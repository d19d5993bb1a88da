"""Commands about network services with sane defaults, and the networks they need.

Guests are on `l3` (VLAN 10), public addresses come from `public` (VLAN 20, 10.9.0.0/24); providers are `flat`, `vr` and
`sg`.
"""

from __future__ import annotations

from domain import commands as c
from domain import router
from tests.builders import TWO_SUBNETS, a_cidr, a_vlan, an_l3, attach


def a_provider(
    name: str = "flat", *services: str, kind: str = "Flat", public: str = ""
) -> c.CreateNetworkServiceProvider:
    offered = services or ("DHCP", "DNS", "EIP")
    return c.CreateNetworkServiceProvider(name=name, type=kind, services=offered, public_l3=public)


ROUTED_SERVICES = ("DHCP", "DNS", "SNAT", "EIP", "PortForwarding")
A_ROUTER = a_provider("vr", *ROUTED_SERVICES, kind="VirtualRouter")
AN_OPEN_ROUTER = a_provider("vr", *ROUTED_SERVICES, kind="VirtualRouter", public="public")
A_FILTER = a_provider("sg", "SecurityGroup", kind="SecurityGroup")


def serve(l3: str = "l3", /, **services: tuple[str, ...]) -> c.AttachNetworkServiceToL3Network:
    return c.AttachNetworkServiceToL3Network(l3=l3, services=services)


def unserve(l3: str = "l3", /, **services: tuple[str, ...]) -> c.DetachNetworkServiceFromL3Network:
    return c.DetachNetworkServiceFromL3Network(l3=l3, services=services)


def hand_over(service: str, provider: str, *, l3: str = "l3") -> c.ChangeNetworkServiceProvider:
    return c.ChangeNetworkServiceProvider(l3=l3, service=service, provider=provider)


def a_router_nic(l3: str = "l3", *ips: str) -> router.NicAdded:
    """Give the fact of a virtual router's NIC, as `names` has it."""
    return router.NicAdded(l3, ips, "mac", "device")


def a_vip(name: str = "vip", *, l3: str = "public", address: str = "") -> c.CreateVip:
    return c.CreateVip(name=name, l3=l3, address=address)


def an_eip(name: str = "e", *, vip: str = "vip") -> c.CreateEip:
    return c.CreateEip(name=name, vip=vip)


def attach_eip(eip: str = "e", *, vm: str = "vm", l3: str = "l3") -> c.AttachEip:
    return c.AttachEip(eip=eip, vm=vm, l3=l3)


def a_rule(
    name: str = "r",
    vip_ports: str | int = 80,
    private_ports: str | int = "",
    *,
    vip: str = "vip",
    protocol: str = "TCP",
    vm: str = "",
    l3: str = "",
    allowed: str = "",
) -> c.CreatePortForwardingRule:
    return c.CreatePortForwardingRule(
        name=name,
        vip=vip,
        protocol=protocol,
        vip_ports=vip_ports,
        private_ports=private_ports,
        vm=vm,
        l3=l3 or ("l3" if vm else ""),
        allowed_cidr=allowed,
    )


def a_group(name: str = "g") -> c.CreateSecurityGroup:
    return c.CreateSecurityGroup(name=name)


def allow(
    direction: str = "ingress",
    protocol: str = "TCP",
    ports: str | int = "",
    *,
    group: str = "g",
    cidr: str = "",
    remote: str = "",
    uuid: str = "",
) -> c.AddSecurityGroupRule:
    return c.AddSecurityGroupRule(
        group=group,
        direction=direction,
        protocol=protocol,
        ports=ports,
        remote_cidr=cidr,
        remote_group=remote,
        uuid=uuid,
    )


def on_l3(group: str = "g", *, l3: str = "l3") -> c.AttachSecurityGroupToL3Network:
    return c.AttachSecurityGroupToL3Network(group=group, l3=l3)


def join(group: str = "g", *, vm: str = "vm", l3: str = "l3") -> c.AddNicToSecurityGroup:
    return c.AddNicToSecurityGroup(group=group, vm=vm, l3=l3)


A_PUBLIC_SUBNET = (
    *TWO_SUBNETS,
    a_vlan("pub", vlan=20),
    attach("pub"),
    attach("pub", "c2"),
    an_l3("public", l2="pub", category="public"),
    a_cidr("10.9.0.0/24", l3="public"),
)
"""Networks l3 and public on c1 and c2."""
A_WAY_OUT = (*A_PUBLIC_SUBNET, a_provider(), AN_OPEN_ROUTER)
"""The same with flat and vr, whose routers reach the outside through public."""
PROVIDERS = (a_provider(), A_ROUTER, A_FILTER)
SERVED = (*A_PUBLIC_SUBNET, *PROVIDERS, serve(flat=("DHCP", "DNS", "EIP"), sg=("SecurityGroup",)))
"""The same with all providers, and l3 served by the hosts."""
ROUTED = (*A_PUBLIC_SUBNET, *PROVIDERS, serve(vr=("SNAT", "EIP", "PortForwarding")))
"""The same with l3 served by a virtual router, which is on h1."""
