"""`rewire realize` and `rewire check`: a host brought to its plan, or compared with it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

import click

from domain.errors import HostUnreachable
from projections import plan
from projections.operations import describe
from projections.plan import HostPlan
from rewire import extras, options, output, progress, session, status, when


if TYPE_CHECKING:
    from backends.protocols import Result

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
    return netns(plug(function))


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
        return show(compare(wanted, netns, plug), output_format)
    with opened(netns, plug) as kernel_host, progress.bar(f"realizing {host}", steps(wanted)) as advance:
        result = kernel_host.realize(wanted, on_operation=lambda _: advance())
    return show(result, output_format)


@click.command(name="check")
@click.argument("host")
@kernel
@options.reading
def check(
    *, host: str, netns: str | None, plug: str, store: str | None, at: str | None, output_format: str | None
) -> int:
    """Compare HOST with its plan, and change nothing. Exit status 1 says that something is missing or in the way."""
    result = compare(plan_of(store, host, at), netns, plug)
    show(result, output_format)
    return status.DONE if result.settled else status.REFUSED


def plan_of(store: str | None, host: str, at: str | None) -> HostPlan:
    with session.opened(store) as open_session:
        topology = open_session.topology(when.position(open_session, at))
        return plan.plan(topology, topology.find("host", host))


def empty(wanted: HostPlan) -> HostPlan:
    return HostPlan(wanted.host, wanted.position)


def steps(wanted: HostPlan) -> int:
    return 2 * (len(wanted.bridges) + len(wanted.vlans) + len(wanted.tunnels) + len(wanted.ports)) or 1


def opened(netns: str | None, plug: str) -> Any:
    extras.require("pyroute2", "kvm")
    from backends.kvm.host import Host

    return Host(netns, plug="veth" if plug == "veth" else "tap")


def compare(wanted: HostPlan, netns: str | None, plug: str) -> Result:
    with opened(netns, plug) as kernel_host:
        result: Result = kernel_host.check(wanted)
    return result


def show(result: Result, wanted: str | None) -> int:
    """Print operations, and what stands in the way; the latter is an error."""
    if output.chosen(wanted) == "table":
        lines = [{"operation": describe(operation)} for operation in result.operations]
        output.show(lines, "table", empty="nothing to do")
    else:
        obstacles = [{"device": o.name, "l2": o.l2, "why": o.why} for o in result.obstacles]
        output.show({"operations": result.operations, "obstacles": obstacles}, wanted)
    if result.obstacles:
        raise HostUnreachable("; ".join(o.why for o in result.obstacles), "device-in-the-way")
    return status.DONE
