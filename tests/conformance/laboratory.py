"""Three hosts on this machine's kernel, realized and looked at; used for one history after another.

On a kernel that tracks no connections on bridges, filters are loaded here without what is about connections, before a
host is realized, which then finds them in place: all the others can be judged by packets that belong to none.
"""

from __future__ import annotations

import subprocess
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path

from backends.kvm import filter_text, pin
from backends.kvm.host import Host
from backends.kvm.lab import Lab
from backends.kvm.namespace import inside
from backends.kvm.vswitch import VSwitch
from projections.found import Found
from projections.obstacle import Obstacle
from projections.plan import HostPlan
from tests.conformance.ground import OUT
from tests.conformance.hearing import Ears
from tests.kernel import guarded, probe, state
from tests.kernel.fabric import HOSTS, INTERFACES, VTEPS
from tests.kernel.vswitch import DATAPATH, underlaid


class Watched(Host):
    """Remembers the last look at it. Realizing ends with one that shows nothing more to do."""

    seen: Found

    def look(self) -> Found:
        self.seen = super().look()
        return self.seen


class Laboratory:
    def __init__(self, lab: Lab, hosts: dict[str, Watched], ears: Ears) -> None:
        self.ears = ears
        self._lab, self._hosts = lab, hosts
        self.tracks = not probe.lack("bridge-conntrack")
        self._loaded: dict[str, str] = {}
        self.bare = {name: host.look() for name, host in hosts.items()}
        """What hosts have before anything is done to them."""

    def realize(self, name: str, plan: HostPlan) -> tuple[Found, tuple[Obstacle, ...]]:
        """Bring a host to its plan; tell what it has then, and what stands in the way."""
        if not self.tracks:
            self._filter(name, plan)
        told = self._hosts[name].realize(plan)
        return self._hosts[name].seen, told.obstacles

    def clear(self) -> dict[str, Found]:
        """Take everything of ours off all hosts, and tell what they have then."""
        return {name: self.realize(name, HostPlan(name, 0))[0] for name in self._hosts}

    def routers(self) -> Iterator[str]:
        """Walk the ways into the routers' namespaces."""
        for host in self._hosts.values():
            yield from (str(made) for made in pin.pins(host.state / "netns") if made.name.startswith("rt"))

    def introduce(self, told: Mapping[tuple[str, str], Iterable[str]]) -> None:
        """Tell routers, by host and namespace, whom they send to."""
        for (host, name), lines in told.items():
            room = self._hosts[host].state / "netns" / name
            with inside(str(room)):
                command = ["ip", "-force", "-batch", "-"]
                subprocess.run(command, input="\n".join(lines), check=False, capture_output=True, text=True)

    def _filter(self, name: str, plan: HostPlan) -> None:
        wanted = plan.filters.digest if plan.filters.nics else ""
        if wanted and wanted != self._loaded.get(name):
            guarded.load(self._lab.path(name), filter_text.load(plan.filters, tracked=False) + filter_text.settle())
        self._loaded[name] = wanted


@contextmanager
def laboratory(*, meshed: bool = False) -> Iterator[Laboratory]:
    """Give a laboratory. Hosts of a meshed one have Open vSwitch, with their first interface in a bridge of it."""
    with ExitStack() as stack:
        lab = stack.enter_context(Lab(dict.fromkeys((*HOSTS, OUT), INTERFACES), VTEPS))
        ears = stack.enter_context(Ears({name: lab.path(name) for name in (*HOSTS, OUT)}))
        folders = {name: stack.enter_context(state.folder()) for name in HOSTS}
        for name in HOSTS:
            ignore_routers(lab.path(name))
        sockets = dict.fromkeys(HOSTS, "")
        if meshed:
            daemons = stack.enter_context(underlaid({name: (lab.path(name), VTEPS[name]) for name in HOSTS}))
            sockets = {name: each.socket for name, each in daemons.items()}
        hosts = {
            name: stack.enter_context(
                Watched(
                    lab.path(name),
                    plug="veth",
                    state=folders[name],
                    vswitch=VSwitch(sockets[name], datapath=DATAPATH),
                )
            )
            for name in HOSTS
        }
        yield Laboratory(lab, hosts, ears)


def ignore_routers(path: str) -> None:
    """Have a host take nothing from router advertisements: those of tenants' routers are on its wires too."""
    with inside(path):
        for interface in INTERFACES:
            Path(f"/proc/sys/net/ipv6/conf/{interface}/accept_ra").write_text("0")
