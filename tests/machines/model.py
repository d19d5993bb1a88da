"""The network as plain dicts and sets, by name: what a person with a notebook would keep.

It says which commands may be done, and keeps what they do. It knows no facts, no uuids and no projections.
"""

from __future__ import annotations

from typing import NamedTuple


FIRST = 10
"""Addresses are 10.0.0.FIRST and up."""


class Host(NamedTuple):
    cluster: str
    interfaces: tuple[str, ...]
    vtep: bool
    state: str = "enabled"


class L2(NamedTuple):
    kind: str
    """plain, vlan or vxlan."""
    interface: str
    number: int
    pool: str = ""
    realize: str = "attach"


class L3(NamedTuple):
    l2: str
    allocator: str
    free: frozenset[int] = frozenset()
    """Every address of its ranges that no NIC has."""
    all: frozenset[int] = frozenset()


class Vm(NamedTuple):
    host: str
    last: str
    nics: tuple[tuple[str, int], ...]
    """(L3 network, last octet of the address), in order."""


class Model:
    """Zone z with clusters c1 and c2, zone y with cluster d1; two pools of z that share VNI 102."""

    def __init__(self) -> None:
        self.clusters = {"c1": "z", "c2": "z", "d1": "y"}
        self.hosts: dict[str, Host] = {}
        self.l2s: dict[str, L2] = {}
        self.pools = {"pool": range(100, 103), "loop": range(102, 105)}
        self.attached: set[tuple[str, str]] = set()
        self.l3s: dict[str, L3] = {}
        self.vms: dict[str, Vm] = {}

    # where things are

    def networks_on(self, cluster: str) -> set[str]:
        return {l2 for l2, c in self.attached if c == cluster}

    def is_on(self, l2: str, cluster: str) -> bool:
        return (self.l2s[l2].pool or l2, cluster) in self.attached

    def fits(self, host: str, l3s: tuple[str, ...]) -> bool:
        found = self.hosts[host]
        return found.state == "enabled" and all(self.is_on(self.l3s[n].l2, found.cluster) for n in l3s)

    def fitting(self, l3s: tuple[str, ...], *, like: str = "") -> set[str]:
        """Give the hosts that fit; for a VM that was on one before, those of the same zone."""
        return {h for h in self.hosts if self.fits(h, l3s) and (not like or self.zone(h) == self.zone(like))}

    def zone(self, host: str) -> str:
        return self.clusters[self.hosts[host].cluster]

    def load(self, host: str) -> int:
        return sum(vm.host == host for vm in self.vms.values())

    # hosts

    def may_add_host(self, name: str, cluster: str, interfaces: tuple[str, ...], *, vtep: bool) -> bool:
        here = self.networks_on(cluster)
        needed = {self.l2s[n].interface for n in here if n in self.l2s}
        return (
            name not in self.hosts
            and cluster in self.clusters
            and needed <= set(interfaces)
            and (vtep or not here & set(self.pools))
        )

    def may_set_state(self, host: str, state: str) -> bool:
        return host in self.hosts and self.hosts[host].state != state

    # L2 networks

    def may_create_l2(self, name: str) -> bool:
        return name not in self.l2s and name not in self.pools

    def free_vnis(self, pool: str) -> list[int]:
        taken = {l2.number for l2 in self.l2s.values() if l2.pool == pool}
        return [vni for vni in self.pools[pool] if vni not in taken]

    def may_attach(self, l2: str, cluster: str, *, cidr: bool) -> bool:
        members = [h for h in self.hosts.values() if h.cluster == cluster]
        known = (l2 in self.l2s or l2 in self.pools) and self.clusters.get(cluster) == "z"
        if not known or (l2, cluster) in self.attached:
            return False
        if l2 in self.pools:
            return cidr and all(h.vtep for h in members) and not self.networks_on(cluster) & set(self.pools)
        state = self.l2s[l2]
        segments = {(self.l2s[n].interface, self.l2s[n].number) for n in self.networks_on(cluster) if n in self.l2s}
        return (
            not cidr
            and not state.pool
            and (state.interface, state.number) not in segments
            and all(state.interface in h.interfaces for h in members)
        )

    def detach(self, l2: str, cluster: str) -> None:
        self.attached.remove((l2, cluster))
        gone = {n for n, l3 in self.l3s.items() if l2 in {l3.l2, self.l2s[l3.l2].pool}}
        for name, vm in self.vms.items():
            if vm.host and self.hosts[vm.host].cluster == cluster:
                self.drop(name, gone)

    def drop(self, name: str, gone: set[str]) -> None:
        vm = self.vms[name]
        for l3, ip in vm.nics:
            if l3 in gone:
                self.l3s[l3] = self.l3s[l3]._replace(free=self.l3s[l3].free | {ip})
        self.vms[name] = vm._replace(nics=tuple(nic for nic in vm.nics if nic[0] not in gone))

    # L3 networks

    def may_add_range(self, l3: str, first: int, last: int) -> bool:
        if l3 not in self.l3s or not FIRST <= first <= last:
            return False
        neighbours = [n for n in self.l3s.values() if n.l2 == self.l3s[l3].l2]
        return not any(set(range(first, last + 1)) & n.all for n in neighbours)

    # VMs

    def may_create_vm(self, name: str, l3s: tuple[str, ...], host: str, ip: int) -> bool:
        if name in self.vms or len({*l3s}) < len(l3s) or not {*l3s} <= {*self.l3s} or (host and host not in self.hosts):
            return False
        fits = self.fits(host, l3s) if host else bool(self.fitting(l3s))
        return fits and all(self.l3s[n].free for n in l3s) and (not ip or ip in self.l3s[l3s[0]].free)

    def may_start(self, name: str) -> bool:
        return (
            name in self.vms
            and not self.vms[name].host
            and bool(self.fitting(self.networks_of(name), like=self.vms[name].last))
        )

    def may_migrate(self, name: str, host: str) -> bool:
        if name not in self.vms or not self.vms[name].host or host == self.vms[name].host:
            return False
        others = self.others(name)
        return host in others if host else bool(others)

    def others(self, name: str) -> set[str]:
        """Give the hosts that a running VM may go to."""
        here = self.vms[name].host
        return self.fitting(self.networks_of(name), like=here) - {here}

    def networks_of(self, name: str) -> tuple[str, ...]:
        return tuple(l3 for l3, _ in self.vms[name].nics)

    def give(self, l3: str, ip: int, *, wished: bool) -> None:
        """Note which address a NIC got: a free one, and the lowest where the allocator says so."""
        free = self.l3s[l3].free
        assert ip in free
        if self.l3s[l3].allocator == "first-available" and not wished:
            assert ip == min(free)
        self.l3s[l3] = self.l3s[l3]._replace(free=free - {ip})
