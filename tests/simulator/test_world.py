"""Random networks and random changes: what the simulator keeps step by step against what floods and counts find."""

from itertools import combinations

from hypothesis import given
from hypothesis import strategies as st

from domain import commands as c
from projections import diff, domains, plan, reach
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


def attach(network: str, where: str) -> c.Command:
    cidr = "10.9.0.0/16" if network == "p" else ""
    return c.AttachL2NetworkToCluster(l2=network, cluster=where, vtep_cidr=cidr)


attachments = st.builds(attach, st.sampled_from(ATTACHABLE), st.sampled_from(CLUSTERS))
detachments = st.builds(
    lambda network, where: c.DetachL2NetworkFromCluster(l2=network, cluster=where),
    st.sampled_from(ATTACHABLE),
    st.sampled_from(CLUSTERS),
)
guests = st.builds(
    lambda name, where, networks: guest(name, where, *networks, number=VMS.index(name) + 1),
    st.sampled_from(VMS),
    st.sampled_from(HOSTS),
    st.lists(st.sampled_from(NETWORKS), min_size=1, max_size=2, unique=True),
)
starts = st.builds(lambda vm: c.StartVm(vm=vm), st.sampled_from(VMS))
stops = st.builds(lambda vm: c.StopVm(vm=vm), st.sampled_from(VMS))
moves = st.builds(lambda vm, to: c.MigrateVm(vm=vm, host=to), st.sampled_from(VMS), st.sampled_from(HOSTS))
ends = st.builds(lambda vm: c.DestroyVm(vm=vm), st.sampled_from(VMS))
newcomers = st.just(host("c2", "h6"))
changes = st.lists(
    st.one_of(attachments, detachments, guests, starts, stops, moves, ends, newcomers), min_size=1, max_size=5
)
timings = st.sampled_from(
    [
        Timing(),
        fixed(),
        fixed(delete=0, create_port=0, add_peer=0),
        Timing(message=Uniform(0, 60), delete=Fixed(3), create_port=Fixed(3)),
    ]
)


@st.composite
def histories(draw: st.DrawFn) -> list[Topology]:
    """A data centre with networks and VMs, and one or two changes to it."""
    centre = DataCentre()
    centre.do(
        *cluster("c1", "h1", "h2"),
        *cluster("c2", "h3", "h4"),
        *cluster("c3", "h5"),
        *untagged("u", "eth0"),
        *untagged("w", "eth1"),
        *vlan("v", 10),
        *vlan("v2", 10),
        *pool("p"),
        *vxlan("x", "p"),
        *vxlan("y", "p", realize="vm"),
    )
    topologies = [
        centre.attempt(
            *draw(st.lists(attachments, min_size=4, max_size=12)),
            *draw(st.lists(guests, min_size=3, max_size=12)),
        )
    ]
    return topologies + [centre.attempt(*steps) for steps in draw(st.lists(changes, min_size=1, max_size=2))]


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
        self.owners = {nic.device: names[nic.vm] for t in topologies for nic in t.nics.all.values()}
        self.bonds = Bonds(intent.intended(t, names) for t in topologies)
        self.seen[1] = self.talking()
        self.world.run()

    def _tell(self, record: trace.Entry) -> None:
        self.trace.append(record)
        if isinstance(record, OperationDone):
            self.seen[len(self.trace)] = self.talking()

    def islands(self) -> list[list[str]]:
        """Give the devices that hear one another."""
        found = [
            circuit
            for uuid, agent in self.world.agents.items()
            for circuit in reach.circuits(uuid, self.world.site(agent))
        ]
        return [[device for _, device in island] for island in reach.islands(found)]

    def talking(self) -> set[Pair]:
        together = [sorted({self.owners[device] for device in island}) for island in self.islands()]
        return {pair for vms in together for pair in combinations(vms, 2)}


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


runs = st.builds(Witness, histories(), st.sampled_from([0, 15_000, 1_000_000]), timings, st.sampled_from([None, 1, 2]))


@given(runs)
def test_the_trace_says_who_hears_whom_after_every_operation(witness: Witness) -> None:
    assert believed(witness.trace) == witness.seen


@given(runs)
def test_outages_are_those_found_by_looking_at_every_moment(witness: Witness) -> None:
    found = outages.outages(witness.trace, witness.bonds)

    assert found == counted(witness)
    for change, count in outages.tally(witness.trace, witness.bonds).items():
        assert count == len([o for o in found if o.change == change])
        assert outages.outages(witness.trace, witness.bonds, [change]) == [o for o in found if o.change == change]


@given(histories(), timings, st.sampled_from([None, 1]))
def test_in_the_end_every_host_has_its_plan_and_islands_are_broadcast_domains(
    topologies: list[Topology], timing: Timing, parallel: int | None
) -> None:
    witness = Witness(topologies, 15_000, timing, parallel)
    last = topologies[-1]

    for uuid, agent in witness.world.agents.items():
        assert diff.diff(plan.plan(last, uuid), agent.found) == ()
    meant = [sorted(last.nics.all[nic].device for nic in domain.nics) for domain in domains.domains(last)]
    assert sorted(sorted(island) for island in witness.islands()) == sorted(nics for nics in meant if nics)
