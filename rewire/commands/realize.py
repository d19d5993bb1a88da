"""`rewire realize` and `rewire check`: a host brought to its plan, or compared with it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from domain.errors import Code, HostUnreachable, Refusal
from projections import plan, whose
from projections.obstacles import Obstacle
from projections.operations import Operation, describe
from projections.ownership import Owners
from projections.plan import HostPlan
from projections.topology import Topology
from rewire import extras, options, output, progress, session, status, when


if TYPE_CHECKING:
    from backends.protocols import Result

MISSING: Code = "physical-interface-missing"

F = TypeVar("F", bound=Callable[..., Any])


def kernel(function: F) -> F:
    """Add the options that say which kernel stands for the host."""
    netns = click.option(
        "--netns", metavar="NAME", help="A network namespace, as `ip netns` knows it, that is the host."
    )
    plug = click.option(
        "--plug",
        type=click.Choice(["tap", "veth"]),
        default="tap",
        show_default=True,
        help="What a VM's NIC is plugged into.",
    )
    ovs = click.option(
        "--ovs",
        metavar="SOCKET",
        help="Where Open vSwitch listens. Its own default on this machine; a namespace has none.",
    )
    state = click.option(
        "--state",
        type=click.Path(file_okay=False, path_type=Path),
        metavar="FOLDER",
        envvar="REWIRE_STATE",
        help="Where the host's own namespaces are pinned and its files lie: the same for all that work on it."
        "  [default: $REWIRE_STATE, or /run/rewire]",
    )
    return netns(plug(ovs(state(function))))


@click.command(name="realize")
@click.argument("host")
@kernel
@click.option("--delete", is_flag=True, help="Take everything of ours off the host instead, also if it is deleted.")
@click.option("--dry-run", is_flag=True, help="Print the operations, and perform none.")
@options.reading
def command(
    *,
    host: str,
    netns: str | None,
    plug: str,
    ovs: str | None,
    state: Path | None,
    delete: bool,
    dry_run: bool,
    store: str | None,
    at: str | None,
    output_format: str | None,
) -> int:
    """Bring HOST to its plan: this machine, or a namespace that stands for it. Only what Rewire made is changed.

    A second run has nothing to do. A run that was cut off is made good by the next one.
    """
    wanted, topology = nothing_of(store, host, at) if delete else plan_of(store, host, at)

    def newest() -> HostPlan:
        """Ask again once nobody else works on the host: what they have made for a newer plan is not to be undone."""
        return plan_of(store, host, at)[0]

    done: list[Operation] = []
    with opened(netns, plug, ovs, state) as kernel_host, progress.bar(f"realizing {host}", steps(wanted)) as advance:
        found = kernel_host.look()
        whose.refuse_another(wanted.host, found, topology)
        owners = Owners(wanted, found)
        if dry_run:
            return show("to do", kernel_host.check(wanted), owners, output_format, name=topology.named)

        def hear(operation: Operation) -> None:
            done.append(operation)
            advance()

        try:
            result = kernel_host.realize(wanted if delete else newest, on_operation=hear)
        except HostUnreachable:
            if done:
                print_operations("done", done, (), owners, output_format, name=topology.named)
            raise
    return show("done", result, owners, output_format, name=topology.named)


@click.command(name="check")
@click.argument("host")
@kernel
@options.reading
def check(
    *,
    host: str,
    netns: str | None,
    plug: str,
    ovs: str | None,
    state: Path | None,
    store: str | None,
    at: str | None,
    output_format: str | None,
) -> int:
    """Compare HOST with its plan, and change nothing. Exit status 1 says that something is missing or in the way."""
    wanted, topology = plan_of(store, host, at)
    with opened(netns, plug, ovs, state) as kernel_host:
        found = kernel_host.look()
        whose.refuse_another(wanted.host, found, topology)
        result = kernel_host.check(wanted)
    owners = Owners(wanted, found)
    print_operations("missing", result.operations, result.obstacles, owners, output_format, name=topology.named)
    return status.DONE if result.settled else status.REFUSED


def plan_of(store: str | None, host: str, at: str | None) -> tuple[HostPlan, Topology]:
    with session.opened(store) as open_session:
        topology = open_session.topology(when.position(open_session, at))
        return plan.plan(topology, open_session.find(topology, "host", host)), topology


def nothing_of(store: str | None, host: str, at: str | None) -> tuple[HostPlan, Topology]:
    """Give a plan with nothing in it, also for a host that is deleted: what it has is still to go."""
    with session.opened(store) as open_session:
        topology = open_session.topology(when.position(open_session, at))
        try:
            uuid = whose.find(topology, host)
        except Refusal as refusal:
            raise open_session.pointed(refusal, topology) from None
        return HostPlan(uuid, topology.position), topology


def steps(wanted: HostPlan) -> int:
    return (
        2 * (len(wanted.bridges) + len(wanted.vlans) + len(wanted.tunnels) + len(wanted.meshes) + len(wanted.ports))
        or 1
    )


def opened(netns: str | None, plug: str, ovs: str | None, state: Path | None) -> Any:
    extras.require("pyroute2", "kvm")
    from backends.kvm.host import Host
    from backends.kvm.vswitch import VSwitch

    vswitch = VSwitch(ovs) if ovs else None
    place = state.absolute() if state else None
    return Host(netns, plug="veth" if plug == "veth" else "tap", state=place, vswitch=vswitch)


def show(what: str, result: Result, owners: Owners, wanted: str | None, *, name: output.Name) -> int:
    """Print operations; what stands in the way is an error."""
    print_operations(what, result.operations, result.obstacles, owners, wanted, name=name)
    if result.obstacles:
        told = name("; ".join(dict.fromkeys(obstacle.why for obstacle in result.obstacles)))
        raise HostUnreachable(told, code_of(result.obstacles))
    return status.DONE


def code_of(obstacles: Iterable[Obstacle]) -> Code:
    """Name what is in the way: something foreign, what a network lacks, or what is about no network."""
    every = tuple(obstacles)
    if any(obstacle.foreign for obstacle in every):
        return "device-in-the-way"
    return MISSING if any(obstacle.l2 for obstacle in every) else "host-unreachable"


def print_operations(
    what: str,
    operations: Iterable[Operation],
    obstacles: Iterable[Obstacle],
    owners: Owners,
    wanted: str | None,
    *,
    name: output.Name,
) -> None:
    """Print what was done, is to do or is missing, each with the fact behind it, and what keeps the rest from it."""
    if output.chosen(wanted) == "table":
        rows = [
            *({what: describe(o), "because": owners.cause(o) or ""} for o in operations),
            *({what: f"impossible: {why}", "because": ""} for why in dict.fromkeys(o.why for o in obstacles)),
        ]
        output.show(rows, "table", name=name, empty=f"nothing {what}: the host is at its plan")
    else:
        output.show({"operations": tuple(operations), "obstacles": tuple(obstacles)}, wanted)
