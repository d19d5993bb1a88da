"""A child made while its parent goes, and a cascade that is killed: a refusal or a cascade, never an orphan."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

from domain import commands as c
from domain import zone
from domain.commands import Command, Mode
from domain.network import Network
from projections.topology import fold
from tests.builders import (
    a_cidr,
    a_cluster,
    a_host,
    a_pool,
    a_switch,
    a_vlan,
    a_vm,
    a_vni_range,
    a_vxlan,
    a_zone,
    an_l3,
    attach,
    connect,
    start,
    stop,
)
from tests.domain.racing import attempt, opened, race
from tests.given import ME
from tests.machines import remains


ROUNDS = 4


class Pair(NamedTuple):
    """A parent, a child that comes, and the end of the parent; each for one round."""

    world: Callable[[str], tuple[Command, ...]]
    child: Callable[[str], Command]
    end: Callable[[str, Mode], Command]


def places(i: str) -> tuple[Command, ...]:
    return (a_zone(f"z{i}"), a_cluster(f"c{i}", zone=f"z{i}"), a_host(f"h{i}", cluster=f"c{i}", vtep="10.0.0.1"))


def subnet(i: str) -> tuple[Command, ...]:
    network = (a_vlan(f"v{i}", zone=f"z{i}"), attach(f"v{i}", f"c{i}"))
    return (*places(i), *network, an_l3(f"l{i}", l2=f"v{i}"), a_cidr(l3=f"l{i}"))


def tunnels(i: str) -> tuple[Command, ...]:
    owner = a_pool(f"p{i}", zone=f"z{i}")
    return (*places(i), owner, a_vni_range(pool=f"p{i}"), attach(f"p{i}", f"c{i}", vtep_cidr="10.0.0.0/24"))


def delete_zone(i: str, mode: Mode) -> Command:
    return c.DeleteZone(zone=f"z{i}", mode=mode)


def delete_cluster(i: str, mode: Mode) -> Command:
    return c.DeleteCluster(cluster=f"c{i}", mode=mode)


def delete_host(i: str, mode: Mode) -> Command:
    return c.DeleteHost(host=f"h{i}", mode=mode)


def delete_l2(i: str, mode: Mode) -> Command:
    return c.DeleteL2Network(l2=f"v{i}", mode=mode)


PAIRS = {
    "zone-cluster": Pair(lambda i: (a_zone(f"z{i}"),), lambda i: a_cluster(f"c{i}", zone=f"z{i}"), delete_zone),
    "zone-l2": Pair(lambda i: (a_zone(f"z{i}"),), lambda i: a_vlan(f"v{i}", zone=f"z{i}"), delete_zone),
    "zone-host": Pair(places, lambda i: a_host(f"g{i}", cluster=f"c{i}"), delete_zone),
    "zone-vm": Pair(subnet, lambda i: a_vm(f"vm{i}", f"l{i}"), delete_zone),
    "zone-start": Pair(
        lambda i: (*subnet(i), a_vm(f"vm{i}", f"l{i}"), stop(f"vm{i}")), lambda i: start(f"vm{i}"), delete_zone
    ),
    "cluster-host": Pair(lambda i: places(i)[:2], lambda i: a_host(f"h{i}", cluster=f"c{i}"), delete_cluster),
    "cluster-attach": Pair(
        lambda i: (*places(i), a_vlan(f"v{i}", zone=f"z{i}")), lambda i: attach(f"v{i}", f"c{i}"), delete_cluster
    ),
    "cluster-move": Pair(
        lambda i: (*places(i), a_cluster(f"d{i}", zone=f"z{i}"), a_host(f"g{i}", cluster=f"d{i}")),
        lambda i: c.MoveHost(host=f"g{i}", cluster=f"c{i}"),
        delete_cluster,
    ),
    "host-vm": Pair(subnet, lambda i: a_vm(f"vm{i}", f"l{i}"), delete_host),
    "host-cable": Pair(
        lambda i: (*places(i), a_switch(f"s{i}", "1", zone=f"z{i}")),
        lambda i: connect(f"h{i}:eth0", f"s{i}:1"),
        delete_host,
    ),
    "l2-l3": Pair(
        lambda i: (*places(i), a_vlan(f"v{i}", zone=f"z{i}")), lambda i: an_l3(f"l{i}", l2=f"v{i}"), delete_l2
    ),
    "l2-attach": Pair(
        lambda i: (*places(i), a_vlan(f"v{i}", zone=f"z{i}")), lambda i: attach(f"v{i}", f"c{i}"), delete_l2
    ),
    "l2-vm": Pair(subnet, lambda i: a_vm(f"vm{i}", f"l{i}"), delete_l2),
    "l3-vm": Pair(subnet, lambda i: a_vm(f"vm{i}", f"l{i}"), lambda i, mode: c.DeleteL3Network(l3=f"l{i}", mode=mode)),
    "pool-network": Pair(
        tunnels,
        lambda i: a_vxlan(f"x{i}", pool=f"p{i}"),
        lambda i, mode: c.DeleteL2Network(l2=f"p{i}", mode=mode),
    ),
    "range-network": Pair(
        tunnels,
        lambda i: a_vxlan(f"x{i}", pool=f"p{i}"),
        lambda i, mode: c.DeleteVniRange(pool=f"p{i}", name="100-102", mode=mode),
    ),
}
CHILD_REFUSED = {"", "unknown-object", "no-host-available", "host-not-eligible", "invalid-argument", "vni-exhausted"}


def store(path: Path, *commands: Command) -> Network:
    network = opened(path)
    for command in commands:
        network.execute(command, ME)
    return network


def sound(network: Network) -> None:
    assert network.broken_link() == 0
    remains.check(network, fold(network.facts()))


@pytest.mark.parametrize("mode", ["permissive", "enforcing"])
def test_a_child_made_while_its_parent_goes_is_never_an_orphan(tmp_path: Path, mode: Mode) -> None:
    rounds = [(pair, f"{name}-{i}") for name, pair in PAIRS.items() for i in range(ROUNDS)]
    network = store(tmp_path / "s", *(command for pair, i in rounds for command in pair.world(i)))
    told = race(tmp_path / "s", [pair.child(i) for pair, i in rounds], [pair.end(i, mode) for pair, i in rounds])
    for (_, i), (made, ended) in zip(rounds, told, strict=True):
        assert made.code in CHILD_REFUSED, (i, made)
        assert ended.code in {"", *(["still-in-use"] if mode == "permissive" else [])}, (i, ended)
        if mode == "permissive":
            assert "" in {made.code, ended.code}, (i, made, ended)
    sound(network)


def test_of_an_attach_and_a_change_to_one_vlan_exactly_one_wins(tmp_path: Path) -> None:
    clusters = [f"c{i}" for i in range(ROUNDS)]
    world = (a_zone(), *map(a_cluster, clusters), a_vlan("v20", vlan=20), *(a_vlan(f"w{name}") for name in clusters))
    network = store(tmp_path / "s", *world, *(attach(f"w{name}", name) for name in clusters))
    changes = [c.ChangeL2NetworkVlan(l2=f"w{name}", vlan=20) for name in clusters]
    for pair in race(tmp_path / "s", changes, [attach("v20", name) for name in clusters]):
        assert sorted(told.code for told in pair) == ["", "vlan-in-use"]
    sound(network)


# killed


ZONES = 8
VMS = 6
WORKER = """
import sys
from pathlib import Path
from domain.commands import DeleteZone
from tests.domain.racing import attempt, opened
network = opened(Path(sys.argv[1]))
for i in range(int(sys.argv[2])):
    told = attempt(network, DeleteZone(zone=f"z{i}", mode="enforcing"), "worker")
    print(told.code or "done", flush=True)
"""


def tenant(i: int) -> tuple[Command, ...]:
    return (*subnet(str(i)), *(a_vm(f"vm{i}-{n}", f"l{i}") for n in range(VMS)))


@pytest.mark.parametrize("acknowledged", [1, 2, 3, 5])
def test_a_killed_cascade_is_all_there_or_not_at_all(tmp_path: Path, acknowledged: int) -> None:
    commands = [command for i in range(ZONES) for command in tenant(i)]
    store(tmp_path / "s", *commands).close()
    arguments = [sys.executable, "-c", WORKER, str(tmp_path / "s"), str(ZONES)]
    worker = subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True)
    assert worker.stdout
    told = [worker.stdout.readline().strip() for _ in range(acknowledged)]
    worker.send_signal(signal.SIGKILL)
    told += [line.strip() for line in worker.stdout if line.endswith("\n")]
    worker.stdout.close()
    worker.wait()
    assert set(told) == {"done"}
    network = opened(tmp_path / "s")
    gone = [r for r in network.facts() if isinstance(r.fact, zone.Deleted)]
    assert len(gone) >= len(told)
    living = fold(network.facts()).objects.states
    assert len(living) == (ZONES - len(gone)) * (5 + VMS)
    sound(network)
    for i in range(ZONES):
        assert attempt(network, delete_zone(str(i), "enforcing"), "me").code in {"", "unknown-object"}
    assert not fold(network.facts()).objects.states
