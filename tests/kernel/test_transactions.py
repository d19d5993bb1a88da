"""What a run that is killed has handed to `nft` is carried out as a whole or not at all, and nobody overtakes it."""

from __future__ import annotations

import os
import select
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from backends.errors import HostBusy
from backends.kvm import lock, nft, process
from backends.kvm.host import Host
from tests.kernel import tracer
from tests.kernel.served import wait_for
from tests.kernel.tracer import Point


pytestmark = pytest.mark.kernel("nftables")

EMPTY = "add table inet t\ndelete table inet t\ntable inet t { set s { type ipv4_addr; }; }\n"
MANY = 8192
LINE = "add element inet t s {{ 10.{0}.{1}.1 }}"
LONG = "".join(f"{LINE.format(n // 256, n % 256):63}\n" for n in range(MANY))
"""Lines that end where a pipe is filled, so that what has come through it could be carried out at any moment."""
HERE = Path("/proc/thread-self/ns/net")


@pytest.mark.kernel("ptrace")
def test_a_long_text_is_carried_out_whole_or_not_at_all(namespace: None) -> None:
    def life(begin: Callable[[], None]) -> None:
        begin()
        nft.load(None, LONG, "loading")

    nft.load(None, EMPTY, "preparing")
    points = tracer.stops(life).deeds
    for number in range(1, points, points // 12):
        wait_for(lambda: not running("-f"))
        nft.load(None, EMPTY, "preparing")

        tracer.kill(life, Point(number, deeds=True))

        wait_for(lambda: not running("-f"))
        assert elements() in {0, MANY}


def test_what_a_killed_run_has_started_is_waited_for(namespace: None) -> None:
    holder = forked(keep_nft_going)
    wait_for(lambda: bool(running("monitor")))
    os.kill(holder, signal.SIGKILL)
    os.waitpid(holder, 0)

    try:
        with pytest.raises(HostBusy), lock.held(None):
            pass
    finally:
        for pid in running("monitor"):
            process.end(pid)
    with lock.held(None):
        pass


def test_a_host_is_looked_at_when_others_are_done(namespace: None) -> None:
    (hears, says), (goes, go) = os.pipe(), os.pipe()

    def work() -> None:
        with lock.held(None):
            os.write(says, b"1")
            os.read(goes, 1)
            os.write(says, b"3")

    def come() -> None:
        with Host() as host:
            os.write(says, b"2")
            host.await_others()
            os.write(says, b"4")

    working = forked(work)
    told = os.read(hears, 1)
    coming = forked(come)
    told += os.read(hears, 1)
    told += os.read(hears, 1) if select.select([hears], [], [], 0.2)[0] else b""
    os.write(go, b".")
    for child in (working, coming):
        os.waitpid(child, 0)
    os.close(says)
    assert told + os.read(hears, 4) == b"1234"


def keep_nft_going() -> None:
    with lock.held(None):
        nft.run(None, ["monitor"])


def forked(does: Callable[[], object]) -> int:
    child = os.fork()
    if child == 0:
        try:
            does()
        finally:
            os._exit(0)
    return child


def running(word: str) -> list[int]:
    """Give the processes of this namespace that were started with a word."""
    return [pid for pid in process.started_with(word) if process.lives(pid, HERE, word)]


def elements() -> int:
    found = nft.table(None, "inet", "t") or []
    return sum(len(each["set"].get("elem", ())) for each in found if "set" in each)
