"""`rewire placement`: where a VM could run, and why not elsewhere."""

from __future__ import annotations

import click

from projections import placement
from projections.topology import Topology
from rewire import options, output, session, status, when
from rewire.session import Session


@click.command(name="placement")
@click.option("--networks", required=True, metavar="N,...", help="L3 or L2 networks the VM is to be on.")
@click.option("--cluster", help="Only hosts of this cluster.")
@options.reading
def command(networks: str, cluster: str | None, store: str | None, at: str | None, output_format: str | None) -> int:
    """List the hosts that have all these networks, the preferred one first, and why each other host has not."""
    wanted = [text for text in networks.split(",") if text]
    if not wanted:
        raise click.BadParameter("name at least one network.", param_hint="--networks")
    with session.opened(store) as open_session:
        topology = open_session.topology(when.position(open_session, at))
        l2s = sorted({l2_of(open_session, topology, text) for text in wanted})
        within = open_session.find(topology, "cluster", cluster) if cluster else ""
        found = placement.place(topology, l2s, cluster=within)
    name = topology.name
    excluded = [{"host": name(e.host), "why": e.why, "l2": name(e.l2)} for e in found.excluded]
    hosts = [name(uuid) for uuid in found.hosts]
    if output.chosen(output_format) == "table":
        fits = [{"host": host, "fits": "yes", "why": "", "l2": ""} for host in hosts]
        output.show([*fits, *({"fits": "no"} | e for e in excluded)], "table", columns=("host", "fits", "why", "l2"))
    else:
        output.show({"hosts": hosts, "excluded": excluded}, output_format)
    return status.DONE if hosts else status.REFUSED


def l2_of(open_session: Session, topology: Topology, text: str) -> str:
    """Find a network by the name of its L3 or its L2 network."""
    if ("l3", text) in topology.objects.names or ("l2", text) not in topology.objects.names:
        return str(getattr(topology.objects.states[open_session.find(topology, "l3", text)], "l2", ""))
    return open_session.find(topology, "l2", text)
