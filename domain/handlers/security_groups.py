"""Security groups: their rules, the L3 networks they are used on, and the NICs in them."""

from __future__ import annotations

from domain import claims, commands, l3, l3_services, provider_types, security_group, values
from domain.errors import Refusal, witness
from domain.handlers import bindings, services
from domain.history import Loaded
from domain.security_group import SecurityGroup
from domain.transaction import Transaction


def create(t: Transaction, c: commands.CreateSecurityGroup) -> None:
    t.create("security-group", t.identify(c.uuid), security_group.create(c.name))


def delete(t: Transaction, c: commands.DeleteSecurityGroup) -> None:
    group = require(t, c.group)
    t.subject = group.uuid
    security_group.refuse_members(group.uuid, group.state)
    for uuid in t.census(group.uuid).users_of(group.uuid):
        if uuid != group.uuid:
            refuse_named(t.load(uuid, SecurityGroup), group)
    cause = t.record(group.uuid, security_group.Deleted())
    t.release(claims.name("security-group", group.state.name), group.uuid, cause=cause)


def refuse_named(other: Loaded[SecurityGroup], group: Loaded[SecurityGroup]) -> None:
    """Refuse to end a group that another group's rules name."""
    naming = [rule.rule for rule in other.state.rules if rule.remote_group == group.uuid]
    if naming:
        raise Refusal(
            "still-in-use",
            f"rules of security group {other.state.name} name {group.state.name}: delete them first",
            *(witness(other.uuid, security_group.RuleAdded, rule=rule) for rule in naming),
        )


def add_rule(t: Transaction, c: commands.AddSecurityGroupRule) -> None:
    group = require(t, c.group)
    remote = require(t, c.remote_group).uuid if c.remote_group else ""
    t.subject = t.identify(c.uuid)
    fact = security_group.add_rule(
        group.uuid,
        group.state,
        rule=t.subject,
        direction=c.direction,
        protocol=c.protocol,
        ports_text=c.ports,
        remote_cidr=c.remote_cidr,
        remote_group=remote,
    )
    t.record(group.uuid, fact)


def delete_rule(t: Transaction, c: commands.DeleteSecurityGroupRule) -> None:
    group = require(t, c.group)
    t.subject = group.uuid
    rule = values.uuid(c.rule) or c.rule
    t.record(group.uuid, security_group.delete_rule(group.uuid, group.state, rule))


def attach(t: Transaction, c: commands.AttachSecurityGroupToL3Network) -> None:
    group = require(t, c.group)
    subnet = t.require("l3", c.l3, l3.L3Network)
    t.subject = group.uuid
    fact = security_group.attach(group.uuid, group.state, l3=subnet.uuid, l3_name=subnet.state.name)
    l3_services.require_service(subnet.uuid, subnet.state, provider_types.SECURITY_GROUP)
    t.record(group.uuid, fact)


def detach(t: Transaction, c: commands.DetachSecurityGroupFromL3Network) -> None:
    group = require(t, c.group)
    subnet = t.require("l3", c.l3, l3.L3Network)
    t.subject = group.uuid
    services.leave_group(t, group.uuid, subnet.uuid)


def add_nic(t: Transaction, c: commands.AddNicToSecurityGroup) -> None:
    group = require(t, c.group)
    target = bindings.find(t, c.vm, c.l3)
    t.subject = group.uuid
    member = security_group.Member(target.nic.uuid, target.guest.uuid, target.subnet.uuid)
    name = target.subnet.state.name
    t.record(group.uuid, security_group.add_nic(group.uuid, group.state, member, l3_name=name))


def remove_nic(t: Transaction, c: commands.RemoveNicFromSecurityGroup) -> None:
    group = require(t, c.group)
    target = bindings.find(t, c.vm, c.l3)
    t.subject = group.uuid
    t.record(group.uuid, security_group.remove_nic(group.uuid, group.state, target.nic.uuid))


def require(t: Transaction, text: str) -> Loaded[SecurityGroup]:
    return t.require("security-group", text, SecurityGroup)
