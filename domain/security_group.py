"""A security group says who may talk to its members, and to whom they may.

Nobody may come in to a member but the other members and whom an ingress rule lets in. A member may go out to anybody
until a group of it has an egress rule, and from then on only to where egress rules let it. A rule only ever allows.
"""

from __future__ import annotations

from typing import Literal, cast, get_args

import msgspec

from domain import values
from domain.errors import Refusal, witness
from domain.history import Fact, State
from domain.ports import Ports, ports


Direction = Literal["ingress", "egress"]
Protocol = Literal["ALL", "TCP", "UDP", "ICMP"]
WITH_PORTS = frozenset({"TCP", "UDP"})
RULES_A_DIRECTION = 100


# facts


class Created(Fact, frozen=True, tag="security-group.created"):
    name: str


class RuleAdded(Fact, frozen=True, tag="security-group.rule-added"):
    rule: str
    direction: Direction
    protocol: Protocol
    first_port: int
    """0 where every port is meant, or the protocol has none."""
    last_port: int
    remote_cidr: str
    remote_group: str


class RuleDeleted(Fact, frozen=True, tag="security-group.rule-deleted"):
    rule: str


class AttachedToL3(Fact, frozen=True, tag="security-group.attached-to-l3"):
    l3: str


class DetachedFromL3(Fact, frozen=True, tag="security-group.detached-from-l3"):
    l3: str


class NicAdded(Fact, frozen=True, tag="security-group.nic-added"):
    nic: str
    vm: str
    l3: str


class NicRemoved(Fact, frozen=True, tag="security-group.nic-removed"):
    nic: str


class Deleted(Fact, frozen=True, tag="security-group.deleted"):
    pass


FACTS = (Created, RuleAdded, RuleDeleted, AttachedToL3, DetachedFromL3, NicAdded, NicRemoved, Deleted)


# state


class Rule(State, frozen=True):
    rule: str
    direction: Direction
    protocol: Protocol
    first_port: int
    last_port: int
    remote_cidr: str
    remote_group: str

    @property
    def says(self) -> tuple[object, ...]:
        """Give all but its own id."""
        return msgspec.structs.astuple(self)[1:]


class Member(State, frozen=True):
    nic: str
    vm: str
    l3: str


class SecurityGroup(State, frozen=True):
    name: str
    rules: tuple[Rule, ...]
    l3s: tuple[str, ...]
    members: tuple[Member, ...]


# evolve


def evolve(state: SecurityGroup | None, fact: Fact) -> SecurityGroup | None:
    match fact:
        case Created(name=name):
            return SecurityGroup(name, rules=(), l3s=(), members=())
        case RuleAdded() if state:
            return msgspec.structs.replace(state, rules=(*state.rules, as_rule(fact)))
        case RuleDeleted(rule=rule) if state:
            return msgspec.structs.replace(state, rules=tuple(r for r in state.rules if r.rule != rule))
        case AttachedToL3(l3=l3) if state:
            return msgspec.structs.replace(state, l3s=(*state.l3s, l3))
        case DetachedFromL3(l3=l3) if state:
            return msgspec.structs.replace(state, l3s=tuple(n for n in state.l3s if n != l3))
        case NicAdded(nic=nic, vm=vm, l3=l3) if state:
            return msgspec.structs.replace(state, members=(*state.members, Member(nic, vm, l3)))
        case NicRemoved(nic=nic) if state:
            return msgspec.structs.replace(state, members=tuple(m for m in state.members if m.nic != nic))
        case Deleted():
            return None
        case _:
            raise TypeError(fact)


def as_rule(fact: RuleAdded) -> Rule:
    return Rule(**msgspec.structs.asdict(fact))


# decisions


def create(name: str) -> Created:
    return Created(values.name(name))


def add_rule(
    uuid: str,
    group: SecurityGroup,
    *,
    rule: str,
    direction: str,
    protocol: str,
    ports_text: str | int,
    remote_cidr: str,
    remote_group: str,
) -> RuleAdded:
    """Allow what a rule says.

    Raises `Refusal` for a rule that makes no sense, that is there already, or that is one too many.
    """
    if direction not in get_args(Direction):
        raise values.invalid(f"{direction!r} is no direction: give {' or '.join(get_args(Direction))}")
    wanted = protocol.upper()
    if wanted not in get_args(Protocol):
        raise values.invalid(f"{protocol!r} is no protocol: give one of {', '.join(get_args(Protocol))}")
    if remote_cidr and remote_group:
        raise values.invalid("a rule has one remote: give remote-cidr or remote-group, not both")
    allowed = allowed_ports(wanted, ports_text)
    fact = RuleAdded(
        rule=rule,
        direction=cast("Direction", direction),
        protocol=cast("Protocol", wanted),
        first_port=allowed.first,
        last_port=allowed.last,
        remote_cidr=values.cidr(remote_cidr) if remote_cidr else "",
        remote_group=remote_group,
    )
    refuse_known(uuid, group, as_rule(fact))
    return fact


def allowed_ports(protocol: str, text: str | int) -> Ports:
    if text == "":
        return Ports(0, 0)
    if protocol not in WITH_PORTS:
        raise values.invalid(f"{protocol} has no ports: only {' and '.join(sorted(WITH_PORTS))} have")
    return ports(text)


def refuse_known(uuid: str, group: SecurityGroup, added: Rule) -> None:
    for other in group.rules:
        if other.says == added.says:
            because = witness(uuid, RuleAdded, rule=other.rule)
            raise Refusal("rule-exists", f"security group {group.name} has that rule already", because)
    alike = [other for other in group.rules if other.direction == added.direction]
    if len(alike) >= RULES_A_DIRECTION:
        raise Refusal(
            "conflict",
            f"security group {group.name} has {len(alike)} {added.direction} rules, which is the most it may have",
            witness(uuid, RuleAdded, rule=alike[-1].rule),
        )


def delete_rule(uuid: str, group: SecurityGroup, rule: str) -> RuleDeleted:
    if rule not in {r.rule for r in group.rules}:
        told = f"security group {group.name} has no rule {rule!r}: name it by its uuid"
        raise Refusal("unknown-object", told, witness(uuid, RuleDeleted, rule=rule))
    return RuleDeleted(rule)


def attach(uuid: str, group: SecurityGroup, *, l3: str, l3_name: str) -> AttachedToL3:
    if l3 in group.l3s:
        raise Refusal(
            "l3-already-attached",
            f"security group {group.name} is attached to L3 network {l3_name} already",
            witness(uuid, AttachedToL3, l3=l3),
        )
    return AttachedToL3(l3)


def detach(uuid: str, group: SecurityGroup, *, l3: str, l3_name: str) -> DetachedFromL3:
    require_attached(uuid, group, l3=l3, l3_name=l3_name)
    return DetachedFromL3(l3)


def require_attached(uuid: str, group: SecurityGroup, *, l3: str, l3_name: str) -> None:
    if l3 not in group.l3s:
        raise Refusal(
            "wrong-state",
            f"security group {group.name} is not attached to L3 network {l3_name}",
            witness(uuid, Created, DetachedFromL3, l3=l3),
        )


def add_nic(uuid: str, group: SecurityGroup, member: Member, *, l3_name: str) -> NicAdded:
    require_attached(uuid, group, l3=member.l3, l3_name=l3_name)
    if member in group.members:
        raise Refusal(
            "wrong-state",
            f"that NIC is in security group {group.name} already",
            witness(uuid, NicAdded, nic=member.nic),
        )
    return NicAdded(member.nic, member.vm, member.l3)


def remove_nic(uuid: str, group: SecurityGroup, nic: str) -> NicRemoved:
    if nic not in {m.nic for m in group.members}:
        raise Refusal(
            "wrong-state",
            f"that NIC is not in security group {group.name}",
            witness(uuid, Created, NicRemoved, nic=nic),
        )
    return NicRemoved(nic)


def refuse_members(uuid: str, group: SecurityGroup) -> None:
    if group.members:
        raise Refusal(
            "still-in-use",
            f"security group {group.name} has {len(group.members)} NICs: take them out first",
            *(witness(uuid, NicAdded, nic=m.nic) for m in group.members),
        )
