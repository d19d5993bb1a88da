"""nftables as `nft` has it: one text is one transaction, and a table is read as JSON.

A text is there as a whole before `nft` starts: through a pipe, one whose writer is killed could end in its middle. It
inherits the lock of who changes the host, and has it for as long as it lives.

Refuses to know what any rule means.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from typing import Any

from backends.kvm.namespace import inside
from domain.errors import HostUnreachable


PLACES = "/usr/sbin:/sbin:/usr/bin:/bin"
"""Where it is: an ordinary user's path may lack it."""
ABSENT = "No such file or directory"


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
    if done.returncode:
        raise HostUnreachable(f"reading the table {family} {name}: {complaint(done.stderr)}")
    found: list[dict[str, Any]] = json.loads(done.stdout)["nftables"]
    return found


def run(namespace: str | None, arguments: list[str], text: str = "") -> subprocess.CompletedProcess[str]:
    found = program()
    if found is None:
        raise HostUnreachable("this host has no nft: install nftables (`apt install nftables`)")
    with inside(namespace), os.fdopen(os.memfd_create("nft"), "w+") as script:
        script.write(text)
        script.seek(0)
        return subprocess.run(  # noqa: S603 - no shell, and arguments of ours
            [found, *arguments], stdin=script, capture_output=True, text=True, check=False, close_fds=False
        )


def program() -> str | None:
    return shutil.which("nft") or shutil.which("nft", path=PLACES)


def complaint(told: str) -> str:
    """Give what nft says is wrong, without the lines that it quotes."""
    lines = [line.partition("Error: ")[2] for line in told.splitlines() if "Error: " in line]
    return "; ".join(dict.fromkeys(lines)) or told.strip() or "it says nothing"
