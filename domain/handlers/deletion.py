"""Deletion: what hangs on an object stands in its way, or goes first.

One walk over `hanging` serves both modes. Permissive refuses and names all of it; enforcing takes it away, children
before parents, so that at no position of the history a living object has a dead parent. Each fact of a cascade names as
its cause the end that it made way for, which comes later in the same command. A cascade is one transaction: all of it
is recorded, or none.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from domain import aggregates, claims, cluster, commands, host, l3, pool, zone
from domain.commands import Mode
from domain.errors import Refusal
from domain.handlers import hanging
from domain.handlers.hanging import Hanging
from domain.history import Loaded, State
from domain.transaction import Transaction


def delete(t: Transaction, found: Loaded[Any], mode: Mode) -> None:
    """Delete an object; what hangs on it stands in the way, or goes first."""
    t.subject = found.uuid
    if mode == "permissive":
        refuse(t, t.label(found.uuid), everything_on(t, found.uuid))
    remove(t, found.uuid)


TOLD = 10
"""How many of those in the way a sentence tells; the facts name all."""


def refuse(t: Transaction, label: str, found: Iterable[Hanging]) -> None:
    """Refuse while anything hangs on an object; tell the first, and name each by its fact."""
    kept = {one.what: one for one in found}
    if kept:
        told = list(outright(t, kept.values()))
        more = f" and {len(told) - TOLD:,} more" if len(told) > TOLD else ""
        raise Refusal(
            "still-in-use",
            f"{label} is still in use by {', '.join(told[:TOLD])}{more}:"
            " remove them first, or delete with mode enforcing",
            *(one.because for one in kept.values()),
        )


def outright(t: Transaction, found: Iterable[Hanging]) -> Iterator[str]:
    """Walk what to tell: of an object that goes itself, not its ties beside it."""
    whole: set[str] = set()
    for one in found:
        if one.because.subject not in whole:
            yield one.what
            if one.what == t.label(one.because.subject):
                whole.add(one.because.subject)


def everything_on(t: Transaction, uuid: str) -> Iterator[Hanging]:
    """Walk what hangs on an object, and what hangs on that in turn."""
    loaded = t.get(uuid)
    if loaded:
        yield from with_all_below(t, hanging.KINDS[type(loaded.state)].hanging(t, loaded))


def with_all_below(t: Transaction, found: Iterable[Hanging]) -> Iterator[Hanging]:
    for one in found:
        yield one
        if one.subject:
            yield from everything_on(t, one.subject)


def remove(t: Transaction, uuid: str) -> None:
    """Take away all that hangs on an object, then the object, and give back what it held."""
    since, loaded = len(t.events), t.load(uuid, State)
    kind = hanging.KINDS[type(loaded.state)]
    clear(t, kind.hanging(t, loaded))
    kind.before(t, loaded)
    cause = t.record(uuid, kind.deleted())
    t.release(claims.name(aggregates.kind_of(loaded.state), getattr(loaded.state, "name", "")), uuid, cause=cause)
    for key in kind.holds(loaded.state):
        t.release(key, uuid, cause=cause)
    t.attribute(since, cause)
    kind.after(t, uuid, cause)


def clear(t: Transaction, found: Iterable[Hanging]) -> None:
    for one in found:
        if one.subject:
            remove(t, one.subject)
        else:
            one.end()


# commands


def delete_zone(t: Transaction, c: commands.DeleteZone) -> None:
    delete(t, t.require("zone", c.zone, zone.Zone), c.mode)


def delete_cluster(t: Transaction, c: commands.DeleteCluster) -> None:
    delete(t, t.require("cluster", c.cluster, cluster.Cluster), c.mode)


def delete_host(t: Transaction, c: commands.DeleteHost) -> None:
    delete(t, t.require("host", c.host, host.Host), c.mode)


def delete_l2(t: Transaction, c: commands.DeleteL2Network) -> None:
    delete(t, t.find("l2", c.l2), c.mode)


def delete_l3(t: Transaction, c: commands.DeleteL3Network) -> None:
    delete(t, t.require("l3", c.l3, l3.L3Network), c.mode)


def delete_vni_range(t: Transaction, c: commands.DeleteVniRange) -> None:
    """Delete a VNI range, with the VXLAN networks that have its VNIs."""
    owner = t.require("l2", c.pool, pool.VxlanPool)
    t.subject = owner.uuid
    numbers = pool.range_named(owner.uuid, owner.state, c.name).numbers
    if c.mode == "permissive":
        inside = with_all_below(t, hanging.members(t, owner.uuid, numbers.__contains__))
        refuse(t, f"VNI range {c.name} of {t.label(owner.uuid)}", inside)
    since = len(t.events)
    clear(t, hanging.members(t, owner.uuid, numbers.__contains__))
    t.attribute(since, t.record(owner.uuid, pool.VniRangeDeleted(c.name)))
