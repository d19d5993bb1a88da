"""The extension points: what somebody else's L2 type, hypervisor or network service has to offer.

They are protocols, so that an implementation needs no base class of ours, and is found by its entry point,
so that it needs no change to our files. Nothing here knows how a host is reached: that is the
implementation's own `host`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol, TypeVar

import msgspec

from projections.obstacles import Obstacle
from projections.operations import Operation
from projections.plan import HostPlan
from projections.service_entries import CustomService


Host_contra = TypeVar("Host_contra", contravariant=True)
"""What an implementation drives: a kernel, a controller, an agent."""
Network_contra = TypeVar("Network_contra", contravariant=True)
"""What an L2 network is created from."""


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


class NetworkServiceBackend(Protocol[Host_contra]):
    """Does one service of one provider type on hosts of one hypervisor type: a load balancer by haproxy on KVM.

    It is asked at every look, with all of its services that the host is to do; where there are none left, with none, so
    that it takes its things away. What it tells is then carried out, and it is asked again until nothing is left to do.
    So a run that was cut off anywhere is made good by the next one.
    """

    @property
    def service_type(self) -> str:
        """Its service: `LoadBalancer`."""
        ...

    @property
    def provider_type(self) -> str:
        """The type of the providers that it works for: `Haproxy`."""
        ...

    @property
    def hypervisor_type(self) -> str:
        """Its hypervisor type, as clusters have it: `KVM`."""
        ...

    def check(self, host: Host_contra, services: tuple[CustomService, ...]) -> Result:
        """Tell what is still to do, and what stands in the way. Changes nothing.

        The operations are `ServiceOperation`s of its own. A bridge may not be there yet when this is asked; it is when
        the operations are carried out. An obstacle with an L2 network is reported as that network's failure, which
        keeps further VMs off the host; one without is told to people, and keeps nobody.
        """
        ...

    def perform(self, host: Host_contra, operation: Any) -> None:
        """Carry out one of the operations that it told, or raise. Done again, it changes nothing."""
        ...
