"""What somebody else has on a host beside ours, and what shows that it is as it was.

It is judged by names that the test itself gave, never by what Rewire takes for its own. What follows an interface to
its bridge and home again is told as the interface's, wherever it is.
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Collection, Iterable, Mapping
from typing import Any, NamedTuple

from backends.kvm.namespace import inside
from tests.kernel.fabric import ip


Row = dict[str, Any]
OF_A_LINK = ("ifname", "mtu", "group", "ifalias", "address")
OF_A_ROUTE = ("dst", "gateway", "table", "metric", "protocol", "scope", "prefsrc", "type")
OF_A_RULE = ("priority", "src", "srclen", "table", "fwmark")
KERNELS_OWN = "local"
"""The table of addresses, which a kernel keeps itself."""


class Seen(NamedTuple):
    links: list[Any]
    addresses: list[Any]
    routes: list[Any]
    rules: list[Any]
    neighbours: list[Any]
    tables: list[str]


def look(path: str, devices: Collection[str], bridges: Mapping[str, str], tables: Collection[str]) -> Seen:
    """Look at devices and nft tables by name. `bridges` gives the interface of each bridge that has taken it over."""

    def owner(row: Row) -> str:
        name = str(row.get("dev") or row["ifname"])
        return bridges.get(name, name)

    def is_theirs(row: Row) -> bool:
        return owner(row) in devices

    links = [row for row in rows(path, "-d addr show") if is_theirs(row)]
    return Seen(
        links=ordered(link(row) for row in links if row["ifname"] not in bridges),
        addresses=ordered((owner(row), *address(each)) for row in links for each in row["addr_info"] if stays(each)),
        routes=ordered(
            (owner(row), *chosen(row, OF_A_ROUTE))
            for family in ("-4", "-6")
            for row in rows(path, f"{family} route show table all")
            if "dev" in row and is_theirs(row) and row.get("table") != KERNELS_OWN and row.get("type") != "multicast"
            if not row["dst"].startswith("fe80")
        ),
        rules=ordered(chosen(row, OF_A_RULE) for family in ("-4", "-6") for row in rows(path, f"{family} rule show")),
        neighbours=ordered(
            (owner(row), row["dst"], row.get("lladdr"))
            for row in rows(path, "neigh show nud permanent")
            if is_theirs(row)
        ),
        tables=[nft(path, f"list table {table}") for table in sorted(tables)],
    )


def link(row: Row) -> tuple[Any, ...]:
    """Give what somebody set on a device, without what a kernel makes of it as time goes by."""
    return (*chosen(row, OF_A_LINK), row.get("linkinfo", {}).get("info_kind"), "UP" in row["flags"])


def address(each: Row) -> tuple[Any, ...]:
    """Give an address; what of its label is the name of its device says nothing."""
    return (each["local"], each["prefixlen"], each["scope"], str(each.get("label", "")).partition(":")[2])


def stays(each: Row) -> bool:
    """Tell whether somebody gave an address, and not the kernel itself."""
    return bool(each["scope"] != "link")


def rows(path: str, arguments: str) -> list[Row]:
    return [row for row in json.loads(ip(path, f"-j {arguments}") or "[]") if row]


def chosen(row: Row, keys: Iterable[str]) -> tuple[Any, ...]:
    return tuple(row.get(key) for key in keys)


def ordered(found: Iterable[tuple[Any, ...]]) -> list[Any]:
    return sorted(found, key=repr)


def nft(path: str, arguments: str) -> str:
    with inside(path):
        return subprocess.run(["nft", *arguments.split()], check=True, capture_output=True, text=True).stdout


def exists(path: str, device: str) -> bool:
    with inside(path):
        return not subprocess.run(["ip", "link", "show", device], check=False, capture_output=True).returncode
