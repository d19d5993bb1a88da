"""GRE networks on Open vSwitch: frames between three hosts, and what is not ours stays as it is."""

from __future__ import annotations

import json
import select
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count

import msgspec
import pytest

from backends.kvm.host import Host
from backends.kvm.namespace import inside
from backends.kvm.vswitch import VSwitch
from domain import commands, host
from domain.errors import HostUnreachable
from domain.l2_types import GRE_MTU
from projections import plan
from projections.found import Found
from projections.operations import SetDown, apply_all
from projections.ovs import Ovs
from projections.ovs_operations import PlugPort
from projections.plan import GreMesh, HostPlan, Port
from projections.service_entries import Services, Shield
from projections.verdict import Probe
from simulator.run import simulate
from tests import builders
from tests.kernel import packets
from tests.kernel.fabric import (
    PATIENCE_S,
    VTEPS,
    Cut,
    Story,
    after,
    blurred,
    guests_of,
    ip,
    islands_in,
    islands_meant,
    neighbours,
    one_host,
    plan_of,
    port_on,
    story,
    tunnelled,
    untagged,
)
from tests.kernel.vswitch import DATAPATH, Daemons, running, underlaid


pytestmark = [
    pytest.mark.kernel("bridge", "tap", "veth", "vxlan"),
    pytest.mark.skipif(not shutil.which("ovs-vswitchd"), reason="Open vSwitch is not installed: openvswitch-switch"),
]


class Meshed(Story):
    """A story whose hosts have Open vSwitch."""

    switches: dict[str, Daemons]

    def realize(self) -> dict[str, Found]:
        topology, found = self.topology(), {}
        for uuid, state in topology.every(host.Host):
            vswitch = VSwitch(self.switches[state.name].socket, datapath=DATAPATH)
            with Host(self.lab.path(state.name), plug="veth", vswitch=vswitch) as kernel:
                assert not kernel.realize(plan.plan(topology, uuid)).obstacles
                found[state.name] = kernel.look()
        return found


def test_guests_hear_one_another_through_a_mesh_and_not_across_keys_and_each_frame_once() -> None:
    with story() as told, underlaid({name: (told.lab.path(name), VTEPS[name]) for name in VTEPS}) as switches:
        meshed = Meshed(told.lab)
        meshed.switches = switches
        foreign = {name: each.shown("phy") for name, each in switches.items()}
        meshed.add_networks(gre("a", 7), gre("b", 8), names=("a", "b"))
        assert_frames_agree(meshed)
        assert_no_frame_comes_twice(meshed)

        before = meshed.topology()
        meshed.tell(builders.detach("a", "c2"))
        looks = assert_frames_agree(meshed)
        simulated = simulate(before, meshed.topology()).found
        assert {name: ours(look.ovs) for name, look in looks.items()} == {n: ours(f.ovs) for n, f in simulated.items()}

        meshed.tell(*(commands.DestroyVm(vm=f"vm-{name}") for name in VTEPS), builders.detach("a", "c1"))
        meshed.tell(builders.detach("b", "c1"), builders.detach("b", "c2"))
        assert not any(bridge.ours for look in meshed.realize().values() for bridge in look.ovs.bridges.values())
        assert {name: each.shown("phy") for name, each in switches.items()} == foreign


def ours(ovs: Ovs) -> tuple[object, ...]:
    """What both kernels and the simulator know of Open vSwitch."""
    bridges = sorted(bridge.name for bridge in ovs.bridges.values() if bridge.ours)
    return bridges, sorted((port.name, port) for port in ovs.ports.values() if port.ours)


def assert_frames_agree(told: Story) -> dict[str, Found]:
    looks = told.realize()
    expected = neighbours(told.topology())
    assert any(expected.values())
    assert told.hears(expected) == expected
    assert islands_in(looks) == islands_meant(told.topology())
    return looks


def assert_no_frame_comes_twice(told: Story) -> None:
    """A full mesh without a split horizon would send a broadcast round for ever."""
    guests = list(guests_of(told.topology()))
    copies = told.lab.copies_heard(guests)
    assert copies == {1}


def gre(name: str, key: int) -> commands.Command:
    return commands.CreateL2OvsGreNetwork(name=name, zone="z", physical_interface="eth0", key=key)


# one host, and a plan by hand


def meshed(key: int = 7, peers: tuple[str, ...] = ("10.0.0.2", "10.0.0.3")) -> HostPlan:
    mesh = GreMesh(f"ovs{key}", f"l2-gre{key}", key, "eth0", "10.0.0.1", peers, (4,), GRE_MTU)
    return HostPlan("h", 1, meshes=(mesh,), ports=(port_on(mesh.bridge, 4),))


@contextmanager
def switched() -> Iterator[tuple[str, Daemons]]:
    """Give a host with Open vSwitch, and somebody else's bridge, port and external ids on it."""
    with one_host("link add theirs type veth") as path, running(path) as daemons:
        daemons.vsctl("set", "open", ".", "external_ids:system-id=theirs")
        daemons.vsctl("add-br", "br-int", "--", "set", "bridge", "br-int", f"datapath_type={DATAPATH}")
        daemons.vsctl("set", "bridge", "br-int", "external_ids:owner=me", "other_config:hwaddr=02:00:00:00:00:99")
        daemons.vsctl("add-port", "br-int", "theirs", "tag=5", "--", "set", "port", "theirs", "external_ids:a=b")
        yield path, daemons


def opened(path: str, daemons: Daemons) -> Host:
    return Host(path, plug="veth", vswitch=VSwitch(daemons.socket, datapath=DATAPATH))


def test_the_operations_do_to_open_vswitch_what_they_say_and_are_needed_once() -> None:
    with switched() as (path, daemons), opened(path, daemons) as host:
        before, foreign = host.look(), daemons.shown("br-int")
        done = host.realize(plan_of(meshed(), untagged("eth0")))

        said = apply_all(before, done.operations)
        assert blurred(host.look(), said).ovs == said.ovs
        assert host.check(plan_of(meshed(), untagged("eth0"))).settled
        assert daemons.vsctl("get", "port", "nic020000000004", "external_ids:rewire").startswith('"rewire n4 fact=4')

        host.delete("h")
        assert host.look() == before
        assert daemons.shown("br-int") == foreign


def test_a_run_that_was_cut_off_after_any_operation_is_made_good_by_the_next() -> None:
    with switched() as (path, daemons), opened(path, daemons) as host:
        before, foreign = host.look(), daemons.shown("br-int")
        host.realize(meshed())
        whole = host.look()
        host.delete("h")
        for number in count(1):
            try:
                host.realize(meshed(), on_operation=after(number))
            except Cut:
                host.realize(meshed())
            else:
                break
            assert host.look() == whole
            with pytest.raises(Cut):
                host.delete("h", on_operation=after(min(number, 4)))
            host.delete("h")
            assert host.look() == before
        assert daemons.shown("br-int") == foreign


def test_what_somebody_did_to_ours_is_mended() -> None:
    with switched() as (path, daemons), opened(path, daemons) as host:
        host.realize(meshed())
        whole = host.look()
        (tunnel, *_) = sorted(port.name for port in whole.ovs.ports.values() if port.kind == "gre")

        daemons.vsctl("set", "port", tunnel, "protected=false")
        daemons.vsctl("set", "interface", tunnel, "options:key=9")
        daemons.vsctl("del-port", "nic020000000004")
        with opened(path, daemons) as again:
            assert len(again.realize(meshed()).operations) == 2
            assert again.look() == whole


def test_peers_come_and_go_without_a_touch_to_the_others() -> None:
    with switched() as (path, daemons), opened(path, daemons) as host:
        host.realize(meshed(peers=("10.0.0.2", "10.0.0.3")))
        done = host.realize(meshed(peers=("10.0.0.3", "10.0.0.4")))

        assert sorted(type(o).__name__ for o in done.operations) == ["AddGrePort", "RemoveOvsPort"]


def test_a_foreign_bridge_of_the_name_keeps_its_network_out_and_no_other() -> None:
    with switched() as (path, daemons), opened(path, daemons) as host:
        daemons.vsctl("add-br", "ovs7", "--", "set", "bridge", "ovs7", f"datapath_type={DATAPATH}")
        foreign = daemons.shown("br-int", "ovs7")

        told = host.realize(plan_of(meshed(7), meshed(8)))

        assert [obstacle.why for obstacle in told.obstacles] == ["there is an OVS bridge ovs7 that Rewire did not make"]
        assert "ovs8" in host.look().ovs.bridges
        assert daemons.shown("br-int", "ovs7") == foreign


def test_a_bridge_of_ours_that_holds_a_foreign_port_stays() -> None:
    with switched() as (path, daemons), opened(path, daemons) as host:
        host.realize(meshed())
        ip(path, "link add guest type veth")
        daemons.vsctl("add-port", "ovs7", "guest")

        told = host.delete("h")

        assert [obstacle.name for obstacle in told.obstacles] == ["ovs7"]
        assert daemons.vsctl("list-ports", "ovs7").split() == ["guest"]


def test_open_vswitch_that_is_down_keeps_gre_networks_out_and_no_other() -> None:
    both = plan_of(meshed(), tunnelled())
    with switched() as (path, daemons), opened(path, daemons) as host:
        daemons.stop()

        told = host.realize(both)

        assert [obstacle.l2 for obstacle in told.obstacles] == ["l2-gre7"]
        assert f"Open vSwitch can't be reached at {daemons.socket}" in told.obstacles[0].why
        assert "br_vx_9" in host.look().links

        daemons.start()
        assert not host.realize(both).obstacles


def test_a_nic_that_joins_a_group_while_it_is_up_is_taken_down_and_comes_back_when_it_leaves() -> None:
    first, second = port_on("ovs7", 4), port_on("ovs7", 5)
    free = msgspec.structs.replace(meshed(), ports=(first, second))
    shield = Shield(first.nic, first.device, first.mac, (first.ip,), ("g",), "closed", "open", (5,))
    grouped = msgspec.structs.replace(free, services=Services(shields=(shield,)))
    with switched() as (path, daemons), opened(path, daemons) as host:
        host.realize(free)
        assert hears(path, second, first)

        told = host.realize(grouped)
        assert told.operations == (SetDown(first.device),)
        assert [obstacle.name for obstacle in told.obstacles] == [first.device]
        assert f"{first.device} is in a group, and kept down" in told.obstacles[0].why
        assert "NO-CARRIER" in flags(path, end_of(first))
        assert host.realize(grouped).operations == ()

        ip(path, f"link set {first.device} up")
        assert host.realize(grouped).operations == (SetDown(first.device),)

        host.realize(free)
        assert hears(path, second, first)
        assert "UP" not in flags(path, "ovs7")  # the host itself hears nothing of it either


def end_of(port: Port) -> str:
    return port.device.replace("nic", "p", 1)


def flags(path: str, device: str) -> list[str]:
    (shown,) = json.loads(ip(path, f"-j link show dev {device}"))
    found: list[str] = shown["flags"]
    return found


def hears(path: str, listener: Port, speaker: Port) -> bool:
    """Tell whether one guest's broadcasts come to another, as soon as one has, or when patience ends."""
    said = Probe(src=speaker.ip, dst=listener.ip, protocol="ARP")
    deadline = time.monotonic() + PATIENCE_S
    with inside(path), packets.ear(end_of(listener)) as ear, packets.ear(end_of(speaker)) as mouth:
        for number in count(1):
            mouth.send(packets.frame(said, speaker.mac, number))
            if select.select([ear], [], [], 0.1)[0] and ear.recv(2048)[6:12] == bytes.fromhex(
                speaker.mac.replace(":", "")
            ):
                return True
            if time.monotonic() > deadline:
                break
    return False


def test_a_daemon_that_does_not_carry_out_what_the_database_says_is_told() -> None:
    with switched() as (path, daemons), opened(path, daemons) as host:
        daemons.stop("ovs-vswitchd")
        with pytest.raises(HostUnreachable, match=r"create-ovs-bridge ovs7: ovs-vswitchd doesn't carry it out"):
            host.realize(meshed())


def test_what_a_daemon_left_undone_is_not_taken_for_done_and_is_once_it_is_back() -> None:
    with switched() as (path, daemons), opened(path, daemons) as host:
        daemons.stop("ovs-vswitchd")
        with pytest.raises(HostUnreachable, match="doesn't carry it out"):
            host.realize(meshed())

        left = host.check(meshed())
        assert [obstacle.l2 for obstacle in left.obstacles] == ["l2-gre7"]
        assert "ovs-vswitchd doesn't carry it out" in left.obstacles[0].why

        daemons.start()
        host.realize(meshed())
        assert host.check(meshed()).settled


def test_a_port_that_open_vswitch_can_not_make_is_told_and_seen() -> None:
    with switched() as (path, daemons), opened(path, daemons) as host:
        host.realize(meshed())
        vswitch = VSwitch(daemons.socket, datapath=DATAPATH)

        with pytest.raises(HostUnreachable, match="nic-of-nobody"):
            vswitch.perform(PlugPort("nic-of-nobody", "ovs7", "rewire n fact=1", protected=False))

        assert "nic-of-nobody" in vswitch.look().ports["nic-of-nobody"].fault
        vswitch.close()


def test_a_host_of_which_nobody_said_where_open_vswitch_is_has_none() -> None:
    with one_host() as path, Host(path, plug="veth") as host:
        (obstacle,) = host.realize(meshed()).obstacles

        assert "it is not known where Open vSwitch listens" in obstacle.why
