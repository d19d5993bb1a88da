"""haproxy in a namespace: started, replaced without losing a connection, ended, and looked at.

What it was started with stands in a file that is written when it listens, and goes before it is changed: a run that is
killed in between does it again. A process is ours by a word of its command line that nobody else has.
"""

from __future__ import annotations

import shutil
import socket
import subprocess
from contextlib import suppress
from pathlib import Path

import msgspec

from backends.kvm import file, process
from backends.kvm.namespace import inside
from domain.errors import HostUnreachable
from projections.digest import digest, named
from projections.found import Running
from rewire_haproxy.balancer import Balancer
from rewire_haproxy.config import config


PLACES = "/usr/sbin:/sbin:/usr/bin:/bin"


class Record(msgspec.Struct, frozen=True):
    pid: int
    running: Running


def folder_of(pin: Path) -> Path:
    """Give where a namespace's files lie: beside the folder of pins."""
    return pin.parent.parent / pin.name


def word(pin: Path) -> str:
    """Give the name by which one of ours calls itself, as its command line shows."""
    return named("rewire-haproxy-", str(pin), length=31)


def settings(wanted: Balancer) -> str:
    return digest(wanted.fronts)


def alive(pin: Path, legs: dict[str, int]) -> Running | None:  # noqa: ARG001 - it listens at addresses, on whatever leg
    """Tell what the haproxy of a namespace was started with; nothing where none lives."""
    with suppress(FileNotFoundError, msgspec.DecodeError):
        record = msgspec.json.decode((folder_of(pin) / "running").read_bytes(), type=Record)
        if process.lives(record.pid, pin, word(pin)):
            return record.running
    return None


def serve(pin: Path, wanted: Balancer) -> None:
    """Have one run with these settings. One that runs hands over its sockets, and ends when its connections have."""
    folder = folder_of(pin)
    (folder / "running").unlink(missing_ok=True)
    file.write(folder / "conf", config(wanted, settings(wanted), folder / "socket"))
    before = [pid for pid in process.started_with(word(pin)) if process.lives(pid, pin, word(pin))]
    for pid in set(process.started_with(word(pin))) - set(before):
        process.end(pid)  # in a namespace before this one, that somebody let go of
    launch(pin, folder, before)
    record = Record(int((folder / "pid").read_text()), Running(wanted.leg, settings(wanted), ""))
    file.write(folder / "running", [msgspec.json.encode(record).decode()])


def launch(pin: Path, folder: Path, before: list[int]) -> None:
    handing = ["-x", str(folder / "socket")] if before and answers(folder / "socket") else []
    leaving = ["-sf", *map(str, before)] if before else []
    command = [program(), "-D", "-L", word(pin), "-f", str(folder / "conf"), "-p", str(folder / "pid")]
    with inside(str(pin)):
        done = subprocess.run([*command, *handing, *leaving], capture_output=True, text=True, check=False)  # noqa: S603 - no shell, and arguments of ours
    if done.returncode:
        raise HostUnreachable(done.stderr.strip() or "haproxy fails and says nothing")


def answers(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as asking, suppress(OSError):
        asking.connect(str(path))
        return True
    return False


def program() -> str:
    found = shutil.which("haproxy") or shutil.which("haproxy", path=PLACES)
    if found is None:
        raise HostUnreachable("this host has no haproxy: install it (`apt install haproxy`)")
    return found


def end(pin: Path) -> None:
    """End every haproxy of a namespace, those that only wait for their connections too, and remove its files."""
    (folder_of(pin) / "running").unlink(missing_ok=True)
    for pid in list(process.started_with(word(pin))):
        process.end(pid)
    shutil.rmtree(folder_of(pin), ignore_errors=True)
