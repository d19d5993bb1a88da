"""Which facts say why an operation is done, where neither a plan nor a mark can: what takes a NIC away, or sets an MTU,
is in no plan any more, or was never in it as a fact of its own.

It names what to look for in the history. Refuses to read that itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from domain import claims, l3, vm
from domain.errors import Witness, witness
from projections.found import Found, Link
from projections.marks import subject_in
from projections.operations import Delete, Operation, SetMtu
from projections.relations import related
from projections.topology import Topology


NIC = "nic"
"""How the name of a NIC's device begins: its MAC address follows."""


def unplugged(operation: Operation, found: Found) -> Link | None:
    """Give the NIC's device that an operation takes away, if it does that."""
    link = found.links.get(operation.name) if isinstance(operation, Delete) else None
    return link if link and link.ours and link.kind == "port" else None


def holder(link: Link, topology: Topology) -> str:
    """Give the VM that a NIC's device is for; nothing when the NIC is no more."""
    nic = topology.nics.all.get(subject_in(link.mark))
    return nic.vm if nic else ""


def witnesses(operation: Operation, networks: Iterable[str], found: Found, topology: Topology) -> Iterator[Witness]:
    """Name what to look for: a NIC goes with its VM's run or move, or by itself; an MTU is an L3 network's."""
    if link := unplugged(operation, found):
        mac = ":".join(link.name.removeprefix(NIC)[i : i + 2] for i in range(0, 12, 2))
        guest = holder(link, topology)
        yield witness(guest, vm.Stopped, vm.Migrated) if guest else witness(claims.mac(mac).uuid, claims.Released)
    if isinstance(operation, SetMtu):
        for subnet in (n for network in networks for n in related(topology.objects.children, network)):
            mtu = topology.state(subnet, l3.L3Network).mtu
            yield witness(subnet, l3.Created, l3.Updated, mtu=mtu)
