"""The wall around a host's tunnels as two tables without state, which are changed in one transaction.

That for IP judges what the host itself receives, and knows a tunnel by its number, so that others may use the same
port. That for bridges judges what guests send to their host: in a peer's name nothing, and nothing with tags, behind
which it would be hidden.
"""

from __future__ import annotations

from collections.abc import Iterator

from backends.kvm import seals
from backends.kvm.sets import of_type, quoted
from backends.kvm.tables import Tables
from projections.found import ALTERED, FOREIGN
from projections.operations import describe
from projections.walls import RaiseWall, Wall


NAME, MARK = "rewire_wall", "rewire"
FAMILIES = ("inet", "bridge")
CHAIN = "input"
PRIORITY = -300
"""Before anybody else has a say: this only drops."""
VNI = "@th,96,24"
"""Where a frame says which tunnel's it is."""
GUESTS = 'iifname "nic*" iifname != @wires'


def look(namespace: str | None) -> str:
    """Give the digest of the wall that a host has; nothing where it has none, or not all of it."""
    found = {of_family(namespace, family) for family in FAMILIES}
    if FOREIGN in found:
        return FOREIGN
    return found.pop() if len(found) == 1 else ALTERED


def of_family(namespace: str | None, family: str) -> str:
    with Tables(namespace, family) as tables:
        mark = tables.comment(NAME)
        if mark is None:
            return ""
        words = mark.split()
        if words[:1] != [MARK] or len(words) == 1:
            return FOREIGN
        return words[1].removeprefix("digest=") if seals.is_whole(tables, NAME) else ALTERED


def perform(namespace: str | None, operation: RaiseWall) -> None:
    seals.load_all(namespace, dict.fromkeys(FAMILIES, NAME), "\n".join(text(operation.wall)), describe(operation))


def text(wall: Wall) -> Iterator[str]:
    for family in FAMILIES:
        yield f"add table {family} {NAME}"
        yield f"delete table {family} {NAME}"
    if wall.vnis:
        yield from table("inet", wall, f"udp dport {wall.port} {VNI} {numbers(wall)} ip saddr != @peers drop")
        tagged = f"{GUESTS} ether type {{ 8021q, 8021ad }} drop"
        yield from table("bridge", wall, tagged, f"{GUESTS} ip saddr @peers drop", f"{GUESTS} arp saddr ip @peers drop")
    yield ""


def table(family: str, wall: Wall, *rules: str) -> Iterator[str]:
    yield f"table {family} {NAME} {{"
    yield f'comment "{MARK} digest={wall.digest}"'
    yield of_type("peers", "type ipv4_addr", wall.peers)
    yield of_type("wires", "type ifname", map(quoted, wall.wires))
    yield f"chain {CHAIN} {{ type filter hook input priority {PRIORITY}; policy accept;"
    yield from rules
    yield "}"
    yield "}"


def numbers(wall: Wall) -> str:
    return f"{{ {', '.join(f'{vni:#08x}' for vni in wall.vnis)} }}"
