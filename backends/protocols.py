"""The extension points: what somebody else's L2 type, hypervisor or network service has to offer.

They are protocols, so that an implementation needs no base class of ours, and is found by its entry point,
so that it needs no change to our files. Nothing here knows how a host is reached: that is the
implementation's own `host`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol, TypeVar

import msgspec

from projections.obstacles import Obstacle
from projections.operations import Operation
from projections.plan import HostPlan


Host_contra = TypeVar("Host_contra", contravariant=True)
"""What an implementation drives: a kernel, a controller, an agent."""
Network_contra = TypeVar("Network_contra", contravariant=True)
"""What an L2 network is created from."""
Service_contra = TypeVar("Service_contra", contravariant=True)
"""What a service type needs to know of one L3 network on one host."""


Planned = Callable[[], HostPlan]
"""Derives a host's plan as it is when asked."""


class Result(msgspec.Struct, frozen=True):
    """What was done, or for a check what is still to do, and what stands in the way."""

    operations: tuple[Operation, ...]
    obstacles: tuple[Obstacle, ...]

    @property
    def settled(self) -> bool:
        """Nothing was missing and nothing was in the way."""
        return not self.operations and not self.obstacles


class L2NetworkRealization(Protocol[Host_contra]):
    """Makes L2 networks of one type exist on hosts of one hypervisor type."""

    @property
    def l2_type(self) -> str:
        """Its L2 type, as facts have it: `L2VlanNetwork`."""
        ...

    @property
    def hypervisor_type(self) -> str:
        """Its hypervisor type, as clusters have it: `KVM`."""
        ...

    def realize(self, host: Host_contra, plan: HostPlan, l2: str) -> Result:
        """Bring one network to its part of the plan, whatever is there of it."""
        ...

    def check(self, host: Host_contra, plan: HostPlan, l2: str) -> Result:
        """Tell what realizing would do, and do nothing."""
        ...

    def delete(self, host: Host_contra, plan: HostPlan, l2: str) -> Result:
        """Take one network off a host, with all that was made for it."""
        ...


class PreVmInstantiateResource(Protocol[Host_contra]):
    """Prepares a host for a VM before it is started there, and takes that back when it has ended or didn't start."""

    def pre_before_instantiate(self, plan: HostPlan, vm: str) -> None:
        """Object before anything is touched, by raising `RewireError`."""
        ...

    def pre_instantiate(self, host: Host_contra, planned: Planned, vm: str) -> None:
        """Make what the VM needs, or raise `RewireError`. Done again, it changes nothing."""
        ...

    def pre_release(self, host: Host_contra, planned: Planned, vm: str) -> None:
        """Take back what was made, as far as the plan has it no more. Done again, it changes nothing."""
        ...


class L2NetworkCreate(Protocol[Network_contra]):
    """Wants to have a say before an L2 network is created, and to hear of it afterwards."""

    def before(self, network: Network_contra) -> None:
        """Object by raising `RewireError`."""
        ...

    def after(self, network: Network_contra, l2: str) -> None:
        """Hear the uuid of the network that was created."""
        ...


class NetworkServiceBackend(Protocol[Host_contra, Service_contra]):
    """Offers one service type on hosts: DHCP, DNS, SNAT, EIP, PortForwarding, SecurityGroup, LoadBalancer."""

    @property
    def service_type(self) -> str: ...

    @property
    def provider_type(self) -> str: ...

    def apply(self, host: Host_contra, service: Service_contra) -> None:
        """Make the service on a host what it should be, whatever is there of it."""
        ...

    def release(self, host: Host_contra, service: Service_contra) -> None:
        """Take the service off a host. Done again, it changes nothing."""
        ...
