"""A blast radius, as programs and as people read it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import click
import msgspec

from projections.blast import BlastRadius
from rewire import output


PAIRS_LISTED = 1000


def show(found: BlastRadius, wanted: str | None, *, beside: dict[str, Any] | None = None) -> None:
    """Print it; pairs above its limit are counted."""
    value = as_object(found) | (beside or {})
    if output.chosen(wanted) == "table":
        for line in lines(value):
            click.echo(line)
    else:
        output.show(value, wanted)


def as_object(found: BlastRadius) -> dict[str, Any]:
    """Give it as programs read it; nothing is refused of what has happened."""
    value: dict[str, Any] = msgspec.to_builtins(found) | {"refused": []}
    for direction in ("lost", "gained"):
        if more := value["reach"].pop(f"more_{direction}"):
            value["reach"][f"{direction}Count"] = len(value["reach"][direction]) + more
    return value


def limit(*, complete: bool) -> int | None:
    """Give how many pairs to list each way; `None` for all."""
    return None if complete else PAIRS_LISTED


def lines(value: dict[str, Any]) -> Iterator[str]:
    """Write a blast radius in lines; what did not change is left out."""
    said = list(differences(value))
    yield from said or ["nothing changes"]
    yield from (refusal(refused) for refused in value["refused"])
    if "simulation" in value:
        yield from simulation_lines(value["simulation"])


def differences(value: dict[str, Any]) -> Iterator[str]:
    for change, found in value["domains"].items():
        yield from (f"domain {change}: {' + '.join(networks)}" for networks in found)
    for direction, verb in (("lost", "can no longer reach"), ("gained", "can now reach")):
        yield from reach_lines(value["reach"], direction, verb)
    for collision in value["addresses"]["collisions"]:
        yield f"address {collision['ip']} is twice in one domain: {', '.join(collision['holders'])}"
    for direction in ("lost", "gained"):
        yield from (f"service {direction}: {service}" for service in value["services"][direction])
    for host in value["hosts"]:
        yield f"host {host['host']}: {', '.join(host_work(host))}"


def refusal(refused: dict[str, Any]) -> str:
    error = refused["error"]
    return f"step {refused['step']} ({refused['command']}) would be refused: {error['code']}: {error['message']}"


LISTED = 12


def reach_lines(reach: dict[str, Any], direction: str, verb: str) -> Iterator[str]:
    pairs = reach[direction]
    yield from (f"{a} {verb} {b}" for a, b in pairs[:LISTED])
    more = reach.get(f"{direction}Count", len(pairs)) - LISTED
    if more > 0:
        yield f"… and {more} more pairs (-o json lists them)"


def host_work(host: dict[str, Any]) -> Iterator[str]:
    yield from (f"+{name}" for name in host["create"])
    yield from (f"-{name}" for name in host["delete"])
    yield from host["change"]


def simulation_lines(simulation: dict[str, Any]) -> Iterator[str]:
    """Write who was cut from whom: what nobody meant first, and what was meant in short where it is much."""
    yield (
        f"simulated: {simulation['operations']} operations,"
        f" every host there after {simulation['converged_after_s']:.3f} s"
    )
    unmeant = [outage for outage in simulation["outages"] if not outage["intended"]]
    meant = [outage for outage in simulation["outages"] if outage["intended"]]
    yield from (outage_line(outage) for outage in unmeant[:LISTED])
    if len(unmeant) > LISTED:
        yield f"… and {len(unmeant) - LISTED} more cut off for a while (-o json lists them)"
    if len(meant) <= LISTED:
        yield from (outage_line(outage) for outage in meant)
    else:
        lost = simulation["outage_counts"]["lost"]
        yield f"{lost} pairs of VMs part for good, as is meant; {len(unmeant)} others are cut"


def outage_line(outage: dict[str, Any]) -> str:
    end = "the end" if outage["to_s"] is None else f"{outage['to_s']:.3f} s"
    return f"{outage['vm']} cut from {outage['peer']} from {outage['from_s']:.3f} s to {end}"
