"""Questions about sets that no single aggregate can answer: who uses this, what is free, which host fits.

The domain asks; a projection answers. An answer holds for one position only, so whoever decides by one also says what
the question was about, and the store refuses the decision when a later fact mentions it.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Collection, Sequence
from typing import Protocol

import msgspec

from domain.values import Family


class Exclusion(msgspec.Struct, frozen=True):
    """Why one host can't take a VM."""

    host: str
    why: str
    l2: str
    """The L2 network that is missing, or nothing when the reason is the host itself."""


class Placement(msgspec.Struct, frozen=True):
    """The hosts that fit, the one to prefer first, and a reason for each one that does not."""

    hosts: tuple[str, ...]
    excluded: tuple[Exclusion, ...]


class Routed(msgspec.Struct, frozen=True):
    """How the virtual router of an L3 network that needs one stands."""

    l3: str
    router: str
    """Nothing when there is none."""
    complete: bool
    """Whether it is on a host with all its networks."""


class Census(Protocol):
    """The network at one position, as far as decisions ask about it. All names are uuids."""

    def hosts_of(self, cluster: str) -> Sequence[str]:
        """Give the cluster's hosts."""
        ...

    def last_host(self, cluster: str, /) -> str:
        """Give the host that was deleted last of those in a cluster, or of all; nothing when none ever was."""
        ...

    def children_of(self, parent: str) -> Sequence[str]:
        """Give the objects that live in another: a zone's clusters, L2 networks, pools and switches."""
        ...

    def guests_of(self, host: str) -> Sequence[str]:
        """Give the VMs that run on a host."""
        ...

    def guests_in(self, zone: str) -> Sequence[str]:
        """Give the VMs that run in a zone, ran there last, or have a NIC on a network of it."""
        ...

    def networks_on(self, cluster: str) -> Sequence[str]:
        """Give the L2 networks and pools that are attached to the cluster."""
        ...

    def bearers_of(self, zone: str, name: str) -> Sequence[str]:
        """Give the hosts and L2 networks of a zone that have a device of a name."""
        ...

    def l3s_of(self, l2: str) -> Sequence[str]:
        """Give the L3 networks on an L2 network."""
        ...

    def l3s_within(self, l2: str, /, start: str, end: str) -> Sequence[str]:
        """Give the L3 networks on an L2 network that have a range with an address from one to another."""
        ...

    def members_of(self, pool: str) -> Sequence[str]:
        """Give the VXLAN networks of a pool."""
        ...

    def vms_on(self, l3: str) -> Sequence[str]:
        """Give the VMs that have a NIC on an L3 network."""
        ...

    def free_vni(self, pool: str, /) -> int | None:
        """Give the lowest VNI of the pool's ranges that no network has."""
        ...

    def free_address(
        self, l3: str, /, chance: random.Random, besides: Collection[str], version: Family = 4
    ) -> str | None:
        """Give an address of a family that nobody has, in the order of the network's allocator, `besides` left
        out.
        """
        ...

    def users_of(self, uuid: str) -> Sequence[str]:
        """Give the objects of network services that refer to an object: the EIPs of a NIC, the VIPs of an L3 network,
        the virtual routers on a host, the providers on an L2 network.
        """
        ...

    def group_of(self, rule: str, /) -> str:
        """Give the security group that has a rule, or nothing."""
        ...

    def zones_of(self, vm: str, /) -> Collection[str]:
        """Give the zones that a VM is in: by where it runs or ran last, and by its networks."""
        ...

    def routed(self, l2: str) -> Sequence[Routed]:
        """Give the L3 networks that need a virtual router which joins an L2 network: those on it, and those that
        VIPs on it lead to.
        """
        ...

    def complains(self, host: str, l2: str, /) -> bool:
        """Tell whether a host's own word keeps VMs and routers on an L2 network from it."""
        ...

    def fails(self, host: str, l2: str, /) -> bool:
        """Tell whether a host said that it failed to make an L2 network which it is to have, or lost it."""
        ...

    def providers(self) -> Sequence[str]:
        """Give all network service providers."""
        ...

    def networks(self) -> Sequence[str]:
        """Give all L2 networks."""
        ...

    def placement(self, l2s: Collection[str], *, cluster: str = "", like: str = "") -> Placement:
        """Find the hosts that have all these L2 networks, in one cluster or in all; for a VM that was on a host,
        those of the same zone and hypervisor as that one.
        """
        ...


Ask = Callable[[], Census]
