"""Random networks and random changes: what the simulator keeps step by step against what floods and counts find."""

from collections.abc import Sequence
from itertools import combinations

from hypothesis import given
from hypothesis import strategies as st

from domain import commands as c
from projections import diff, domains, plan, reach
from projections.found import Found
from projections.topology import Topology
from simulator import intent, outages, trace
from simulator.intent import Bonds, Change
from simulator.outages import Outage
from simulator.timing import Fixed, Timing, Uniform
from simulator.trace import OperationDone, ReachChanged, Started
from simulator.world import Publication, World, surroundings
from tests.simulator.builder import DataCentre, cluster, fixed, guest, host, pool, untagged, vlan, vxlan


Pair = tuple[str, str]

CLUSTERS = ("c1", "c2", "c3")
HOSTS = ("h1", "h2", "h3", "h4", "h5")
NETWORKS = ("u", "w", "v", "v2", "x", "y")
ATTACHABLE = ("u", "w", "v", "v2", "p")
VMS = ("a", "b", "d", "e", "f", "g")
NEW = ("h", "i")


def attach(network: str, where: str) -> c.Command:
    cidr = "10.9.0.0/16" if network == "p" else ""
    return c.AttachL2NetworkToCluster(l2=network, cluster=where, vtep_cidr=cidr)


attachments = st.builds(attach, st.sampled_from(ATTACHABLE), st.sampled_from(CLUSTERS))
detachments = st.builds(
    lambda network, where: c.DetachL2NetworkFromCluster(l2=network, cluster=where),
    st.sampled_from(ATTACHABLE),
    st.sampled_from(CLUSTERS),
)


def guests(names: tuple[str, ...]) -> st.SearchStrategy[c.Command]:
    return st.builds(
        lambda name, where, networks: guest(name, where, *networks, number=(VMS + NEW).index(name) + 1),
        st.sampled_from(names),
        st.sampled_from((*HOSTS, "", "", "")),
        st.lists(st.sampled_from(NETWORKS), min_size=1, max_size=2, unique=True),
    )


starts = st.builds(lambda vm: c.StartVm(vm=vm), st.sampled_from(VMS))
stops = st.builds(lambda vm: c.StopVm(vm=vm), st.sampled_from(VMS))
moves = st.builds(lambda vm, to: c.MigrateVm(vm=vm, host=to), st.sampled_from(VMS), st.sampled_from(HOSTS))
ends = st.builds(lambda vm: c.DestroyVm(vm=vm), st.sampled_from(VMS))
newcomers = st.just(host("c2", "h6"))
changes = st.lists(
    st.one_of(attachments, detachments, guests((*NEW, "a")), starts, stops, moves, moves, ends, newcomers),
    min_size=4,
    max_size=9,
)
timings = st.sampled_from(
    [
        Timing(),
        fixed(),
        fixed(delete=0, create_port=0, add_peer=0),
        Timing(message=Uniform(0, 60), delete=Fixed(3), create_port=Fixed(3)),
    ]
)


scripts = st.tuples(
    st.lists(detachments, max_size=2),
    st.tuples(*(guests((name,)) for name in VMS)).map(list),
    st.lists(stops, max_size=2),
    changes,
    st.just([]) | changes,
)
"""What the start lacks, who is there, who sleeps, and one or two changes; a command that is refused is left out."""


def enact(script: Sequence[Sequence[c.Command]]) -> list[Topology]:
    """Give the topology of the start, and the one after each change."""
    centre = DataCentre()
    centre.do(
        *cluster("c1", "h1", "h2"),
        *cluster("c2", "h3", "h4"),
        *cluster("c3", "h5"),
        *untagged("u", "eth0", *CLUSTERS),
        *untagged("w", "eth1", "c1", "c3"),
        *vlan("v", 10, "c1"),
        *vlan("v2", 10, "c2", "c3"),
        *pool("p", *CLUSTERS),
        *vxlan("x", "p"),
        *vxlan("y", "p", realize="vm"),
    )
    return [centre.attempt(*commands) for commands in script][2:]


class Witness:
    """Looks at every host after every operation, and floods the whole network anew."""

    def __init__(self, topologies: list[Topology], gap_us: int, timing: Timing, parallel: int | None) -> None:
        self.trace: list[trace.Entry] = []
        self.seen: dict[int, set[Pair]] = {}
        """Which pairs talk, by how many records had been told."""
        self._publications = [Publication(n * gap_us, t) for n, t in enumerate(topologies[1:])]
        around = surroundings(self._tell, seed=1, pace=timing)
        self.world = World(topologies[0], self._publications, around=around, parallel=parallel)
        names = intent.labels(topologies)
        self.owners = {nic.uuid: names[nic.vm] for t in topologies for nic in t.nics.all.values()}
        self.bonds = Bonds(intent.intended(t, names) for t in topologies)
        self.seen[1] = self.talking()
        self.world.run()

    def _tell(self, record: trace.Entry) -> None:
        self.trace.append(record)
        if isinstance(record, OperationDone):
            self.seen[len(self.trace)] = self.talking()

    def islands(self) -> list[list[str]]:
        """Give the NICs that hear one another. A NIC that is on its way from host to host may be there twice."""
        agents = self.world.agents
        found = [c for uuid, agent in agents.items() for c in reach.circuits(uuid, self.world.site(agent))]
        return [
            sorted(nic_of(agents[uuid].found, device) for uuid, device in island) for island in reach.islands(found)
        ]

    def talking(self) -> set[Pair]:
        together = [sorted({self.owners[nic] for nic in island}) for island in self.islands()]
        return {pair for vms in together for pair in combinations(vms, 2)}


def nic_of(found: Found, device: str) -> str:
    return found.links[device].mark.split()[1]


def told(found: tuple[trace.Pairs, ...]) -> list[Pair]:
    return [(min(p.vm, peer), max(p.vm, peer)) for p in found for peer in p.peers]


def believed(records: list[trace.Entry]) -> dict[int, set[Pair]]:
    """Give which pairs talk by the trace alone, after each operation and what it brought about."""
    found: dict[int, set[Pair]] = {}
    talking: set[Pair] = set()
    for number, record in enumerate(records, start=1):
        if isinstance(record, Started):
            talking = {pair for island in record.islands for pair in combinations(island, 2)}
            found[number] = talking
        if isinstance(record, ReachChanged):
            lost, gained = told(record.lost), told(record.gained)
            assert len(set(lost + gained)) == len(lost + gained)
            assert set(lost) <= talking
            assert not set(gained) & talking
            talking = talking - set(lost) | set(gained)
            found[number - 1] = talking
        if isinstance(record, OperationDone):
            found[number] = talking
    return found


def kind(bonds: Bonds, pair: Pair) -> Change | None:
    vm, peer = pair
    shared = [bool(set(a) & set(b)) for a, b in zip(bonds.membership(vm), bonds.membership(peer), strict=True)]
    match shared[0], shared[-1]:
        case True, True:
            return "kept"
        case True, False:
            return "lost"
        case False, True:
            return "gained"
        case _:
            return "passing" if any(shared) else None


def counted(witness: Witness) -> list[Outage]:
    """Find outages by asking at each moment, for each pair that should talk, whether it does."""
    moments = {witness.trace[number - 1].at_us: talking for number, talking in sorted(witness.seen.items())}
    found = []
    for pair in combinations(witness.bonds.vms, 2):
        change = kind(witness.bonds, pair)
        since: int | None = None
        for at, talking in moments.items():
            if change and since is None and pair not in talking:
                since = at
            if change and since is not None and pair in talking:
                found.append(Outage(*pair, since, at, change))
                since = None
        if change and since is not None:
            found.append(Outage(*pair, since, None, change))
    return sorted(found, key=lambda o: (o.vm, o.peer, o.from_us))


gaps = st.sampled_from([0, 15_000, 1_000_000])
limits = st.sampled_from([None, 1, 2])


@given(scripts, gaps, timings, limits)
def test_the_trace_says_who_hears_whom_after_every_operation(
    script: Sequence[Sequence[c.Command]], gap_us: int, timing: Timing, parallel: int | None
) -> None:
    witness = Witness(enact(script), gap_us, timing, parallel)

    assert believed(witness.trace) == witness.seen


@given(scripts, gaps, timings, limits)
def test_outages_are_those_found_by_looking_at_every_moment(
    script: Sequence[Sequence[c.Command]], gap_us: int, timing: Timing, parallel: int | None
) -> None:
    witness = Witness(enact(script), gap_us, timing, parallel)

    found = outages.outages(witness.trace, witness.bonds)

    assert found == counted(witness)
    for change, count in outages.tally(witness.trace, witness.bonds).items():
        assert count == len([o for o in found if o.change == change])
        assert outages.outages(witness.trace, witness.bonds, [change]) == [o for o in found if o.change == change]


@given(scripts, gaps, timings, limits)
def test_in_the_end_every_host_has_its_plan_and_islands_are_broadcast_domains(
    script: Sequence[Sequence[c.Command]], gap_us: int, timing: Timing, parallel: int | None
) -> None:
    topologies = enact(script)
    last = topologies[-1]

    witness = Witness(topologies, gap_us, timing, parallel)

    for uuid, agent in witness.world.agents.items():
        assert diff.diff(plan.plan(last, uuid), agent.found) == ()
    assert sorted(witness.islands()) == sorted(list(d.nics) for d in domains.domains(last) if d.nics)
