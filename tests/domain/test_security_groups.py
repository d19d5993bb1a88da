"""A security group has rules, is used on L3 networks, and has NICs in it."""

from __future__ import annotations

import pytest

from domain import commands as c
from domain import l3, security_group, vm
from tests.builders import a_vm
from tests.given import Case, given
from tests.service_builders import A_FILTER, A_PUBLIC_SUBNET, SERVED, a_group, allow, join, on_l3, serve


CREATED = security_group.Created("g")
IN_G = security_group.NicAdded("vm/l3", "vm", "l3")
RULE = "00000000-0000-4000-8000-000000000001"
OTHER = "00000000-0000-4000-8000-000000000002"


def rule(
    protocol: security_group.Protocol = "TCP", ports: tuple[int, int] = (0, 0), cidr: str = "", remote: str = ""
) -> security_group.RuleAdded:
    return security_group.RuleAdded(RULE, "ingress", protocol, *ports, cidr, remote)


def members(case: Case) -> list[str]:
    state = case.topology.state(case.id("security-group", "g"), security_group.SecurityGroup)
    return [case.topology.name(m.nic) for m in state.members]


def test_a_group_has_a_name_of_its_own() -> None:
    case = given()
    case.when(a_group()).then(CREATED, taking=["name/security-group/g"])
    case.when(a_group()).refused("name-in-use", naming=[CREATED])
    case.when(a_group("")).refused("invalid-argument")


# rules


@pytest.mark.parametrize(
    ("command", "fact"),
    [
        (allow(uuid=RULE), rule()),
        (allow(protocol="ALL", uuid=RULE), rule("ALL")),
        (allow(protocol="ICMP", cidr="10.1.2.3/8", uuid=RULE), rule("ICMP", cidr="10.0.0.0/8")),
        (allow(ports="90-80", cidr="FD00::1/8", uuid=RULE), rule(ports=(80, 90), cidr="fd00::/8")),
        (allow(protocol="tcp", ports=80, uuid=RULE), rule(ports=(80, 80))),
        (allow(protocol="UDP", ports=53, cidr="0.0.0.0/0", uuid=RULE), rule("UDP", (53, 53), "0.0.0.0/0")),
        (allow(remote="g", uuid=RULE), rule(remote="g")),
    ],
)
def test_a_rule_lets_through_what_it_says(command: c.Command, fact: security_group.RuleAdded) -> None:
    result = given(a_group()).when(command)
    result.then(fact)
    assert result.outcome
    assert result.outcome.subject == RULE


@pytest.mark.parametrize(
    "command",
    [
        allow("sideways"),
        allow(protocol="GRE"),
        allow(protocol="ICMP", ports=8),
        allow(protocol="ALL", ports=80),
        allow(ports=0),
        allow(ports="65536"),
        allow(cidr="10.0.0.0/33"),
        allow(cidr="everybody/8"),
        allow(cidr="10.0.0.0/8", remote="g"),
    ],
)
def test_a_rule_makes_sense(command: c.Command) -> None:
    given(a_group()).when(command).refused("invalid-argument")


def test_a_rule_is_there_once() -> None:
    case = given(a_group(), allow(ports=80, cidr="10.0.0.0/8", uuid=RULE))
    known = rule(ports=(80, 80), cidr="10.0.0.0/8")
    case.when(allow(ports="80-80", cidr="10.0.0.9/8")).refused("rule-exists", naming=[known])
    case.do(allow("egress", ports=80, cidr="10.0.0.0/8"), allow(ports=81, cidr="10.0.0.0/8"))
    gone = security_group.RuleDeleted(RULE)
    case.when(c.DeleteSecurityGroupRule(group="g", rule=RULE)).then(gone)
    case.when(c.DeleteSecurityGroupRule(group="g", rule=RULE)).refused("unknown-object", naming=[gone])
    case.do(allow(ports=80, cidr="10.0.0.0/8"))


def test_a_direction_has_a_hundred_rules() -> None:
    case = given(a_group(), *(allow(ports=port) for port in range(1, 101)))
    assert len(case.when(allow(ports=101)).refused_with("conflict").conflicts) == 1
    case.do(allow("egress", ports=101))


@pytest.mark.parametrize(
    "command",
    [
        allow(group="none"),
        allow(remote="none"),
        c.DeleteSecurityGroupRule(group="none", rule=RULE),
        c.DeleteSecurityGroupRule(group="g", rule=RULE),
        c.DeleteSecurityGroup(group="none"),
        on_l3("none"),
        on_l3(l3="nowhere"),
        c.DetachSecurityGroupFromL3Network(group="none", l3="l3"),
        c.DetachSecurityGroupFromL3Network(group="g", l3="nowhere"),
        join("none"),
        join(vm="nobody"),
        join(l3="public"),
        c.RemoveNicFromSecurityGroup(group="g", vm="vm", l3="public"),
        c.RemoveNicFromSecurityGroup(group="none", vm="vm", l3="l3"),
    ],
)
def test_group_rule_network_and_nic_must_be_there(command: c.Command) -> None:
    given(*SERVED, a_vm(), a_group(), on_l3()).when(command).refused("unknown-object")


# networks and NICs


def test_a_group_is_used_where_the_service_is() -> None:
    case = given(*A_PUBLIC_SUBNET, A_FILTER, a_group())
    case.when(on_l3()).refused("service-missing", naming=[case.made("l3", "l3")])
    case.do(serve(sg=("SecurityGroup",))).when(on_l3()).then(security_group.AttachedToL3("l3"))
    case.when(on_l3()).refused("l3-already-attached", naming=[security_group.AttachedToL3("l3")])


def test_a_nic_joins_where_its_network_uses_the_group() -> None:
    case = given(*SERVED, a_vm(), a_group())
    case.when(join()).refused("wrong-state", naming=[CREATED])
    case.do(on_l3()).when(join()).then(IN_G)
    case.when(join()).refused("wrong-state", naming=[IN_G])
    case.when(c.RemoveNicFromSecurityGroup(group="g", vm="vm", l3="l3")).then(security_group.NicRemoved("vm/l3"))
    case.when(c.RemoveNicFromSecurityGroup(group="g", vm="vm", l3="l3")).refused(
        "wrong-state", naming=[security_group.NicRemoved("vm/l3")]
    )


def test_a_nic_is_in_several_groups() -> None:
    case = given(*SERVED, a_vm(), a_group(), on_l3(), join(), a_group("h"), on_l3("h"))
    case.when(join("h")).then(IN_G)


def test_a_network_that_a_group_leaves_takes_its_nics_along() -> None:
    case = given(*SERVED, serve("public", sg=("SecurityGroup",)), a_vm(), a_vm("other", "public"), a_group())
    case.do(on_l3(), on_l3(l3="public"), join(), join(vm="other", l3="public"))
    leave = c.DetachSecurityGroupFromL3Network(group="g", l3="l3")
    result = case.when(leave)
    result.then(security_group.DetachedFromL3("l3"), security_group.NicRemoved("vm/l3"))
    assert result.recorded[1].cause == result.recorded[0].reference
    assert members(case) == ["other/public"]
    case.when(leave).refused("wrong-state", naming=[security_group.DetachedFromL3("l3")])


def test_a_nic_that_goes_leaves_its_groups() -> None:
    case = given(*SERVED, a_vm("vm", "l3", "public"), a_group(), on_l3(), join())
    result = case.when(c.DetachL3NetworkFromVm(vm="vm", l3="l3"))
    result.then(vm.NicDetached("vm/l3"), security_group.NicRemoved("vm/l3"))
    assert members(case) == []


# deletion


def test_a_group_that_is_used_is_not_deleted() -> None:
    case = given(*SERVED, a_vm(), a_group(), on_l3(), join())
    case.when(c.DeleteSecurityGroup(group="g")).refused("still-in-use", naming=[IN_G])
    case.do(c.RemoveNicFromSecurityGroup(group="g", vm="vm", l3="l3"))
    case.when(c.DeleteSecurityGroup(group="g")).then(security_group.Deleted(), releasing=["name/security-group/g"])
    case.do(a_group())


def test_a_group_that_another_names_is_not_deleted() -> None:
    case = given(a_group(), a_group("h"), allow(remote="g", uuid=OTHER), allow(group="h", remote="g", uuid=RULE))
    case.when(c.DeleteSecurityGroup(group="g")).refused("still-in-use", naming=[rule(remote="g")])
    case.do(c.DeleteSecurityGroupRule(group="h", rule=RULE)).when(c.DeleteSecurityGroup(group="g")).then(
        security_group.Deleted()
    )


def test_an_l3_network_that_goes_is_left_by_its_groups() -> None:
    case = given(*SERVED, a_group(), on_l3())
    facts = [r.fact for r in case.when(c.DeleteL3Network(l3="l3")).recorded]
    assert [type(f) for f in facts if isinstance(f, security_group.DetachedFromL3 | l3.Deleted)] == [
        security_group.DetachedFromL3,
        l3.Deleted,
    ]
