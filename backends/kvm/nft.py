"""nftables as `nft` has it: one text is one transaction, and a table is read as JSON.

Refuses to know what any rule means.
"""

from __future__ import annotations

import json
import shutil
import subprocess
from typing import Any

from backends.kvm import connections
from backends.kvm.namespace import inside
from domain.errors import HostUnreachable


PLACES = "/usr/sbin:/sbin:/usr/bin:/bin"
"""Where it is: an ordinary user's path may lack it."""
GET_TABLE, TABLE_NAME, INET = 10 << 8 | 1, 1, 1
ABSENT, FORBIDDEN = "No such file or directory", "Operation not permitted"


def load(namespace: str | None, text: str, doing: str) -> None:
    """Carry out a transaction: all of it or nothing. Raises `HostUnreachable` with nft's own words."""
    done = run(namespace, ["-f", "-"], text)
    if done.returncode:
        raise HostUnreachable(f"{doing}: nft refuses it, and what was loaded before stays: {complaint(done.stderr)}")


def table(namespace: str | None, family: str, name: str) -> list[dict[str, Any]] | None:
    """Give what is in a table, object by object; nothing when there is no such table, or no nft to make one."""
    if program() is None:
        return None
    done = run(namespace, ["-j", "list", "table", family, name])
    if done.returncode and ABSENT in done.stderr:
        return None
    if done.returncode and FORBIDDEN in done.stderr:
        raise HostUnreachable(
            f"reading the table {family} {name}: not permitted; looking at a host's filters needs root"
        )
    if done.returncode:
        raise HostUnreachable(f"reading the table {family} {name}: {complaint(done.stderr)}")
    found: list[dict[str, Any]] = json.loads(done.stdout)["nftables"]
    return found


def chain(namespace: str | None, table: str, name: str) -> list[dict[str, Any]]:
    """Give a chain of a table that is named with its family, object by object; nothing when there is none."""
    if program() is None:
        return []
    done = run(namespace, ["-j", "list", "chain", *table.split(), name])
    if done.returncode and ABSENT not in done.stderr:
        raise HostUnreachable(f"reading the chain {name} of the table {table}: {complaint(done.stderr)}")
    found: list[dict[str, Any]] = [] if done.returncode else json.loads(done.stdout)["nftables"]
    return found


def has_table(namespace: str | None, name: str) -> bool:
    """Ask the kernel itself whether it has a table in the inet family: of many namespaces, few have one."""
    with connections.line(namespace) as asked:
        body = connections.FAMILY.pack(INET, 0, 0) + connections.attribute(TABLE_NAME, name.encode() + b"\0")
        asked.send(
            connections.HEADER.pack(connections.HEADER.size + len(body), GET_TABLE, connections.REQUEST, 1, 0) + body
        )
        _, kind, *_ = connections.HEADER.unpack_from(asked.recv(connections.BUFFER))
        return bool(kind != connections.ERROR)


def run(namespace: str | None, arguments: list[str], text: str = "") -> subprocess.CompletedProcess[str]:
    found = program()
    if found is None:
        raise HostUnreachable("this host has no nft: install nftables (`apt install nftables`)")
    with inside(namespace):
        return subprocess.run([found, *arguments], input=text, capture_output=True, text=True, check=False)  # noqa: S603 - no shell, and arguments of ours


def program() -> str | None:
    return shutil.which("nft") or shutil.which("nft", path=PLACES)


def complaint(told: str) -> str:
    """Give what nft says is wrong, without the lines that it quotes."""
    lines = [line.partition("Error: ")[2] for line in told.splitlines() if "Error: " in line]
    return "; ".join(dict.fromkeys(lines)) or told.strip() or "it says nothing"
