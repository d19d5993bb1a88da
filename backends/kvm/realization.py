"""Rewire's own L2 types on KVM hosts, as the registry finds them.

They differ in their names alone: a plan already says which devices a type needs, and one engine makes them
all.
"""

from __future__ import annotations

from backends.kvm.host import Host
from backends.protocols import Result
from domain import l2 as networks
from domain import l2_types
from projections.plan import HostPlan


class Realization:
    """One L2 type on KVM hosts."""

    l2_type = ""
    hypervisor_type = "KVM"

    def realize(self, host: Host, plan: HostPlan, l2: str) -> Result:
        return host.realize(plan, l2=l2)

    def check(self, host: Host, plan: HostPlan, l2: str) -> Result:
        return host.check(plan, l2=l2)

    def delete(self, host: Host, plan: HostPlan, l2: str) -> Result:
        return host.realize(HostPlan(plan.host, plan.position), l2=l2)


class NoVlan(Realization):
    l2_type = networks.NO_VLAN


class Vlan(Realization):
    l2_type = networks.VLAN


class Vxlan(Realization):
    l2_type = networks.VXLAN


class OvsGre(Realization):
    l2_type = l2_types.GRE
