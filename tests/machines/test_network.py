"""A machine beside a notebook that foresees, for hosts, networks, addresses and VMs, what may be done and what it does.

After each step everything that must hold of a history is checked, and the notebook and the network must say the same.
"""

from __future__ import annotations

from typing import TypeVar

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant, precondition, rule

from domain import commands as c
from domain import host, l2, l3, pool, vm
from domain.commands import Command
from domain.errors import Refusal
from domain.history import Fact
from domain.network import Outcome
from projections import topology
from tests.builders import a_cluster, a_pool, a_vni_range, a_zone
from tests.given import ME, attempt
from tests.machines.model import FIRST, L2, L3, Host, Model, Vm
from tests.machines.watched import Watched


CLUSTERS = st.sampled_from(["c1", "c2", "c1", "c2", "d1", "c9"])
HOSTS = st.sampled_from(["h1", "h2", "h3"])
INTERFACES = st.sampled_from([("eth0",), ("eth0", "eth1"), ("eth0", "eth1")])
NETWORKS = st.sampled_from(["n1", "n2", "n3", "n4"])
POOLS = st.sampled_from(["pool", "loop"])
SUBNETS = st.sampled_from(["s1", "s2", "s3"])
VMS = st.sampled_from(["a", "b", "b", "e"])
OCTETS = st.integers(FIRST - 1, FIRST + 6)
MAYBE_HOST = st.just("") | HOSTS


class NetworkMachine(Watched):
    def __init__(self) -> None:
        super().__init__()
        self.model = Model()
        for command in (
            a_zone("z"),
            a_zone("y"),
            a_cluster("c1"),
            a_cluster("c2"),
            a_cluster("d1", zone="y"),
            a_pool("pool"),
            a_pool("loop"),
            a_vni_range(100, 102),
            a_vni_range(102, 104, pool="loop"),
        ):
            self.network.execute(command, ME)

    @initialize(furnished=st.sampled_from([True, True, True, False]))
    def furnish(self, *, furnished: bool) -> None:
        """Begin most runs with networks that VMs can use, or few would ever come to have one."""
        if not furnished:
            return
        for name, cluster in (("h1", "c1"), ("h2", "c2")):
            self.add_host(name, cluster, ("eth0", "eth1"), vtep=True)
            self.attach("pool", cluster, slip=False)
        self.create_vlan("n1", "eth0", 10)
        self.create_vxlan("n2", "pool", None, "attach")
        self.attach("n1", "c1", slip=False)
        for subnet, network, first in (("s1", "n1", FIRST), ("s2", "n2", FIRST)):
            self.create_l3(subnet, network, "first-available")
            self.add_range(subnet, first, 3)
        self.create_vm("a", ("s1", "s2"), "h1", 0)
        self.create_vm("b", ("s2",), "h2", 0)
        self.stop_vm("b")

    def do(self, command: Command, *, may: bool) -> Outcome | None:
        """Run a command that the notebook says may, or may not, be done."""
        answer = self.run(command)
        if isinstance(answer, Refusal):
            assert not may, answer
            return None
        assert may, f"{command} was done"
        return answer

    # places

    @rule(name=HOSTS, cluster=CLUSTERS, interfaces=INTERFACES, vtep=st.sampled_from([True, True, False]))
    def add_host(self, name: str, cluster: str, interfaces: tuple[str, ...], *, vtep: bool) -> None:
        tunnel = f"10.9.0.{len(self.model.hosts) + 1}" if vtep else ""
        command = c.AddHost(name=name, cluster=cluster, interfaces=interfaces, vtep=tunnel)
        if self.do(command, may=self.model.may_add_host(name, cluster, interfaces, vtep=vtep)):
            self.model.hosts[name] = Host(cluster, interfaces, vtep)

    @rule(name=HOSTS, state=st.sampled_from(["enabled", "enabled", "disabled", "maintenance"]))
    def set_host_state(self, name: str, state: str) -> None:
        outcome = self.do(c.SetHostState(host=name, state=state), may=self.model.may_set_state(name, state))
        if outcome:
            self.model.hosts[name] = self.model.hosts[name]._replace(state=state)
            if state == "maintenance":
                self.note_evacuation(name, outcome)

    def note_evacuation(self, host: str, outcome: Outcome) -> None:
        """Note where the VMs of a host in maintenance went: to one that fits, or nowhere when none does."""
        moved = {
            self.name(r.originator_id): self.name(r.fact.host)
            for r in outcome.recorded
            if isinstance(r.fact, vm.Migrated)
        }
        for name, guest in self.model.vms.items():
            if guest.host == host:
                others, target = self.model.others(name), moved.get(name, "")
                assert target in others if others else not target
                self.model.vms[name] = guest._replace(host=target, last=target or guest.last)

    # L2 networks

    @rule(name=NETWORKS, interface=st.sampled_from(["eth0", "eth1"]))
    def create_no_vlan(self, name: str, interface: str) -> None:
        command = c.CreateL2NoVlanNetwork(name=name, zone="z", physical_interface=interface)
        if self.do(command, may=self.model.may_create_l2(name)):
            self.model.l2s[name] = L2("plain", interface, 0)

    @rule(name=NETWORKS, interface=st.sampled_from(["eth0", "eth1"]), vlan=st.sampled_from([10, 10, 11, 0, 4095]))
    def create_vlan(self, name: str, interface: str, vlan: int) -> None:
        command = c.CreateL2VlanNetwork(name=name, zone="z", physical_interface=interface, vlan=vlan)
        if self.do(command, may=self.model.may_create_l2(name) and vlan in {10, 11}):
            self.model.l2s[name] = L2("vlan", interface, vlan)

    @rule(
        name=NETWORKS,
        owner=POOLS,
        vni=st.none() | st.integers(99, 105),
        realize=st.sampled_from(["attach", "vm"]),
    )
    def create_vxlan(self, name: str, owner: str, vni: int | None, realize: str) -> None:
        free = self.model.free_vnis(owner)
        command = c.CreateL2VxlanNetwork(name=name, pool=owner, vni=vni, realize=realize)
        may = self.model.may_create_l2(name) and (bool(free) if vni is None else vni in free)
        if self.do(command, may=may):
            self.model.l2s[name] = L2("vxlan", "", free[0] if vni is None else vni, owner, realize)

    @rule(name=NETWORKS | POOLS, cluster=CLUSTERS, slip=st.sampled_from([False, False, False, True]))
    def attach(self, name: str, cluster: str, *, slip: bool) -> None:
        cidr = (name in self.model.pools) != slip
        command = c.AttachL2NetworkToCluster(l2=name, cluster=cluster, vtep_cidr="10.9.0.0/24" if cidr else "")
        if self.do(command, may=self.model.may_attach(name, cluster, cidr=cidr)):
            self.model.attached.add((name, cluster))

    @rule(name=NETWORKS | POOLS, cluster=CLUSTERS)
    def detach(self, name: str, cluster: str) -> None:
        command = c.DetachL2NetworkFromCluster(l2=name, cluster=cluster)
        if self.do(command, may=(name, cluster) in self.model.attached):
            self.model.detach(name, cluster)

    # L3 networks

    @rule(name=SUBNETS, network=NETWORKS, allocator=st.sampled_from(["random", "first-available", "ascending"]))
    def create_l3(self, name: str, network: str, allocator: str) -> None:
        command = c.CreateL3Network(name=name, l2=network, allocator=allocator)
        if self.do(command, may=name not in self.model.l3s and network in self.model.l2s):
            self.model.l3s[name] = L3(network, allocator)

    @rule(name=SUBNETS, first=OCTETS, size=st.integers(0, 3))
    def add_range(self, name: str, first: int, size: int) -> None:
        last = first + size - 1
        command = c.AddIpRange(
            l3=name,
            name=f"from {first}",
            start=f"10.0.0.{first}",
            end=f"10.0.0.{last}",
            netmask="255.255.255.0",
            gateway=f"10.0.0.{FIRST - 1}",
        )
        if self.do(command, may=self.model.may_add_range(name, first, last)):
            added = frozenset(range(first, last + 1))
            old = self.model.l3s[name]
            self.model.l3s[name] = old._replace(free=old.free | added, all=old.all | added)

    # VMs

    @rule(
        name=VMS,
        networks=st.lists(SUBNETS, max_size=2).map(tuple),
        wanted=MAYBE_HOST,
        ip=st.sampled_from([0, 0, 0, FIRST, FIRST + 1, FIRST + 9]),
    )
    def create_vm(self, name: str, networks: tuple[str, ...], wanted: str, ip: int) -> None:
        wish = {networks[0]: f"10.0.0.{ip}"} if networks and ip else {}
        command = c.CreateVm(name=name, networks=networks, host=wanted, addresses=wish)
        may = self.model.may_create_vm(name, networks, wanted, ip if networks else 0)
        if outcome := self.do(command, may=may):
            nics = tuple((self.name(f.l3), octet(f.ip)) for f in facts(outcome, vm.NicAttached))
            for order, (l3_name, octets) in enumerate(nics):
                self.model.give(l3_name, octets, wished=bool(wish) and order == 0)
            self.placed(outcome, wanted, networks)
            where = self.name(facts(outcome, vm.Started)[0].host)
            self.model.vms[name] = Vm(where, where, nics)
            assert tuple(l3_name for l3_name, _ in nics) == networks

    def placed(self, outcome: Outcome, wanted: str, networks: tuple[str, ...]) -> None:
        """A VM goes where it was told to, or to the emptiest host that fits."""
        where = self.name(facts(outcome, vm.Started)[0].host)
        fitting = self.model.fitting(networks)
        assert where == wanted or (not wanted and where in fitting)
        if not wanted:
            assert self.model.load(where) == min(map(self.model.load, fitting))

    @precondition(lambda self: self.model.vms)
    @rule(name=VMS)
    def stop_vm(self, name: str) -> None:
        may = name in self.model.vms and bool(self.model.vms[name].host)
        if self.do(c.StopVm(vm=name), may=may):
            self.model.vms[name] = self.model.vms[name]._replace(host="")

    @precondition(lambda self: self.model.vms)
    @rule(name=VMS)
    def start_vm(self, name: str) -> None:
        if outcome := self.do(c.StartVm(vm=name), may=self.model.may_start(name)):
            where = self.name(facts(outcome, vm.Started)[0].host)
            last, networks = self.model.vms[name].last, self.model.networks_of(name)
            assert where == last or not self.model.fits(last, networks)
            self.model.vms[name] = self.model.vms[name]._replace(host=where, last=where)

    @precondition(lambda self: self.model.vms)
    @rule(name=VMS, wanted=MAYBE_HOST)
    def migrate_vm(self, name: str, wanted: str) -> None:
        if outcome := self.do(c.MigrateVm(vm=name, host=wanted), may=self.model.may_migrate(name, wanted)):
            where = self.name(facts(outcome, vm.Migrated)[0].host)
            assert where == wanted or not wanted
            self.model.vms[name] = self.model.vms[name]._replace(host=where, last=where)

    @precondition(lambda self: self.model.vms)
    @rule(name=VMS)
    def destroy_vm(self, name: str) -> None:
        if self.do(c.DestroyVm(vm=name), may=name in self.model.vms):
            self.model.drop(name, set(self.model.l3s))
            del self.model.vms[name]

    # forks

    @rule(share=st.floats(0, 1), name=NETWORKS | POOLS, cluster=CLUSTERS, vm_name=VMS)
    def try_on_a_fork(self, share: float, name: str, cluster: str, vm_name: str) -> None:
        before = list(self.network.facts())
        fork = self.network.fork(int(share * len(before)))
        for command in (
            a_zone(f"z{len(before)}"),
            c.DetachL2NetworkFromCluster(l2=name, cluster=cluster),
            c.DestroyVm(vm=vm_name),
        ):
            attempt(fork, command)
        assert fork.position() > fork.base
        assert list(fork.facts())[: fork.base] == before[: fork.base]
        assert self.follower.now(fork) == topology.fold(fork.facts())
        assert list(self.network.facts()) == before

    # what always holds

    @invariant()
    def notebook_says_the_same(self) -> None:
        now, model = self.now, self.model
        assert {now.name(u): self.noted_host(s) for u, s in now.every(host.Host)} == model.hosts
        assert {now.name(u): self.noted_l2(s) for u, s in now.networks()} == model.l2s
        owners = [(u, s.clusters) for u, s in now.networks()]
        owners += [(u, s.clusters) for u, s in now.every(pool.VxlanPool)]
        assert {(now.name(u), now.name(x)) for u, clusters in owners for x in clusters} == model.attached
        assert {now.name(u): self.noted_l3(u, s) for u, s in now.every(l3.L3Network)} == model.l3s
        assert {now.name(u): self.noted_vm(s) for u, s in now.every(vm.Vm)} == model.vms

    def noted_host(self, state: host.Host) -> Host:
        return Host(self.name(state.cluster), state.interfaces, bool(state.vtep), state.state)

    def noted_l2(self, state: l2.L2Network) -> L2:
        kind = {l2.NO_VLAN: "plain", l2.VLAN: "vlan", l2.VXLAN: "vxlan"}[state.type]
        owner = self.name(state.pool) if state.pool else ""
        return L2(kind, state.physical_interface, state.virtual_network_id, owner, state.realize)

    def noted_l3(self, uuid: str, state: l3.L3Network) -> L3:
        every = {n % 256 for r in state.ranges for n in r.numbers}
        used = {octet(nic.ip) for nic in self.now.nics.all.values() if nic.l3 == uuid}
        return L3(self.name(state.l2), state.allocator, frozenset(every - used), frozenset(every))

    def noted_vm(self, state: vm.Vm) -> Vm:
        where = self.name(state.host) if state.host else ""
        return Vm(where, self.name(state.last_host), tuple((self.name(n.l3), octet(n.ip)) for n in state.nics))


F = TypeVar("F", bound=Fact)


def facts(outcome: Outcome, kind: type[F]) -> list[F]:
    return [r.fact for r in outcome.recorded if isinstance(r.fact, kind)]


def octet(ip: str) -> int:
    return int(ip.rsplit(".", 1)[1])


TestNetwork = NetworkMachine.TestCase
TestNetwork.settings = settings(stateful_step_count=50)
