"""Which hosts have all the L2 networks that a VM needs, and why each other host does not.

Hosts that fit come with the emptiest first, then by age, so that the same history places the same way everywhere.
"""

from __future__ import annotations

from collections.abc import Collection

from domain import host, l2, l3, vm
from domain.census import Exclusion, Placement
from domain.cluster import Cluster
from projections import attachment
from projections.objects import last_state
from projections.relations import related
from projections.reports import NOTHING
from projections.topology import Topology


def place(topology: Topology, l2s: Collection[str], *, cluster: str = "", like: str = "") -> Placement:
    """Sort the hosts of one cluster, or of all, into those that fit and those that don't. O(hosts).

    A VM that was on a host before stays in that one's zone and on its hypervisor: `like` is that host.
    """
    home = site(topology, like)
    reach = {network: set(attachment.clusters_of(topology.objects, network)) for network in l2s}
    fits: list[str] = []
    excluded: list[Exclusion] = []
    for uuid, state in topology.every(host.Host):
        if cluster and state.cluster != cluster:
            continue
        missing = next((network for network in l2s if state.cluster not in reach[network]), "")
        if state.state != "enabled":
            excluded.append(Exclusion(uuid, f"the host is in state {state.state}", ""))
        elif apart := difference(home, site(topology, uuid)):
            excluded.append(Exclusion(uuid, apart, ""))
        elif missing:
            where = topology.name(state.cluster)
            excluded.append(Exclusion(uuid, f"L2 network not attached to cluster {where}", missing))
        elif bad := next((e for network in l2s if (e := complaint(topology, uuid, state.cluster, network))), None):
            excluded.append(bad)
        else:
            fits.append(uuid)
    fits.sort(key=lambda uuid: (len(related(topology.objects.children, uuid)), uuid))
    return Placement(tuple(fits), tuple(excluded))


def complaint(topology: Topology, uuid: str, cluster: str, network: str) -> Exclusion | None:
    """Say why a host's own word keeps VMs on a network from it.

    A report counts while the network was not attached anew and got no other VLAN since: what is gone from an earlier
    time says nothing about this one. A host of which no agent ever reported anything is taken at its word. What is
    foreign and in nobody's way keeps nobody away.
    """
    said = topology.reports.of.get(uuid, NOTHING).get(network)
    if said is None:
        return None
    state = topology.state(network, l2.L2Network)
    attached = related(topology.attached, cluster).get(state.pool or network, 0)
    if said.since < max(attached, topology.objects.shaped.get(network, 0)):
        return None
    if said.outcome == "failed":
        return Exclusion(uuid, f"the host reported that it failed: {said.reason}", network)
    if said.outcome == "removed" and state.realize == "attach":
        return Exclusion(uuid, "the host reported it gone", network)
    return Exclusion(uuid, f"the host reported that it drifted: {said.drift}", network) if said.impaired else None


def complains(topology: Topology, uuid: str, network: str) -> bool:
    """Tell whether a host's own word keeps VMs and routers on a network from it; not where it does not have that."""
    member = topology.objects.states.get(uuid)
    here = isinstance(member, host.Host) and member.cluster in attachment.clusters_of(topology.objects, network)
    return here and complaint(topology, uuid, topology.state(uuid, host.Host).cluster, network) is not None


def fails(topology: Topology, uuid: str, network: str) -> bool:
    """Tell whether a host said that it failed to make a network which it is to have, or lost it.

    One that drifted is there, and being mended: what is on the host stays meanwhile.
    """
    return complains(topology, uuid, network) and topology.reports.of[uuid][network].outcome != "realized"


def site(topology: Topology, uuid: str) -> Cluster | None:
    """Give a host's cluster, the last one of a host that is gone; nothing where no host is meant."""
    member = last_state(topology.objects, uuid)
    home = last_state(topology.objects, member.cluster) if isinstance(member, host.Host) else None
    return home if isinstance(home, Cluster) else None


def difference(home: Cluster | None, there: Cluster | None) -> str:
    """Say why a VM can't go from one cluster to another, whatever its networks; nothing when it can."""
    if home is None or there is None:
        return ""
    if home.zone != there.zone:
        return "the host is in another zone"
    if home.hypervisor != there.hypervisor:
        return f"the host runs {there.hypervisor}, the VM was made on {home.hypervisor}"
    return ""


def zones_of(topology: Topology, guest: vm.Vm) -> set[str]:
    """Give the zones that a VM is in: by where it runs or ran last, and by its networks."""
    places = (site(topology, uuid) for uuid in (guest.host, guest.last_host))
    subnets = (topology.state(nic.l3, l3.L3Network) for nic in guest.nics)
    networks = (topology.state(subnet.l2, l2.L2Network) for subnet in subnets)
    return {place.zone for place in places if place} | {network.zone for network in networks}
