"""`rewire realize` and `rewire check`: a host brought to its plan, or compared with it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from domain.errors import Code, HostUnreachable
from projections import plan
from projections.obstacles import Obstacle
from projections.operations import Operation, describe
from projections.plan import HostPlan
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
    return netns(plug(ovs(function)))


@click.command(name="realize")
@click.argument("host")
@kernel
@click.option("--delete", is_flag=True, help="Take everything of ours off the host instead.")
@click.option("--dry-run", is_flag=True, help="Print the operations, and perform none.")
@options.reading
def command(
    *,
    host: str,
    netns: str | None,
    plug: str,
    ovs: str | None,
    delete: bool,
    dry_run: bool,
    store: str | None,
    at: str | None,
    output_format: str | None,
) -> int:
    """Bring HOST to its plan: this machine, or a namespace that stands for it. Only what Rewire made is changed.

    A second run has nothing to do. A run that was cut off is made good by the next one.
    """
    wanted = empty(plan_of(store, host, at)) if delete else plan_of(store, host, at)
    if dry_run:
        return show("would do", compare(wanted, netns, plug, ovs), output_format)
    done: list[Operation] = []
    with opened(netns, plug, ovs) as kernel_host, progress.bar(f"realizing {host}", steps(wanted)) as advance:

        def hear(operation: Operation) -> None:
            done.append(operation)
            advance()

        try:
            result = kernel_host.realize(wanted, on_operation=hear)
        except HostUnreachable:
            print_operations("did", done, (), output_format)
            raise
    return show("did", result, output_format)


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
    store: str | None,
    at: str | None,
    output_format: str | None,
) -> int:
    """Compare HOST with its plan, and change nothing. Exit status 1 says that something is missing or in the way."""
    result = compare(plan_of(store, host, at), netns, plug, ovs)
    print_operations("missing", result.operations, result.obstacles, output_format)
    return status.DONE if result.settled else status.REFUSED


def plan_of(store: str | None, host: str, at: str | None) -> HostPlan:
    with session.opened(store) as open_session:
        topology = open_session.topology(when.position(open_session, at))
        return plan.plan(topology, open_session.find(topology, "host", host))


def empty(wanted: HostPlan) -> HostPlan:
    return HostPlan(wanted.host, wanted.position)


def steps(wanted: HostPlan) -> int:
    return (
        2 * (len(wanted.bridges) + len(wanted.vlans) + len(wanted.tunnels) + len(wanted.meshes) + len(wanted.ports))
        or 1
    )


def opened(netns: str | None, plug: str, ovs: str | None, state: Path | None = None) -> Any:
    extras.require("pyroute2", "kvm")
    from backends.kvm.host import Host
    from backends.kvm.vswitch import VSwitch

    vswitch = VSwitch(ovs) if ovs else None
    return Host(netns, plug="veth" if plug == "veth" else "tap", state=state, vswitch=vswitch)


def compare(wanted: HostPlan, netns: str | None, plug: str, ovs: str | None) -> Result:
    with opened(netns, plug, ovs) as kernel_host:
        result: Result = kernel_host.check(wanted)
    return result


def show(what: str, result: Result, wanted: str | None) -> int:
    """Print operations; what stands in the way is an error."""
    print_operations(what, result.operations, result.obstacles, wanted)
    if result.obstacles:
        told = "; ".join(dict.fromkeys(obstacle.why for obstacle in result.obstacles))
        raise HostUnreachable(told, "device-in-the-way" if any(o.foreign for o in result.obstacles) else MISSING)
    return status.DONE


def print_operations(
    what: str, operations: Iterable[Operation], obstacles: Iterable[Obstacle], wanted: str | None
) -> None:
    """Print what was done, would be done or is missing, and what keeps the rest from it."""
    if output.chosen(wanted) == "table":
        rows = [
            *({what: describe(operation), "because": ""} for operation in operations),
            *({what: "", "because": f"impossible: {why}"} for why in dict.fromkeys(o.why for o in obstacles)),
        ]
        output.show(rows, "table", empty=f"nothing {what}: the host is at its plan")
    else:
        output.show({"operations": tuple(operations), "obstacles": tuple(obstacles)}, wanted)
