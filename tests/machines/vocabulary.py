"""What commands may be told about places, L2 networks and the fabric: what lives at that moment, new names, values.

A look gives what would not be pointless to say. Whether it may be done is for others to know.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import combinations
from typing import Any

from domain import cluster, host, host_network, l2, pool, switch
from domain.ip_range import meet
from projections import attachment
from projections.topology import Topology


Look = Callable[[Topology], Sequence[Any]]
"""Give what may be said at that moment."""
Pairs = list[tuple[str, str]]


def as_look(said: Look | Sequence[object] | str) -> Look:
    if callable(said):
        return said
    words = said.split() if isinstance(said, str) else said
    return lambda _: words


def living(kind: str) -> Look:
    """Give the names of all objects of a kind."""
    return lambda now: sorted(name for known, name in now.objects.names if known == kind)


def fresh(kind: str, text: str) -> Look:
    """Give the names out of a list that are not in use."""
    return lambda now: [name for name in text.split() if (kind, name) not in now.objects.names]


def perhaps(look: Look) -> Look:
    """Most often leave it to the other side."""
    return lambda now: [*[""] * 3, *look(now)]


def maybe(look: Look) -> Look:
    return lambda now: [None, *look(now)]


ZONES = living("zone")
CLUSTERS = living("cluster")
HOSTS = living("host")
L2S = living("l2")
SWITCHES = living("switch")


# places


def tunnel_addresses(now: Topology) -> list[str]:
    used = {state.vtep for _, state in now.every(host.Host)}
    return ["", *(address for address in TUNNELS if address not in used)]


def host_states(now: Topology) -> Pairs:
    return other_states(((s.name, s.state) for _, s in now.every(host.Host)), "enabled disabled maintenance")


def other_states(found: Iterable[tuple[str, str]], states: str) -> Pairs:
    return [(name, other) for name, state in found for other in states.split() if other != state]


def moves(now: Topology) -> Pairs:
    """Give (host, another cluster of its zone and kind)."""
    homes = {uuid: (state.zone, state.hypervisor) for uuid, state in now.every(cluster.Cluster)}
    return [
        (state.name, now.name(uuid))
        for _, state in now.every(host.Host)
        for uuid, home in homes.items()
        if uuid != state.cluster and home == homes[state.cluster]
    ]


# L2 networks


def NETWORKS(now: Topology) -> list[str]:  # noqa: N802 - a list of names like its neighbours
    return [state.name for _, state in now.networks()]


def new_vni_ranges(now: Topology) -> list[tuple[str, int, int]]:
    """Give (pool, first, last) that meet none of the pool's own."""
    spans = [(100, 102), (103, 104), (105, 105), (106, 109)]
    return [
        (state.name, *span)
        for _, state in now.every(pool.VxlanPool)
        for span in spans
        if not any(meet(range(span[0], span[1] + 1), r.numbers) for r in state.ranges)
    ]


def vnis(now: Topology) -> list[tuple[str, int | None]]:
    found = [(state.name, r) for _, state in now.every(pool.VxlanPool) for r in state.ranges]
    return [pair for name, r in found for pair in ((name, None), (name, r.start), (name, r.end))]


def vni_ranges(now: Topology) -> Pairs:
    return [(state.name, r.name) for _, state in now.every(pool.VxlanPool) for r in state.ranges]


def attachable_networks(now: Topology) -> Pairs:
    return attachable(now, ((s.name, s.zone, s.clusters) for _, s in now.networks() if not s.pool))


def attachable_pools(now: Topology) -> Pairs:
    return attachable(now, ((s.name, s.zone, s.clusters) for _, s in now.every(pool.VxlanPool)))


def attachable(now: Topology, found: Iterable[tuple[str, str, tuple[str, ...]]]) -> Pairs:
    """Give (network, a cluster of its zone that it is not on)."""
    places = list(now.every(cluster.Cluster))
    return [(name, s.name) for name, zone, on in found for uuid, s in places if s.zone == zone and uuid not in on]


def attachments(now: Topology) -> Pairs:
    networks = [(s.name, s.clusters) for _, s in now.networks()]
    pools = [(s.name, s.clusters) for _, s in now.every(pool.VxlanPool)]
    return [(name, now.name(where)) for name, clusters in networks + pools for where in clusters]


def retags(now: Topology) -> list[tuple[str, int]]:
    """Give (network with or without a VLAN, another VLAN)."""
    found = [s for _, s in now.networks() if s.type in {l2.NO_VLAN, l2.VLAN}]
    return [(s.name, number) for s in found for number in (0, 10, 20, 30, 40) if number != s.virtual_network_id]


# the fabric


def ports(now: Topology) -> Pairs:
    return [(state.name, port) for _, state in now.every(switch.Switch) for port in state.ports]


def cabled(now: Topology) -> list[str]:
    return [f"{now.name(device)}:{port}" for device, port in now.fabric.wires]


def open_ends(now: Topology) -> Pairs:
    """Give two ends of one zone, neither with a cable."""
    ends = [(s.zone, uuid, port) for uuid, s in now.every(switch.Switch) for port in s.ports]
    for uuid, member in now.every(host.Host):
        zone = now.state(member.cluster, cluster.Cluster).zone
        ends += [(zone, uuid, name) for name in member.interfaces if name in {"eth0", "eth1"}]
    bare = [end for end in ends if end[1:] not in now.fabric.wires]
    return [
        (f"{now.name(one[1])}:{one[2]}", f"{now.name(other[1])}:{other[2]}")
        for one, other in combinations(bare, 2)
        if one[0] == other[0] and one[1] != other[1]
    ]


# reports


def present(now: Topology) -> Pairs:
    """Give (host, L2 network that it is meant to have)."""
    return [
        (member.name, now.name(network))
        for _, member in now.every(host.Host)
        for network, _ in attachment.networks_on(now.objects, now.attached, member.cluster)
    ]


def reported(*outcomes: str) -> Look:
    """Give (host, L2 network that it said this of); one that is gone, by its uuid."""

    def look(now: Topology) -> Pairs:
        return [(name, l2_name) for name, l2_name, r in reports(now) if r.outcome in outcomes]

    return look


def drifted(now: Topology) -> Pairs:
    return [(name, l2_name) for name, l2_name, r in reports(now) if r.drift]


def reports(now: Topology) -> Iterator[tuple[str, str, host_network.Report]]:
    """Walk (host, L2 network, report)."""
    for _, state in now.every(host_network.HostNetwork):
        for report in state.reports:
            yield now.name(state.host), now.name(report.l2) if report.l2 in now.objects.states else report.l2, report


# values

INTERFACES = "eth0 eth0 eth0 eth1 eth1 eth0.5"
PORT_SETS = (
    *[("eth0", "eth1")] * 3,
    ("eth0", "eth1", "eth0.5"),
    ("eth0", "eth1", "bond0=eth2+eth3"),
    ("eth0",),
)
VLANS = (10, 20, 30, 5, 10, 20)
TYPED = (
    ("L2NoVlanNetwork", 0),
    ("L2VlanNetwork", 10),
    ("OvsGreL2Network", 6),
    ("MacVlanNetwork", 7),
    ("MacVlanNetwork", 8),
    ("TaggedNetwork", 30),
    ("L2VxlanNetwork", 100),
)
TUNNELS = [f"10.8.0.{n}" for n in range(1, 7)]
UNDERLAYS = "10.8.0.0/24 10.8.0.0/24 10.8.0.0/24 10.7.0.0/24"
MODES = "permissive enforcing"
PORT_FORMS = (
    ("access", 10, "", None),
    ("access", 20, "", None),
    ("trunk", None, "", None),
    ("trunk", None, "10,20", None),
    ("trunk", None, "10-30", 5),
    ("trunk", None, "20", 10),
)
"""(mode, VLAN, VLANs, native VLAN)."""
