"""Guests that libvirt starts: their networks are there before they are, and go when they have gone."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import NamedTuple

import pytest

from backends.kvm.lab import Lab
from domain import vm
from domain.commands import Command
from domain.history import Author
from rewire import session
from rewire.cli import run
from tests import builders
from tests.kernel import state
from tests.kernel.fabric import ip
from tests.kernel.libvirtd import Libvirtd
from tests.kernel.served import wait_for
from tests.service_builders import a_provider, serve


pytestmark = pytest.mark.kernel("bridge", "veth", "tap", "nftables", "dnsmasq", "guest", "libvirt")
MAC, DEVICE = "52:54:00:00:00:01", "nic525400000001"
NEIGHBOUR = "10.0.0.2"
HEARS = f"""
until leases /lease; do :; done
echo lease yes
ip addr add 10.0.0.50/24 dev eth0
until pings {NEIGHBOUR}; do :; done
echo neighbour heard
"""
STAYS = f"{HEARS}while true; do usleep 200000; done"


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What libvirt finds out about QEMU, which takes it ten seconds."""
    return tmp_path_factory.mktemp("cache")


class Place(NamedTuple):
    """A host with libvirt and our hook, beside another one on the same wire; a VM runs on the first."""

    store: str
    netns: str
    libvirt: Libvirtd

    def tell(self, *wishes: Command) -> None:
        with session.opened(self.store, absent="make") as opened:
            for wish in wishes:
                opened.network.execute(wish, Author("tests"))

    def guest(self) -> vm.Vm:
        with session.opened(self.store) as opened:
            topology = opened.topology()
            return topology.state(topology.find("vm", "vm"), vm.Vm)

    def actors(self, tag: str) -> list[str]:
        """Give who recorded facts of a kind."""
        with session.opened(self.store) as opened:
            return [recorded.actor for recorded in opened.network.facts() if recorded.fact.tag() == tag]

    def has(self, device: str) -> bool:
        return f" {device}:" in ip(self.netns, "-o link")


@pytest.fixture
def place(cache: Path, tmp_path: Path) -> Iterator[Place]:
    with ExitStack() as stack:
        lab = stack.enter_context(Lab({"h1": ("eth0",), "h2": ("eth0",)}, {"h1": "10.0.0.1", "h2": NEIGHBOUR}))
        folder = stack.enter_context(state.folder())
        libvirt = Libvirtd(lab.path("h1"), tmp_path, cache)
        found = Place(f"sqlite:{tmp_path / 'store.db'}", lab.path("h1"), libvirt)
        found.tell(
            builders.a_zone(), builders.a_cluster(), *(builders.a_host(h, interfaces=("eth0",)) for h in ("h1", "h2"))
        )
        found.tell(builders.a_no_vlan(), builders.attach("plain"), builders.an_l3(l2="plain"), builders.a_range())
        found.tell(a_provider(), serve(flat=("DHCP",)), builders.a_vm(host="h1", mac=MAC))
        given = ("--store", found.store, "--state", str(folder), "--hooks", str(libvirt.hooks))
        assert run(("libvirt-hook", "--install", "--host", "h1", *given)) == 0
        stack.enter_context(libvirt)
        yield found


def test_a_guest_has_its_network_when_it_starts_and_leaves_nothing_when_it_ends(place: Place) -> None:
    assert not place.has(DEVICE)

    assert place.libvirt.create("web", HEARS, MAC, DEVICE) == ""

    assert place.libvirt.console("web").says("lease", "yes")
    assert place.libvirt.console("web").says("neighbour", "heard")
    wait_for(lambda: not place.has(DEVICE))
    assert place.guest().state == "stopped"
    assert place.actors("vm.stopped") == ["libvirt@h1"]


def test_a_vm_that_was_stopped_starts_by_libvirt_and_stops_with_its_domain(place: Place) -> None:
    place.tell(builders.stop())

    assert place.libvirt.create("web", STAYS, MAC, DEVICE) == ""
    assert place.libvirt.console("web").says("neighbour", "heard")
    running = place.guest().state, place.has(DEVICE)
    place.libvirt.virsh("destroy", "web")

    assert running == ("running", True)
    assert (place.guest().state, place.has(DEVICE)) == ("stopped", False)


def test_a_guest_that_ended_while_the_store_was_away_starts_again(place: Place) -> None:
    assert place.libvirt.create("web", STAYS, MAC, DEVICE) == ""
    store = Path(place.store.removeprefix("sqlite:"))
    away = store.rename(store.with_suffix(".away"))
    place.libvirt.virsh("destroy", "web")
    away.rename(store)
    assert (place.libvirt.domains(), place.guest().state) == ([], "running")

    assert place.libvirt.create("web", STAYS, MAC, DEVICE) == ""

    assert place.libvirt.console("web").says("neighbour", "heard")
    place.libvirt.virsh("destroy", "web")
    assert (place.guest().state, place.has(DEVICE)) == ("stopped", False)


def test_a_refused_guest_never_runs_and_is_told_why(place: Place) -> None:
    place.tell(builders.migrate(host="h2"))

    told = place.libvirt.create("web", STAYS, MAC, DEVICE)

    assert "host-not-eligible: VM vm runs on host h2, not on h1: migrate it in Rewire first" in told
    assert place.libvirt.domains() == []
    assert not place.has("br_eth0")


def test_a_guest_of_somebody_else_starts_as_if_we_were_not_there(place: Place) -> None:
    before = place.guest()

    assert place.libvirt.create("other", "while true; do usleep 200000; done") == ""

    assert place.libvirt.domains() == ["other"]
    assert (place.guest(), place.has("br_eth0")) == (before, False)
