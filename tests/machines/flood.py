"""A flood of frames, hop by hop over switches and cables, that knows nothing of segments or domains.

It is slow and says who hears whom at every (L2 network, host). Only hosts, cables and the rules of switch ports count
here, and those are written down a second time.
"""

from __future__ import annotations

from collections.abc import Iterator

from domain import cable, host, l2, l3, pool, switch, vm
from projections.topology import Topology


Place = tuple[str, str]
"""An L2 network at a host."""
Frame = tuple[str, str, int]
"""Arriving at an end, with this tag or none (0)."""


def islands(now: Topology) -> set[frozenset[Place]]:
    """Give the sets of places that hear one another."""
    wired = [place for place in places(now) if has_fabric(now, place[0]) and is_wire(now, place[0])]
    ideal: dict[tuple[str, ...], set[Place]] = {}
    for place in places(now):
        if place not in wired:
            ideal.setdefault(common(now, place[0]), set()).add(place)
    return {frozenset(found) for found in ideal.values()} | {heard_by(now, wired, *place) for place in wired}


def nics(now: Topology) -> set[frozenset[str]]:
    """Give the sets of NICs that hear one another."""
    homes = on_air(now)
    found = (frozenset(nic for nic, place in homes.items() if place in island) for island in islands(now))
    return {island for island in found if island}


def on_air(now: Topology) -> dict[str, Place]:
    """Give where the NICs of running VMs are."""
    guests = [state for _, state in now.every(vm.Vm) if state.host]
    return {nic.uuid: (now.state(nic.l3, l3.L3Network).l2, state.host) for state in guests for nic in state.nics}


def places(now: Topology) -> list[Place]:
    """Give every L2 network at every host that it is meant to be on."""
    hosts = list(now.every(host.Host))
    return [(n, uuid) for n, _ in now.networks() for uuid, member in hosts if member.cluster in clusters(now, n)]


def clusters(now: Topology, network: str) -> tuple[str, ...]:
    state = now.state(network, l2.L2Network)
    return now.state(state.pool, pool.VxlanPool).clusters if state.pool else state.clusters


def common(now: Topology, network: str) -> tuple[str, ...]:
    """Name what a network shares with all that hear it, where no cable counts: equal names, a pool's VNI, a mesh."""
    state = now.state(network, l2.L2Network)
    if state.carrier == "gre":
        return (network, str(state.virtual_network_id))
    return (state.pool, str(state.virtual_network_id)) if state.pool else (state.zone, state.segment)


def is_wire(now: Topology, network: str) -> bool:
    state = now.state(network, l2.L2Network)
    return not state.pool and ":" not in state.segment


def has_fabric(now: Topology, network: str) -> bool:
    zone = now.state(network, l2.L2Network).zone
    return any(isinstance(s, switch.Switch | cable.Cable) and s.zone == zone for s in now.objects.states.values())


# frames


def heard_by(now: Topology, ears: list[Place], network: str, sender: str) -> frozenset[Place]:
    """Shout from a network on a host, and give every place that hears it, the one that shouts too."""
    arrived: set[Frame] = set()
    waiting = list(sent(now, sender, *wire(now, network)))
    while waiting:
        frame = waiting.pop()
        if frame not in arrived:
            arrived.add(frame)
            waiting.extend(forwarded(now, *frame))
    heard = (place for place in ears if (place[1], *wire(now, place[0])) in arrived)
    return frozenset({(network, sender), *heard})


def wire(now: Topology, network: str) -> tuple[str, int]:
    interface, tag = now.state(network, l2.L2Network).segment.split("/")
    return interface, int(tag)


def sent(now: Topology, device: str, port: str, tag: int) -> Iterator[Frame]:
    """Put a frame on the cable at an end, if there is one."""
    for state in now.objects.states.values():
        if isinstance(state, cable.Cable) and (device, port) in {state.a, state.b}:
            far = state.b if state.a == (device, port) else state.a
            yield (*far, tag)


def forwarded(now: Topology, device: str, port: str, tag: int) -> Iterator[Frame]:
    """Take a frame through the switch that it arrives at, out of all other ports. A host passes nothing on."""
    state = now.objects.states[device]
    if not isinstance(state, switch.Switch):
        return
    settings, vlans = dict(state.settings), known_vlans(now)
    inside = {vlan for vlan in vlans if stands_for(settings.get(port), tag, vlan)}
    for out in (p for p in state.ports if p != port):
        forms = {f for f in (0, *vlans) for vlan in inside if stands_for(settings.get(out), f, vlan)}
        yield from (frame for form in forms for frame in sent(now, device, out, form))


def known_vlans(now: Topology) -> set[int]:
    """Give every VLAN that anything is set to: no frame is ever in another."""
    ports = [p for s in now.objects.states.values() if isinstance(s, switch.Switch) for _, p in s.settings]
    tags = {s.virtual_network_id for _, s in now.networks() if not s.pool}
    return {1, *tags, *(p.vlan for p in ports), *(p.native for p in ports)} - {0}


def stands_for(port: switch.Port | None, tag: int, vlan: int) -> bool:
    """Tell whether frames with a tag, on the wire at a port, are a VLAN's."""
    if port is None:
        return (tag, vlan) == (0, 1)
    if port.mode == "access":
        return (tag, vlan) == (0, port.vlan)
    if vlan == port.native:
        return tag == 0
    spans = [part.split("-") for part in port.vlans.split(",")]
    return tag == vlan and any(int(span[0]) <= vlan <= int(span[-1]) for span in spans)
