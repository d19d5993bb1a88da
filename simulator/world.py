"""A data centre in virtual time: each host with an agent, a controller, and the ether between hosts.

It starts with every host as the first topology asks for, and lives through the publication of others. It
tells what happens and concludes nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

import msgspec
import simpy

from domain import cluster, host
from projections import reach
from projections.found import bare_host
from projections.plan import HostPlan, plan
from projections.reach import Site, Wire
from projections.topology import Topology
from simulator import intent, timing, trace
from simulator.agent import Agent, Message, Process, Surroundings, settle
from simulator.clock import Microseconds
from simulator.controller import Controller
from simulator.ether import Ether
from simulator.ties import Tie


class Publication(msgspec.Struct, frozen=True):
    """A topology that becomes the intention at some moment."""

    at_us: Microseconds
    topology: Topology


class World:
    """Hosts by uuid, and what connects them."""

    def __init__(
        self,
        start: Topology,
        publications: Sequence[Publication],
        *,
        around: Surroundings,
        parallel: int | None,
    ) -> None:
        self.around = around
        self.publications = publications
        topologies = [start, *(publication.topology for publication in publications)]
        self.names = intent.labels(topologies)
        self.labels = sorted(self.names.values())
        """VMs have numbers in here: their places in this list, so that they sort as their names do."""
        self.places = zones(topologies)
        self.ether = Ether(self._owners(topologies))
        self.controller = Controller(around, parallel=parallel)
        self.plans = {uuid: plan_of(start, uuid) for uuid in self.places}
        self.cables = {uuid: cables_of(start, uuid, place.zone) for uuid, place in self.places.items()}
        self.agents = {uuid: self._agent(uuid) for uuid in self.places}
        self._begin(start)

    def run(self) -> None:
        """Live until nothing is left to happen."""
        self.around.env.process(self._publish())
        self.around.env.run()

    # making it

    def _owners(self, topologies: Iterable[Topology]) -> dict[str, int]:
        """Give the VM of each NIC that ever is."""
        numbers = {label: number for number, label in enumerate(self.labels)}
        return {nic.uuid: numbers[self.names[nic.vm]] for topology in topologies for nic in topology.nics.all.values()}

    def _agent(self, uuid: str) -> Agent:
        member = self.places[uuid].host
        ready = settle(self.plans[uuid], bare_host(member.interfaces, member.ends))
        return Agent(self.around, self.plans[uuid], name=member.name, found=ready, changed=self._changed)

    def _begin(self, start: Topology) -> None:
        for agent in self.agents.values():
            self.ether.look(agent.uuid, self.site(agent))
        self.ether.hearing.take_changes()
        islands = self.ether.hearing.islands()
        named = tuple(tuple(self.labels[vm] for vm in island) for island in islands)
        self.around.tell(trace.Started(self.around.now, start.position, named))

    # living

    def site(self, agent: Agent) -> Site:
        return Site(self.places[agent.uuid].zone, agent.found, self.cables[agent.uuid])

    def _publish(self) -> Process:
        for number, publication in enumerate(self.publications):
            yield self.around.env.timeout(publication.at_us - self.around.now)
            topology = publication.topology
            self._rewire(topology)
            concerned = list(self._concerned(topology))
            messages = ((self.agents[uuid], Message(number, self.plans[uuid])) for uuid in concerned)
            self.controller.publish(topology.position, messages)

    def _rewire(self, topology: Topology) -> None:
        """Lay the cables as a topology has them: they are where they are, whatever hosts know."""
        for uuid, agent in self.agents.items():
            leads = cables_of(topology, uuid, self.places[uuid].zone)
            if leads != self.cables[uuid]:
                self.cables[uuid] = leads
                self._changed(agent)

    def _concerned(self, topology: Topology) -> Iterable[str]:
        """Walk the hosts that must have something else than before, noting what."""
        for uuid, known in self.plans.items():
            wanted = plan_of(topology, uuid)
            if msgspec.structs.replace(wanted, position=known.position) != known:
                self.plans[uuid] = wanted
                yield uuid

    def _changed(self, agent: Agent) -> None:
        self.ether.look(agent.uuid, self.site(agent))
        lost, gained = self.ether.hearing.take_changes()
        if lost or gained:
            now, name = self.around.now, agent.name
            self.around.tell(trace.ReachChanged(now, name, self._named(lost), self._named(gained)))

    def _named(self, ties: Iterable[Tie[int]]) -> tuple[trace.Pairs, ...]:
        labels = self.labels
        return tuple(
            trace.Pairs(labels[vm], tuple(labels[peer] for peer in sorted(peers))) for vm, peers in sorted_by_vm(ties)
        )


class Place(msgspec.Struct, frozen=True):
    """A host and the zone it stands in."""

    host: host.Host
    zone: str


def zones(topologies: Iterable[Topology]) -> dict[str, Place]:
    """Give the place of every host that ever is, in order of uuid."""
    found = {
        uuid: Place(member, topology.state(member.cluster, cluster.Cluster).zone)
        for topology in topologies
        for uuid, member in topology.every(host.Host)
    }
    return {uuid: found[uuid] for uuid in sorted(found)}


def plan_of(topology: Topology, uuid: str) -> HostPlan:
    """Derive a host's plan; a host that the topology does not have must have nothing."""
    return plan(topology, uuid) if uuid in topology.objects.states else HostPlan(uuid, topology.position)


def cables_of(topology: Topology, uuid: str, zone: str) -> Mapping[tuple[str, int], Wire]:
    """Give where a host's frames get to over cables; nothing in a zone without a fabric, where equals are joined."""
    there = uuid in topology.objects.states and zone in topology.fabric.sizes
    return reach.beyond(topology, uuid) if there else {}


def sorted_by_vm(ties: Iterable[Tie[int]]) -> list[Tie[int]]:
    return sorted(ties, key=lambda tie: tie[0])


def surroundings(
    tell: Callable[[trace.Entry], None], *, seed: int = 0, pace: timing.Timing | None = None
) -> Surroundings:
    return Surroundings(simpy.Environment(), pace or timing.Timing(), seed, tell)
