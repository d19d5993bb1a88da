"""A blast radius, as programs and as people read it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import click
import msgspec

from projections.blast import BlastRadius
from rewire import output


PAIRS_LISTED = 1000


def show(
    found: BlastRadius, wanted: str | None, *, complete: bool = False, beside: dict[str, Any] | None = None
) -> None:
    """Print it; pairs above a limit are counted, and listed on demand."""
    value = as_object(found, complete=complete) | (beside or {})
    if output.chosen(wanted) == "table":
        for line in lines(value):
            click.echo(line)
    else:
        output.show(value, wanted)


def as_object(found: BlastRadius, *, complete: bool) -> dict[str, Any]:
    value: dict[str, Any] = msgspec.to_builtins(found)
    for direction in ("lost", "gained"):
        pairs = value["reach"][direction]
        if len(pairs) > PAIRS_LISTED and not complete:
            value["reach"][direction] = pairs[:PAIRS_LISTED]
            value["reach"][f"{direction}Count"] = len(pairs)
    return value


def lines(value: dict[str, Any]) -> Iterator[str]:
    """Write a blast radius in lines; what did not change is left out."""
    yield f"from fact {value['from']} to fact {value['to']}"
    for change, found in value["domains"].items():
        yield from (f"  domain {change:8} {' + '.join(networks)}" for networks in found)
    for direction, verb in (("lost", "can no longer reach"), ("gained", "can now reach")):
        yield from reach_lines(value["reach"], direction, verb)
    for collision in value["addresses"]["collisions"]:
        yield f"  address {collision['ip']} is now twice in one domain: {', '.join(collision['nics'])}"
    for host in value["hosts"]:
        yield f"  host {host['host']}: {', '.join(host_work(host))}"
    yield from (f"  refused: {sentence}" for sentence in value["refused"])
    if "simulation" in value:
        yield from simulation_lines(value["simulation"])


LISTED = 12


def reach_lines(reach: dict[str, Any], direction: str, verb: str) -> Iterator[str]:
    pairs = reach[direction]
    yield from (f"  {a} {verb} {b}" for a, b in pairs[:LISTED])
    more = reach.get(f"{direction}Count", len(pairs)) - LISTED
    if more > 0:
        yield f"  … and {more} more pairs (-o json lists them)"


def host_work(host: dict[str, Any]) -> Iterator[str]:
    yield from (f"+{name}" for name in host["create"])
    yield from (f"-{name}" for name in host["delete"])
    yield from host["change"]


def simulation_lines(simulation: dict[str, Any]) -> Iterator[str]:
    yield (
        f"  simulated: {simulation['operations']} operations,"
        f" every host there after {simulation['converged_after_s']:.3f} s"
    )
    for outage in simulation["outages"][:LISTED]:
        end = "the end" if outage["to_s"] is None else f"{outage['to_s']:.3f} s"
        yield f"  {outage['vm']} cut from {outage['peer']} from {outage['from_s']:.3f} s to {end}"
    if len(simulation["outages"]) > LISTED:
        yield f"  … and {len(simulation['outages']) - LISTED} more outages (-o json lists them)"
