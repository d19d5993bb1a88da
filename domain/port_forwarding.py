"""A port forwarding rule sends some ports of a VIP to as many ports of one NIC.

The VIP's side of it is the VIP's own: it knows which of its ports are in use. This module knows the rule itself, and
which two rules can't both be a NIC's.
"""

from __future__ import annotations

from typing import Literal, cast, get_args

import msgspec

from domain import values
from domain.binding import Binding
from domain.errors import Refusal, witness
from domain.history import Fact, State
from domain.ports import Ports


Protocol = Literal["TCP", "UDP"]


# facts


class Created(Fact, frozen=True, tag="port-forwarding-rule.created"):
    name: str
    vip: str
    protocol: Protocol
    vip_first_port: int
    vip_last_port: int
    private_first_port: int
    private_last_port: int
    allowed_cidr: str
    """Who may come in; nothing where everybody may."""


class Attached(Fact, frozen=True, tag="port-forwarding-rule.attached"):
    nic: str
    vm: str
    l3: str


class Detached(Fact, frozen=True, tag="port-forwarding-rule.detached"):
    pass


class Deleted(Fact, frozen=True, tag="port-forwarding-rule.deleted"):
    pass


FACTS = (Created, Attached, Detached, Deleted)


# state


class Rule(State, frozen=True):
    name: str
    vip: str
    protocol: Protocol
    vip_ports: Ports
    private_ports: Ports
    allowed_cidr: str
    binding: Binding | None


# evolve


def evolve(state: Rule | None, fact: Fact) -> Rule | None:
    match fact:
        case Created():
            return created(fact)
        case Attached(nic=nic, vm=vm, l3=l3) if state:
            return msgspec.structs.replace(state, binding=Binding(nic, vm, l3))
        case Detached() if state:
            return msgspec.structs.replace(state, binding=None)
        case Deleted():
            return None
        case _:
            raise TypeError(fact)


def created(fact: Created) -> Rule:
    return Rule(
        name=fact.name,
        vip=fact.vip,
        protocol=fact.protocol,
        vip_ports=Ports(fact.vip_first_port, fact.vip_last_port),
        private_ports=Ports(fact.private_first_port, fact.private_last_port),
        allowed_cidr=fact.allowed_cidr,
        binding=None,
    )


# decisions


def create(
    name: str, *, vip: str, ip: str, protocol: str, vip_ports: Ports, private_ports: Ports, allowed_cidr: str
) -> Created:
    """Make a rule for ports of a VIP, whose address is `ip`."""
    wanted = protocol.upper()
    if wanted not in get_args(Protocol):
        raise values.invalid(f"{protocol!r} can't be forwarded: give {' or '.join(get_args(Protocol))}")
    if len(vip_ports) != len(private_ports):
        raise values.invalid(
            f"{len(vip_ports)} ports of the VIP ({vip_ports}) can't lead to {len(private_ports)} of the NIC"
            f" ({private_ports}): give as many"
        )
    return Created(
        name=values.name(name),
        vip=vip,
        protocol=cast("Protocol", wanted),
        vip_first_port=vip_ports.first,
        vip_last_port=vip_ports.last,
        private_first_port=private_ports.first,
        private_last_port=private_ports.last,
        allowed_cidr=allowed(allowed_cidr, ip) if allowed_cidr else "",
    )


def allowed(text: str, ip: str) -> str:
    """Give the network that a rule lets in, which must be of the family that the VIP is reached by."""
    network = values.cidr(text)
    if values.family(network) != values.family(ip):
        raise values.invalid(f"nobody of {network} gets to VIP address {ip}: give an IPv{values.family(ip)} network")
    return network


def attach(uuid: str, rule: Rule, binding: Binding) -> Attached:
    if rule.binding:
        because = witness(uuid, Attached)
        raise Refusal("wrong-state", f"port forwarding rule {rule.name} is attached already", because)
    return Attached(binding.nic, binding.vm, binding.l3)


def detach(uuid: str, rule: Rule) -> Detached:
    if not rule.binding:
        because = witness(uuid, Created, Detached)
        raise Refusal("wrong-state", f"port forwarding rule {rule.name} is not attached", because)
    return Detached()


def refuse_clash(rule: Rule, nic: str, uuid: str, other: Rule) -> None:
    """Refuse what another rule of the same VM does not go with: another VIP, or ports that only some may reach."""
    because = witness(uuid, Attached)
    if other.vip != rule.vip:
        raise Refusal("conflict", f"rule {other.name} of that VM uses another VIP: a VM's rules share one", because)
    same = other.binding and other.binding.nic == nic and other.protocol == rule.protocol
    guarded = rule.allowed_cidr or other.allowed_cidr
    if same and guarded and other.private_ports.overlaps(rule.private_ports):
        raise Refusal(
            "conflict",
            f"rule {other.name} leads to {other.protocol} {other.private_ports} of that NIC too, which only"
            f" {guarded} may reach",
            because,
        )
