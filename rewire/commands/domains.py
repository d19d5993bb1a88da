"""`rewire domains`: who hears whom."""

from __future__ import annotations

import click

from domain.errors import Refusal
from projections import domains
from projections.topology import Topology
from rewire import options, output, session, when


@click.command(name="domains")
@click.option("--level", type=click.Choice(["intended", "realized", "observed"]), default="intended")
@options.reading
def command(level: str, store: str | None, at: str | None, output_format: str | None) -> None:
    """List the broadcast domains: L2 networks, segments, hosts and NICs of each."""
    if level != "intended":
        raise Refusal("invalid-argument", f"no host has reported yet: there are no {level} domains to show")
    with session.opened(store) as open_session:
        topology = open_session.topology(when.position(open_session, at))
        rows = [inventory(topology, domain) for domain in domains.domains(topology)]
    columns = ("l2", "segments", "hosts", "nics")
    output.show(rows, output_format, columns=columns, empty="there is no L2 network yet")


def inventory(topology: Topology, domain: domains.Domain) -> dict[str, object]:
    """Give a domain as programs read it, by names."""
    return {
        "id": domain.id,
        "level": "intended",
        "l2": [topology.name(uuid) for uuid in domain.l2],
        "segments": [domains.segment_name(topology, segment) for segment in domain.segments],
        "hosts": sorted(topology.name(uuid) for uuid in domain.hosts),
        "nics": sorted(topology.name(nic) for nic in domain.nics),
    }
