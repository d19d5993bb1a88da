"""What of a host's plan is one L2 network's: how to tell that a network is meant to be other than it was.

A host that is not at its plan has either drifted, or has not caught up with a plan that is new. The two look alike; the
digest of a network's part, kept from when the host was last seen at it, tells them apart.
"""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from projections.deafness import Deafen
from projections.digest import digest
from projections.filter_operations import FilterOperation
from projections.namespace_operations import LoadFences
from projections.obstacles import owners_of
from projections.operation import Operation
from projections.ownership import Device
from projections.plan import HostPlan
from projections.walls import RaiseWall


FENCES, FILTERS, DEAF, WALL = "fences", "filters", "deaf", "wall"
"""The tables of a whole host: what is wrong with one may be any network's that it is for."""


def parts(plan: HostPlan) -> dict[str, str]:
    """Give a digest of each network's part of a plan. O(plan)."""
    owners = owners_of(plan)
    found: defaultdict[str, list[Any]] = defaultdict(list)
    devices: tuple[Device, ...] = (*plan.bridges, *plan.vlans, *plan.tunnels, *plan.meshes, *plan.customs)
    for device in (*devices, *plan.services.customs):
        found[device.l2].append(device)
    for port in plan.ports:
        if port.bridge in owners:
            found[owners[port.bridge]].append(port)
    for namespace in plan.namespaces:
        for bridge in sorted({leg.bridge for leg in namespace.legs} & owners.keys()):
            found[owners[bridge]].append(namespace)
    for barrier in plan.barriers:
        if barrier.bridge in owners:
            found[owners[barrier.bridge]].append(barrier)
    for nic in plan.filters.nics:
        if nic.bridge in owners:
            found[owners[nic.bridge]].append(
                (nic, *(g for g in plan.filters.groups if g.bridge == nic.bridge and g.group in nic.groups))
            )
    return {network: digest(tuple(things)) for network, things in found.items()}


def tables(plan: HostPlan) -> dict[str, str]:
    """Give a digest of each table of the whole host: one network's change makes it another for all of them."""
    fences = (plan.fences, plan.gates)
    told: dict[str, Any] = {FENCES: fences, FILTERS: plan.filters, DEAF: plan.deaf, WALL: plan.wall}
    return {table: digest(content) for table, content in told.items()}


def table_of(operation: Operation) -> str:
    """Name the table of the whole host that an operation changes, if it is one."""
    match operation:
        case LoadFences():
            return FENCES
        case FilterOperation():
            return FILTERS
        case Deafen():
            return DEAF
        case RaiseWall():
            return WALL
        case _:
            return ""
