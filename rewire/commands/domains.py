"""`rewire domains`: who hears whom."""

from __future__ import annotations

from typing import get_args

import click

from projections import domains
from projections.topology import Topology
from rewire import fields, options, output, session, when


@click.command(name="domains")
@click.option(
    "--level",
    type=click.Choice(get_args(domains.Level)),
    default="intended",
    help="What is meant; what hosts reported done; that, less what drifted.",
)
@options.reading
def command(level: domains.Level, store: str | None, at: str | None, output_format: str | None) -> None:
    """List the broadcast domains: L2 networks, segments, hosts and NICs of each."""
    with session.opened(store) as open_session:
        topology = open_session.topology(when.position(open_session, at))
        rows = [inventory(topology, domain, level) for domain in domains.domains(topology, level)]
    columns = ("l2", "segments", "hosts", "nics")
    output.show(rows, output_format, columns=columns, fields=fields.DOMAINS, empty="there is no L2 network yet")


def inventory(topology: Topology, domain: domains.Domain, level: domains.Level) -> dict[str, object]:
    """Give a domain as programs read it, by names."""
    return {
        "id": domain.id,
        "level": level,
        "l2": [topology.name(uuid) for uuid in domain.l2],
        "segments": [domains.segment_name(topology, segment) for segment in domain.segments],
        "hosts": sorted(topology.name(uuid) for uuid in domain.hosts),
        "nics": sorted(topology.name(nic) for nic in domain.nics),
    }
