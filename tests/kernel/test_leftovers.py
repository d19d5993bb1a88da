"""What a killed run left of a namespace or of a server is seen, and filled, started anew or removed."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from backends.kvm import dnsmasq, process
from projections.found import STRAY
from tests.builders import a_cidr, a_vm
from tests.kernel.routed import campus
from tests.kernel.served import Hall, hall
from tests.service_builders import unserve


pytestmark = pytest.mark.kernel("bridge", "veth", "nftables", "dnsmasq")


@pytest.fixture
def place() -> Iterator[Hall]:
    """One network that hosts serve, with a VM on the first."""
    with hall() as found:
        found.serve(a_cidr())
        found.tell(a_vm("a", host="h1"))
        yield found


def test_a_pin_that_holds_nothing_is_filled_where_it_is_wanted_and_else_removed(place: Hall) -> None:
    plan = place.plan("h1")
    with place.host() as host:
        host.realize(plan)
        whole = host.look()
        host.delete("h1")
        for name in (place.namespace().name, "dhcp-gone"):
            (place.states["h1"] / "netns" / name).touch()

        assert set(host.look().namespaces) == {place.namespace().name, "dhcp-gone"}
        host.realize(plan)
        assert host.look() == whole
        host.delete("h1")
    assert list((place.states["h1"] / "netns").iterdir()) == []


@pytest.mark.kernel("vxlan")
def test_a_server_that_a_killed_run_has_started_is_ended_where_none_is_wanted_any_more() -> None:
    with campus() as place:
        place.realize("h1")
        (router,) = place.routers()
        folder = place.states["h1"] / router.name
        (folder / "running").unlink()

        place.tell(unserve(vr=("DHCP", "DNS")))
        place.realize("h1")

        assert list(process.started_with(f"--conf-file={folder / 'conf'}")) == []
        with place.host() as host:
            assert host.look().namespaces[router.name].server is None
            (folder / "conf").touch()  # as a run leaves it that is killed when it has ended the server
            assert host.look().namespaces[router.name].server == STRAY
        place.realize("h1")
        assert not (folder / "conf").exists()


TWICE = """
import os, signal
def fork(*_):
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    if os.fork():
        os._exit(0)
signal.signal(signal.SIGTERM, fork)
print("ready", flush=True)
while True:
    signal.pause()
"""


def test_a_server_that_comes_to_be_two_while_it_is_ended_is_ended_twice(place: Hall) -> None:
    word = f"--conf-file={place.states['h1'] / place.namespace().name / 'conf'}"
    with subprocess.Popen([sys.executable, "-c", TWICE, word], stdout=subprocess.PIPE) as starting:
        assert starting.stdout
        assert starting.stdout.readline()
        dnsmasq.stop(Path(place.inner()))
        left = list(process.started_with(word))
        for pid in left:
            process.end(pid)
    assert left == []
