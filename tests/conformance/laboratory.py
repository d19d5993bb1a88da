"""Three hosts on this machine's kernel, realized and looked at; used for one history after another.

On a kernel that tracks no connections on bridges, filters are loaded here without what is about connections, before a
host is realized, which then finds them in place: all the others can be judged by packets that belong to none.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from backends.kvm import filter_text, nft
from backends.kvm.host import Host
from backends.kvm.lab import Lab
from projections.found import Found
from projections.obstacle import Obstacle
from projections.plan import HostPlan
from tests.conformance.hearing import Ears
from tests.kernel import probe, state
from tests.kernel.fabric import HOSTS, INTERFACES, VTEPS
from tests.kernel.guarded import stateless


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

    def _filter(self, name: str, plan: HostPlan) -> None:
        wanted = plan.filters.digest if plan.filters.nics else ""
        if wanted and wanted != self._loaded.get(name):
            text = stateless(filter_text.load(plan.filters)) + filter_text.settle()
            nft.load(self._lab.path(name), text, "loading")
        self._loaded[name] = wanted


@contextmanager
def laboratory() -> Iterator[Laboratory]:
    with ExitStack() as stack:
        lab = stack.enter_context(Lab(dict.fromkeys(HOSTS, INTERFACES), VTEPS))
        ears = stack.enter_context(Ears({name: lab.path(name) for name in HOSTS}))
        folders = {name: stack.enter_context(state.folder()) for name in HOSTS}
        hosts = {n: stack.enter_context(Watched(lab.path(n), plug="veth", state=folders[n])) for n in HOSTS}
        yield Laboratory(lab, hosts, ears)
