"""Ends a process between two of its system calls, or between two of a program that it has started.

All that a process does to anything but itself it does by system calls: the stops before and after each are all points
that there are to be killed at, but for what a kernel does within one. Programs that it has started, and their own, are
counted alike, and go on when it is dead. Refuses to know what any call means.
"""

from __future__ import annotations

import ctypes
import errno
import os
import select
import signal
import struct
import sys
import traceback
from collections.abc import Callable
from contextlib import suppress
from typing import NamedTuple


PTRACE_CONT, PTRACE_SYSCALL, PTRACE_SEIZE, PTRACE_INTERRUPT, PTRACE_GET_SYSCALL_INFO = 7, 24, 0x4206, 0x4207, 0x420E
AT_CALL, FORKS = 0x1, 0x2 | 0x4 | 0x8
CALL = signal.SIGTRAP | 0x80
ALL = 0x40000000
"""To wait for threads' processes alike."""
NEVER = 1 << 62
TOLD = struct.Struct("=qqq")
INFO = struct.Struct("=B3xIQQQ")
ENTRY, X86_64 = 1, 0xC000003E
DEEDS = frozenset(
    {
        *(1, 16, 44, 46, 49),  # write, ioctl, sendto, sendmsg, bind
        *(56, 57, 58, 59, 60, 62, 231, 424, 435),  # clone, fork, vfork, execve, exit, kill, pidfd_send_signal, clone3
        *(82, 83, 84, 87, 90, 258, 263, 264, 268, 316),  # rename, mkdir, rmdir, unlink, chmod, and those with a folder
        *(165, 166, 272),  # mount, umount2, unshare
    }
)
"""The calls that change something beside the process itself, by their numbers; elsewhere than here, all calls do."""

_libc = ctypes.CDLL(None, use_errno=True)
_libc.ptrace.argtypes = (ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p)
_libc.ptrace.restype = ctypes.c_long


class Point(NamedTuple):
    """At so many stops, of all calls or of those alone that change something, and then so many seconds later."""

    stops: int
    deeds: bool = False
    seconds: float = 0.0


class Counts(NamedTuple):
    stops: int
    deeds: int


Life = Callable[[Callable[[], None]], object]
"""What a process does. It says when it is to be watched."""


def stops(life: Life) -> Counts:
    """Let a process live, and count the points at which it could have been killed."""
    status, *counted = watched(life, Point(NEVER))
    assert status == 0, f"it failed: {status}"
    return Counts(*counted)


def kill(life: Life, point: Point) -> bool:
    """Kill a process at a point. Tell whether it was there: it takes some more stops or some less each time."""
    status, *_ = watched(life, point)
    assert status in {-signal.SIGKILL, 0}, f"it failed: {status}"
    return status != 0


def watched(life: Life, point: Point) -> tuple[int, ...]:
    """Have another process watch: who is traced by a process goes on when that one ends. Give status and counts."""
    told, tells = os.pipe()
    watcher = os.fork()
    if watcher == 0:
        try:
            os.write(tells, TOLD.pack(*watch(life, point)))
            os._exit(0)
        finally:
            os._exit(1)
    os.close(tells)
    os.waitpid(watcher, 0)
    with os.fdopen(told, "rb") as pipe:
        return TOLD.unpack(pipe.read())


def watch(life: Life, point: Point) -> tuple[int, int, int]:
    process, ready, go = begun(life)
    if os.read(ready, 1):
        ptrace(PTRACE_SEIZE, process, AT_CALL | FORKS)
        ptrace(PTRACE_INTERRUPT, process)
        os.write(go, b".")
    return follow(process, point)


def begun(life: Life) -> tuple[int, int, int]:
    """Start a process; it says when it is ready to be watched, and waits until it is."""
    (ready, says), (waits, go) = os.pipe(), os.pipe()
    process = os.fork()
    if process:
        os.close(says)
        return process, ready, go

    first = iter((True,))

    def be_watched() -> None:
        if next(first, False):
            os.write(says, b".")
            os.read(waits, 1)

    try:
        life(be_watched)
        os._exit(0)
    except BaseException:  # noqa: BLE001 - whatever it is, it is told and is this process's end
        traceback.print_exc()
        sys.stderr.flush()
    finally:
        os._exit(1)


def follow(process: int, point: Point) -> tuple[int, int, int]:
    """Let all run from stop to stop. Give the process's exit status, less than 0 for a signal, and the counts."""
    stops, deeds, doing = 0, 0, set[int]()
    while True:
        pid, status = os.waitpid(-1, ALL)
        if not os.WIFSTOPPED(status):
            if pid == process:
                return os.waitstatus_to_exitcode(status), stops, deeds
            continue
        called = os.WSTOPSIG(status) == CALL
        deed = called and is_deed(pid, doing)
        stops, deeds = stops + called, deeds + deed
        if (deed or not point.deeds) and (deeds if point.deeds else stops) == point.stops:
            if point.seconds:
                ptrace(PTRACE_CONT, pid)
                select.select([], [], [], point.seconds)
            os.kill(process, signal.SIGKILL)
            return ended(process), stops, deeds
        proceed(pid, status)


def is_deed(pid: int, doing: set[int]) -> bool:
    """Tell whether a process is before or after a call that changes something. Remembers who is in one."""
    told = ctypes.create_string_buffer(INFO.size)
    if _libc.ptrace(PTRACE_GET_SYSCALL_INFO, pid, INFO.size, told) == -1:
        return False
    kind, machine, _, _, number = INFO.unpack(told.raw)
    if kind != ENTRY:
        was = pid in doing
        doing.discard(pid)
        return was
    if machine == X86_64 and number not in DEEDS:
        return False
    doing.add(pid)
    return True


def proceed(pid: int, status: int) -> None:
    """Let go on, with the signal that was on its way to it."""
    own = os.WSTOPSIG(status)
    passed_on = 0 if status >> 16 or own == CALL else own
    ptrace(PTRACE_SYSCALL, pid, passed_on)


def ended(process: int) -> int:
    while True:
        pid, status = os.waitpid(process, ALL)
        if not os.WIFSTOPPED(status):
            return os.waitstatus_to_exitcode(status)
        with suppress(ProcessLookupError):
            ptrace(PTRACE_CONT, pid)


def ptrace(request: int, pid: int, data: int = 0) -> None:
    if _libc.ptrace(request, pid, None, data) == -1:
        code = ctypes.get_errno()
        if code != errno.ESRCH:  # it was killed meanwhile
            raise OSError(code, os.strerror(code))
