"""What commands may be told about services: who offers, takes and uses what at that moment."""

from __future__ import annotations

from collections.abc import Iterator

from domain import eip, l3, port_forwarding, provider, security_group, vip
from projections.topology import Topology
from tests.machines.subnet_vocabulary import nics
from tests.machines.vocabulary import Pairs, living


Triples = list[tuple[str, str, str]]
Services = dict[str, tuple[str, ...]]

VIPS = living("vip")
EIPS = living("eip")
RULES = living("port-forwarding")
GROUPS = living("security-group")


# providers


def joinable(now: Topology) -> Pairs:
    """Give (provider, L2 network that it could serve and is not on)."""
    return [
        (source.name, network.name)
        for _, source in now.every(provider.Provider)
        for uuid, network in now.networks()
        if uuid not in source.l2s and source.supports(network.type)
    ]


def joined(now: Topology) -> Pairs:
    return [(source.name, now.name(uuid)) for _, source in now.every(provider.Provider) for uuid in source.l2s]


def near(now: Topology) -> Iterator[tuple[l3.L3Network, str, provider.Provider]]:
    """Walk (L3 network, provider on its L2 network)."""
    for _, subnet in now.every(l3.L3Network):
        for uuid, source in now.every(provider.Provider):
            if subnet.l2 in source.l2s:
                yield subnet, uuid, source


def offered(now: Topology) -> list[tuple[str, Services]]:
    """Give (L3 network, what it could take from a provider, with what that rests on)."""
    found: list[tuple[str, Services]] = []
    for subnet, _, source in near(now):
        for service in source.services:
            wanted = (service, *(under for over, under in source.needs if over == service))
            new = tuple(one for one in wanted if not subnet.provider_of(one))
            if service in new:
                found.append((subnet.name, {source.name: new}))
    return found


def rivals(now: Topology) -> Triples:
    """Give (L3 network, service that it takes, another provider that offers it)."""
    return [
        (subnet.name, service, source.name)
        for subnet, uuid, source in near(now)
        for service, mine in subnet.services
        if service in source.services and mine != uuid
    ]


def enjoyed(now: Topology) -> list[tuple[str, Services]]:
    found = [(state.name, state.services) for _, state in now.every(l3.L3Network)]
    return [(name, {now.name(source): (service,)}) for name, services in found for service, source in services]


# VIPs


def unused_vips(now: Topology) -> list[str]:
    return [state.name for _, state in now.every(vip.Vip) if not state.uses]


def shared_vips(now: Topology) -> list[str]:
    """Give the VIPs that no EIP has."""
    return [state.name for _, state in now.every(vip.Vip) if "EIP" not in state.services]


def bound_eips(now: Topology) -> list[str]:
    return [state.name for _, state in now.every(eip.Eip) if state.binding]


def bound_rules(now: Topology) -> list[str]:
    return [state.name for _, state in now.every(port_forwarding.Rule) if state.binding]


def served(now: Topology, service: str) -> Pairs:
    """Give (VM, L3 network) of the NICs that have a service."""
    subnets = {state.name: state for _, state in now.every(l3.L3Network)}
    return [(guest, name) for guest, name in nics(now) if subnets[name].provider_of(service)]


def eip_targets(now: Topology) -> Triples:
    """Give (EIP that leads nowhere, VM, L3 network of a NIC that no other leads to)."""
    led = {(now.name(s.binding.vm), now.name(s.binding.l3)) for _, s in now.every(eip.Eip) if s.binding}
    free = [nic for nic in served(now, "EIP") if nic not in led]
    return [(s.name, *nic) for _, s in now.every(eip.Eip) if not s.binding for nic in free if elsewhere(now, s, nic[1])]


def elsewhere(now: Topology, bound: eip.Eip | port_forwarding.Rule, subnet: str) -> bool:
    """Tell whether an EIP or a rule has its VIP on another L3 network."""
    return now.name(now.state(bound.vip, vip.Vip).l3) != subnet


def forwarding_nics(now: Topology) -> Pairs:
    return served(now, "PortForwarding")


def rule_targets(now: Topology) -> Triples:
    """Give (rule that leads nowhere, VM, L3 network)."""
    loose = [s for _, s in now.every(port_forwarding.Rule) if not s.binding]
    return [(s.name, *nic) for s in loose for nic in forwarding_nics(now) if elsewhere(now, s, nic[1])]


# security groups


def filterable(now: Topology) -> Pairs:
    """Give (security group, L3 network with the service that it is not on)."""
    return [
        (group.name, subnet.name)
        for _, group in now.every(security_group.SecurityGroup)
        for uuid, subnet in now.every(l3.L3Network)
        if subnet.provider_of("SecurityGroup") and uuid not in group.l3s
    ]


def filtered(now: Topology) -> Pairs:
    """Give (security group, L3 network)."""
    return [(state.name, now.name(uuid)) for _, state in now.every(security_group.SecurityGroup) for uuid in state.l3s]


def outsiders(now: Topology) -> Triples:
    """Give (security group, VM, L3 network) of the NICs that could be in a group and are not."""
    inside = members(now)
    return [
        (group, guest, subnet)
        for group, home in filtered(now)
        for guest, subnet in nics(now)
        if subnet == home and (group, guest, subnet) not in inside
    ]


def members(now: Topology) -> Triples:
    """Give (security group, VM, L3 network)."""
    groups = [state for _, state in now.every(security_group.SecurityGroup)]
    return [(state.name, now.name(m.vm), now.name(m.l3)) for state in groups for m in state.members]


def rules(now: Topology) -> Pairs:
    """Give (security group, rule)."""
    return [(state.name, r.rule) for _, state in now.every(security_group.SecurityGroup) for r in state.rules]


# values

OFFERS = (
    ("Flat", ("DHCP", "DNS")),
    ("Flat", ("DHCP", "EIP", "HostRoute")),
    ("VirtualRouter", ("SNAT", "EIP", "PortForwarding")),
    ("VirtualRouter", ("DHCP", "DNS", "SNAT")),
    ("SecurityGroup", ("SecurityGroup",)),
    ("F5", ("LoadBalancer",)),
    ("Ledger", ("LoadBalancer", "DHCP")),
)
"""(type, services)."""
PROTOCOLS = (("TCP", "80-82"), ("UDP", 53), ("TCP", ""), ("ICMP", ""), ("ALL", ""))
SPANS = ("80", "81-90", 443, 8080)
RULE_IDS = ("", "", *(f"00000000-0000-4000-8000-00000000000{n}" for n in range(4)))
