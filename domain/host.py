"""A host has physical interfaces, a management address, an address for tunnels (VTEP), and a state.

Whether a host may join a cluster follows from what is attached there: the host must have the interfaces and the
tunnel address that those networks need. A host's state says whether it takes VMs, not whether it answers.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Literal, cast, get_args

import msgspec

from domain import devices, l2_types, values
from domain.errors import Refusal, Witness, witness
from domain.history import Fact, State


Condition = Literal["enabled", "disabled", "maintenance"]


# facts


class Added(Fact, frozen=True, tag="host.added"):
    name: str
    cluster: str
    interfaces: tuple[str, ...]
    address: str
    vtep: str


class BondDeclared(Fact, frozen=True, tag="host.bond-declared"):
    """Some of the host's ports are one interface; alone they are none."""

    bond: str
    members: tuple[str, ...]


class Moved(Fact, frozen=True, tag="host.moved"):
    cluster: str


class StateChanged(Fact, frozen=True, tag="host.state-changed"):
    state: Condition


class Deleted(Fact, frozen=True, tag="host.deleted"):
    pass


FACTS = (Added, BondDeclared, Moved, StateChanged, Deleted)


# state


class Host(State, frozen=True):
    name: str
    cluster: str
    interfaces: tuple[str, ...]
    address: str
    vtep: str
    state: Condition
    bonds: tuple[tuple[str, tuple[str, ...]], ...]
    """(bond, its members), in order of declaration."""

    @property
    def endpoint(self) -> str:
        """Where tunnels that no pool speaks for start: the VTEP, else the management address."""
        return self.vtep or self.address

    @property
    def ends(self) -> tuple[str, ...]:
        """The addresses that tunnels may start from."""
        return tuple(filter(None, (self.vtep, self.address)))

    @property
    def devices(self) -> tuple[str, ...]:
        """Give the names of the host's own devices: its interfaces, and what is part of a bond."""
        return (*self.interfaces, *(member for _, members in self.bonds for member in members))

    def stands_for(self, device: str, segment: str) -> bool:
        """Tell whether an interface of the host's own is the VLAN device of a wire: `eth0.5` is that of `eth0/5`."""
        return device in self.interfaces and l2_types.wire(device, 0) == segment

    def double_of(self, device: str, segment: str) -> str:
        """Give the host's own VLAN device of a wire that another one would be the second on; nothing for none."""
        own = (name for name in self.devices if l2_types.above(name)[1] and l2_types.wire(name, 0) == segment)
        return next((name for name in own if name != device or name not in self.interfaces), "")

    def bond_of(self, interface: str) -> str:
        """Give the bond that an interface, or what it is a VLAN of, is a member of; nothing for none."""
        return next((bond for bond, members in self.bonds if set(ancestry(interface)) & set(members)), "")

    def tunnel_address(self, cidr: str) -> str:
        """Give the address this host's tunnels start from in a VTEP network, or nothing: the VTEP, else the
        address.
        """
        inside = values.host_numbers(cidr)
        return next((a for a in (self.vtep, self.address) if a and values.number(a) in inside), "")


def ancestry(interface: str) -> Iterator[str]:
    """Walk an interface and those it is a VLAN of: `eth0.5`, `eth0`."""
    tag = 1
    while tag:
        yield interface
        interface, tag = l2_types.above(interface)


def joined(fact: Added, *bonds: BondDeclared) -> Host:
    declared = tuple((bond.bond, bond.members) for bond in bonds)
    return Host(fact.name, fact.cluster, fact.interfaces, fact.address, fact.vtep, "enabled", declared)


# evolve


def evolve(state: Host | None, fact: Fact) -> Host | None:
    match fact:
        case Added():
            return joined(fact)
        case BondDeclared(bond=bond, members=members) if state:
            return msgspec.structs.replace(state, bonds=(*state.bonds, (bond, members)))
        case Moved(cluster=cluster) if state:
            return msgspec.structs.replace(state, cluster=cluster)
        case StateChanged(state=condition) if state:
            return msgspec.structs.replace(state, state=condition)
        case Deleted():
            return None
        case _:
            raise TypeError(fact)


# decisions


def add(name: str, *, cluster: str, interfaces: Iterable[str], address: str, vtep: str) -> Added:
    """Add a host with its interfaces, a bond for its members: `bond0` for `bond0=eth0+eth1`."""
    ordered = tuple(interface(text.partition("=")[0]) for text in interfaces)
    if len(set(ordered)) < len(ordered):
        raise values.invalid(f"host {name} names an interface twice: {', '.join(ordered)}")
    if not ordered:
        raise values.invalid(f"host {name} needs at least one physical interface")
    return Added(
        name=values.name(name),
        cluster=cluster,
        interfaces=ordered,
        address=values.host_ipv4(address) if address else "",
        vtep=values.host_ipv4(vtep) if vtep else "",
    )


def bonds(name: str, interfaces: Iterable[str]) -> tuple[BondDeclared, ...]:
    """Read the bonds among a host's interfaces. A member belongs to one bond, and is no interface beside it."""
    texts = tuple(dict.fromkeys(interfaces))
    declared = tuple(bond(text) for text in texts if "=" in text)
    named = [text.partition("=")[0] for text in texts] + [m for b in declared for m in b.members]
    twice = sorted({text for text in named if named.count(text) > 1})
    if twice:
        raise values.invalid(f"host {name} has {', '.join(twice)} twice: a member of a bond is no interface of its own")
    return declared


def bond(text: str) -> BondDeclared:
    head, _, rest = text.partition("=")
    return BondDeclared(interface(head), tuple(interface(member) for member in rest.split("+")))


def interface(text: str) -> str:
    """Accept a device name that none of ours will ever have: those of later NICs and networks are not known yet."""
    if devices.is_ours(text):
        raise values.invalid(f"{text} is no interface of a host's own: that name is for Rewire's own devices")
    return values.interface(text)


def move(uuid: str, host: Host, *, cluster: str, cluster_name: str) -> Moved:
    if cluster == host.cluster:
        raise Refusal(
            "wrong-state",
            f"host {host.name} is in cluster {cluster_name} already",
            witness(uuid, Moved, Added, cluster=cluster),
        )
    return Moved(cluster)


def set_state(uuid: str, host: Host, condition: str) -> StateChanged:
    if condition not in get_args(Condition):
        raise values.invalid(f"{condition!r} is no host state: give one of {', '.join(get_args(Condition))}")
    if condition == host.state:
        raise Refusal("wrong-state", f"host {host.name} is {condition} already", witness(uuid, StateChanged, Added))
    return StateChanged(cast("Condition", condition))


def require_interface(uuid: str, host: Host, physical_interface: str, *, network: str, because: Witness) -> None:
    """Refuse when a network needs an interface that the host lacks, or has given to a bond."""
    if not physical_interface:
        return
    if bond := host.bond_of(physical_interface):
        raise Refusal(
            "physical-interface-in-use",
            f"interface {physical_interface} of host {host.name} is part of {bond}:"
            f" network {network} must use {bond}, or another interface",
            because,
            witness(uuid, BondDeclared, bond=bond),
        )
    if physical_interface not in host.interfaces:
        raise Refusal(
            "physical-interface-missing",
            f"host {host.name} has no interface {physical_interface}, which network {network} needs;"
            f" it has {', '.join(host.interfaces)}",
            because,
        )


def require_endpoint(host: Host, *, network: str, because: Witness) -> None:
    """Refuse a host without an address for the tunnels of a GRE network."""
    if not host.endpoint:
        raise Refusal(
            "vtep-missing",
            f"host {host.name} has no address for the tunnels of network {network}: give it a `vtep` or an `address`",
            because,
        )


def require_vtep(host: Host, cidr: str, *, pool: str, because: Witness) -> None:
    """Refuse when a pool's VTEP network holds no address of the host, or one that stands for more than the host."""
    if host.tunnel_address(cidr):
        return
    whole = values.subnet(cidr)
    if outer := next((a for a in (host.vtep, host.address) if a and values.number(a) in whole), ""):
        what = "network" if values.number(outer) == whole.start else "broadcast"
        raise Refusal(
            "invalid-argument",
            f"{outer} of host {host.name} is the {what} address of {cidr}, the VTEP network of pool {pool}:"
            " no tunnel starts there",
            because,
        )
    raise Refusal(
        "vtep-missing",
        f"host {host.name} has no address in {cidr}, the VTEP network of pool {pool} in that cluster;"
        " give it one as `vtep`",
        because,
    )
