"""Who has a device of which name in which zone: hosts their own interfaces, L2 networks what is made for them.

Whether two of them are ever on one host is not told here.
"""

from __future__ import annotations

from domain import cluster, host, l2
from domain.history import Recorded
from projections.objects import Objects
from projections.relations import Relation, link, unlink


Name = tuple[str, str]
"""A zone, and the name of a device."""
Devices = Relation[Name, str]


def evolve(devices: Devices, recorded: Recorded, before: Objects, after: Objects) -> Devices:
    """Fold one fact. O(log n)."""
    uuid = recorded.originator_id
    if before.states.get(uuid) is after.states.get(uuid):
        return devices
    had, has = names(before, uuid), names(after, uuid)
    for name in had - has:
        devices = unlink(devices, name, uuid)
    for name in has - had:
        devices = link(devices, name, uuid, recorded.position)
    return devices


def names(objects: Objects, uuid: str) -> frozenset[Name]:
    """Give the names of an object's devices."""
    match objects.states.get(uuid):
        case l2.L2Network() as network:
            return frozenset((network.zone, name) for name in l2.device_names(network))
        case host.Host() as member:
            home = objects.states[member.cluster]
            zone = home.zone if isinstance(home, cluster.Cluster) else ""
            return frozenset((zone, name) for name in member.devices)
        case _:
            return frozenset()


def recompute(objects: Objects) -> dict[Name, set[str]]:
    """Derive the same relation from the states alone, without positions. O(hosts + networks)."""
    found: dict[Name, set[str]] = {}
    for uuid in objects.states:
        for name in names(objects, uuid):
            found.setdefault(name, set()).add(uuid)
    return found
