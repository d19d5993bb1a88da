"""Which services work for which NICs: what a blast radius compares."""

from __future__ import annotations

from domain import l3, provider, provider_types, router, security_group, vm
from projections.relations import related
from projections.service_plan import LEADING, reaches
from projections.topology import Topology


def enjoyed(topology: Topology) -> set[str]:
    """Give the services that work for NICs of running VMs, as `vm/l3: DHCP`. O(NICs).

    One in a virtual router works while there is one; one that leads to a NIC, or guards it, when something does.
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
    if service == provider_types.SECURITY_GROUP:
        return any(isinstance(user, security_group.SecurityGroup) for user in users)
    return kind is None or any(isinstance(u, kind) and reaches(topology, where, u.vip) for u in users)


def router_host(topology: Topology, subnet: str) -> str:
    users = (topology.objects.states[u] for u in related(topology.services.users, subnet))
    return next((user.host for user in users if isinstance(user, router.Router)), "")
