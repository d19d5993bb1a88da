"""What fails on a host is a fact and a line of the log, once for each reason, and what it did not touch is done."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from backends.kvm import filter_text
from backends.kvm.namespace import inside
from domain import commands as c
from domain import host_network
from domain.errors import StoreUnreachable
from projections.plan import Port
from rewire import session
from tests.builders import a_cidr, a_no_vlan, a_vlan, a_vm, an_l3, attach
from tests.kernel import probe
from tests.kernel.fabric import ip, shown
from tests.kernel.guarded import load, stateless
from tests.kernel.keeping import FAR_S, Centre, centre
from tests.kernel.served import BUSYBOX
from tests.service_builders import A_FILTER, a_provider, serve


pytestmark = pytest.mark.kernel("bridge", "veth")

GUARDED = (
    a_no_vlan("other", interface="eth1"),
    attach("other"),
    A_FILTER,
    c.CreateSecurityGroup(name="web"),
)
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


@pytest.mark.kernel("nftables", "dnsmasq")
def test_filters_that_nft_refuses_are_told_and_their_nics_kept_down_and_all_else_is_done(place: Centre) -> None:
    if not probe.lack("bridge-conntrack"):
        pytest.skip("this kernel takes all that we load: only one that can't track connections refuses it")
    place.tell(attach("plain"), *GUARDED, *SERVED, a_vm("b", host="h1"), serve(sg=("SecurityGroup",)))
    place.tell(c.AttachSecurityGroupToL3Network(group="web", l3="l3"))
    place.tell(c.AddNicToSecurityGroup(group="web", vm="a", l3="l3"))
    a, b = (port_of(place, name) for name in ("a", "b"))

    agent = place.agent()
    failed = agent.hear("report-l2-failed", "recorded")
    agent.hear("report-l2-realized", "recorded")

    assert failed["l2"] == "plain"
    assert "load-filters: nft refuses it, and what was loaded before stays" in reasons(place)[0]
    assert place.tags().count("failed") == 1
    links = place.look().links
    assert a.device not in links
    assert links[b.device].up
    (server,) = place.look().namespaces.values()
    assert server.server

    place.tell(c.AddNicToSecurityGroup(group="web", vm="b", l3="l3"))
    agent.hear(f"set-down {b.device}")
    assert not place.look().links[b.device].up

    for name in ("a", "b"):
        place.tell(c.RemoveNicFromSecurityGroup(group="web", vm=name, l3="l3"))
    agent.hear("report-l2-realized", "recorded")
    assert all(place.look().links[port.device].up for port in (a, b))


@pytest.mark.kernel("nftables")
def test_nics_that_the_old_filters_guard_stay_up_where_nft_refuses_new_ones(place: Centre) -> None:
    if not probe.lack("bridge-conntrack"):
        pytest.skip("this kernel takes all that we load: only one that can't track connections refuses it")
    place.tell(attach("plain"), *GUARDED, an_l3("l3", l2="plain"), a_cidr(), serve(sg=("SecurityGroup",)))
    place.tell(c.AttachSecurityGroupToL3Network(group="web", l3="l3"), *(a_vm(name, host="h1") for name in "ab"))
    place.tell(c.AddNicToSecurityGroup(group="web", vm="a", l3="l3"))
    load(place.path(), stateless(filter_text.load(place.plan().filters)) + filter_text.settle())
    agent = place.agent("h1", "--once")
    assert agent.wait() == 0

    place.tell(c.AddNicToSecurityGroup(group="web", vm="b", l3="l3"))
    agent = place.agent()
    agent.hear("report-l2-failed", "recorded")
    a, b = (port_of(place, name) for name in ("a", "b"))

    assert place.look().links[a.device].up
    assert not place.look().links[b.device].up
    loaded = place.look().filters
    assert loaded is not None
    assert loaded.nics == {a.device}


@pytest.mark.kernel("nftables", "dnsmasq")
def test_a_vlan_that_the_kernel_cannot_make_leaves_a_running_network_as_it_was_until_it_is_taken_back(
    place: Centre,
) -> None:
    if not probe.lack("vlan"):
        pytest.skip("this kernel makes VLAN devices: only one without them fails at it")
    place.tell(attach("plain"), *SERVED)
    agent = place.agent()
    agent.hear("report-l2-realized", "recorded")
    before = place.look()

    place.tell(c.ChangeL2NetworkVlan(l2="plain", vlan=300))
    agent.hear("report-l2-failed", "recorded")

    after = place.look()
    assert after == before
    assert ip(place.path(), "-br addr show dev br_eth0").count("10.0.0.1") == 1
    assert "eth0" in ip(place.path(), "-br link show master br_eth0")
    assert ping(place.path(), "10.0.0.2")

    place.tell(c.ChangeL2NetworkVlan(l2="plain", vlan=0))
    agent.hear("report-l2-realized", "recorded")
    assert place.tags() == ["realized", "failed", "realized"]
    assert ping(place.path(), "10.0.0.2")


def ping(path: str, address: str) -> bool:
    with inside(path):
        command = [BUSYBOX, "ping", "-c", "1", "-w", "5", address]
        return subprocess.run(command, check=False, capture_output=True).returncode == 0


def test_a_single_run_makes_what_fails_and_takes_it_back_once(place: Centre) -> None:
    if not probe.lack("vlan"):
        pytest.skip("this kernel makes VLAN devices: only one without them fails at it")
    place.tell(attach("plain"), a_vlan("tagged", interface="eth1"), attach("tagged"))

    agent = place.agent("h1", "--once")

    assert agent.wait() == 1
    operations = [line["operation"] for line in agent.lines]
    assert operations.count("create-bridge br_eth1_10") == 1
    assert operations.count("create-bridge br_eth0") == 1
    assert sorted(place.tags()) == ["failed", "realized"]


def port_of(place: Centre, vm: str) -> Port:
    """Give the port of a VM's one NIC."""
    (found,) = (port for port in place.plan().ports if port.vm == place.topology.find("vm", vm))
    return found


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
        forgotten = agent.hear("remember", "failed")
        agent.hear("report-l2-failed", "recorded")
        realized = agent.hear("report-l2-realized", "recorded")

        assert realized["l2"] == "other"
        assert "No space left on device" in forgotten["result"]
        assert "No space left on device" in reasons(place)[0]
        assert "br_eth0" in place.links()

        (place.folder / "h1" / "filler").unlink()
        agent.hear("report-l2-realized", "recorded")
        assert agent.end() == 0
        place.clean("h1")


def test_a_store_on_a_full_disk_is_told_to_be_so_by_who_only_reads_too(place: Centre) -> None:
    with full(place.folder / "disk"):
        filler, store = place.folder / "disk" / "filler", place.folder / "disk" / "rewire.db"
        filler.unlink()
        with closing(sqlite3.connect(place.store)) as source, closing(sqlite3.connect(store)) as target:
            source.backup(target)
        with pytest.raises(OSError, match="No space left"):
            fill(filler)
        with pytest.raises(StoreUnreachable, match="its disk is full"), session.opened(f"sqlite:{store}") as opened:
            opened.topology()


@contextmanager
def full(folder: Path) -> Iterator[None]:
    """Put a file system without any room at a folder."""
    folder.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=256k,mode=755", "tmpfs", str(folder)], check=True)
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
