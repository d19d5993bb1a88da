"""A dnsmasq in a namespace of ours: started, told to read its book again, stopped, and looked at.

What it was started with and what it read last stands in a file beside its own, which is written when that is so: a run
that is killed in between does it again. A server lives only where its configuration lies, which goes last, while that
file goes first: so one that a killed run has started, or was ending, is seen. Leases outlive a restart, but for those
of guests that are gone.
"""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterable
from contextlib import suppress
from ipaddress import IPv4Interface
from pathlib import Path

import msgspec

from backends.kvm import dnsmasq_text, file, leases, look, process
from backends.kvm.kernel import Kernel
from backends.kvm.leases import Lease
from backends.kvm.namespace import inside
from domain.errors import HostUnreachable
from projections.found import STRAY, Running
from projections.name_server import Server


PLACES = "/usr/sbin:/sbin:/usr/bin:/bin"
"""Where it is: an ordinary user's path may lack it."""
USERS = ("dnsmasq", "nobody")
"""Whom it becomes when it needs no rights any more."""

PATIENCE_S, MOMENT_S = 1.0, 0.005
"""How long a server may take to notice that leases have ended, and how often it is looked at."""


class Record(msgspec.Struct, frozen=True):
    """What we know of one that we started."""

    pid: int
    index: int
    """Of its leg: another one of the same name is another one."""
    running: Running


def folder_of(pin: Path) -> Path:
    """Give where a namespace's files lie: beside the folder of pins."""
    return pin.parent.parent / pin.name


# looking


def alive(pin: Path, legs: dict[str, int]) -> Running | None:
    """Tell what the server of a namespace was told last, as far as that is known; nothing where none lives."""
    folder = folder_of(pin)
    try:
        record = msgspec.json.decode((folder / "running").read_bytes(), type=Record)
    except (FileNotFoundError, msgspec.DecodeError):
        return STRAY if (folder / "conf").exists() else None
    if not process.lives(record.pid, pin, word(folder)):
        return None
    return record.running if record.index == legs.get(record.running.leg) else STRAY


def word(folder: Path) -> str:
    return f"--conf-file={folder / 'conf'}"


# changing


def start(pin: Path, server: Server, mark: str) -> None:
    """Start a server in place of the one that runs, if one does."""
    folder = folder_of(pin)
    gone = {lease.line for lease in ended(folder, server)}
    write_book(folder, server, mark)
    file.write(folder / "conf", headed(dnsmasq_text.conf(server, folder, user()), mark, server.settings))
    end(folder)
    if gone:
        file.write(folder / "leases", (line for line in told(folder).splitlines() if line not in gone))
    launch(pin, folder)
    record(pin, folder, server)


def reload(pin: Path, server: Server, mark: str, outside: str | None) -> None:
    """Have the server read its book again, and know which leases have ended.

    Its leg's outer end is in the namespace *outside*. Where it can't be told that one has ended, it is started anew.
    """
    folder = folder_of(pin)
    release(ended(folder, server), pin, server, outside)
    if ended(folder, server):
        start(pin, server, mark)
        return
    write_book(folder, server, mark)
    os.kill(number(folder), signal.SIGHUP)
    record(pin, folder, server)


def stop(pin: Path) -> None:
    """End every server of a namespace, also one in a namespace before this one that somebody let go of."""
    folder = folder_of(pin)
    end(folder)
    (folder / "conf").unlink(missing_ok=True)


def end(folder: Path) -> None:
    """End all servers of a folder. One that is just starting may come to be two while the first is ended."""
    (folder / "running").unlink(missing_ok=True)
    while found := list(process.started_with(word(folder))):
        for pid in found:
            process.end(pid)
    (folder / "pid").unlink(missing_ok=True)


def forget(pin: Path) -> None:
    """Remove a namespace's files."""
    shutil.rmtree(folder_of(pin), ignore_errors=True)


# its files


def headed(lines: Iterable[str], mark: str, digest: str) -> list[str]:
    return [f"# {mark} digest={digest}", *lines]


def write_book(folder: Path, server: Server, mark: str) -> None:
    texts = {
        "hosts": dnsmasq_text.hosts(server.book.guests),
        "names": dnsmasq_text.names(server.book),
        "options": dnsmasq_text.options(server),
        "forwards": dnsmasq_text.forwards(server.book),
    }
    for name, lines in texts.items():
        file.write(folder / name, headed(lines, mark, server.entries))


def record(pin: Path, folder: Path, server: Server) -> None:
    with inside(str(pin)):
        index = socket.if_nametoindex(server.leg)
    known = Record(number(folder), index, Running(server.leg, server.settings, server.entries))
    file.write(folder / "running", [msgspec.json.encode(known).decode()])


def number(folder: Path) -> int:
    """Give the number of the process that dnsmasq says it is."""
    return int((folder / "pid").read_text())


# leases


def told(folder: Path) -> str:
    with suppress(FileNotFoundError):
        return (folder / "leases").read_text()
    return ""


def ended(folder: Path, server: Server) -> tuple[Lease, ...]:
    """Give the leases of those that the server is to know no more."""
    now = {ip: guest.mac for guest in server.book.guests for ip in guest.ips}
    return leases.ended(leases.read(told(folder)), dnsmasq_text.owners(lines(folder / "hosts")), now)


def lines(path: Path) -> list[str]:
    with suppress(FileNotFoundError):
        return path.read_text().splitlines()
    return []


def release(gone: Iterable[Lease], pin: Path, server: Server, outside: str | None) -> None:
    """Give back the IPv4 addresses of those who are gone, in their name, and wait until the server has noticed."""
    spoken = [lease for lease in gone if lease.mac]
    with Kernel(str(pin)) as kernel:
        index, link = kernel.index(server.leg), kernel.link(server.leg)
        own = [a.cidr for a in look.addresses_of(kernel.addresses(), {index: server.leg}) if ":" not in a.cidr]
    if spoken and own:
        source = IPv4Interface(own[0]).ip
        with inside(outside), socket.socket(socket.AF_PACKET, socket.SOCK_RAW) as cable:
            cable.bind((server.leg, 0))
            for lease in spoken:
                cable.send(leases.release(lease, source, link.get_attr("IFLA_ADDRESS")))
        wait_until_forgotten(folder_of(pin), {lease.line for lease in spoken})


def wait_until_forgotten(folder: Path, gone: set[str]) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while gone & set(told(folder).splitlines()) and time.monotonic() < deadline:
        time.sleep(MOMENT_S)


# the program


def launch(pin: Path, folder: Path) -> None:
    with inside(str(pin)):
        done = subprocess.run([program(), word(folder)], capture_output=True, text=True, check=False)  # noqa: S603 - no shell, and arguments of ours
    if done.returncode:
        (folder / "conf").unlink()
        raise HostUnreachable(done.stderr.strip() or "dnsmasq fails and says nothing")


def program() -> str:
    found = shutil.which("dnsmasq") or shutil.which("dnsmasq", path=PLACES)
    if found is None:
        raise HostUnreachable("this host has no dnsmasq: install it (`apt install dnsmasq-base`)")
    return found


def user() -> str:
    known = {entry.pw_name for entry in pwd.getpwall()}
    return next((name for name in USERS if name in known), "root")
