"""What must hold of services in every history: whoever uses one has it, from a provider that may give it."""

from __future__ import annotations

from collections import Counter
from itertools import combinations

from domain import eip, host, l2, l3, port_forwarding, provider, router, security_group, vip, vm
from projections import attachment
from projections.topology import Topology


def check(topology: Topology) -> None:
    offers_fit(topology)
    bindings_fit(topology)
    uses_fit(topology)
    groups_fit(topology)
    routers_serve(topology)


def offers_fit(topology: Topology) -> None:
    """An L3 network takes each service from one provider that offers it, is on its L2 network, and gives what that
    rests on.
    """
    for _, subnet in topology.every(l3.L3Network):
        taken = [service for service, _ in subnet.services]
        assert [service for service, count in Counter(taken).items() if count > 1] == []
        for service, uuid in subnet.services:
            source = topology.state(uuid, provider.Provider)
            assert service in source.services
            assert subnet.l2 in source.l2s
            assert {under for over, under in source.needs if over == service} <= set(taken)
    for _, source in topology.every(provider.Provider):
        types = {topology.state(network, l2.L2Network).type for network in source.l2s}
        assert not source.l2_types or types <= set(source.l2_types)


def bindings_fit(topology: Topology) -> None:
    """What an EIP or a rule leads to is a NIC that is there, on a network that has the service."""
    kinds: tuple[tuple[type[eip.Eip | port_forwarding.Rule], str], ...] = (
        (eip.Eip, "EIP"),
        (port_forwarding.Rule, "PortForwarding"),
    )
    for kind, service in kinds:
        for uuid, state in topology.every(kind):
            assert uuid in {use.user for use in topology.state(state.vip, vip.Vip).uses}
            if state.binding:
                nic = topology.nics.all[state.binding.nic]
                assert (nic.vm, nic.l3) == (state.binding.vm, state.binding.l3)
                source = topology.state(nic.l3, l3.L3Network).provider_of(service)
                assert source
                outside = topology.state(topology.state(state.vip, vip.Vip).l3, l3.L3Network).l2
                guest = topology.state(nic.vm, vm.Vm)
                if topology.state(source, provider.Provider).runs == "hosts" and guest.host:
                    assert has(topology, guest.host, outside)


def has(topology: Topology, uuid: str, network: str) -> bool:
    return str(getattr(topology.objects.states[uuid], "cluster", "")) in attachment.clusters_of(
        topology.objects, network
    )


def uses_fit(topology: Topology) -> None:
    """A VIP is used by what lives and names it, and no port of it twice."""
    for uuid, state in topology.every(vip.Vip):
        for use in state.uses:
            assert getattr(topology.objects.states[use.user], "vip", "") == uuid
        for one, other in combinations(state.uses, 2):
            assert one.protocol != other.protocol or not one.ports.overlaps(other.ports)
            assert "EIP" not in {one.service, other.service}


def groups_fit(topology: Topology) -> None:
    """A security group is on networks with the service, and its members are NICs of these."""
    for _, state in topology.every(security_group.SecurityGroup):
        assert all(topology.state(uuid, l3.L3Network).provider_of("SecurityGroup") for uuid in state.l3s)
        for member in state.members:
            nic = topology.nics.all[member.nic]
            assert (nic.vm, nic.l3) == (member.vm, member.l3)
            assert member.l3 in state.l3s
        assert len(set(state.members)) == len(state.members)


def routers_serve(topology: Topology) -> None:
    """An L3 network that needs a virtual router has one when a host can take it."""
    placed = {state.l3 for _, state in topology.every(router.Router)}
    for uuid, subnet in topology.every(l3.L3Network):
        if any(topology.state(source, provider.Provider).runs == "router" for _, source in subnet.services):
            able = [name for name, _ in topology.every(host.Host) if takes(topology, name, subnet.l2)]
            assert uuid in placed or not able


def takes(topology: Topology, uuid: str, network: str) -> bool:
    """Tell whether a host can take a router: it is enabled, has the network, and never reported that it has trouble."""
    quiet = uuid not in topology.reports.of
    return topology.state(uuid, host.Host).state == "enabled" and quiet and has(topology, uuid, network)
