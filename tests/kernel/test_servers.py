"""A host's own servers come to their plan from wherever they are, leave nothing behind, and a failure is told."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from backends.kvm import lock, process
from backends.kvm.namespace import inside
from domain import commands as c
from domain.errors import HostUnreachable
from projections.found import STRAY
from projections.operations import apply_all
from projections.plan import HostPlan
from tests.builders import a_cidr, a_vm
from tests.kernel.fabric import Cut, after, blurred, ip
from tests.kernel.served import Hall, hall, wait_for
from tests.service_builders import unserve


pytestmark = pytest.mark.kernel("bridge", "veth", "nftables", "dnsmasq")


@pytest.fixture
def place() -> Iterator[Hall]:
    """One network that hosts serve, with a VM on each."""
    with hall() as found:
        found.serve(a_cidr(), a_range6())
        found.tell(a_vm("a", host="h1"), a_vm("b", host="h2"))
        yield found


def a_range6() -> c.AddIpRange:
    ends = {"start": "fd00::10", "end": "fd00::ff", "gateway": "fd00::1"}
    return c.AddIpRange(l3="l3", name="six", prefix_length=64, address_mode="Stateful-DHCP", **ends)


def test_the_operations_do_what_they_say_and_are_needed_once(place: Hall) -> None:
    with place.host() as host:
        before = host.look()
        done = host.realize(place.plan("h1"))

        said = apply_all(before, done.operations)
        assert blurred(host.look(), said) == said
        assert host.check(place.plan("h1")).settled


def test_nothing_is_left_when_the_network_goes(place: Hall) -> None:
    place.realize()
    pid = place.pid()
    assert process.words(pid)[0].endswith("dnsmasq")
    place.tell(unserve(flat=("DHCP", "DNS")))
    place.realize()
    assert nothing_is_left(place)
    assert "dnsmasq" not in process.words(pid)[0]


def test_a_run_that_was_cut_off_after_any_operation_is_made_good_by_the_next(place: Hall) -> None:
    plan = place.plan("h1")
    with place.host() as host:
        before = host.look()
        steps = len(host.realize(plan).operations)
        whole = host.look()
        back = len(host.delete("h1").operations)
        assert host.look() == before

        for number in range(1, 1 + steps):
            with pytest.raises(Cut):
                host.realize(plan, on_operation=after(number))
            host.realize(plan)
            assert host.look() == whole

            with pytest.raises(Cut):
                host.delete("h1", on_operation=after(min(number, back)))
            host.delete("h1")
            assert host.look() == before
    assert nothing_is_left(place)


def test_a_process_that_was_killed_at_any_moment_is_made_good_by_the_next(place: Hall) -> None:
    plan = place.plan("h1")
    with place.host() as host:
        before = host.look()
        host.realize(plan)
        whole = host.look()
        for milliseconds in (*range(2, 80, 6), 100, 150, 220):
            kill_amid(place, plan, milliseconds / 1000)
            host.realize(plan)
            assert host.look() == whole
            assert len(servers(place)) == 1

        kill_amid(place, plan, 0.06)
        host.delete("h1")
        assert host.look() == before
    assert nothing_is_left(place)


def forward(place: Hall) -> None:
    with inside(place.inner()):
        Path("/proc/sys/net/ipv4/ip_forward").write_text("1")


DRIFT: dict[str, Callable[[Hall], object]] = {
    "its address is gone": lambda place: ip(place.inner(), f"addr del 192.168.0.2/24 dev {leg(place)}"),
    "it has another address": lambda place: ip(place.inner(), f"addr add 10.0.0.9/8 dev {leg(place)}"),
    "it has a route": lambda place: ip(place.inner(), "route add 10.0.0.0/8 via 192.168.0.1"),
    "its leg is down": lambda place: ip(place.inner(), f"link set {leg(place)} down"),
    "its leg has another MAC": lambda place: ip(place.inner(), f"link set {leg(place)} address 02:00:00:00:00:77"),
    "its leg is cut": lambda place: ip(place.inner(), f"link del {leg(place)}"),
    "its leg is unplugged": lambda place: ip(place.lab.path("h1"), f"link set {leg(place)} nomaster"),
    "its leg has no mark": lambda place: ip(place.lab.path("h1"), f"link set {leg(place)} alias none"),
    "it has another mark": lambda place: run(place.inner(), "ip", "link", "set", "lo", "alias", "rewire nobody fact=1"),
    "it forwards": forward,
    "nobody knows what it was told": lambda place: record(place).unlink(),
    "what it was told is no JSON": lambda place: record(place).write_text("{"),
    "the fence is gone": lambda place: run(place.lab.path("h1"), "nft", "delete", "table", "bridge", "rewire_dhcp"),
    "its namespace is let go of": lambda place: run(None, "umount", place.inner()),
}


@pytest.mark.parametrize("what", DRIFT)
def test_what_differs_is_seen_and_mended(place: Hall, what: str) -> None:
    plan = place.plan("h1")
    with place.host() as host:
        host.realize(plan)
        whole = host.look()

        DRIFT[what](place)

        assert not host.check(plan).settled
        host.realize(plan)
        assert host.look() == whole
    assert place.guest("a/l3").lease()
    assert len(servers(place)) == 1


def test_a_server_listens_again_when_a_run_was_cut_off_after_its_leg_was_made_anew(place: Hall) -> None:
    place.realize("h1")
    ip(place.inner(), f"link del {leg(place)}")
    with place.host() as host:
        with pytest.raises(Cut):
            host.realize(place.plan("h1"), on_operation=after(2))  # it has its leg, and its addresses on it
        assert host.look().namespaces[place.namespace().name].server == STRAY
        host.realize(place.plan("h1"))

    assert place.guest("a/l3").lease()


# what fails


def test_a_full_disk_is_told_and_the_server_that_runs_goes_on(place: Hall) -> None:
    run(None, "mount", "-t", "tmpfs", "-o", "size=64k", "none", str(place.states["h1"]))
    try:
        place.realize()
        before = place.pid()
        Path(place.states["h1"], "ballast").write_bytes(bytes(free(place.states["h1"])))
        place.tell(a_vm("c", host="h1"))

        with pytest.raises(HostUnreachable, match=r"reload-server dhcp-.*: writing .*/hosts: No space left on device"):
            place.realize("h1")

        assert place.pid() == before
        assert place.guest("a/l3").lease()
        with place.host() as host:
            assert place.nic("c/l3").device in host.look().links  # only the server lacks something
            Path(place.states["h1"], "ballast").unlink()
            place.realize("h1")
            assert host.check(place.plan("h1")).settled
        assert place.guest("c/l3").lease()
    finally:
        with place.host() as host:
            host.delete("h1")
        run(None, "umount", str(place.states["h1"]))


def test_a_server_that_does_not_start_is_told_in_its_own_words(place: Hall) -> None:
    place.realize("h1")
    with place.host() as host:
        place.kill_server()
        with listening(place.inner(), "192.168.0.2"):
            with pytest.raises(HostUnreachable, match=r"start-server dhcp-.*: dnsmasq: .*Address already in use"):
                host.realize(place.plan("h1"))
            assert host.look().namespaces[place.namespace().name].server is None


def test_a_foreign_table_or_namespace_of_that_name_is_told_and_left_alone(place: Hall) -> None:
    path = place.lab.path("h1")
    run(path, "nft", 'add table bridge rewire_dhcp { comment "mine" ; }; add chain bridge rewire_dhcp mine')
    with place.host() as host:
        done = host.realize(place.plan("h1"))

        assert [obstacle.name for obstacle in done.obstacles] == ["rewire_dhcp"]
        assert "chain mine" in run(path, "nft", "list", "table", "bridge", "rewire_dhcp")
        assert not host.look().namespaces  # who can't be fenced in is not there at all


# looking


def leg(place: Hall) -> str:
    return place.namespace().legs[0].device


def record(place: Hall) -> Path:
    return place.states["h1"] / place.namespace().name / "running"


def run(namespace: str | None, *command: str) -> str:
    with inside(namespace):
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def free(folder: Path) -> int:
    told = os.statvfs(folder)
    return told.f_bavail * told.f_frsize


def servers(place: Hall) -> list[int]:
    """Give the processes of the first host's server."""
    return list(process.started_with(f"--conf-file={record(place).with_name('conf')}"))


def nothing_is_left(place: Hall) -> bool:
    """Tell whether nothing of any server is on a host, nor in its state folder."""
    for name, folder in place.states.items():
        with place.host(name) as host:
            found = host.look()
        legs = [link for link in found.links.values() if link.kind == "leg"]
        files = [path for path in folder.rglob("*") if path.parent.name != "netns" and path.name != "netns"]
        if found.namespaces or found.fence or legs or files:
            return False
    return True


@contextmanager
def listening(namespace: str, address: str) -> Iterator[None]:
    """Take the place of a DNS server."""
    with inside(namespace), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
        taken.bind((address, 53))
        yield


def kill_amid(place: Hall, plan: HostPlan, delay_s: float) -> None:
    """Let another process realize and delete a plan over and over, and kill it."""
    ready, says = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            with place.host() as host:
                os.write(says, b".")
                while True:
                    host.delete("h1")
                    host.realize(plan)
        finally:
            os._exit(1)
    os.read(ready, 1)
    signal.sigtimedwait([signal.SIGCHLD], delay_s)
    os.kill(child, signal.SIGKILL)
    assert os.WTERMSIG(os.waitpid(child, 0)[1]) == signal.SIGKILL
    os.close(ready)
    os.close(says)
    wait_for(lambda: is_free(place.lab.path("h1")))  # a program that it was about to start has the lock for a moment


def is_free(path: str) -> bool:
    """Tell whether nobody changes a host."""
    with suppress(HostUnreachable), lock.held(path):
        return True
    return False
