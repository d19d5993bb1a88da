"""What keeps a host's tunnels to themselves: their frames come from the plan's peers, and from nobody else.

A tunnel's device takes a frame from whoever sends it one, and what is in it is as good as said by a guest of that
network. So the host drops what doesn't come from a peer, and, where guests share a bridge with its own addresses, what
they send in a peer's name. Frames of tunnels that are not ours are nobody's business here. The wall is there before the
first tunnel, and goes with the last.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

import msgspec

from projections.digest import digest
from projections.found import FOREIGN, Found
from projections.obstacle import Obstacle
from projections.operation import Operation


if TYPE_CHECKING:
    from projections.plan import Bridge, HostPlan, Tunnel


TABLE = "table inet rewire_wall or bridge rewire_wall"
"""Where a host keeps it."""


class Wall(msgspec.Struct, frozen=True):
    """Who may send frames to a host's tunnels. Empty where it has none."""

    port: int = 0
    vnis: tuple[int, ...] = ()
    peers: tuple[str, ...] = ()
    wires: tuple[str, ...] = ()
    """The host's own interfaces that are ports of bridges: what comes in there may be a peer's."""

    @property
    def digest(self) -> str:
        return digest(self) if self.vnis else ""


class RaiseWall(Operation, frozen=True, tag="raise-wall"):
    """Have this wall in place of the one before, all at once; without tunnels: none."""

    wall: Wall


def wall(tunnels: Iterable[Tunnel], bridges: Iterable[Bridge]) -> Wall:
    every = tuple(tunnels)
    if not every:
        return Wall()
    return Wall(
        port=every[0].port,
        vnis=tuple(sorted({tunnel.vni for tunnel in every})),
        peers=tuple(sorted({peer for tunnel in every for peer in tunnel.peers})),
        wires=tuple(sorted({bridge.uplink for bridge in bridges if bridge.uplink})),
    )


def raise_wall(plan: HostPlan, found: Found, blocked: set[str]) -> Iterator[RaiseWall]:
    """Have a host let in what its tunnels are to hear, and nothing else. Tunnels that can't come need no new wall."""
    needed = found.wall or any(tunnel.name in found.links or tunnel.l2 not in blocked for tunnel in plan.tunnels)
    if needed and found.wall not in {plan.wall.digest, FOREIGN}:
        yield RaiseWall(plan.wall)


def apply(found: Found, operation: RaiseWall) -> Found:
    """Give what a look would show after it."""
    return msgspec.structs.replace(found, wall=operation.wall.digest)


def unwalled(plan: HostPlan, found: Found) -> frozenset[str]:
    """Give the networks whose tunnels would hear others than their peers."""
    return frozenset(t.l2 for t in plan.tunnels if plan.wall.vnis and found.wall != plan.wall.digest)


def obstacles(plan: HostPlan, found: Found) -> Iterator[Obstacle]:
    """Walk the networks that are kept out because somebody else has a table of that name."""
    for l2 in sorted(unwalled(plan, found)) if found.wall == FOREIGN else ():
        yield Obstacle("rewire_wall", l2, f"there is a {TABLE} in nftables that Rewire did not make", foreign=True)
