"""Whatever is typed, the answer is facts or a refusal of the contract; never a crash, never half a change."""

from __future__ import annotations

from typing import get_args

import pytest
from hypothesis import example
from hypothesis import given as property_of

from domain import commands as c
from domain.commands import Command
from domain.errors import Code, Refusal
from domain.history import Author
from tests import strategies
from tests.builders import A_POOL, A_SUBNET, a_no_vlan, a_vm, a_vxlan, a_zone
from tests.given import attempt, given


WORLD = given(*A_SUBNET, *A_POOL[len(A_SUBNET[:3]) :], a_vxlan(), a_no_vlan(), a_vm())


@property_of(strategies.wild_commands())
@example(c.CreateZone(name="\ud800"))
@example(c.AddHost(name="h", cluster="c1", interfaces=("\udcff",)))
@example(c.StopVm(vm="\ud800"))
@example(c.CreateL2NoVlanNetwork(name="n", zone="z", physical_interface="eth0", description="\ud800"))
@example(c.AddIpRange(l3="l3", name="n", start="", end="", netmask="", gateway=""))
def test_any_command_is_done_or_refused_with_a_code(command: Command) -> None:
    fork = WORLD.network.fork()
    before = fork.position()
    answer = attempt(fork, command)
    if isinstance(answer, Refusal):
        assert answer.code in get_args(Code)
        assert answer.sentence.isprintable()
        assert fork.position() == before
        assert all(0 < position <= before for position in answer.conflicts)
    else:
        assert answer.recorded


@pytest.mark.parametrize("author", [Author("\udcff"), Author("me", "\udcff")])
def test_an_author_who_cannot_be_written_down_is_refused(author: Author) -> None:
    network = given().network
    with pytest.raises(Refusal, match="invalid-argument"):
        network.execute(a_zone(), author)
    assert network.position() == 0
