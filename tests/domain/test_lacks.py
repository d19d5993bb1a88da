"""A refusal from the lack of something names the fact that took it away, or the one since which it was never there."""

from __future__ import annotations

import pytest

from domain import cable, l2, l3, pool, provider, security_group, vm
from domain import commands as c
from domain.commands import Command
from domain.history import Fact
from tests.builders import (
    A_POOL,
    A_SUBNET,
    ONE_HOST,
    TWO_CLUSTERS,
    a_pool,
    a_range,
    a_vlan,
    a_vm,
    an_l3,
    attach,
    attach_pool,
    connect,
    destroy,
    detach,
    disconnect,
)
from tests.given import given
from tests.service_builders import (
    SERVED,
    a_group,
    a_provider,
    a_vip,
    join,
    on_l3,
    serve,
    unserve,
)


Lack = tuple[tuple[Command, ...], Command, str, Fact]
"""What was, what is asked for, and what it is told: a code and a fact."""
GONE = l3.IpRangeDeleted("low", "192.168.0.10", "192.168.0.50")
NO_RANGE = c.DeleteIpRange(l3="l3", name="low")
UNDNS = c.RemoveDns(l3="l3", address="9.9.9.9")
OUT = c.RemoveNicFromSecurityGroup(group="g", vm="vm", l3="l3")
OFF = c.DetachNetworkServiceProviderFromL2Network(provider="flat", l2="v10")
IN_G = (*SERVED, a_vm(), a_group(), on_l3(), join())
TAKEN_AWAY: dict[str, Lack] = {
    "a range": ((*A_SUBNET, NO_RANGE), a_vm(), "ip-exhausted", GONE),
    "a range, for a VIP": ((*A_SUBNET, NO_RANGE), a_vip(l3="l3"), "ip-exhausted", GONE),
    "the range itself": ((*A_SUBNET, NO_RANGE), NO_RANGE, "unknown-object", GONE),
    "a DNS server": (
        (*A_SUBNET, c.AddDns(l3="l3", address="9.9.9.9"), UNDNS),
        UNDNS,
        "unknown-object",
        l3.DnsRemoved("9.9.9.9"),
    ),
    "a service": (
        (*SERVED, unserve(flat=("EIP",))),
        unserve(flat=("EIP",)),
        "service-missing",
        l3.ServiceDetached("EIP"),
    ),
    "a provider": (
        (*A_SUBNET, a_provider(), OFF),
        serve(flat=("DNS",)),
        "provider-not-attached",
        provider.DetachedFromL2("v10"),
    ),
    "a group's network": (
        (*IN_G, c.DetachSecurityGroupFromL3Network(group="g", l3="l3")),
        join(),
        "wrong-state",
        security_group.DetachedFromL3("l3"),
    ),
    "a member": ((*IN_G, OUT), OUT, "wrong-state", security_group.NicRemoved("vm/l3")),
    "a network": ((*A_SUBNET, detach("v10")), detach("v10"), "l2-not-attached", l2.DetachedFromCluster("c1")),
    "a VNI range": (
        (*A_POOL, c.DeleteVniRange(pool="pool", name="100-102")),
        c.DeleteVniRange(pool="pool", name="100-102"),
        "unknown-object",
        pool.VniRangeDeleted("100-102"),
    ),
    "a VM": ((*A_SUBNET, a_vm(), destroy()), destroy(), "unknown-object", vm.Destroyed()),
    "its old name": (
        (*A_SUBNET, c.UpdateL2Network(l2="v10", name="new")),
        detach("v10"),
        "unknown-object",
        l2.Updated("new", ""),
    ),
}


@pytest.mark.parametrize("lack", TAKEN_AWAY.values(), ids=TAKEN_AWAY)
def test_the_fact_that_took_a_thing_away_is_named(lack: Lack) -> None:
    before, command, code, fact = lack
    given(*before).when(command).refused(code, naming=[fact])


NEVER_THERE: dict[str, tuple[tuple[Command, ...], Command, str, tuple[str, str]]] = {
    "a range": ((*ONE_HOST, a_vlan(), attach("v10"), an_l3()), a_vm(), "ip-exhausted", ("l3", "l3")),
    "a service": ((*A_SUBNET, a_provider()), unserve(flat=("EIP",)), "service-missing", ("l3", "l3")),
    "a group's network": ((*SERVED, a_vm(), a_group()), join(), "wrong-state", ("security-group", "g")),
    "a member": ((*SERVED, a_vm(), a_group(), on_l3()), OUT, "wrong-state", ("security-group", "g")),
    "a network": ((*TWO_CLUSTERS, a_vlan(), attach("v10")), detach("v10", "c2"), "l2-not-attached", ("l2", "v10")),
    "a pool": ((*TWO_CLUSTERS, a_pool(), attach_pool("c2")), detach("pool"), "l2-not-attached", ("l2", "pool")),
    "a VM's network": ((*ONE_HOST, a_vlan(), an_l3(), a_range()), a_vm(), "no-host-available", ("l2", "v10")),
}


@pytest.mark.parametrize(("before", "command", "code", "subject"), NEVER_THERE.values(), ids=NEVER_THERE)
def test_what_was_never_there_is_told_by_the_fact_that_made_its_subject(
    before: tuple[Command, ...], command: Command, code: str, subject: tuple[str, str]
) -> None:
    case = given(*before)
    case.when(command).refused(code, naming=[case.made(*subject)])


def test_what_never_was_has_no_fact() -> None:
    given().when(destroy("nobody")).refused("unknown-object")
    given().when(destroy("00000000-0000-4000-8000-000000000001")).refused("unknown-object")


def test_an_object_that_is_gone_is_told_by_its_uuid_too() -> None:
    case = given(*A_SUBNET, a_vm())
    uuid = case.id("vm", "vm")
    case.do(destroy()).when(destroy(uuid)).refused("unknown-object", naming=[vm.Destroyed()])


def test_a_name_that_was_used_again_is_told_by_the_newest_end() -> None:
    case = given(*A_SUBNET, a_vm(), destroy(), a_vm(), destroy())
    result = case.when(destroy())
    result.refused("unknown-object", naming=[vm.Destroyed()])
    last = [r.position for r in case.network.facts() if isinstance(r.fact, vm.Destroyed)][-1]
    assert result.refusal
    assert result.refusal.conflicts == (last,)


def test_the_cable_that_was_pulled_is_named() -> None:
    case = given(*TWO_CLUSTERS, connect("h1:eth0", "h2:eth0"), disconnect("h1:eth0"))
    case.when(disconnect("h2:eth0")).refused("unknown-object", naming=[cable.Disconnected()])
