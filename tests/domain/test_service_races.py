"""Commands on services that race: one is refused, or both are done and what they say of each other is true."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

from domain import commands as c
from domain import eip, provider, security_group, vip
from domain.census import Census
from domain.commands import Command
from domain.errors import Refusal
from domain.instruments import repeatable
from domain.network import Network
from projections import services
from projections.follow import Follower
from projections.topology import Topology, fold
from tests.builders import ONE_HOST, a_range, a_vlan, a_vm, an_l3, attach, destroy
from tests.domain.racing import opened, race
from tests.given import ME, attempt
from tests.machines import remains
from tests.service_builders import (
    A_FILTER,
    A_ROUTER,
    a_group,
    a_provider,
    a_rule,
    a_vip,
    allow,
    an_eip,
    attach_eip,
    join,
    on_l3,
    serve,
    unserve,
)


ROUNDS = 6
WORLD: tuple[Command, ...] = (
    *ONE_HOST,
    a_provider(),
    A_ROUTER,
    A_FILTER,
    a_vlan("pub", vlan=4000),
    attach("pub"),
    an_l3("public", l2="pub"),
    a_range("10.9.0.10", "10.9.0.99", l3="public", gateway="10.9.0.1"),
)


class Pair(NamedTuple):
    """Two commands of one round, what must be there for them, and what each may be told."""

    world: Callable[[int], tuple[Command, ...]]
    one: Callable[[int], Command]
    other: Callable[[int], Command]
    outcomes: frozenset[tuple[str, str]]


def subnet(i: int) -> tuple[Command, ...]:
    ranged = a_range(f"192.168.{i}.10", f"192.168.{i}.19", l3=f"l{i}", gateway=f"192.168.{i}.1")
    return (a_vlan(f"v{i}", vlan=i + 10), attach(f"v{i}"), an_l3(f"l{i}", l2=f"v{i}"), ranged)


def served(i: int) -> tuple[Command, ...]:
    everything = serve(f"l{i}", flat=("EIP", "DHCP"), sg=("SecurityGroup",))
    return (*subnet(i), everything, a_vm(f"vm{i}", f"l{i}"), a_vip(f"vip{i}"))


def routed(i: int) -> tuple[Command, ...]:
    return (*subnet(i), serve(f"l{i}", vr=("EIP", "PortForwarding", "SNAT")), a_vm(f"vm{i}", f"l{i}"))


def guarded(name: str, port: int) -> tuple[Command, ...]:
    """Make a rule that lets only some in, with a VIP of its own."""
    return a_vip(f"v-{name}"), a_rule(name, port, vip=f"v-{name}", allowed="10.0.0.0/8")


def from_l2(i: int) -> Command:
    return c.DetachNetworkServiceProviderFromL2Network(provider="flat", l2=f"v{i}")


def one_of(first: str, second: str) -> frozenset[tuple[str, str]]:
    """Give what two commands are told of which one must wait: the one or the other is refused."""
    return frozenset({(first, ""), ("", second)})


PAIRS = {
    "two providers": Pair(
        subnet,
        lambda i: serve(f"l{i}", flat=("DNS",)),
        lambda i: serve(f"l{i}", vr=("DNS",)),
        one_of("service-already-provided", "service-already-provided"),
    ),
    "serve, leave": Pair(
        subnet, lambda i: serve(f"l{i}", flat=("DNS",)), from_l2, one_of("provider-not-attached", "still-in-use")
    ),
    "provider, L2": Pair(
        lambda _: (),
        lambda i: a_provider(f"p{i}"),
        lambda i: a_vlan(f"v{i}", vlan=i + 10),
        frozenset({("", "")}),
    ),
    "port, port": Pair(
        lambda i: (a_vip(f"vip{i}"),),
        lambda i: a_rule(f"r{i}", "80-89", vip=f"vip{i}"),
        lambda i: a_rule(f"s{i}", "85-95", vip=f"vip{i}"),
        one_of("vip-port-in-use", "vip-port-in-use"),
    ),
    "EIP, rule": Pair(
        lambda i: (a_vip(f"vip{i}"),),
        lambda i: an_eip(f"e{i}", vip=f"vip{i}"),
        lambda i: a_rule(f"s{i}", vip=f"vip{i}"),
        one_of("vip-port-in-use", "eip-in-use"),
    ),
    "EIP, VM gone": Pair(
        lambda i: (*served(i), an_eip(f"e{i}", vip=f"vip{i}")),
        lambda i: attach_eip(f"e{i}", vm=f"vm{i}", l3=f"l{i}"),
        lambda i: destroy(f"vm{i}"),
        frozenset({("unknown-object", ""), ("", "")}),
    ),
    "EIP, service gone": Pair(
        lambda i: (*served(i), an_eip(f"e{i}", vip=f"vip{i}")),
        lambda i: attach_eip(f"e{i}", vm=f"vm{i}", l3=f"l{i}"),
        lambda i: unserve(f"l{i}", flat=("EIP",)),
        one_of("service-missing", "still-in-use"),
    ),
    "EIP, VIP gone": Pair(
        lambda i: (*served(i), an_eip(f"e{i}", vip=f"vip{i}")),
        lambda i: attach_eip(f"e{i}", vm=f"vm{i}", l3=f"l{i}"),
        lambda i: c.DeleteVip(vip=f"vip{i}"),
        frozenset({("unknown-object", ""), ("", "")}),
    ),
    "two EIPs, one NIC": Pair(
        lambda i: (*served(i), an_eip(f"e{i}", vip=f"vip{i}"), a_vip(f"w{i}"), an_eip(f"f{i}", vip=f"w{i}")),
        lambda i: attach_eip(f"e{i}", vm=f"vm{i}", l3=f"l{i}"),
        lambda i: attach_eip(f"f{i}", vm=f"vm{i}", l3=f"l{i}"),
        one_of("eip-in-use", "eip-in-use"),
    ),
    "EIP, NIC beside it": Pair(
        lambda i: (*served(i), an_eip(f"e{i}", vip=f"vip{i}")),
        lambda i: attach_eip(f"e{i}", vm=f"vm{i}", l3=f"l{i}"),
        lambda i: c.AttachL3NetworkToVm(vm=f"vm{i}", l3="public"),
        one_of("conflict", "conflict"),
    ),
    "EIP, guarded rule": Pair(
        lambda i: (*routed(i), a_vip(f"vip{i}"), an_eip(f"e{i}", vip=f"vip{i}"), *guarded(f"r{i}", 80)),
        lambda i: attach_eip(f"e{i}", vm=f"vm{i}", l3=f"l{i}"),
        lambda i: c.AttachPortForwardingRule(rule=f"r{i}", vm=f"vm{i}", l3=f"l{i}"),
        one_of("conflict", "conflict"),
    ),
    "guarded ports": Pair(
        lambda i: (*routed(i), *guarded(f"r{i}", 80), a_rule(f"s{i}", 81, 80, vip=f"v-r{i}")),
        lambda i: c.AttachPortForwardingRule(rule=f"r{i}", vm=f"vm{i}", l3=f"l{i}"),
        lambda i: c.AttachPortForwardingRule(rule=f"s{i}", vm=f"vm{i}", l3=f"l{i}"),
        one_of("conflict", "conflict"),
    ),
    "two VIPs, one VM": Pair(
        lambda i: (
            *routed(i),
            *(command for n in "rs" for command in (a_vip(f"{n}v{i}"), a_rule(f"{n}{i}", vip=f"{n}v{i}"))),
        ),
        lambda i: c.AttachPortForwardingRule(rule=f"r{i}", vm=f"vm{i}", l3=f"l{i}"),
        lambda i: c.AttachPortForwardingRule(rule=f"s{i}", vm=f"vm{i}", l3=f"l{i}"),
        one_of("conflict", "conflict"),
    ),
    "VIP, L3 gone": Pair(
        subnet,
        lambda i: a_vip(f"w{i}", l3=f"l{i}"),
        lambda i: c.DeleteL3Network(l3=f"l{i}", mode="permissive"),
        one_of("unknown-object", "still-in-use"),
    ),
    "NIC joins, group goes": Pair(
        lambda i: (*served(i), a_group(f"g{i}"), on_l3(f"g{i}", l3=f"l{i}")),
        lambda i: join(f"g{i}", vm=f"vm{i}", l3=f"l{i}"),
        lambda i: c.DeleteSecurityGroup(group=f"g{i}"),
        one_of("unknown-object", "still-in-use"),
    ),
    "named, gone": Pair(
        lambda i: (a_group(f"g{i}"), a_group(f"h{i}")),
        lambda i: allow(group=f"h{i}", remote=f"g{i}"),
        lambda i: c.DeleteSecurityGroup(group=f"g{i}"),
        one_of("unknown-object", "still-in-use"),
    ),
}


def test_every_race_ends_in_an_allowed_way(tmp_path: Path) -> None:
    rounds = [(name, pair) for name, pair in PAIRS.items() for _ in range(ROUNDS)]
    numbered = [(name, pair, i) for i, (name, pair) in enumerate(rounds)]
    network = opened(tmp_path / "s")
    for command in (*WORLD, *(command for _, pair, i in numbered for command in pair.world(i))):
        network.execute(command, ME)
    told = race(tmp_path / "s", [p.one(i) for _, p, i in numbered], [p.other(i) for _, p, i in numbered])
    for (name, pair, _), (one, other) in zip(numbered, told, strict=True):
        assert (one.code, other.code) in pair.outcomes, name
    assert network.broken_link() == 0
    now = fold(network.facts())
    remains.check(network, now)
    nothing_dangles(now)


class Meanwhile:
    """A census that is asked just before somebody else's command is recorded."""

    def __init__(self) -> None:
        self.follower = Follower()
        self.waiting: list[Command] = []
        self.code = ""

    def __call__(self, network: Network, position: int) -> Census:
        if self.waiting:
            answer = attempt(network, self.waiting.pop())
            self.code = answer.code if isinstance(answer, Refusal) else ""
        return self.follower(network, position)


@pytest.mark.parametrize("swapped", [False, True])
@pytest.mark.parametrize("pair", PAIRS.values(), ids=PAIRS)
def test_what_a_decision_rests_on_is_looked_at_again(pair: Pair, *, swapped: bool) -> None:
    """One command is decided, the other recorded before it: the same as a race, but never by chance."""
    census = Meanwhile()
    network = Network(":memory:", survey=census, instruments=repeatable(1))
    for command in (*WORLD, *pair.world(0)):
        network.execute(command, ME)
    first, second = (pair.other(0), pair.one(0)) if swapped else (pair.one(0), pair.other(0))
    census.waiting.append(second)
    answer = attempt(network, first)
    if not census.waiting:
        told = (answer.code if isinstance(answer, Refusal) else "", census.code)
        assert (told[::-1] if swapped else told) in pair.outcomes
    now = fold(network.facts())
    remains.check(network, now)
    nothing_dangles(now)


def nothing_dangles(now: Topology) -> None:
    """What services refer to is there, and every provider is on every L2 network that it was made to join."""
    assert set(now.services.users) <= {*now.objects.states, *now.nics.all, services.PROVIDERS}
    for _, found in now.every(eip.Eip):
        if found.binding:
            assert found.binding.nic in now.nics.all
            assert now.state(found.vip, vip.Vip).l3 not in {nic.l3 for nic in now.nics_of(found.binding.vm)}
    for _, group in now.every(security_group.SecurityGroup):
        assert {m.nic for m in group.members} <= set(now.nics.all)
    networks = {uuid for uuid, _ in now.networks()}
    for _, offer in now.every(provider.Provider):
        if offer.name.startswith("p"):
            assert set(offer.l2s) == networks
