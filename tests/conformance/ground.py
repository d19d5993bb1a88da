"""What hears what, by the devices that the simulator says hosts have: guests, legs of routers, and who is outside.

Outside is a machine on the hosts' wires that has nothing of ours: what hosts send there it hears, untagged.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

import msgspec

from domain import cluster, host, vm
from projections import reach
from projections.found import Found
from projections.nics import Nic
from projections.reach import Circuit, Site, Wire
from projections.topology import Topology
from tests.conformance.hearing import Place
from tests.kernel.fabric import INTERFACES


OUT = "out"
"""Who stands at the hosts' wires and is none of them."""
BEYOND, BEYOND6 = "198.51.100.7", "2001:db8::7"
"""Its addresses, which are on no network of ours."""


class Leg(NamedTuple):
    """A leg of a router."""

    host: str
    device: str


class Island(msgspec.Struct, frozen=True):
    """Who hears one another."""

    places: frozenset[Place]
    legs: frozenset[Leg]


NOWHERE = Island(frozenset(), frozenset())
Islands = Mapping[Place | Leg, Island]


def outsiders() -> dict[Place, Nic]:
    """Give who is outside, a NIC on each wire."""
    macs = {interface: f"02:0f:00:00:00:0{number}" for number, interface in enumerate(INTERFACES)}
    return {
        Place(OUT, interface, mac): Nic(f"{OUT}-{interface}", "", "", BEYOND, BEYOND6, mac, interface, 0)
        for interface, mac in macs.items()
    }


def place_of(host_name: str, nic: Nic) -> Place:
    """Give the guest's end of a NIC."""
    return Place(host_name, nic.device.replace("nic", "p", 1), nic.mac)


def guests_of(topology: Topology) -> dict[Place, Nic]:
    """Give the NICs of the VMs that run."""
    running = ((topology.state(nic.vm, vm.Vm).host, nic) for nic in topology.nics.all.values())
    return {place_of(topology.name(where), nic): nic for where, nic in running if where}


def islands(topology: Topology, everybody: Mapping[Place, Nic], found: Mapping[str, Found]) -> Islands:
    """Tell who hears whom, by the devices that hosts have."""
    ends: dict[tuple[str, str], Place | Leg] = {(place.host, nic.device): place for place, nic in everybody.items()}
    told: dict[Place | Leg, Island] = {}
    for members in reach.islands(circuits(topology, found)):
        there = [ends.get(member, Leg(*member)) for member in members]
        places = frozenset(each for each in there if isinstance(each, Place))
        whole = Island(places, frozenset(each for each in there if isinstance(each, Leg)))
        told |= dict.fromkeys(there, whole)
    return told


def circuits(topology: Topology, found: Mapping[str, Found]) -> Iterator[Circuit]:
    """Walk what bridges join, with the legs on them, and the wires that lead outside."""
    zones = {m.name: topology.state(m.cluster, cluster.Cluster).zone for _, m in topology.every(host.Host)}
    for name, zone in zones.items():
        for circuit in reach.circuits(name, Site(zone, found[name])):
            legs = legs_on(found[name], circuit.bridge)
            yield msgspec.structs.replace(circuit, ports=(*circuit.ports, *legs))
    for zone in sorted(set(zones.values())):
        yield from (Circuit(OUT, name, (name,), (Wire(zone, name, 0),), ()) for name in INTERFACES)


def legs_on(found: Found, bridge: str) -> Iterator[str]:
    """Walk the legs on a bridge of the kernel's or of Open vSwitch."""
    for link in found.links.values():
        plug = found.ovs.ports.get(link.name)
        if link.kind == "leg" and link.up and bridge in {link.bridge, plug.bridge if plug else ""}:
            yield link.name
