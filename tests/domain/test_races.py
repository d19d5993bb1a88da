"""Two processes on one store: exactly one wins what can be had once, and nothing is ever half done."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from domain import l2, vm
from domain.commands import Command
from domain.network import Network
from tests.builders import (
    a_cidr,
    a_cluster,
    a_host,
    a_vlan,
    a_vm,
    a_zone,
    an_l3,
    attach,
    detach,
)
from tests.domain.racing import attempt, opened, race
from tests.given import ME
from tests.machines import invariants


ROUNDS = 20


def store(path: Path, *commands: Command) -> Network:
    network = opened(path)
    for command in commands:
        network.execute(command, ME)
    return network


def sound(network: Network) -> None:
    assert network.broken_link() == 0
    invariants.check(network, network.survey(network, network.position()).topology)  # type: ignore[attr-defined] # a survey has one


def each_round(*names: str) -> list[str]:
    return [f"{name}{i}" for i in range(ROUNDS) for name in names]


def test_of_two_attaches_of_one_vlan_exactly_one_wins_and_the_other_is_told_who(tmp_path: Path) -> None:
    clusters = each_round("c")
    network = store(tmp_path / "s", a_zone(), a_vlan("a"), a_vlan("b"), *map(a_cluster, clusters))
    rounds = race(tmp_path / "s", [attach("a", c) for c in clusters], [attach("b", c) for c in clusters])
    for pair in rounds:
        winner, loser = sorted(pair, key=lambda told: told.code)
        assert (winner.code, loser.code) == ("", "vlan-in-use")
        (named,) = network.facts(loser.positions[0] - 1, loser.positions[0])
        assert isinstance(named.fact, l2.AttachedToCluster)
        assert loser.positions == winner.positions[:1]
    sound(network)


def test_of_two_vms_that_want_one_address_exactly_one_gets_it(tmp_path: Path) -> None:
    world = (a_zone(), a_cluster(), a_host(), a_vlan(), attach("v10"), an_l3(), a_cidr())
    network = store(tmp_path / "s", *world)
    ips = [f"192.168.0.{i}" for i in range(10, 10 + ROUNDS)]
    sides = [[a_vm(f"{side}{ip}", ip=ip) for ip in ips] for side in "ab"]
    for pair in race(tmp_path / "s", *sides):
        assert sorted(told.code for told in pair) == ["", "ip-in-use"]
    sound(network)


def test_two_processes_that_ask_for_nothing_special_are_both_served(tmp_path: Path) -> None:
    world = (a_zone(), a_cluster(), a_host(), a_vlan(), attach("v10"), an_l3(), a_cidr())
    network = store(tmp_path / "s", *world)
    for pair in race(tmp_path / "s", *[[a_vm(f"{side}{i}") for i in range(ROUNDS)] for side in "ab"]):
        assert [told.code for told in pair] == ["", ""]
    sound(network)


def test_a_vm_made_while_its_network_leaves_never_keeps_the_nic(tmp_path: Path) -> None:
    clusters = each_round("c")
    hosts = [a_host(c.replace("c", "h"), cluster=c) for c in clusters]
    network = store(tmp_path / "s", a_zone(), a_vlan(), an_l3(), a_cidr(), *map(a_cluster, clusters), *hosts)
    for c in clusters:
        network.execute(attach("v10", c), ME)
    vms = [a_vm(c.replace("c", "vm"), host=c.replace("c", "h")) for c in clusters]
    for made, left in race(tmp_path / "s", vms, [detach("v10", c) for c in clusters]):
        assert left.code == ""
        assert made.code in {"", "host-not-eligible"}
    assert not any(
        isinstance(r.fact, l2.AttachedToCluster) and r.position > network.position() for r in network.facts()
    )
    sound(network)


def test_a_host_added_while_a_network_comes_never_lacks_its_interface(tmp_path: Path) -> None:
    clusters = each_round("c")
    network = store(tmp_path / "s", a_zone(), a_vlan(), *map(a_cluster, clusters))
    hosts: list[Command] = [a_host(c.replace("c", "h"), cluster=c, interfaces=("eth1",)) for c in clusters]
    for pair in race(tmp_path / "s", hosts, [attach("v10", c) for c in clusters]):
        assert sorted(told.code for told in pair) == ["", "physical-interface-missing"]
    sound(network)


WORKER = """
import sys
from pathlib import Path
from tests.builders import a_vm
from tests.domain.racing import attempt, opened
network = opened(Path(sys.argv[1]))
for i in range(1000):
    told = attempt(network, a_vm(sys.argv[2] + str(i)), "worker")
    print(i, told.positions[-1], flush=True)
"""


@pytest.mark.parametrize("acknowledged", [1, 2, 3, 5, 8, 13])
def test_a_killed_process_loses_nothing_it_acknowledged_and_leaves_nothing_half(
    tmp_path: Path, acknowledged: int
) -> None:
    store(tmp_path / "s", a_zone(), a_cluster(), a_host(), a_vlan(), attach("v10"), an_l3(), a_cidr()).close()
    worker = subprocess.Popen([sys.executable, "-c", WORKER, tmp_path / "s", "vm"], stdout=subprocess.PIPE, text=True)
    assert worker.stdout
    told = [worker.stdout.readline().split() for _ in range(acknowledged)]
    worker.send_signal(signal.SIGKILL)
    told += [line.split() for line in worker.stdout if line.endswith("\n")]
    worker.stdout.close()
    assert worker.wait() == -signal.SIGKILL
    network = opened(tmp_path / "s")
    made = [r for r in network.facts() if isinstance(r.fact, vm.Created)]
    started = [r for r in network.facts() if isinstance(r.fact, vm.Started)]
    assert len(made) == len(started) >= len(told)
    assert int(told[-1][1]) <= network.position()
    sound(network)
    assert attempt(network, a_vm("after"), "me").code == ""
