"""Who has which address of one L3 network, and by which facts: all that is not to be had, answered for or not."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from domain import l3, values, vip
from projections import holders
from projections.holders import Holder
from projections.relations import related
from projections.topology import Topology


class Taker(msgspec.Struct, frozen=True):
    """An address, and what has it, as people call it."""

    address: str
    holder: str
    because: tuple[int, ...]


def takers(topology: Topology, subnet: str) -> list[Taker]:
    """Give all that have an address of an L3 network, in order of addresses. O(those)."""
    found = sorted(held(topology, subnet), key=lambda one: (values.family(one[0]), values.number(one[0]), one[1]))
    return [Taker(ip, holders.label(topology, h), because(topology, h, ip)) for ip, h in found]


def because(topology: Topology, holder: Holder, ip: str) -> tuple[int, ...]:
    return tuple(sorted(holders.because(topology, holder, ip)))


def held(topology: Topology, subnet: str) -> Iterator[tuple[str, Holder]]:
    """Walk the addresses that are taken; a VIP takes its own even when nothing uses it."""
    for uuid in related(topology.nics.on_l3, subnet):
        yield from ((ip, Holder("nic", uuid)) for ip in topology.nics.all[uuid].addresses)
    for uuid in related(topology.services.users, subnet):
        state = topology.objects.states[uuid]
        if isinstance(state, vip.Vip):
            yield state.ip, Holder("vip", uuid)
    yield from holders.routers(topology, subnet)
    yield from ((ip, Holder("dhcp", subnet)) for _, ip in topology.state(subnet, l3.L3Network).dhcp_servers)
    yield from holders.gateways(topology, [subnet])
