"""A package of somebody else's balances load on our hosts: found by its entry points, driven like what is ours."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from backends.errors import Unfinished
from backends.kvm import pin, process, room
from domain import commands as c
from projections.operations import describe
from tests.builders import destroy, detach
from tests.kernel.balanced import HOMES, VIP, VIP6, Shop, shop
from tests.kernel.fabric import Cut, after, ip
from tests.kernel.served import HOSTS
from tests.plugins import haproxy
from tests.service_builders import a_vip, serve, unserve


pytestmark = pytest.mark.kernel("bridge", "veth", "haproxy")


@pytest.fixture
def plugin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Install the plugin. Gives the file that says what it is to balance."""
    for place in haproxy.lay_out(tmp_path):
        monkeypatch.syspath_prepend(place)
    monkeypatch.setenv(haproxy.LISTENERS, str(tmp_path / "listeners.toml"))
    return tmp_path / "listeners.toml"


@pytest.fixture
def market(plugin: Path) -> Iterator[Shop]:
    with shop(plugin) as found:
        yield found


def test_a_client_of_the_vip_is_answered_by_the_members_in_turn(market: Shop) -> None:
    market.open()

    told = market.answers()

    assert sorted(told[:2]) == ["web-1", "web-2"]
    assert told[2:] == told[:2]
    assert market.ask(port=8081) == ""


def test_a_member_whose_vm_is_stopped_is_asked_no_more(market: Shop) -> None:
    market.open()

    market.place.tell(c.StopVm(vm="web-2"))
    market.place.realize("h1")

    assert market.answers() == ["web-1"] * 4


def test_one_host_answers_and_another_one_when_its_oldest_vm_is_gone(market: Shop) -> None:
    market.open()
    assert [len(market.namespaces(host)) for host in HOSTS] == [1, 0]

    market.place.tell(c.StopVm(vm="web-1"))
    market.place.realize()

    assert [len(market.namespaces(host)) for host in HOSTS] == [0, 1]
    market.wait_for("web-2")
    assert market.answers() == ["web-2"] * 4


def test_where_the_service_is_detached_nobody_answers_and_nothing_is_left(market: Shop) -> None:
    market.open()
    assert market.processes()
    assert market.is_known(VIP)

    market.place.tell(unserve(lb=("LoadBalancer",)))
    market.place.realize()

    assert market.ask() == ""
    assert not market.is_known(VIP)
    left = list(market.place.states["h1"].glob("haproxy/**/*"))
    assert (market.processes(), [path.name for path in left]) == ([], ["netns"])


def test_a_connection_outlives_the_change_of_its_listener(market: Shop) -> None:
    market.open()
    with market.call() as line:
        assert line.recv(100) in {b"web-1\n", b"web-2\n"}

        market.listen("web-1")
        market.place.realize()

        assert market.answers() == ["web-1"] * 4
        line.sendall(b"still there?")
        assert line.recv(100) == b"still there?"


def test_no_connection_is_lost_while_listeners_change(market: Shop) -> None:
    market.open()
    sockets = market.sockets("h1")

    with market.calling() as heard:
        for names in (("web-1",), ("web-1", "web-2")) * 4:
            market.listen(*names)
            market.place.realize("h1")

    assert len(heard) > 20
    assert set(heard) == {"web-1", "web-2"}
    assert market.sockets("h1") == sockets  # one haproxy hands them to the next: who waits at one is not sent away


def test_a_network_that_goes_takes_its_balancer_along_and_is_not_held_by_it(market: Shop) -> None:
    market.open()
    assert market.place.plan("h1").bridges

    for name in HOMES:
        market.place.tell(destroy(name))
    market.place.tell(detach("plain"))
    market.place.realize()

    with market.place.host("h1") as kernel:
        assert [link for link in kernel.look().links.values() if link.kind == "bridge"] == []
    assert (market.processes(), market.namespaces("h1")) == ([], [])


def test_work_on_one_network_leaves_balancers_alone(market: Shop) -> None:
    market.open()
    before, network = made(market), market.place.topology.find("l2", "plain")
    market.listen("web-1")

    with market.place.host("h1") as kernel:
        result = kernel.realize(market.place.plan("h1"), l2=network)

    assert result.settled
    assert made(market) == before


def test_a_vip_of_ipv6_is_balanced_over_ipv6(market: Shop) -> None:
    market.open(vip="six")

    assert sorted(set(market.answers(VIP6))) == ["web-1", "web-2"]


# what stands in the way


def test_a_vm_that_nobody_knows_is_told_and_the_others_answer(market: Shop) -> None:
    market.open()
    market.listen("web-1", "web-9")

    result = market.place.realize_all_the_same("h1")

    why = "listener shop:80: no VM web-9 has a NIC on L3 network l3"
    assert [obstacle.why for obstacle in result.obstacles] == [why]
    assert market.answers() == ["web-1"] * 4


TWICE = '[[listener]]\nnetwork = "l3"\nvip = "shop"\nport = 80\nmembers = ["web-2"]\n'
RANGE = c.CreatePortForwardingRule(name="r", vip="taken", protocol="TCP", vip_ports="70-90")


@pytest.mark.parametrize(
    ("vip", "more", "why"),
    [
        ("nobody", "", "listener nobody:80: L3 network l3 has no VIP nobody"),
        ("taken", "", "listener taken:80: VIP taken is used for PortForwarding there"),
        ("shop", TWICE, "listener shop:80: there are two of them"),
        ("shop", "port = 0", "listeners.toml: "),
        ("shop", "colour = 1", "listeners.toml: "),
    ],
)
def test_what_is_asked_for_and_can_not_be_is_told(market: Shop, vip: str, more: str, why: str) -> None:
    market.place.tell(a_vip("taken", l3="l3"), RANGE)
    market.listen("web-1", vip=vip, more=more)

    (obstacle,) = market.check().obstacles

    assert why in obstacle.why
    assert obstacle.l2 == ""


def test_a_file_that_nobody_can_read_changes_nothing(market: Shop) -> None:
    market.open()
    market.listeners.write_text("[[listener")

    result = market.place.realize_all_the_same("h1")

    assert result.operations == ()
    assert sorted(set(market.answers())) == ["web-1", "web-2"]
    market.place.tell(unserve(lb=("LoadBalancer",)))
    market.place.realize("h1")
    assert market.processes() == []  # what is to go does not depend on it


def test_without_the_plugin_the_host_says_what_it_can_not_do(market: Shop, tmp_path: Path) -> None:
    (tmp_path / "rewire_haproxy-1.0.dist-info" / "entry_points.txt").write_text("")

    result = market.place.realize_all_the_same("h1")

    why = "nothing installed does LoadBalancer of Haproxy on KVM hosts: L3 network l3 goes without"
    assert [obstacle.why for obstacle in result.obstacles] == [why]
    assert result.operations  # the network is there all the same


def test_a_namespace_of_somebody_elses_is_told_and_left_alone(market: Shop) -> None:
    market.open()
    (place,) = market.namespaces("h1")
    strange = place.with_name("strange")
    pin.make(strange, lambda: None)

    result = market.place.realize_all_the_same("h1")

    assert [obstacle.why for obstacle in result.obstacles] == [
        "there is a network namespace strange that Rewire did not make"
    ]
    assert market.namespaces("h1") == [place, strange]
    pin.remove(strange)


def test_a_device_of_somebody_elses_with_the_name_of_the_leg_is_told_and_left_alone(market: Shop) -> None:
    market.listen("web-1")
    (step,) = (step for step in market.check().operations if describe(step).endswith("its VIPs"))
    leg = step.balancer.leg  # type: ignore[attr-defined] # the plugin's own
    ip(market.place.lab.path("h1"), f"link add {leg} type bridge")

    with pytest.raises(Unfinished, match=f"there is a device {leg} that Rewire did not make"):
        market.place.realize("h1")

    assert leg in ip(market.place.lab.path("h1"), "-o link show type bridge")


def test_what_fails_of_ours_keeps_no_plugin_from_its_work(market: Shop) -> None:
    market.listen("web-1")
    market.place.tell(serve(flat=("DHCP",)))
    blocked = market.place.states["h1"] / "netns"
    blocked.touch()  # no namespace of ours can be pinned there

    with pytest.raises(Unfinished, match="create-namespace dhcp-"):
        market.place.realize("h1")

    assert len(market.namespaces("h1")) == 1
    blocked.unlink()


# cut off


def test_a_run_that_is_cut_off_anywhere_is_made_good(market: Shop) -> None:
    market.open()
    whole = made(market)
    market.clear()
    for count in range(1, len(market.check().operations) + 1):
        with pytest.raises(Cut):
            market.place.realize("h1", on_operation=after(count))
        market.place.realize("h1")
        assert market.check().settled
        assert made(market) == whole
        market.clear()


def test_a_run_that_is_killed_when_haproxy_was_changed_and_is_not_noted_yet_is_made_good(
    market: Shop, tmp_path: Path
) -> None:
    market.open()
    with market.call() as line:
        line.recv(100)
        market.listen("web-1")
        market.realize_and_die(tmp_path)
        assert market.answers() == ["web-1"] * 4

        market.listen("web-1", "web-2")  # as the one has it that only waits for the end of its connection
        market.place.realize("h1")

        assert sorted(set(market.answers())) == ["web-1", "web-2"]
        assert market.check().settled
        line.sendall(b"still there?")
        assert line.recv(100) == b"still there?"


def test_a_haproxy_that_died_is_started_again(market: Shop) -> None:
    market.open()
    (pid,) = market.place.states["h1"].glob("haproxy/*/pid")
    process.end(int(pid.read_text()))

    assert market.ask() == ""
    assert [step.lack for step in market.check().operations] == ["missing"]  # type: ignore[attr-defined] # a plugin's step
    market.place.realize()

    assert sorted(set(market.answers())) == ["web-1", "web-2"]


def made(market: Shop) -> list[object]:
    """Give what is there for the balancer, but for the numbers of processes."""
    state = market.place.states["h1"] / "haproxy"
    found = room.rooms(state / "netns", lambda *_: None)
    return [found, *sorted((path.name, path.read_text()) for path in state.glob("*/conf")), len(market.processes())]
