"""Operations that move what a host has of its own from one interface to another: nothing of it is ours.

Each names one thing, so that a look says what is still to do; a backend moves a family's together.
"""

from __future__ import annotations

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
