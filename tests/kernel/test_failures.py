"""What fails on a host is a fact and a line of the log, once for each reason, and what it did not touch is done."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from domain import commands as c
from domain import host_network
from tests.builders import a_cidr, a_no_vlan, a_vm, an_l3, attach
from tests.kernel import probe
from tests.kernel.fabric import ip, shown
from tests.kernel.keeping import FAR_S, Centre, centre
from tests.service_builders import A_FILTER, a_provider, serve


pytestmark = pytest.mark.kernel("bridge", "veth")

SERVED = (an_l3("l3", l2="plain"), a_cidr(), a_provider(), serve(flat=("DHCP", "DNS")), a_vm("a", host="h1"))


@pytest.fixture
def place() -> Iterator[Centre]:
    with centre() as found:
        yield found


def reasons(place: Centre) -> list[str]:
    return [fact.fact.reason for fact in place.facts() if isinstance(fact.fact, host_network.Failed)]


def test_an_interface_that_is_missing_is_told_and_what_is_on_others_is_made(place: Centre) -> None:
    ip(place.path(), "link delete eth1")
    place.tell(a_no_vlan("other", interface="eth1"), attach("other"), attach("plain"))
    agent = place.agent(interval=FAR_S)

    failed = agent.hear("report-l2-failed", "recorded")
    agent.hear("report-l2-realized", "recorded")
    assert failed["l2"] == "other"
    assert reasons(place) == ["the host has no interface eth1"]
    assert "br_eth0" in place.links()

    ip(place.path(), "link add eth1 type veth peer name far1")
    assert agent.hear("report-l2-realized", "recorded")["l2"] == "other"


def test_a_name_that_a_foreign_device_has_is_told_once_and_the_device_left_alone(place: Centre) -> None:
    ip(place.path(), "link add br_eth0 type bridge")
    before = shown(place.path(), "link show dev br_eth0")
    place.tell(attach("plain"))

    agent = place.agent(interval=FAR_S)
    agent.hear("report-l2-failed", "recorded")

    assert reasons(place) == ["there is a device br_eth0 that Rewire did not make"]
    assert shown(place.path(), "link show dev br_eth0") == before
    assert place.agent("h2", "--once").wait() == 0
    ip(place.path(), "link delete br_eth0")
    agent.hear("report-l2-realized", "recorded")
    assert place.tags() == ["failed", "realized"]


def test_an_address_that_is_on_a_bridge_and_its_interface_at_once_is_told_and_mended(place: Centre) -> None:
    place.tell(attach("plain"))
    agent = place.agent(interval=FAR_S)
    agent.hear("report-l2-realized", "recorded")

    ip(place.path(), "addr add 10.0.0.1/24 dev eth0")
    told = agent.hear("report-drift", "recorded")
    agent.hear("report-drift-ended", "recorded")

    assert told["result"] == "recorded: altered: address 10.0.0.1/24 is on eth0, not on br_eth0"
    assert ip(place.path(), "-br addr show dev eth0").count("10.0.0.1") == 0
    assert ip(place.path(), "-br addr show dev br_eth0").count("10.0.0.1") == 1


@pytest.mark.kernel("nftables", "dnsmasq")
def test_a_dnsmasq_that_dies_is_told_and_started_again(place: Centre) -> None:
    place.tell(attach("plain"), *SERVED)
    agent = place.agent()
    agent.hear("report-l2-realized", "recorded")
    (namespace,) = place.plan().namespaces

    os.kill(int((place.folder / "h1" / namespace.name / "pid").read_text()), signal.SIGKILL)
    told = agent.hear("report-drift", "recorded")
    started = agent.hear(f"start-server {namespace.name}")
    agent.hear("report-drift-ended", "recorded")

    assert told["result"] == f"recorded: altered: the server in {namespace.name} does not run"
    assert started["because"] in namespace.because
    assert place.tags() == ["realized", "drift-began", "drift-ended"]


@pytest.mark.kernel("nftables")
def test_filters_that_nft_refuses_are_told_and_their_nics_kept_out(place: Centre) -> None:
    if not probe.lack("bridge-conntrack"):
        pytest.skip("this kernel takes all that we load: only one that can't track connections refuses it")
    place.tell(attach("plain"), a_no_vlan("other", interface="eth1"), attach("other"))
    place.tell(an_l3("l3", l2="plain"), a_cidr(), A_FILTER, serve(sg=("SecurityGroup",)), a_vm("a", host="h1"))
    place.tell(c.CreateSecurityGroup(name="web"), c.AttachSecurityGroupToL3Network(group="web", l3="l3"))
    place.tell(c.AddNicToSecurityGroup(group="web", vm="a", l3="l3"))
    (port,) = place.plan().ports

    agent = place.agent()
    failed = agent.hear("report-l2-failed", "recorded")
    agent.hear("report-l2-realized", "recorded")

    assert failed["l2"] == "plain"
    assert "load-filters: nft refuses it, and what was loaded before stays" in reasons(place)[0]
    assert port.device not in place.links()
    assert place.tags().count("failed") == 1


def test_an_open_vswitch_that_is_down_is_told_with_the_remedy(place: Centre) -> None:
    place.tell(c.CreateL2OvsGreNetwork(name="gre", zone="z", physical_interface="eth1", key=7), attach("gre"))
    place.tell(attach("plain"))

    agent = place.agent("h1", "--ovs", str(place.folder / "none.sock"))
    failed = agent.hear("report-l2-failed", "recorded")
    agent.hear("report-l2-realized", "recorded")

    assert failed["l2"] == "gre"
    assert "Open vSwitch can't be reached at" in reasons(place)[0]
    assert "start openvswitch-switch" in reasons(place)[0]


@pytest.mark.kernel("nftables")
def test_an_agent_without_permission_says_what_it_needs(place: Centre) -> None:
    place.tell(attach("plain"))

    agent = place.agent(rights=False)
    agent.hear("report-l2-failed", "recorded")

    assert "not permitted" in reasons(place)[0]
    assert "needs root" in reasons(place)[0]
    assert place.links() == set()


@pytest.mark.kernel("nftables", "dnsmasq")
def test_a_full_disk_is_told_and_all_that_needs_none_is_done(place: Centre) -> None:
    place.tell(attach("plain"), *SERVED, a_no_vlan("other", interface="eth1"), attach("other"))
    with full(place.folder / "h1"):
        agent = place.agent()
        agent.hear("report-l2-failed", "recorded")
        realized = agent.hear("report-l2-realized", "recorded")
        forgotten = agent.hear("remember", "failed")

        assert realized["l2"] == "other"
        assert "No space left on device" in forgotten["result"]
        assert "No space left on device" in reasons(place)[0]
        assert "br_eth0" in place.links()

        (place.folder / "h1" / "filler").unlink()
        agent.hear("report-l2-realized", "recorded")
        assert agent.end() == 0
        place.clean("h1")


@contextmanager
def full(folder: Path) -> Iterator[None]:
    """Put a file system without any room at a folder."""
    folder.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k,mode=755", "tmpfs", str(folder)], check=True)
    try:
        with pytest.raises(OSError, match="No space left"):
            fill(folder / "filler")
        yield
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


def fill(path: Path) -> None:
    with path.open("wb", buffering=0) as file:
        while file.write(bytes(4096)):
            pass
