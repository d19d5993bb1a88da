"""What of a host's plan is one L2 network's: how to tell that a network is meant to be other than it was.

A host that is not at its plan has either drifted, or has not caught up with a plan that is new. The two look alike; the
digest of a network's part, kept from when the host was last seen at it, tells them apart.
"""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from projections.digest import digest
from projections.obstacles import owners_of
from projections.ownership import Device
from projections.plan import HostPlan


def parts(plan: HostPlan) -> dict[str, str]:
    """Give a digest of each network's part of a plan. O(plan)."""
    owners = owners_of(plan)
    found: defaultdict[str, list[Any]] = defaultdict(list)
    devices: tuple[Device, ...] = (*plan.bridges, *plan.vlans, *plan.tunnels, *plan.meshes, *plan.customs)
    for device in devices:
        found[device.l2].append(device)
    for port in plan.ports:
        if port.bridge in owners:
            found[owners[port.bridge]].append(port)
    for namespace in plan.namespaces:
        for bridge in sorted({leg.bridge for leg in namespace.legs} & owners.keys()):
            found[owners[bridge]].append(namespace)
    for fence in plan.fences:
        if fence.bridge in owners:
            found[owners[fence.bridge]].append(fence)
    for nic in plan.filters.nics:
        if nic.bridge in owners:
            found[owners[nic.bridge]].append((nic, *(g for g in plan.filters.groups if g.group in nic.groups)))
    return {network: digest(tuple(things)) for network, things in found.items()}
