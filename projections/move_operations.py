"""Operations that move what a host has of its own from one interface to another: nothing of it is ours.

Each names one thing, so that a look says what is still to do; a backend moves a family's together.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from projections.found import Address, Found, Neighbour, Route, Rule
from projections.operation import Operation


class Move(Operation, frozen=True):
    """Base of them: each has a target."""


class MoveAddress(Move, frozen=True, tag="move-address"):
    address: Address
    target: str


class MoveRoute(Move, frozen=True, tag="move-route"):
    route: Route
    target: str


class MoveNeighbour(Move, frozen=True, tag="move-neighbour"):
    neighbour: Neighbour
    target: str


class MoveRule(Move, frozen=True, tag="move-rule"):
    rule: Rule
    target: str


def moves(found: Found, source: str, target: str) -> Iterator[Move]:
    """Move every address, then every route: a route needs its address to be there first."""
    for address in sorted(found.addresses):
        if address.interface == source:
            yield MoveAddress(address, target)
    for route in sorted(found.routes, key=lambda r: (bool(r.gateway), r)):
        if route.interface == source:
            yield MoveRoute(route, target)
    yield from (MoveNeighbour(n, target) for n in sorted(found.neighbours) if n.interface == source)
    yield from (MoveRule(rule, target) for rule in sorted(found.rules) if rule.interface == source)


def subject(operation: Move) -> str:
    match operation:
        case MoveAddress(address=address, target=target):
            return f"{address.cidr} {address.interface} -> {target}"
        case MoveRoute(route=route, target=target):
            return f"{route.destination} {route.interface} -> {target}"
        case MoveNeighbour(neighbour=neighbour, target=target):
            return f"{neighbour.address} {neighbour.interface} -> {target}"
        case MoveRule(rule=rule, target=target):
            return f"{rule.priority} {rule.interface} -> {target}"
        case _:
            raise TypeError(operation)


def apply(found: Found, operation: Move) -> Found:
    """Give what a look would show after an operation. O(things of its kind)."""
    match operation:
        case MoveAddress(address=address, target=target):
            moved = msgspec.structs.replace(address, interface=target)
            return msgspec.structs.replace(found, addresses=found.addresses - {address} | {moved})
        case MoveRoute(route=route, target=target):
            rerouted = msgspec.structs.replace(route, interface=target)
            return msgspec.structs.replace(found, routes=found.routes - {route} | {rerouted})
        case MoveNeighbour(neighbour=neighbour, target=target):
            near = msgspec.structs.replace(neighbour, interface=target)
            return msgspec.structs.replace(found, neighbours=found.neighbours - {neighbour} | {near})
        case MoveRule(rule=rule, target=target):
            about = msgspec.structs.replace(rule, interface=target)
            return msgspec.structs.replace(found, rules=found.rules - {rule} | {about})
        case _:
            raise TypeError(operation)
