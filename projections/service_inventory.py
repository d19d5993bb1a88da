"""Inventories of network services, under ZStack's field names."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from domain import eip, l3, port_forwarding, provider, router, security_group, values, vip
from domain.binding import Binding
from projections.service_plan import ips_of
from projections.topology import Topology


Inventory = dict[str, Any]


def network_services(topology: Topology, uuid: str) -> list[Inventory]:
    """Give what an L3 network takes, in order of attachment."""
    return [
        {"networkServiceType": service, "networkServiceProviderUuid": source}
        for service, source in topology.state(uuid, l3.L3Network).services
    ]


def providers(topology: Topology) -> Iterator[Inventory]:
    for uuid, state in topology.every(provider.Provider):
        yield {
            "uuid": uuid,
            "name": state.name,
            "type": state.type,
            "networkServiceTypes": list(state.services),
            "attachedL2NetworkUuids": list(state.l2s),
            "publicL3NetworkUuid": state.public_l3,
        }


def vips(topology: Topology) -> Iterator[Inventory]:
    for uuid, state in topology.every(vip.Vip):
        home = next((r for r in topology.state(state.l3, l3.L3Network).ranges if r.holds(state.ip)), None)
        yield {
            "uuid": uuid,
            "name": state.name,
            "l3NetworkUuid": state.l3,
            "ip": state.ip,
            "ipVersion": values.family(state.ip),
            "netmask": home.netmask if home else "",
            "gateway": home.gateway if home else "",
            "useFor": list(state.services),
            "serviceProviderUuids": sorted(set(servers(topology, state))),
        }


def servers(topology: Topology, state: vip.Vip) -> Iterator[str]:
    """Walk the providers that serve a VIP now: those of the networks it leads to.

    While a command takes them away, a use may be there yet and its user gone.
    """
    for use in state.uses:
        binding: Binding | None = getattr(topology.objects.states.get(use.user), "binding", None)
        subnet = topology.objects.states.get(binding.l3) if binding else None
        source = subnet.provider_of(use.service) if isinstance(subnet, l3.L3Network) else ""
        if source:
            yield source


def eips(topology: Topology) -> Iterator[Inventory]:
    for uuid, state in topology.every(eip.Eip):
        address = topology.state(state.vip, vip.Vip).ip
        yield {
            "uuid": uuid,
            "name": state.name,
            "vipUuid": state.vip,
            "vipIp": address,
            "vmNicUuid": state.binding.nic if state.binding else "",
            "guestIp": guest_ip(topology, state.binding, address),
        }


def guest_ip(topology: Topology, binding: Binding | None, address: str) -> str:
    """Give the address that a binding leads to; nothing while a command takes the NIC away before it."""
    nic = topology.nics.all.get(binding.nic) if binding else None
    ips = ips_of(nic) if nic else ()
    return next((ip for ip in ips if values.family(ip) == values.family(address)), "")


def port_forwarding_rules(topology: Topology) -> Iterator[Inventory]:
    for uuid, state in topology.every(port_forwarding.Rule):
        address = topology.state(state.vip, vip.Vip).ip
        yield {
            "uuid": uuid,
            "name": state.name,
            "vipUuid": state.vip,
            "vipIp": address,
            "protocolType": state.protocol,
            "vipPortStart": state.vip_ports.first,
            "vipPortEnd": state.vip_ports.last,
            "privatePortStart": state.private_ports.first,
            "privatePortEnd": state.private_ports.last,
            "allowedCidr": state.allowed_cidr,
            "vmNicUuid": state.binding.nic if state.binding else "",
            "guestIp": guest_ip(topology, state.binding, address),
        }


def security_groups(topology: Topology) -> Iterator[Inventory]:
    for uuid, state in topology.every(security_group.SecurityGroup):
        yield {
            "uuid": uuid,
            "name": state.name,
            "rules": [rule(r) for r in state.rules],
            "attachedL3NetworkUuids": list(state.l3s),
            "vmNicUuids": [m.nic for m in state.members],
        }


def rule(state: security_group.Rule) -> Inventory:
    """Give a rule; ports are nothing where every port is meant, or the protocol has none."""
    return {
        "uuid": state.rule,
        "type": state.direction,
        "protocol": state.protocol,
        "startPort": state.first_port or None,
        "endPort": state.last_port or None,
        "remoteCidr": state.remote_cidr,
        "remoteSecurityGroupUuid": state.remote_group,
    }


def routers(topology: Topology) -> Iterator[Inventory]:
    for uuid, state in topology.every(router.Router):
        taken = topology.state(state.l3, l3.L3Network).services
        yield {
            "uuid": uuid,
            "l3NetworkUuid": state.l3,
            "hostUuid": state.host,
            "networkServiceTypes": [s for s, p in taken if topology.state(p, provider.Provider).runs == "router"],
            "nics": [router_nic(nic) for nic in state.nics],
        }


def router_nic(nic: router.Nic) -> Inventory:
    return {"l3NetworkUuid": nic.l3, "ips": list(nic.ips), "mac": nic.mac, "device": nic.device}


KINDS: dict[str, Callable[[Topology], Iterator[Inventory]]] = {
    "provider": providers,
    "vip": vips,
    "eip": eips,
    "port-forwarding": port_forwarding_rules,
    "security-group": security_groups,
    "router": routers,
}
