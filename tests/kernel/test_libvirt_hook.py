"""What the hook decides before a domain starts and after it has ended, without libvirt."""

from __future__ import annotations

import io
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from backends.kvm import lock
from backends.kvm.namespace import inside
from domain import commands as c
from domain import vm
from domain.history import Author
from rewire import session
from rewire.cli import run
from tests.builders import a_cidr, a_cluster, a_host, a_no_vlan, a_range, a_vm, a_zone, an_l3, attach, migrate, stop
from tests.kernel import state
from tests.kernel.fabric import ip, one_host
from tests.kernel.served import wait_for


pytestmark = pytest.mark.kernel("bridge", "veth", "tap")
MAC, DEVICE = "52:54:00:00:00:01", "nic525400000001"
OTHER_MAC = "52:54:00:00:00:02"


class Answer(NamedTuple):
    status: int
    error: str


class Place:
    """A host with VM `vm`, and what libvirt tells the hook there."""

    def __init__(self, netns: str, store: str, folder: Path, call: Callable[[tuple[str, ...], str], Answer]) -> None:
        self.netns = netns
        self.folder = folder
        self._store = store
        self._call = call
        self.tell(a_zone(), a_cluster(), *(a_host(name) for name in ("h1", "h2")))
        self.tell(a_no_vlan(), attach("plain"), an_l3(l2="plain"), a_range(), a_vm(host="h1", mac=MAC))

    def tell(self, *wishes: c.Command) -> None:
        with session.opened(self._store, absent="make") as opened:
            for wish in wishes:
                opened.network.execute(wish, Author("tests"))

    def guest(self) -> vm.Vm:
        with session.opened(self._store) as opened:
            topology = opened.topology()
            return topology.state(topology.find("vm", "vm"), vm.Vm)

    def hears(self, operation: str, xml: str, store: str = "") -> Answer:
        given = ("--store", store or self._store, "--state", str(self.folder), "--host", "h1")
        with inside(self.netns):
            return self._call(("libvirt-hook", *given, "--", "web", operation, "begin", "-"), xml)

    def has(self, device: str) -> bool:
        return f" {device}:" in ip(self.netns, "-o link")


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Iterator[Place]:
    def call(words: tuple[str, ...], text: str) -> Answer:
        monkeypatch.setattr("sys.stdin", io.StringIO(text))
        capsys.readouterr()
        return Answer(run(words), capsys.readouterr().err)

    with one_host() as netns, state.folder() as folder:
        yield Place(netns, f"sqlite:{tmp_path / 'store.db'}", folder, call)


def domain(*interfaces: str, uuid: str = "d1", name: str = "web") -> str:
    inner = "".join(interfaces or (interface(),))
    return f"<domain><name>{name}</name><uuid>{uuid}</uuid><devices>{inner}</devices></domain>"


def interface(mac: str = MAC, *, kind: str = "ethernet", device: str = DEVICE, managed: str = "no") -> str:
    target = f"<target dev='{device}' managed='{managed}'/>"
    return f"<interface type='{kind}'><mac address='{mac.upper()}'/>{target}</interface>"


def test_what_a_vm_needs_is_made_before_its_domain_starts_and_goes_after_it_has_ended(place: Place) -> None:
    made = place.hears("prepare", domain()), place.has(DEVICE)
    gone = place.hears("release", domain()), place.has(DEVICE)

    assert made == (Answer(0, ""), True)
    assert gone == (Answer(0, ""), False)
    assert place.guest().state == "stopped"


def test_both_may_be_told_again(place: Place) -> None:
    told = [place.hears(operation, domain()) for operation in ("prepare", "prepare", "release", "release")]

    assert told == [Answer(0, "")] * 4


@pytest.mark.parametrize("operation", ["start", "started", "stopped", "migrate", "reconnect", "attach"])
def test_nothing_else_is_answered_by_doing_anything(place: Place, operation: str) -> None:
    assert place.hears(operation, "no domain at all", store="sqlite:/nowhere") == Answer(0, "")
    assert not place.has(DEVICE)


@pytest.mark.parametrize("xml", ["<domain><devices/></domain>", domain(interface(OTHER_MAC, device="vnet0"))])
def test_a_domain_of_somebody_else_is_let_through_and_nothing_is_done(place: Place, xml: str) -> None:
    assert [place.hears(operation, xml) for operation in ("prepare", "release")] == [Answer(0, "")] * 2
    assert not place.has("br_eth0")
    assert place.guest().state == "running"


def test_a_domain_without_nics_starts_without_a_store(place: Place) -> None:
    xml = "<domain><devices/></domain>"

    assert place.hears("prepare", xml, store="sqlite:/nowhere") == Answer(0, "")
    assert place.hears("prepare", domain(), store="sqlite:/nowhere").status == 3


def test_what_is_no_domain_is_refused(place: Place) -> None:
    assert place.hears("prepare", "<domain>").status == 2


@pytest.mark.parametrize(
    "wrong",
    [interface(kind="bridge"), interface(device="vnet0"), interface(managed="yes")],
    ids=["on our bridge by itself", "another device", "libvirt's to remove"],
)
def test_a_nic_on_any_device_but_its_own_is_refused(place: Place, wrong: str) -> None:
    status, error = place.hears("prepare", domain(wrong))

    assert status == 1
    assert f"must be on its own device: <interface type='ethernet'><target dev='{DEVICE}' managed='no'/>" in error
    assert not place.has(DEVICE)


def test_nics_of_two_vms_make_no_domain(place: Place) -> None:
    place.tell(a_vm("second", mac=OTHER_MAC))

    status, error = place.hears("prepare", domain(interface(), interface(OTHER_MAC)))

    assert (status, error) == (1, "error: conflict: domain web has MAC addresses of several VMs: vm, second\n")


def test_a_vm_that_is_meant_to_run_elsewhere_does_not_run_here(place: Place) -> None:
    place.tell(migrate(host="h2"))

    status, error = place.hears("prepare", domain())

    assert status == 1
    assert error.startswith(
        "error: host-not-eligible: VM vm runs on host h2, not on h1: migrate it in Rewire first (fact"
    )
    assert not place.has("br_eth0")


def test_a_stopped_vm_starts_only_where_it_may(place: Place) -> None:
    place.tell(stop(), c.SetHostState(host="h1", state="disabled"))

    status, error = place.hears("prepare", domain())

    assert (status, error[:26]) == (1, "error: host-not-eligible: ")
    assert place.guest().state == "stopped"


def test_what_is_in_the_way_keeps_a_guest_from_starting_and_leaves_the_facts_as_they_were(place: Place) -> None:
    place.tell(stop())
    ip(place.netns, "link add br_eth0 type bridge")

    status, error = place.hears("prepare", domain())

    assert status == 3
    assert "the VM's networks are not there" in error
    assert "br_eth0" in error
    assert place.guest().state == "stopped"
    assert place.hears("release", domain()) == Answer(0, "")


def test_what_was_made_for_a_guest_that_does_not_start_is_taken_back(place: Place) -> None:
    place.tell(a_no_vlan("other", interface="eth1"), attach("other"))  # the host lacks that interface
    place.tell(an_l3("second", l2="other"), a_cidr("192.168.9.0/24", l3="second"))
    place.tell(c.AttachL3NetworkToVm(vm="vm", l3="second"), stop())

    status, error = place.hears("prepare", domain())

    assert (status, "eth1" in error) == (3, True)
    assert (place.guest().state, place.has("br_eth0"), place.has(DEVICE)) == ("stopped", True, False)


def test_trouble_with_another_network_keeps_nobody_from_starting(place: Place) -> None:
    place.tell(a_no_vlan("other", interface="eth1"), attach("other"))  # the host lacks that interface

    assert place.hears("prepare", domain()) == Answer(0, "")
    assert place.has(DEVICE)


def test_a_second_domain_with_the_nics_of_one_that_runs_is_refused_and_takes_nothing_from_it(place: Place) -> None:
    place.hears("prepare", domain())

    status, error = place.hears("prepare", domain(uuid="d2", name="other"))
    ended = place.hears("release", domain(uuid="d2", name="other"))

    assert (status, ended.status) == (1, 0)
    assert error.startswith("error: wrong-state: VM vm runs as libvirt domain web already")
    assert (place.guest().state, place.has(DEVICE)) == ("running", True)


def test_a_domain_whose_end_was_not_heard_starts_again_also_with_another_uuid(place: Place) -> None:
    place.hears("prepare", domain())
    assert place.hears("release", domain(), store="sqlite:/nowhere").status == 3

    again = place.hears("prepare", domain(uuid="d2"))
    late = place.hears("release", domain())

    assert (again, late) == (Answer(0, ""), Answer(0, ""))
    assert (place.guest().state, place.has(DEVICE)) == ("running", True)
    assert place.hears("release", domain(uuid="d2")) == Answer(0, "")
    assert (place.guest().state, place.has(DEVICE)) == ("stopped", False)


def test_a_domain_that_ends_after_its_vm_went_elsewhere_stops_nobody(place: Place) -> None:
    place.hears("prepare", domain())
    place.tell(migrate(host="h2"))

    assert place.hears("release", domain()) == Answer(0, "")
    assert (place.guest().state, place.has(DEVICE)) == ("running", False)


def test_a_domain_whose_vm_is_gone_ends_like_any_other(place: Place) -> None:
    place.hears("prepare", domain())
    place.tell(c.DestroyVm(vm="vm"))

    assert place.hears("release", domain()) == Answer(0, "")
    assert not place.has(DEVICE)


def test_the_hook_waits_while_somebody_else_works_on_the_host(place: Place) -> None:
    holding = threading.Event()

    def hold() -> None:
        with lock.held(place.netns), inside(place.netns):
            holding.set()
            wait_for(lambda: len(sockets()) > 1)

    other = threading.Thread(target=hold)
    other.start()
    assert holding.wait(10)
    answer = place.hears("prepare", domain())
    other.join()

    assert (answer, place.has(DEVICE)) == (Answer(0, ""), True)


def sockets() -> list[str]:
    """Give the sockets of the lock's name: its holder's, and one for each that waits for him to end."""
    return [line for line in Path("/proc/thread-self/net/unix").read_text().splitlines() if line.endswith("@rewire")]
