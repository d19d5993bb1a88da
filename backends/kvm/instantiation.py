"""Prepares a host for a VM: all of the host's plan is realized, and the VM's own networks must be what they are to be.

What fails elsewhere on the host keeps no VM from starting: it is the agent's to tell and to mend.
"""

from __future__ import annotations

from collections.abc import Iterator

from backends.kvm.host import Host
from backends.protocols import Planned
from domain.errors import HostUnreachable
from projections.obstacles import owners_of
from projections.operations import describe
from projections.plan import HostPlan


PATIENCE_S = 120.0
"""How long others may work on the host before a VM is given up."""


class Networks:
    """The networks, ports and services of VMs on KVM hosts."""

    def pre_before_instantiate(self, plan: HostPlan, vm: str) -> None:
        """Object to a VM on a network of a type that is not ours to make, and that nobody says is there."""
        known = owners_of(plan).keys() | {custom.bridge for custom in plan.customs}
        if lacking := next((port for port in plan.ports if port.vm == vm and port.bridge not in known), None):
            raise HostUnreachable(f"nothing makes the bridge {lacking.bridge} that {lacking.device} is to be a port of")

    def pre_instantiate(self, host: Host, planned: Planned, vm: str) -> None:
        """Realize the host's plan, and raise what keeps the VM's networks from being what they must be."""
        try:
            trouble = "; ".join(o.why for o in host.realize(planned, patience_s=PATIENCE_S).obstacles)
        except HostUnreachable as error:
            trouble = error.sentence
        if trouble and (missing := ", ".join(dict.fromkeys(lacking(host, planned(), vm)))):
            raise HostUnreachable(f"the VM's networks are not there: {missing} ({trouble})")

    def pre_release(self, host: Host, planned: Planned, vm: str) -> None:  # noqa: ARG002 - the plan tells
        """Take away what the host's plan has no more, now that the VM does not run there."""
        host.realize(planned, patience_s=PATIENCE_S)


def lacking(host: Host, plan: HostPlan, vm: str) -> Iterator[str]:
    """Say what a VM's networks lack on a host, but for other VMs' NICs on them."""
    owners = owners_of(plan)
    others = {port.device for port in plan.ports if port.vm != vm}
    networks = {owners[port.bridge] for port in plan.ports if port.vm == vm and port.bridge in owners}
    for l2 in sorted(networks):
        result = host.check(plan, l2=l2)
        yield from (obstacle.why for obstacle in result.obstacles if obstacle.name not in others)
        left = (operation for operation in result.operations if getattr(operation, "name", "") not in others)
        yield from (f"still to do: {describe(operation)}" for operation in left)
