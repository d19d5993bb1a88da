"""`rewire plan`: what one host must have."""

from __future__ import annotations

import click

from projections import plan
from projections.plan import HostPlan
from rewire import options, output, session, when


@click.command(name="plan")
@click.argument("host")
@options.reading
def command(host: str, store: str | None, at: str | None, output_format: str | None) -> None:
    """Show the bridges, VLAN devices, tunnels and ports that HOST must have, each with the facts that caused it."""
    with session.opened(store) as open_session:
        topology = open_session.topology(when.position(open_session, at))
        found = plan.plan(topology, topology.find("host", host))
    if output.chosen(output_format) == "table":
        columns = ("device", "is", "for", "details", "facts")
        output.show(rows(found), "table", columns=columns, name=topology.name, empty=f"{host} needs nothing")
        return
    output.show(
        {
            "host": topology.name(found.host),
            "position": found.position,
            "bridges": found.bridges,
            "vlans": found.vlans,
            "tunnels": found.tunnels,
            "ports": found.ports,
            "services": [],
        },
        output_format,
    )


def rows(found: HostPlan) -> list[dict[str, object]]:
    """Give one line a device, for people."""
    return [
        *(row(b.name, "bridge", b.l2, f"uplink {b.uplink}" if b.uplink else "", b.because) for b in found.bridges),
        *(row(v.name, "VLAN", v.l2, f"VLAN {v.vlan} of {v.interface} in {v.bridge}", v.because) for v in found.vlans),
        *(row(t.name, "tunnel", t.l2, f"from {t.local} to {', '.join(t.peers)}", t.because) for t in found.tunnels),
        *(row(p.device, "NIC", p.vm, f"{p.ip} in {p.bridge}", p.because) for p in found.ports),
    ]


def row(device: str, kind: str, subject: str, details: str, because: tuple[int, ...]) -> dict[str, object]:
    return {"device": device, "is": kind, "for": subject, "details": details, "facts": list(because)}
