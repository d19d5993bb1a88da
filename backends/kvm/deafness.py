"""What makes a host deaf on bridges: a table of rules for ARP and one for IP, which are changed in one transaction.

By the name of the bridge, which is what hands frames up to the host: so it is done before there is one, and whoever
else plugs something into it is heard no more than guests are. Where a kernel shows to these rules what a bridge only
passes on (`br_netfilter`), that passes.
"""

from __future__ import annotations

from collections.abc import Iterator

from backends.kvm import seals
from backends.kvm.tables import Tables
from projections.operations import Deafen, describe


NAME, BRIDGES, MARK = "rewire_deaf", "bridges", "rewire"
CHAINS = {"arp": ("input",), "inet": ("input", "forward")}
PRIORITY = -300
"""Before anybody else has a say: this only drops."""


def look(namespace: str | None) -> frozenset[str] | None:
    """Give the bridges on which a host is deaf to all; nothing where somebody else has a table of our name."""
    found = [of_family(namespace, family) for family in CHAINS]
    deaf = [names for names in found if names is not None]
    return frozenset.intersection(*deaf) if len(deaf) == len(found) else None


def of_family(namespace: str | None, family: str) -> frozenset[str] | None:
    with Tables(namespace, family) as tables:
        mark = tables.comment(NAME)
        if mark is None:
            return frozenset()
        if mark != MARK:
            return None
        return tables.names(NAME, BRIDGES) if seals.is_whole(tables, NAME) else frozenset()


def perform(namespace: str | None, operation: Deafen) -> None:
    seals.load_all(namespace, dict.fromkeys(CHAINS, NAME), "\n".join(text(operation.bridges)), describe(operation))


def text(bridges: tuple[str, ...]) -> Iterator[str]:
    for family in CHAINS:
        yield f"add table {family} {NAME}"
        yield f"delete table {family} {NAME}"
    for family in CHAINS if bridges else ():
        yield f"table {family} {NAME} {{"
        yield f'comment "{MARK}"'
        yield of_names(BRIDGES, "ifname", [f'"{name}"' for name in bridges])
        yield of_names("passing", "ifname . ifname", [f'"{name}" . "{name}"' for name in bridges])
        for chain in CHAINS[family]:
            yield f"chain {chain} {{ type filter hook {chain} priority {PRIORITY}; policy accept;"
            if chain == "forward":
                yield "iifname . oifname @passing accept"
            yield f"iifname @{BRIDGES} drop"
            yield "}"
        yield "}"
    yield ""


def of_names(name: str, kind: str, elements: list[str]) -> str:
    return f"set {name} {{ type {kind}; elements = {{ {', '.join(elements)} }}; }}"
