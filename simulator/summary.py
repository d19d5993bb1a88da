"""The short account of a run, in seconds: how long it took, on which host, and who could not talk to whom."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import msgspec

from simulator.clock import seconds
from simulator.intent import Change
from simulator.outages import Outage
from simulator.trace import Entry, HostConverged


class Host(msgspec.Struct, frozen=True):
    host: str
    converged_after_s: float
    operations: int


class Window(msgspec.Struct, frozen=True):
    vm: str
    peer: str
    from_s: float
    to_s: float | None
    """Nothing when it lasted to the end."""
    intended: bool
    """The change is meant to part the two."""
    change: Change


class Summary(msgspec.Struct, frozen=True):
    converged_after_s: float
    operations: int
    hosts: tuple[Host, ...]
    """The hosts that had something to do, by name."""
    outages: tuple[Window, ...]
    outage_counts: Mapping[Change, int]
    """Of all outages, listed or not."""


def summarize(trace: Iterable[Entry], counts: Mapping[Change, int], found: Iterable[Outage]) -> Summary:
    hosts = tuple(converged(trace))
    return Summary(
        converged_after_s=max((host.converged_after_s for host in hosts), default=0.0),
        operations=sum(host.operations for host in hosts),
        hosts=hosts,
        outages=tuple(window(outage) for outage in found),
        outage_counts=counts,
    )


def converged(trace: Iterable[Entry]) -> Iterable[Host]:
    """Walk the hosts with when each was last done, and how many operations it took in all."""
    last: dict[str, Host] = {}
    for record in trace:
        if isinstance(record, HostConverged):
            before = last[record.host].operations if record.host in last else 0
            last[record.host] = Host(record.host, seconds(record.at_us), before + record.operations)
    return (last[name] for name in sorted(last))


def window(outage: Outage) -> Window:
    end = None if outage.to_us is None else seconds(outage.to_us)
    return Window(outage.vm, outage.peer, seconds(outage.from_us), end, outage.intended, outage.change)
