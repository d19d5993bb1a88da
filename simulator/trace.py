"""What happened in a run, record by record, in order of time.

Everything that a run tells is told here, and what is concluded from a run is concluded from this: outages,
times of convergence, counts. Records name hosts and VMs as people do.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import msgspec

from simulator.clock import Microseconds


class Pairs(msgspec.Struct, frozen=True, order=True):
    """A VM with each of its peers: pairs by the thousand stay readable, and cheap."""

    vm: str
    peers: tuple[str, ...]


class Record(msgspec.Struct, frozen=True, tag_field="what"):
    """Base of the records."""

    at_us: Microseconds


class Started(Record, frozen=True, tag="started"):
    """Every host has what the first topology asks for."""

    position: int
    islands: tuple[tuple[str, ...], ...]
    """Sets of VMs that hear one another; a VM with NICs on several networks is in several."""


class Published(Record, frozen=True, tag="published"):
    position: int
    hosts: tuple[str, ...]
    """Whose plan the change is to."""


class HostNotified(Record, frozen=True, tag="host-notified"):
    host: str
    position: int


class OperationStarted(Record, frozen=True, tag="operation-started"):
    host: str
    operation: str


class OperationDone(Record, frozen=True, tag="operation-done"):
    host: str
    operation: str


class ReachChanged(Record, frozen=True, tag="reach-changed"):
    """An operation has parted or joined VMs. Two VMs hear each other when any of their NICs do."""

    host: str
    lost: tuple[Pairs, ...]
    gained: tuple[Pairs, ...]


class HostConverged(Record, frozen=True, tag="host-converged"):
    """The host's agent looked, and found nothing left to do."""

    host: str
    position: int
    operations: int


class HostReported(Record, frozen=True, tag="host-reported"):
    """The controller has heard so."""

    host: str
    position: int


Entry = (
    Started | Published | HostNotified | OperationStarted | OperationDone | ReachChanged | HostConverged | HostReported
)


def lines(trace: Iterable[Entry]) -> Iterator[bytes]:
    """Write a trace as JSON Lines."""
    encoder = msgspec.json.Encoder()
    yield from (encoder.encode(record) + b"\n" for record in trace)


def read(line: bytes) -> Entry:
    """Read a line back."""
    entry: Entry = msgspec.json.decode(line, type=Entry)
    return entry
