"""`rewire plan`: what one host must have."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import click
import msgspec

from projections import plan
from projections.leftovers import Leftover, leftovers
from projections.plan import HostPlan
from projections.service_entries import (
    CustomService,
    DhcpServer,
    DnsServer,
    Eip,
    Forwarding,
    Guard,
    Services,
    Shield,
    Snat,
)
from projections.topology import Topology
from rewire import options, output, session, when


@click.command(name="plan")
@click.argument("host")
@options.reading
def command(host: str, store: str | None, at: str | None, output_format: str | None) -> None:
    """Show the bridges, VLAN devices, tunnels and ports that HOST must have, each with the facts that caused it."""
    with session.opened(store) as open_session:
        topology = open_session.topology(when.position(open_session, at))
        found = plan.plan(topology, open_session.find(topology, "host", host))
        left = leftovers(topology, found.host)
    if output.chosen(output_format) == "table":
        columns = ("device", "is", "for", "details", "facts")
        all_rows = [*rows(found), *leftover_rows(left)]
        output.show(all_rows, "table", columns=columns, name=topology.name, empty=f"{host} needs nothing")
        return
    output.show(
        {
            "host": topology.name(found.host),
            "position": found.position,
            "bridges": found.bridges,
            "vlans": found.vlans,
            "tunnels": found.tunnels,
            "ports": found.ports,
            "meshes": found.meshes,
            "customs": found.customs,
            "routers": found.services.routers,
            "services": [{"service": s} | msgspec.structs.asdict(entry) for s, entry in found.services.entries],
            "leftovers": [leftover(topology, x) for x in left],
        },
        output_format,
    )


def rows(found: HostPlan) -> list[dict[str, object]]:
    """Give one line a device, for people."""
    return [
        *(row(b.name, "bridge", b.l2, f"uplink {b.uplink}" if b.uplink else "", b.because) for b in found.bridges),
        *(row(v.name, "VLAN", v.l2, f"VLAN {v.vlan} of {v.interface} in {v.bridge}", v.because) for v in found.vlans),
        *(row(t.name, "tunnel", t.l2, f"from {t.local} to {', '.join(t.peers)}", t.because) for t in found.tunnels),
        *(row(m.bridge, "GRE mesh", m.l2, f"key {m.key} to {', '.join(m.peers)}", m.because) for m in found.meshes),
        *(row(x.device, x.type, x.l2, f"{x.number} on {x.interface}", x.because) for x in found.customs),
        *(row(p.device, "NIC", p.vm, f"{p.ip or p.ip6} in {p.bridge}", p.because) for p in found.ports),
        *router_rows(found.services),
        *service_rows(found.services),
    ]


def router_rows(found: Services) -> Iterator[dict[str, object]]:
    """Give one line a NIC of a virtual router."""
    for one in found.routers:
        for leg in one.legs:
            told = f"{', '.join(leg.addresses)} in {leg.bridge}, namespace {one.namespace}"
            yield row(leg.device, "way out" if leg.public else "router's NIC", leg.l3, told, leg.because)


def service_rows(found: Services) -> Iterator[dict[str, object]]:
    """Give one line an entry of a service."""
    for service, entry in found.entries:
        match entry:
            case DhcpServer() | DnsServer():
                yield row(entry.bridge, service, entry.l3, "", entry.because)
            case Snat():
                told = f"to {', '.join(entry.addresses)}" if entry.addresses else "no way out"
                yield row(entry.bridge, service, entry.l3, told, entry.because)
            case Eip():
                yield row(entry.bridge, service, entry.eip, f"{entry.vip} to {entry.guest}", entry.because)
            case Forwarding() as f:
                told = f"{f.protocol} {f.vip}:{f.vip_ports} to {f.guest}:{f.private_ports}"
                yield row(f.bridge, service, f.rule, told, f.because)
            case Guard() as g:
                told = f"{len(g.members)} addresses, {len(g.filters)} filters"
                yield row(", ".join(g.ports) or g.bridge, service, g.group, told, g.because)
            case CustomService() as x:
                yield row(x.bridge, service, x.l3, f"for {x.backend} to do", x.because)
            case Shield() as s:
                yield row(s.device, service, s.nic, f"ingress {s.ingress}, egress {s.egress}", s.because)


def leftover(topology: Topology, left: Leftover) -> dict[str, object]:
    """Give a leftover as programs read it; by its uuid a network that is deleted can be reported removed."""
    return {
        "l2": topology.name(left.l2),
        "uuid": left.l2,
        "devices": left.devices,
        "because": left.because,
    }


def leftover_rows(left: Iterable[Leftover]) -> Iterator[dict[str, object]]:
    """Give one line an L2 network that the host still has and is to give up."""
    for found in left:
        yield row(", ".join(found.devices), "left behind", found.l2, "to be removed", found.because)


def row(device: str, kind: str, subject: str, details: str, because: tuple[int, ...]) -> dict[str, object]:
    return {"device": device, "is": kind, "for": subject, "details": details, "facts": list(because)}
