"""`rewire drift`: what on hosts is other than it must be, since when and by which fact; and its mending."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Literal

import click
import msgspec
from click.core import ParameterSource
from immutables import Map

from domain import host as hosts
from projections import drift, leftovers, plan, whose
from projections.drift import Difference
from projections.reports import Said
from projections.topology import Topology
from rewire import options, output, session, status
from rewire.commands import agent as agents
from rewire.commands import realize
from rewire.journal import Journal
from rewire.office import StoreOffice
from rewire.session import Session


State = Literal["reported", "found", "healed", "to do", "done"]
NEW: dict[State, State] = {"found": "to do", "healed": "done"}


class Row(msgspec.Struct, frozen=True):
    """One thing that is other than it must be."""

    host: str
    kind: drift.Kind
    name: str
    l2: tuple[str, ...]
    what: str
    since: int | None
    """The position of the fact that told it first; nothing where no fact did."""
    at: str | None
    """When that was."""
    because: tuple[int, ...]
    """The facts that say how it must be."""
    state: State
    """The last two are no drift: a plan asks it that the host was never seen at."""


@click.command(name="drift")
@click.argument("host", required=False)
@realize.kernel
@click.option("--no-heal", is_flag=True, help="Tell only, and change neither the host nor its history.")
@click.option(
    "--allow",
    multiple=True,
    metavar="PATTERN",
    help="Say nothing of foreign devices whose name or kind fits, such as 'docker*'. May be given more than once.",
)
@click.option(
    "--allow-from",
    type=click.Path(dir_okay=False, exists=True, path_type=Path),
    metavar="FILE",
    help="Such patterns, one a line; # begins a comment.",
)
@options.store
@options.output
def command(
    *,
    host: str | None,
    netns: str | None,
    plug: str,
    ovs: str | None,
    no_heal: bool,
    allow: tuple[str, ...],
    allow_from: Path | None,
    state: Path | None,
    store: str | None,
    output_format: str | None,
) -> int:
    """Look at HOST, which this machine is, and tell what is missing, extra, altered or foreign; mend what is ours.

    What is only new in its plan is told as `to do` or `done`. Without HOST, tell what hosts reported. Exit status 1
    says that there is some drift, mended or not.
    """
    if host is None:
        refuse_a_look()
    with session.opened(store) as open_session:
        if host is None:
            rows = list(reported(open_session, open_session.topology()))
        else:
            with realize.opened(netns, plug, ovs, state) as hands:
                allowed = (*allow, *patterns(allow_from))
                rows = seen(open_session, host, hands, allowed, StoreOffice(store, host), heal=not no_heal)
    columns = ("host", "kind", "name", "l2", "what", "since", "at", "because", "state")
    told = [msgspec.structs.asdict(row) for row in rows]
    empty = "nothing has drifted" if host else "no host has reported any drift"
    output.show(told, output_format, columns=columns, fields=columns, empty=empty)
    return status.REFUSED if any(row.state not in NEW.values() for row in rows) else status.DONE


def refuse_a_look() -> None:
    """Raise where something is said of how to look at a host, and not at which one."""
    context = click.get_current_context()
    looking = [option for option in context.command.params if option.name not in ("host", "store", "output_format")]
    given = [o for o in looking if context.get_parameter_source(o.name or "") is ParameterSource.COMMANDLINE]
    if given:
        raise click.UsageError(f"{given[0].opts[0]} is for a look at a host: give its name, HOST, too.")


def patterns(path: Path | None) -> Iterator[str]:
    for line in path.read_text().splitlines() if path else ():
        if pattern := line.partition("#")[0].strip():
            yield pattern


# by a host's word


def reported(open_session: Session, topology: Topology) -> Iterator[Row]:
    """Walk what hosts reported to have drifted, and what they still have of what they are to have no more."""
    for uuid, member in sorted(topology.every(hosts.Host), key=lambda pair: pair[1].name):
        for network, said in sorted(topology.reports.of.get(uuid, {}).items()):
            if said.drift:
                yield of_report(open_session, topology, uuid, network, said)
        for left in leftovers.leftovers(topology, uuid):
            name, since = topology.name(left.l2), max(left.because)
            told = f"{', '.join(left.devices) or 'something'} of it is left on the host"
            at = moment(open_session, since)
            yield Row(member.name, "extra", name, (name,), told, since, at, left.because, "reported")


def of_report(open_session: Session, topology: Topology, uuid: str, network: str, said: Said) -> Row:
    name, kind = topology.name(network), drift.kind_in(said.drift)
    what = topology.named(said.drift.removeprefix(f"{kind}: "))
    at, facts = moment(open_session, said.since), because(topology, uuid, network)
    return Row(topology.name(uuid), kind, name, (name,), what, said.since, at, facts, "reported")


def because(topology: Topology, uuid: str, network: str) -> tuple[int, ...]:
    wanted = plan.plan(topology, uuid)
    devices: tuple[Any, ...] = (*wanted.bridges, *wanted.vlans, *wanted.tunnels, *wanted.meshes)
    return tuple(sorted({fact for device in devices if device.l2 == network for fact in device.because}))


def moment(open_session: Session, position: int) -> str:
    """Give the time at which a fact was recorded."""
    return next(fact.recorded_at for fact in open_session.network.facts(position - 1, position))


# by a look


def seen(
    open_session: Session, host: str, hands: Any, allowed: Iterable[str], office: StoreOffice, *, heal: bool
) -> list[Row]:
    """Look at a host, mend what is ours, and tell what was found."""
    topology = open_session.topology()
    uuid = topology.find("host", host)
    member, wanted, found = topology.state(uuid, hosts.Host), plan.plan(topology, uuid), hands.look()
    whose.refuse_another(uuid, found, topology)
    compared = hands.compare(wanted, found)
    differences = drift.spelt(wanted, found, compared.operations, compared.obstacles)
    said = topology.reports.of.get(uuid, Map())
    new = asked_anew(differences, wanted, hands)
    left = mended(host, hands, office) if heal and differences else differences
    told = {one.name for one in differences if one.kind == "foreign"}
    strangers = drift.strangers(found, drift.own_devices(member, found) | told, allowed)
    every = (*differences, *strangers)
    states: Iterator[tuple[Difference, State]] = ((one, state_of(one, new, left)) for one in every)
    return [of_difference(open_session, topology, member.name, one, said, state=state) for one, state in states]


def asked_anew(differences: Iterable[Difference], wanted: plan.HostPlan, hands: Any) -> set[Difference]:
    """Give what only a new plan asks, by what the host's agent remembers of the last one.

    Of a host that never had an agent nobody knows: all that differs is drift.
    """
    from backends import reporting
    from backends.memory import Memory

    settled, asked = Memory(hands.state / agents.MEMORY).recall(), reporting.digests(wanted)
    return {one for one in differences if settled and reporting.is_asked_anew(one, asked, settled)}


def state_of(one: Difference, new: set[Difference], left: tuple[Difference, ...]) -> State:
    state: State = "found" if is_in(one, left) else "healed"
    return NEW[state] if one in new else state


def mended(host: str, hands: Any, office: StoreOffice) -> tuple[Difference, ...]:
    """Take an agent's turns until there is nothing that could be done now. Give what is left."""
    agent = agents.agent_of(host, hands, office, Journal(host, "text", agents.now), patient=False)
    try:
        while agent.turn() == 0:
            pass
    finally:
        office.close()
    return agent.differences


def is_in(one: Difference, left: tuple[Difference, ...]) -> bool:
    """Tell whether something is still as it was. What nothing of ours could mend is."""
    return one.blocked or (one.kind, one.name, one.what) in {(x.kind, x.name, x.what) for x in left}


def of_difference(
    open_session: Session, topology: Topology, host: str, one: Difference, said: Map[str, Said], *, state: State
) -> Row:
    words = [said[network] for network in one.l2 if network in said]
    since = min((word.since for word in words if word.drift), default=None)
    at = moment(open_session, since) if since else None
    names = tuple(topology.name(network) for network in one.l2)
    return Row(host, one.kind, one.name, names, topology.named(one.what), since, at, one.because, state)
