"""The scenes that need no kernel: what is recorded, what follows from it, and what would follow."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

import msgspec

from domain import claims
from domain.history import Author, Recorded
from domain.network import Network
from projections import audit, placement, plan
from projections.topology import Topology
from rewire import apply, change_file, data_centre, radius, simulation, supposition
from rewire.change_file import Step
from rewire.demo.stage import Stage
from rewire.session import Session


AUTHOR = Author("alice", "the demonstration")
FOREMAN = Author("bob", "cluster 2 gets a network of its own")
EXAMPLES = Path(__file__).parents[2] / "examples"
HOSTS = 200
LISTED = 6


def record(network: Network, steps: Iterable[Step], by: Author = AUTHOR) -> apply.Report:
    report = apply.run(network, steps, by)
    if report.refusal:
        raise report.refusal
    return report


def attachment(stage: Stage, session: Session, steps: list[Step]) -> None:
    stage.scene(
        "Two clusters, two networks",
        "L2 network 1 is attached to both clusters, L2 network 2 to cluster 2 only. Every step of the file",
        "became a fact; what follows from the facts is who hears whom:",
    )
    stage.command("rewire apply partial-attachment.yaml && rewire domains")
    report = record(session.network, steps)
    stage.say(f"{len(report.entries)} steps, {len(report.recorded)} facts")
    stage.domains(session.topology())
    for entry in report.entries:
        if entry.status == "expected" and entry.error:
            stage.say(f"step {entry.step} was to be refused, and was: {entry.error['code']}: {entry.error['message']}")


def question(stage: Stage, session: Session, change: Step) -> None:
    stage.scene(
        "What if network 1 left cluster 2?",
        "Asked on a fork of the history, before a host is touched. Same rules, same refusals, nothing recorded.",
    )
    stage.command("rewire what-if detach.yaml --simulate")
    found = supposition.suppose(session, [change], session.network.position())
    run = simulation.run(found.before, found.after)
    value = radius.as_object(found.radius(), complete=True) | {"simulation": simulation.as_object(run)}
    for line in radius.lines(value):
        stage.say(line)


def rewiring(stage: Stage, session: Session, change: Step) -> None:
    stage.scene(
        "The rewiring, step by step", "Bob does it. The history keeps what it was, who did it, and what caused what:"
    )
    before = session.network.position()
    record(session.network, [change], FOREMAN)
    stage.command(f"rewire history --since {before}")
    stage.table(("position", "by", "fact", "about", "says"), history(session, before))
    stage.command(f"rewire domains --at {before}")
    stage.domains(session.topology(before))
    stage.command("rewire domains")
    stage.domains(session.topology())


def history(session: Session, after: int) -> Iterator[tuple[str, ...]]:
    topology = session.topology(after)
    for recorded in session.network.facts(after):
        if not isinstance(recorded.fact, claims.FACTS):
            yield (
                str(recorded.position),
                recorded.actor,
                recorded.fact.tag(),
                topology.name(recorded.originator_id),
                says(topology, recorded),
            )


def says(topology: Topology, recorded: Recorded) -> str:
    values = msgspec.structs.asdict(recorded.fact)
    named = ((field, topology.name(str(value))) for field, value in values.items() if value)
    return ", ".join(f"{field} {text}" for field, text in named)


def reckoning(stage: Stage, session: Session) -> None:
    stage.scene(
        "The auditor asks", "Were these two ever in one broadcast domain, since when, until when, and by whose change?"
    )
    topology = session.topology()
    for one, other in (("vm-a", "vm-c"), ("vm-a", "vm-d")):
        stage.command(f"rewire audit same-domain {one} {other} --ever")
        stretches = audit.same_domain(session.timeline, topology.find("vm", one), topology.find("vm", other))
        if not stretches:
            stage.say(f"no: {one} and {other} were never in one broadcast domain")
        for stretch in stretches:
            stage.say(
                f"yes, from fact {stretch.since} ({stretch.since_time}) to fact {stretch.until} ({stretch.until_time})"
            )
            stage.say(
                f"because of facts {', '.join(map(str, stretch.because))}; the last is {ending(session, stretch.until)}"
            )


def ending(session: Session, position: int | None) -> str:
    if position is None:
        return "still to come"
    (last,) = session.network.facts(position - 1, position)
    cause = session.network.by_reference(last.cause)
    led = f", caused by {cause.fact.tag()} (fact {cause.position})" if cause else ""
    return f"{last.fact.tag()} by {last.actor} ({last.reason}){led}"


def vlan(stage: Stage, session: Session) -> None:
    stage.scene(
        "VLAN 10 over two clusters, and the detach that takes one out",
        "A host's plan follows from the facts, as of any of them, and each device names the facts that caused it.",
    )
    steps = example("vlan-two-clusters")
    record(session.network, steps[:-1])
    whole = session.network.position()
    record(session.network, steps[-1:])
    for position in (whole, session.network.position()):
        stage.command(f"rewire plan host-v3 --at {position}")
        show_plan(stage, session.topology(position), "host-v3")


def show_plan(stage: Stage, topology: Topology, name: str) -> None:
    found = plan.plan(topology, topology.find("host", name))
    rows = [
        *((b.name, "bridge", topology.name(b.l2), facts(b.because)) for b in found.bridges),
        *(
            (v.name, f"VLAN {v.vlan} of {v.interface} in {v.bridge}", topology.name(v.l2), facts(v.because))
            for v in found.vlans
        ),
        *((p.device, f"{p.ip} in {p.bridge}", topology.name(p.vm), facts(p.because)) for p in found.ports),
    ]
    if rows:
        stage.table(("device", "is", "for", "facts"), rows)
    else:
        stage.say(f"{name} needs nothing any more")


def facts(positions: tuple[int, ...]) -> str:
    return ", ".join(map(str, positions))


def ranges(stage: Stage, session: Session) -> None:
    stage.scene(
        "Two IP ranges and the gap between them",
        "192.168.0.10-50 and 192.168.0.60-100 on one L3 network. What lies between belongs to nobody:",
    )
    stage.command("rewire apply ip-ranges.yaml")
    report = record(session.network, example("ip-ranges"))
    for entry in report.entries:
        if entry.status == "expected" and entry.error:
            stage.say(f"{entry.command}: {entry.error['code']}: {entry.error['message']}")
    topology = session.topology()
    held = ((topology.name(n.vm), n.ip) for n in topology.nics.all.values() if topology.name(n.l3) == "l3-r")
    stage.say("handed out: " + ", ".join(f"{ip} to {vm}" for vm, ip in sorted(held)))
    fits = placement.place(topology, [topology.find("l2", "l2-r")])
    stage.say(
        f"and only {topology.name(fits.hosts[0])} can run such a VM:"
        f" {len(fits.excluded)} hosts are left out, each with its reason"
    )


def crowd(stage: Stage, session: Session) -> None:
    stage.scene(
        f"The same question at {HOSTS} hosts",
        "A VLAN over two clusters leaves one of them. The simulator runs every host's own operations in",
        "virtual time, ten hosts at a time, as ZStack does:",
    )
    for command in data_centre.steps(HOSTS):
        session.network.execute(command, AUTHOR)
    change = [
        change_file.step({"detach-l2-network-from-cluster": {"l2": "tenants", "cluster": "cluster-2"}}, 1, "demo")
    ]
    stage.command("rewire simulate detach.yaml --parallel 10")
    found = supposition.suppose(session, change, session.network.position())
    run = simulation.run(found.before, found.after, parallel=10)
    summary = run.summary(())
    first = min(host.converged_after_s for host in summary.hosts)
    lost = found.radius().reach.lost
    stage.say(f"{summary.operations} operations on {len(summary.hosts)} hosts; the first is done after {first:.3f} s,")
    stage.say(f"the last after {summary.converged_after_s:.3f} s")
    stage.say(
        f"{len(lost)} pairs of VMs part for good, as meant;"
        f" pairs cut that should not be: {summary.outage_counts['kept']}"
    )


def example(name: str) -> list[Step]:
    """Read one of the project's example files."""
    return change_file.read_all((str(EXAMPLES / f"{name}.yaml"),))
