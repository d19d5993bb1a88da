"""How long things take: one distribution for each kind of operation and for each way a message goes.

The defaults are round figures for a Linux host under light load. They are data, made to be replaced by what
real hosts reported: `Timing` reads from a file as it stands. Nothing here knows what a draw is used for.
"""

from __future__ import annotations

import math
from random import Random
from typing import Annotated

import msgspec

from projections.operations import Operation
from simulator.clock import Microseconds, from_ms


Duration = Annotated[float, msgspec.Meta(ge=0)]
"""Milliseconds."""


class Shape(msgspec.Struct, frozen=True, tag_field="shape", rename="kebab", forbid_unknown_fields=True):
    """Base of the distributions."""


class Fixed(Shape, frozen=True, tag="fixed"):
    ms: Duration

    def draw(self, _: Random) -> float:
        return self.ms


class Uniform(Shape, frozen=True, tag="uniform"):
    low_ms: Duration
    high_ms: Duration

    def __post_init__(self) -> None:
        if self.low_ms > self.high_ms:
            raise ValueError(f"a uniform distribution from {self.low_ms} to {self.high_ms} ms is empty")

    def draw(self, chance: Random) -> float:
        return chance.uniform(self.low_ms, self.high_ms)


class Exponential(Shape, frozen=True, tag="exponential"):
    mean_ms: Duration

    def draw(self, chance: Random) -> float:
        return chance.expovariate(1.0) * self.mean_ms


class LogNormal(Shape, frozen=True, tag="log-normal"):
    """Most near the median, a few far above it: what a busy kernel does."""

    median_ms: Duration
    sigma: Annotated[float, msgspec.Meta(ge=0)] = 0.3

    def draw(self, chance: Random) -> float:
        return self.median_ms * math.exp(chance.gauss(0.0, self.sigma))


Distribution = Fixed | Uniform | Exponential | LogNormal


class Timing(msgspec.Struct, frozen=True, kw_only=True, rename="kebab", forbid_unknown_fields=True):
    """A distribution for each thing that takes time; an operation is found by its own name."""

    message: Distribution = Exponential(20)
    """From the controller to a host's agent."""
    report: Distribution = Exponential(20)
    """And back."""
    create_bridge: Distribution = LogNormal(4)
    create_vlan: Distribution = LogNormal(5)
    create_tunnel: Distribution = LogNormal(6)
    create_port: Distribution = LogNormal(3)
    mark: Distribution = LogNormal(0.2)
    enslave: Distribution = LogNormal(1)
    release: Distribution = LogNormal(1)
    set_up: Distribution = LogNormal(0.5)
    set_down: Distribution = LogNormal(0.5)
    set_mtu: Distribution = LogNormal(0.5)
    add_peer: Distribution = LogNormal(0.3)
    remove_peer: Distribution = LogNormal(0.3)
    move_address: Distribution = LogNormal(2)
    move_route: Distribution = LogNormal(2)
    move_neighbour: Distribution = LogNormal(2)
    move_rule: Distribution = LogNormal(2)
    replace: Distribution = LogNormal(1)
    create_ovs_bridge: Distribution = LogNormal(20)
    """Until OVS has carried it out, as with what follows."""
    delete_ovs_bridge: Distribution = LogNormal(20)
    add_gre_port: Distribution = LogNormal(10)
    plug_port: Distribution = LogNormal(10)
    remove_ovs_port: Distribution = LogNormal(10)
    load_fences: Distribution = LogNormal(8)
    deafen: Distribution = LogNormal(8)
    raise_wall: Distribution = LogNormal(8)
    create_namespace: Distribution = LogNormal(4)
    mark_namespace: Distribution = LogNormal(1)
    delete_namespace: Distribution = LogNormal(30)
    create_leg: Distribution = LogNormal(5)
    set_leg: Distribution = LogNormal(2)
    delete_leg: Distribution = LogNormal(15)
    set_addresses: Distribution = LogNormal(2)
    set_routes: Distribution = LogNormal(2)
    set_ways: Distribution = LogNormal(2)
    set_forwarding: Distribution = LogNormal(0.5)
    load_rules: Distribution = LogNormal(8)
    start_server: Distribution = LogNormal(40)
    reload_server: Distribution = LogNormal(5)
    stop_server: Distribution = LogNormal(20)
    load_filters: Distribution = LogNormal(20)
    add_member: Distribution = LogNormal(5)
    remove_member: Distribution = LogNormal(5)
    end_connections: Distribution = LogNormal(10)
    unload_filters: Distribution = LogNormal(8)
    delete: Distribution = LogNormal(15)
    """A kernel waits for readers to let go of a device."""

    def of(self, operation: Operation) -> Distribution:
        """Give how long an operation takes."""
        field = str(operation.__struct_config__.tag).replace("-", "_")
        found: Distribution = getattr(self, field)
        return found


def draw(distribution: Distribution, chance: Random) -> Microseconds:
    return from_ms(distribution.draw(chance))
