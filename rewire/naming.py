"""Names for eyes of what has none of its own: a cable by its ends, a router by its L3 network, a rule by its group.

Programs get uuids. Whatever else there is has a name that it was given, and is told by that.
"""

from __future__ import annotations

from domain import cable, router, security_group
from projections.topology import Topology


def label(topology: Topology, uuid: str) -> str:
    """Name something for people; what nothing is known of stays as it is. O(security groups) for what has no name."""
    match topology.objects.states.get(uuid):
        case cable.Cable(a=a, b=b):
            return f"{topology.name(a[0])}:{a[1]}-{topology.name(b[0])}:{b[1]}"
        case router.Router(l3=home):
            return f"router of {topology.name(home)}"
        case None if topology.name(uuid) == uuid:
            return rule(topology, uuid) or uuid
        case _:
            return topology.name(uuid)


def rule(topology: Topology, uuid: str) -> str:
    groups = (group for _, group in topology.every(security_group.SecurityGroup))
    return next((f"rule of {g.name}" for g in groups if any(rule.rule == uuid for rule in g.rules)), "")
