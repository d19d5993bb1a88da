"""Whatever somebody else makes on a host, before, beside and amid ours: realizing leaves it as it was, and converges.

One machine makes random devices, addresses, routes, rules, neighbours, tables and OVS bridges that are not ours, with
names that are free and names that ours want, changes the history, and brings the host to its plan.
"""

from __future__ import annotations

import shutil
import subprocess
from contextlib import ExitStack, suppress

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule

from backends.kvm.host import Host
from backends.kvm.lab import Lab
from backends.kvm.vswitch import VSwitch
from domain import commands as c
from domain import instruments
from domain.errors import Refusal
from domain.history import Author
from domain.network import Network
from projections import plan
from projections.follow import Follower
from projections.plan import HostPlan
from tests import builders as b
from tests import service_builders as s
from tests.kernel import probe, state, strangers
from tests.kernel.fabric import ip
from tests.kernel.vswitch import DATAPATH, running


pytestmark = [
    pytest.mark.kernel("bridge", "tap", "veth", "vxlan", "nftables", "dnsmasq"),
    pytest.mark.skipif(not shutil.which("ovs-vswitchd"), reason="Open vSwitch is not installed: openvswitch-switch"),
]

HISTORY = (
    *(b.a_zone(), b.a_cluster(), b.a_host(vtep="10.0.0.1"), b.a_host("h2", vtep="10.0.0.2")),
    *(b.a_no_vlan(), b.a_pool(), b.a_vni_range(), b.a_vxlan("x", vni=100), s.a_provider(), s.A_FILTER, s.a_group()),
    c.CreateL2OvsGreNetwork(name="gre", zone="z", physical_interface="eth1", key=7),
    *(b.attach("plain"), b.attach_pool(), b.attach("gre")),
    *(b.an_l3(l2="plain"), b.a_cidr(), b.an_l3("inner", l2="x"), b.a_cidr("172.16.0.0/24", l3="inner")),
    *(b.an_l3("mesh", l2="gre"), b.a_cidr("172.17.0.0/24", l3="mesh")),
    *(s.serve(flat=("DHCP", "DNS")), s.serve("inner", flat=("DHCP",), sg=("SecurityGroup",)), s.on_l3(l3="inner")),
    *(b.a_vm("a", "l3", "inner", "mesh", host="h1"), b.a_vm("z", "l3", "inner", host="h2")),
)
CHANGES: tuple[c.Command, ...] = (
    *(b.detach("plain"), b.attach("plain"), b.detach("pool"), b.attach_pool(), b.detach("gre"), b.attach("gre")),
    *(b.stop("a"), b.start("a", host="h1"), b.migrate("a", host="h2"), b.migrate("a", host="h1")),
    *(s.unserve(flat=("DHCP", "DNS")), s.serve(flat=("DHCP", "DNS"))),
    *(c.AttachL3NetworkToVm(vm="a", l3=l3) for l3 in ("l3", "inner", "mesh")),
    *(c.UpdateL3Network(l3="inner", mtu=mtu) for mtu in (1400, 1450)),
)
if not probe.lack("bridge-conntrack"):
    CHANGES += (s.join(vm="a", l3="inner"), c.RemoveNicFromSecurityGroup(group="g", vm="a", l3="inner"))
KINDS = ("type bridge", "type veth", "type vxlan id {0} dstport 4{0} local 10.0.0.1", "tap", "link eth1 type macvlan")
FREE = tuple(f"alien{number}" for number in range(4))
NUMBERS = st.integers(100, 103)
ANY = st.integers(0, 99)


class StrangersMachine(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.stack = ExitStack()
        lab = self.stack.enter_context(Lab({"h1": ("eth0", "eth1")}, {"h1": "10.0.0.1"}))
        self.path = lab.path("h1")
        self.daemons = self.stack.enter_context(running(self.path))
        self.folder = self.stack.enter_context(state.folder())
        self.follower = Follower()
        self.network = Network(":memory:", survey=self.follower, instruments=instruments.repeatable(1))
        for command in HISTORY:
            self.network.execute(command, Author("tests"))
        self.devices, self.tables = {"eth0", "eth1"}, set[str]()
        self.wanted = names(self.plan())
        vswitch = VSwitch(self.daemons.socket, datapath=DATAPATH)
        self.host = self.stack.enter_context(Host(self.path, plug="veth", state=self.folder, vswitch=vswitch))
        self.before = self.host.look()

    # what somebody else does

    @rule(kind=st.sampled_from(KINDS), number=NUMBERS, wanted=ANY, is_free=st.booleans(), up=st.booleans())
    def make_a_device(self, kind: str, number: int, wanted: int, is_free: bool, up: bool) -> None:  # noqa: FBT001
        name = FREE[number % len(FREE)] if is_free else self.wanted[wanted % len(self.wanted)]
        if strangers.exists(self.path, name):
            return
        how = "tuntap add {0} mode tap" if kind == "tap" else f"link add {{0}} {kind.format(number)}"
        if kind.startswith("link eth1"):
            how = f"link add link eth1 name {{0}} {kind.removeprefix('link eth1 ')}"
        if self.ip(how.format(name)):
            self.devices.add(name)
            self.ip(f"link set {name} alias somebody-elses group {number}")
            self.ip(f"link set {name} mtu 1{number} {'up' if up else 'down'}")

    @rule(number=NUMBERS, wanted=ANY)
    def stand_on_one_of_ours(self, number: int, wanted: int) -> None:
        name, lower = FREE[number % len(FREE)], self.wanted[wanted % len(self.wanted)]
        if lower.startswith("br_") and self.ip(f"link add link {lower} name {name} type macvlan"):
            self.devices.add(name)
            self.ip(f"addr add 10.{number}.9.9/24 dev {name}")

    @rule(device=ANY)
    def remove_a_device(self, device: int) -> None:
        name = self.some(device)
        if not name.startswith("eth") and self.ip(f"link del {name}"):
            self.devices.discard(name)

    @rule(device=ANY, bridge=ANY)
    def plug_in_a_device(self, device: int, bridge: int) -> None:
        bridges = sorted(name for name in {*self.wanted, *FREE} if strangers.exists(self.path, name))
        if bridges and not (name := self.some(device)).startswith("eth"):
            self.ip(f"link set {name} master {bridges[bridge % len(bridges)]}")

    @rule(device=ANY, number=NUMBERS, label=st.sampled_from(["", ":one", ":two"]), is_new=st.booleans())
    def give_an_address(self, device: int, number: int, label: str, is_new: bool) -> None:  # noqa: FBT001
        name = self.home(self.some(device))
        self.ip(f"addr add 10.{number}.0.{device}/24 dev {name}" + (f" label {name}{label}" if label else ""))
        if is_new:
            self.ip(f"-6 addr add fd{number}::{device}/64 dev {name} nodad")

    @rule(device=ANY, number=NUMBERS, is_main=st.booleans())
    def add_a_route(self, device: int, number: int, is_main: bool) -> None:  # noqa: FBT001
        name = self.home(self.some(device))
        table = "main" if is_main else str(number)
        self.ip(f"route add 10.200.{device}.0/24 dev {name} metric {number} table {table}")
        self.ip(f"-6 route add fd99:{device}::/64 dev {name} metric {number} table {table}")

    @rule(number=NUMBERS, source=ANY)
    def add_a_rule(self, number: int, source: int) -> None:
        self.ip(f"rule add from 10.{number}.{source}.0/24 table {number} priority {number}")

    @rule(device=ANY, number=NUMBERS)
    def add_a_neighbour(self, device: int, number: int) -> None:
        self.ip(
            f"neigh add 10.{number}.0.200 lladdr 02:00:00:00:00:{number % 100:02} dev {self.home(self.some(device))}"
        )

    @rule(family=st.sampled_from(["bridge", "inet", "ip", "netdev"]), number=NUMBERS)
    def add_a_table(self, family: str, number: int) -> None:
        table = f"{family} theirs{number}"
        if table not in self.tables:
            strangers.nft(self.path, f"add table {table}")
            strangers.nft(self.path, f"add chain {table} mine")
            strangers.nft(self.path, f"add rule {table} mine counter drop")
            self.tables.add(table)

    @rule(number=NUMBERS)
    def add_an_ovs_bridge(self, number: int) -> None:
        name = f"theirs{number}"
        self.daemons.vsctl("--may-exist", "add-br", name, "--", "set", "bridge", name, f"datapath_type={DATAPATH}")
        self.daemons.vsctl("set", "bridge", name, "external_ids:owner=me")

    # what we do

    @rule(command=st.sampled_from(CHANGES))
    def change_the_history(self, command: c.Command) -> None:
        with suppress(Refusal):
            self.network.execute(command, Author("tests"))

    @rule()
    def realize(self) -> None:
        self.bring_to(self.plan())

    def teardown(self) -> None:
        try:
            self.bring_to(HostPlan("h1", 0))
            self.clear()
            self.bring_to(HostPlan("h1", 0))
            assert self.host.look().namespaces == self.before.namespaces
            assert not [link for link in self.host.look().links.values() if link.ours]
        finally:
            self.network.close()
            self.stack.close()

    def bring_to(self, wanted: HostPlan) -> None:
        """Bring the host to a plan: what is not ours stays, and there is nothing left to do."""
        theirs = self.look()
        self.host.realize(wanted)
        assert self.look() == theirs
        assert self.host.realize(wanted).operations == ()
        assert self.look() == theirs

    def clear(self) -> None:
        """Take what somebody else plugged into ours, or gave it, away."""
        for name in sorted(self.devices - {"eth0", "eth1"}):
            self.ip(f"link del {name}")
            self.devices.discard(name)

    # helpers

    def plan(self) -> HostPlan:
        topology = self.follower.now(self.network)
        return plan.plan(topology, topology.find("host", "h1"))

    def look(self) -> tuple[strangers.Seen, list[str]]:
        bridges = sorted(name for name in self.daemons.vsctl("list-br").split() if name.startswith("theirs"))
        seen = strangers.look(self.path, self.devices, {"br_eth0": "eth0"} if self.is_moved() else {}, self.tables)
        return seen, self.daemons.shown(*bridges)

    def is_moved(self) -> bool:
        """Tell whether the interface's addresses are on a bridge of ours."""
        return "br_eth0" not in self.devices and strangers.exists(self.path, "br_eth0")

    def home(self, name: str) -> str:
        """Give where an address for a device belongs: a bridge's, where the device is its uplink."""
        return "br_eth0" if name == "eth0" and self.is_moved() else name

    def some(self, number: int) -> str:
        return sorted(self.devices)[number % len(self.devices)]

    def ip(self, arguments: str) -> bool:
        """Tell whether the kernel let somebody do it."""
        try:
            ip(self.path, arguments)
        except subprocess.CalledProcessError:
            return False
        return True


def names(wanted: HostPlan) -> list[str]:
    """Give the names of all devices of a plan."""
    legs = [leg.device for each in wanted.namespaces for leg in each.legs]
    parts = (wanted.bridges, wanted.tunnels)
    return sorted([*(x.name for part in parts for x in part), *(p.device for p in wanted.ports), *legs])


TestStrangers = StrangersMachine.TestCase
TestStrangers.settings = settings(max_examples=max(5, settings().max_examples // 10), stateful_step_count=15)
