"""Which services work for which NICs: what a blast radius compares."""

from __future__ import annotations

from domain import l3, provider, provider_types, router, security_group, values, vm
from projections.relations import related
from projections.router_plan import way_out
from projections.routing import router_of
from projections.service_plan import LEADING, reaches
from projections.topology import Topology


def enjoyed(topology: Topology) -> set[str]:
    """Give the services that work for NICs of running VMs, as `vm/l3: DHCP`. O(NICs).

    One in a virtual router works while there is one, and SNAT while that gets out; one that leads to a NIC, or guards
    it, when something does.
    """
    return {
        f"{topology.name(nic)}: {service}"
        for uuid, state in topology.every(l3.L3Network)
        for service, source in state.services
        for nic in related(topology.nics.on_l3, uuid)
        if works(topology, uuid, source, nic, service)
    }


def works(topology: Topology, subnet: str, source: str, nic: str, service: str) -> bool:
    """Tell whether a NIC has the good of a service that its network takes."""
    home = topology.state(topology.nics.all[nic].vm, vm.Vm).host
    runs = topology.state(source, provider.Provider).runs
    where = router_host(topology, subnet) if runs == "router" else home
    kind = LEADING.get(service)
    users = [topology.objects.states[u] for u in related(topology.services.users, nic)]
    if not (home and where):
        return False
    if service == provider_types.SNAT and runs == "router":
        return gets_out(topology, subnet, nic)
    if service == provider_types.SECURITY_GROUP:
        return any(isinstance(user, security_group.SecurityGroup) for user in users)
    return kind is None or any(isinstance(u, kind) and reaches(topology, where, u.vip) for u in users)


def gets_out(topology: Topology, subnet: str, nic: str) -> bool:
    """Tell whether a router is where its way out is, and has an address there of each family that a NIC has."""
    outside = way_out(topology, router_of(topology, subnet))
    had = set(map(values.family, topology.nics.all[nic].addresses))
    return outside is not None and had <= set(map(values.family, outside.ips))


def router_host(topology: Topology, subnet: str) -> str:
    """Give the host of an L3 network's router; nothing where there is none, or no longer."""
    uuid = router_of(topology, subnet)
    where = topology.state(uuid, router.Router).host if uuid else ""
    return where if where in topology.objects.states else ""
