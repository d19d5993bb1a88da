"""HostNetwork is what one host reported of its L2 networks: what it made, what failed, what is gone, what drifted.

These are reports, not intentions: a host may report what nobody wants any more, since its word is about devices, not
about plans. Refused is only what can't be true of what it said before. There is one for each host, and its id
follows from the host's.
"""

from __future__ import annotations

import uuid as uuids
from typing import Literal

from domain import values
from domain.errors import Refusal, witness
from domain.history import Fact, State


NAMESPACE = uuids.UUID("5d0f5f3c-6c1e-5b1f-8a53-0d8c2f1d7e64")


def uuid_of(host: str) -> str:
    """Give the id of a host's reports."""
    return str(uuids.uuid5(NAMESPACE, host))


# facts


class Realized(Fact, frozen=True, tag="host-network.realized"):
    host: str
    l2: str
    segment: str
    """The wire that the network was meant to be on when the host said so; nothing for a VXLAN network."""
    milliseconds: int


class Failed(Fact, frozen=True, tag="host-network.failed"):
    host: str
    l2: str
    segment: str
    reason: str
    milliseconds: int


class Removed(Fact, frozen=True, tag="host-network.removed"):
    host: str
    l2: str


class DriftBegan(Fact, frozen=True, tag="host-network.drift-began"):
    host: str
    l2: str
    segment: str
    what: str


class DriftEnded(Fact, frozen=True, tag="host-network.drift-ended"):
    host: str
    l2: str


class Forgotten(Fact, frozen=True, tag="host-network.forgotten"):
    """The host is gone, and what it reported with it."""

    host: str


FACTS = (Realized, Failed, Removed, DriftBegan, DriftEnded, Forgotten)


# state


class Report(State, frozen=True):
    """The last word of a host on one L2 network that it has, or may have a part of."""

    l2: str
    outcome: Literal["realized", "failed"]
    segment: str
    """The shape of the network that the host spoke of: what came before a VLAN change says nothing about after it."""
    drift: str
    """What a look showed to be other than it must be, or nothing."""


class HostNetwork(State, frozen=True):
    host: str
    reports: tuple[Report, ...]
    """In order of the last report."""

    def of(self, l2: str) -> Report | None:
        return next((r for r in self.reports if r.l2 == l2), None)


# evolve


def evolve(state: HostNetwork | None, fact: Fact) -> HostNetwork | None:
    match fact:
        case Realized(host=host, l2=l2, segment=segment):
            return heard(state, host, Report(l2, "realized", segment, ""))
        case Failed(host=host, l2=l2, segment=segment):
            return heard(state, host, Report(l2, "failed", segment, ""))
        case Removed(host=host, l2=l2):
            return HostNetwork(host, others(state, l2))
        case DriftBegan(host=host, l2=l2, segment=segment, what=what):
            return heard(state, host, Report(l2, "realized", segment, what))
        case DriftEnded(host=host, l2=l2):
            return heard(state, host, Report(l2, "realized", segment_of(state, l2), ""))
        case Forgotten():
            return None
        case _:
            raise TypeError(fact)


def heard(state: HostNetwork | None, host: str, report: Report) -> HostNetwork:
    return HostNetwork(host, (*others(state, report.l2), report))


def others(state: HostNetwork | None, l2: str) -> tuple[Report, ...]:
    """Give what a host said of other networks. What it has removed is as if it had never had it."""
    return tuple(r for r in state.reports if r.l2 != l2) if state else ()


def segment_of(state: HostNetwork | None, l2: str) -> str:
    """Give the segment that the host spoke of last."""
    last = state.of(l2) if state else None
    return last.segment if last else ""


# decisions


def realized(host: str, l2: str, *, segment: str, milliseconds: int) -> Realized:
    return Realized(host, l2, segment, duration(milliseconds))


def failed(host: str, l2: str, *, segment: str, reason: str, milliseconds: int) -> Failed:
    return Failed(host, l2, segment, told(reason, "why it failed, as `reason`"), duration(milliseconds))


def removed(said: HostNetwork | None, host: str, l2: str, *, name: str) -> Removed:
    """Report a network gone; one that failed may have left something behind, and so may go too."""
    if not (said and said.of(l2)):
        raise wrong(host, f"the host has no L2 network {name} that it could have removed", l2, Removed)
    return Removed(host, l2)


def drift_began(said: HostNetwork | None, host: str, l2: str, *, segment: str, name: str, what: str) -> DriftBegan:
    fact = DriftBegan(host, l2, segment, told(what, "what is other than it must be, as `what`"))
    last = said.of(l2) if said else None
    if last is None or last.outcome != "realized":
        told_before = "the host did not report it realized"
        raise wrong(host, f"L2 network {name} can't have drifted: {told_before}", l2, Failed, Removed)
    if last.drift == what:
        raise wrong(host, f"L2 network {name} drifted like that already: {what}", l2, DriftBegan)
    return fact


def drift_ended(said: HostNetwork | None, host: str, l2: str, *, name: str) -> DriftEnded:
    last = said.of(l2) if said else None
    if last is None or not last.drift:
        raise wrong(host, f"L2 network {name} is not drifted on that host", l2, DriftEnded)
    return DriftEnded(host, l2)


def wrong(host: str, sentence: str, l2: str, *facts: type[Fact]) -> Refusal:
    return Refusal("wrong-state", sentence, witness(uuid_of(host), *facts, l2=l2))


def told(text: str, what: str) -> str:
    if not text.strip():
        raise values.invalid(f"say {what}")
    return text


def duration(milliseconds: int) -> int:
    if not 0 <= milliseconds < 1 << 53:
        raise values.invalid(f"{milliseconds} ms is no duration")
    return milliseconds


def forget(host: str) -> Forgotten:
    return Forgotten(host)
