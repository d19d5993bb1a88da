"""What is ours on a host in full: what a look shows, and what none does: the text of tables, mounts, files, processes.

Tells what is half open: a NIC, a router or a server that can be reached and lacks what is to close it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

import msgspec

from backends.kvm import pin, process
from backends.kvm.host import Host
from projections.found import Found
from projections.plan import HostPlan
from tests.kernel.foreign import run


Tables = dict[tuple[str, str], str]
"""The text of each table of ours by namespace, the host's own being nameless, and by table."""
TABLE = re.compile(r"^table (\w+ \w+) \{$.*?^\}$", re.MULTILINE | re.DOTALL)
ON_THE_WAY = re.compile(r"\t(?:set unsettled|chain settled|chain sealed) \{.*?^\t\}\n", re.MULTILINE | re.DOTALL)
"""What tells whether a table's connections have been judged, and that it is as it was loaded: it comes and goes without
the rest.
"""
GUARDS, FENCES, RULES = "bridge rewire", "bridge rewire_dhcp", "inet rewire"


class Belongings(NamedTuple):
    files: set[str]
    mounts: list[str]
    servers: list[str]


class Premises(msgspec.Struct, frozen=True):
    """Where somebody keeps a host: a way into its namespace, and its state folder."""

    path: str
    state: Path

    def look(self) -> Found:
        with Host(self.path, plug="veth", state=self.state) as host:
            return host.look()

    def tables(self) -> Tables:
        """Give all that is loaded, without what comes after a table is loaded."""
        pinned = {made.name: str(made) for made in pin.pins(self.state / "netns") if pin.holds(made)}
        return {
            (name, found[1]): re.sub(r"\n+", "\n", ON_THE_WAY.sub("", found[0]))
            for name, path in {"": self.path, **pinned}.items()
            for found in TABLE.finditer(run(path, "nft", "list", "ruleset"))
            if found[1].split()[1].startswith("rewire")
        }

    def belongings(self) -> Belongings:
        """Give what no look shows.

        A file that was half written, which begins with a dot, may stay until it is written again or its folder goes.
        """
        under = f"{self.state}/"
        mounts = (line.split()[4] for line in Path("/proc/self/mountinfo").read_text().splitlines())
        files = (path for path in self.state.rglob("*") if not path.name.startswith((".", "agent.")))
        return Belongings(
            files={str(path.relative_to(self.state)) for path in files},
            mounts=sorted(mount for mount in mounts if mount.startswith(under)),
            servers=sorted(word for word in words() if word.startswith(f"--conf-file={under}")),
        )


def words() -> Iterator[str]:
    """Walk the words that processes were started with."""
    for entry in Path("/proc").iterdir():
        try:
            yield from process.words(int(entry.name)) if entry.name.isdigit() else ()
        except OSError:
            continue


def half_loaded(found: Found, now: Tables, either: Iterable[Tables]) -> list[str]:
    """Tell which tables are neither as before a change nor as after it."""
    whole = tuple(either)
    places = now.keys() | {place for each in whole for place in each}
    return [
        f"{table} of {name or 'the host'}: {now.get((name, table), 'none')}"
        for name, table in sorted(places)
        if name in {"", *found.namespaces}
        and now.get((name, table), "") not in {each.get((name, table), "") for each in whole}
    ]


def half_open(found: Found, now: Tables, plans: tuple[HostPlan, ...]) -> list[str]:
    """Tell what can be reached and is not closed. What one of two plans leaves open may be open on the way."""
    return [*unguarded(found, now, plans), *without_rules(found, now, plans), *unfenced(found, now)]


def unguarded(found: Found, now: Tables, plans: tuple[HostPlan, ...]) -> Iterator[str]:
    text = now.get(("", GUARDS), "")
    for device in sorted({port.device for plan in plans for port in plan.ports}):
        link = found.links.get(device)
        always = all(device in guarded(plan) for plan in plans if device in {port.device for port in plan.ports})
        if always and link and link.up and link.bridge and not {f"from-{device}", f"to-{device}"} <= jumps(text):
            yield f"{device} is on {link.bridge}, and nothing guards it"


def guarded(plan: HostPlan) -> set[str]:
    return set(plan.filters.devices)


def jumps(text: str) -> set[str]:
    return set(re.findall(r"jump ([\w-]+)", text))


def without_rules(found: Found, now: Tables, plans: tuple[HostPlan, ...]) -> Iterator[str]:
    routers = {each.name for plan in plans for each in plan.namespaces if each.purpose == "router"}
    for name in sorted(routers & set(found.namespaces)):
        room = found.namespaces[name]
        if (room.legs or room.forwarding) and (name, RULES) not in now:
            yield f"{name} has legs {sorted(room.legs)} or forwards, and has no rules"


def unfenced(found: Found, now: Tables) -> Iterator[str]:
    text = now.get(("", FENCES), "")
    for name, room in sorted(found.namespaces.items()):
        for leg in sorted(room.legs) if name.startswith("dhcp-") else ():
            if f'"{leg}"' not in text:
                yield f"{leg} of {name} is there, and no fence keeps it in"
