"""What hosts report of their L2 networks."""

from __future__ import annotations

from domain import commands, host, host_network, l2, values
from domain.errors import Refusal
from domain.handlers import routers
from domain.host_network import HostNetwork
from domain.transaction import Transaction


def realized(t: Transaction, c: commands.ReportL2Realized) -> None:
    member, network, said = subjects(t, c.host, c.l2)
    segment = segment_of(t, network, said)
    cause = note(t, host_network.realized(member, network, segment=segment, milliseconds=c.milliseconds))
    mend(t, member, network, cause=cause)


def failed(t: Transaction, c: commands.ReportL2Failed) -> None:
    member, network, said = subjects(t, c.host, c.l2)
    segment = segment_of(t, network, said)
    fact = host_network.failed(member, network, segment=segment, reason=c.reason, milliseconds=c.milliseconds)
    routers.reconsider(t, [member], cause=note(t, fact))


def removed(t: Transaction, c: commands.ReportL2Removed) -> None:
    member, network, said = subjects(t, c.host, c.l2)
    cause = note(t, host_network.removed(said, member, network, name=c.l2))
    if routers.is_made_for_vms(t, network):
        mend(t, member, network, cause=cause)
    else:
        routers.reconsider(t, [member], cause=cause)


def drift(t: Transaction, c: commands.ReportDrift) -> None:
    member, network, said = subjects(t, c.host, c.l2)
    segment = segment_of(t, network, said)
    note(t, host_network.drift_began(said, member, network, segment=segment, name=c.l2, what=c.what))


def drift_ended(t: Transaction, c: commands.ReportDriftEnded) -> None:
    member, network, said = subjects(t, c.host, c.l2)
    cause = note(t, host_network.drift_ended(said, member, network, name=c.l2))
    mend(t, member, network, cause=cause)


def mend(t: Transaction, member: str, network: str, *, cause: str) -> None:
    """Let a host that had trouble with an L2 network, and has none any more, take the routers that wait for one."""
    if t.census().complains(member, network):
        routers.offer(t, [network], [member], cause=cause)


def forget(t: Transaction, host_uuid: str, *, cause: str = "") -> None:
    """Drop the reports of a host that goes."""
    uuid = host_network.uuid_of(host_uuid)
    if t.get(uuid):
        t.record(uuid, host_network.forget(host_uuid), cause=cause)


Report = (
    host_network.Realized
    | host_network.Failed
    | host_network.Removed
    | host_network.DriftBegan
    | host_network.DriftEnded
)


def note(t: Transaction, fact: Report) -> str:
    t.subject = fact.host
    return t.record(host_network.uuid_of(fact.host), fact)


def subjects(t: Transaction, host_text: str, l2_text: str) -> tuple[str, str, HostNetwork | None]:
    """Find the host and the L2 network that a report is about, and what the host said before.

    A network that is deleted can still be reported removed, by its uuid: hosts learn of it late.
    """
    member = t.require("host", host_text, host.Host).uuid
    uuid = host_network.uuid_of(member)
    said = t.load(uuid, HostNetwork).state if t.get(uuid) else None
    spoken_of = values.uuid(l2_text)
    if said and said.of(spoken_of):
        return member, spoken_of, said
    network = t.find("l2", l2_text)
    if not isinstance(network.state, l2.L2Network):
        told = f"{l2_text!r} is a VXLAN pool: a host reports on its VXLAN networks"
        raise Refusal("invalid-argument", told)
    return member, network.uuid, said


def segment_of(t: Transaction, network: str, said: HostNetwork | None) -> str:
    """Give the segment that a network is on now, or of one that is deleted, the one that the host spoke of last."""
    found = t.get(network)
    state = found.state if found else None
    return state.segment if isinstance(state, l2.L2Network) else host_network.segment_of(said, network)
