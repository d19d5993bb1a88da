"""`rewire addresses`: how full an L3 network is, which addresses are free, and why one is not."""

from __future__ import annotations

from itertools import islice
from typing import Any

import click

from domain import l3, values
from domain.values import Family
from projections import addressing
from projections.addressing import Addresses
from projections.takers import Taker, takers
from projections.topology import Topology
from rewire import options, output, session, status, when


@click.command(name="addresses")
@click.argument("l3_network", metavar="L3")
@click.option("--free", "count", metavar="N", type=click.IntRange(min=0), default=0, help="List the first N free ones.")
@click.option(
    "--taken", "first", metavar="N", type=click.IntRange(min=0), help="List the first N taken, and who has them."
)
@click.option("--check", "wanted", metavar="ADDRESS", help="Say whether an address is to be had, and if not, why.")
@click.option("--ip-version", type=click.Choice(["4", "6"]), help="Count one family only.  [default: all it has]")
@options.reading
def command(
    *,
    l3_network: str,
    count: int,
    first: int | None,
    wanted: str | None,
    ip_version: str | None,
    store: str | None,
    at: str | None,
    output_format: str | None,
) -> int:
    """Count the addresses of an L3 network: in its ranges, available, used and reserved.

    With --check, exit status 0 says that the address is to be had, 1 that it is not.
    """
    with session.opened(store) as open_session:
        topology = open_session.topology(when.position(open_session, at))
        uuid = open_session.find(topology, "l3", l3_network)
        versions: list[Family] = [v for v in values.FAMILIES if ip_version in {None, str(v)}]
        found, refused = told(topology, uuid, versions, count), False
        if first is not None:
            families = (one for one in takers(topology, uuid) if values.family(one.address) in versions)
            found["taken"] = list(islice(families, first))
        if wanted is not None:
            found["check"] = check(topology, uuid, wanted)
            refused = not found["check"]["available"]
    if output.chosen(output_format) == "table":
        found = {key: readable(value) for key, value in found.items()}
    output.show(found, output_format)
    return status.REFUSED if refused else status.DONE


def told(topology: Topology, uuid: str, versions: list[Family], count: int) -> dict[str, Any]:
    """Add up what the families have, and list free addresses, IPv4 first."""
    kept: dict[Family, Addresses] = {v: topology.addressing.get((uuid, v), addressing.EMPTY) for v in versions}
    counts = [addressing.capacity(addresses) for addresses in kept.values()]
    free = (values.address(n, v) for v in versions for n in addressing.upward(kept[v]))
    return {
        "total": plain(sum(c.total for c in counts)),
        "available": plain(sum(c.available for c in counts)),
        "used": plain(sum(c.used for c in counts)),
        "reserved": plain(sum(c.reserved for c in counts)),
        "free": list(islice(free, count)),
    }


def plain(count: int) -> int | str:
    """Give a count as a number; in text where it has more than the 63 bits that every JSON reader takes."""
    return count if count < 1 << 63 else str(count)


def check(topology: Topology, uuid: str, wanted: str) -> dict[str, Any]:
    ip = values.ip(wanted)
    version = values.family(ip)
    gateways = {values.number(r.gateway) for r in topology.state(uuid, l3.L3Network).ranges_of(version)}
    addresses = topology.addressing.get((uuid, version), addressing.EMPTY)
    reason = addressing.obstacle(addresses, values.number(ip), gateways)
    holders = [one for one in takers(topology, uuid) if one.address == ip]
    return {
        "address": ip,
        "available": not reason,
        "reason": reason,
        "holder": ", ".join(one.holder for one in holders),
        "because": sorted(position for one in holders for position in one.because),
    }


def readable(value: Any) -> Any:
    """Write numbers of any size as text, and a check as a sentence."""
    match value:
        case {"address": ip, "reason": reason, "holder": holder}:
            return f"{ip} is free" if not reason else f"{ip}: {reason}{f' ({holder})' if holder else ''}"
        case [Taker(), *_]:
            return [f"{one.address} ({one.holder})" for one in value]
        case int():
            return str(value)
        case _:
            return value
