"""What is on a host beside ours, and is the same after whatever an agent does.

Devices, addresses, tables of nftables, a namespace pinned among ours, a file in our folder, and a dnsmasq that serves.
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from backends.kvm import nft, pin, process
from backends.kvm.namespace import inside
from tests.kernel.fabric import ip


DEVICES = (
    *("link add br0 type bridge", "link add v0 type veth peer name v1", "tuntap add nic0 mode tap"),
    *("link set v0 master br0", "link set br0 up", "addr add 10.5.0.1/24 dev br0", "link set nic0 alias mine"),
)
NAMES = ("br0", "v0", "v1", "nic0", "eth0", "eth1")
TABLES = """
table bridge theirs { chain c { type filter hook forward priority 0; ether type 0x88cc drop; }; }
table inet theirs { set s { type ipv4_addr; elements = { 10.5.0.7, 10.5.0.8 }; }; chain c { ip saddr @s drop; }; }
"""
PINNED = "theirs"
"""A namespace without our mark, in the folder of our pins."""


def place(path: str) -> None:
    """Put foreign devices on a host."""
    for line in DEVICES:
        ip(path, line)


def devices(path: str, *, besides: tuple[str, ...] = ()) -> list[dict[str, Any]]:
    """Give what somebody set on each device, without what a kernel makes of it as time goes by."""
    rows = {row["ifname"]: row for row in json.loads(ip(path, "-j addr show"))}
    given = ("ifindex", "ifname", "mtu", "address", "master", "group", "ifalias", "promiscuity")
    return [
        {key: rows[name].get(key) for key in given}
        | {"addresses": [a["local"] for a in rows[name]["addr_info"] if a["scope"] == "global"]}
        | {"up": "UP" in rows[name]["flags"]}
        for name in NAMES
        if name not in besides
    ]


class Household:
    """All of somebody else's: what it is now."""

    def __init__(self, path: str, state: Path, folder: Path) -> None:
        self._path, self._state, self._folder = path, state, folder

    def settle(self) -> None:
        place(self._path)
        nft.load(self._path, TABLES, "preparing")
        pin.make(self._state / "netns" / PINNED, lambda: None)
        ip(str(self._state / "netns" / PINNED), "link add theirs type bridge")
        (self._state / "notes").write_text("mine\n")
        self._folder.mkdir()
        self._folder.chmod(0o777)
        told = (
            *("--conf-file=/dev/null", f"--pid-file={self._folder / 'pid'}", "--listen-address=10.5.0.1"),
            "--no-hosts",
        )
        more = ("--bind-interfaces", "--no-resolv", "--dhcp-range=10.5.0.10,10.5.0.20")
        with inside(self._path):
            subprocess.run(["dnsmasq", *told, *more, f"--dhcp-leasefile={self._folder / 'leases'}"], check=True)

    def leave(self) -> None:
        if (self._folder / "pid").exists():
            process.end(int((self._folder / "pid").read_text()))
        pin.remove(self._state / "netns" / PINNED)

    def __call__(self) -> dict[str, Any]:
        pid = int((self._folder / "pid").read_text())
        return {
            "devices": devices(self._path, besides=("eth0",)),
            "tables": [run(self._path, "nft", "list", "table", family, "theirs") for family in ("bridge", "inet")],
            "namespace": (
                (self._state / "netns" / PINNED).stat().st_ino,
                sorted(links(self._state / "netns" / PINNED)),
            ),
            "file": (self._state / "notes").read_text(),
            "dnsmasq": (process.words(pid), Path(f"/proc/{pid}/stat").read_text().split()[21]),
        }


def links(pinned: Path) -> Iterator[str]:
    return (row["ifname"] for row in json.loads(ip(str(pinned), "-j link show")))


def run(path: str, *command: str) -> str:
    with inside(path):
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout


@contextmanager
def household(path: str, state: Path, folder: Path) -> Iterator[Household]:
    found = Household(path, state, folder)
    try:
        found.settle()
        yield found
    finally:
        found.leave()
