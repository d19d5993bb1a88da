"""A switch joins what is plugged into its ports, VLAN by VLAN: each port says which frames stand for which VLAN.

At every port, a frame's form on the wire (untagged, or with a tag) stands for one VLAN at most, and a VLAN for one
form. So what comes in one way goes out the same way, and two ends that hear each other do so in both directions.
Whether anything is plugged in is not known here: that is a cable's.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable
from functools import lru_cache
from typing import Literal, cast, get_args

import msgspec

from domain import values
from domain.errors import Refusal, witness
from domain.history import Fact, State


Mode = Literal["access", "trunk"]
UNTAGGED = 0
"""The form of a frame without a tag; the form of a tagged one is its tag."""
PORT_NAME_LENGTH = 64


# facts


class Added(Fact, frozen=True, tag="switch.added"):
    name: str
    zone: str
    ports: tuple[str, ...]


class PortSet(Fact, frozen=True, tag="switch.port-set"):
    port: str
    mode: Mode
    vlan: int
    """Of an access port; 0 for a trunk."""
    vlans: str
    """What a trunk lets through tagged, as `10,20-29`; nothing for an access port."""
    native: int
    """What a trunk's untagged frames stand for; 0 where it drops them."""


class Deleted(Fact, frozen=True, tag="switch.deleted"):
    pass


FACTS = (Added, PortSet, Deleted)


# state


class Port(State, frozen=True):
    mode: Mode
    vlan: int
    vlans: str
    native: int

    def leaves_as(self, vlan: int) -> int | None:
        """Give the form in which a VLAN's frames go out, or nothing when they don't."""
        if vlan in {self.vlan, self.native}:
            return UNTAGGED
        return vlan if vlan in allowed(self.vlans) else None

    def enters_as(self, form: int) -> int | None:
        """Give the VLAN that a frame which comes in is in, or nothing when it is dropped."""
        if form == UNTAGGED:
            return self.vlan or self.native or None
        return form if form in allowed(self.vlans) and form != self.native else None


UNSET = Port("access", 1, "", 0)
"""How a switch comes: every port untagged in VLAN 1 (802.1Q, the default PVID)."""


class Switch(State, frozen=True):
    name: str
    zone: str
    ports: tuple[str, ...]
    settings: tuple[tuple[str, Port], ...]
    """Of the ports that were set, in order of port."""

    def port(self, name: str) -> Port:
        """Give a port's setting. O(log n)."""
        place = bisect_left(self.settings, name, key=port_of)
        return next((setting for port, setting in self.settings[place : place + 1] if port == name), UNSET)


def port_of(setting: tuple[str, Port]) -> str:
    return setting[0]


# evolve


def evolve(state: Switch | None, fact: Fact) -> Switch | None:
    match fact:
        case Added(name=name, zone=zone, ports=ports):
            return Switch(name, zone, ports, ())
        case PortSet() if state:
            setting = Port(fact.mode, fact.vlan, fact.vlans, fact.native)
            first = bisect_left(state.settings, fact.port, key=port_of)
            last = bisect_right(state.settings, fact.port, key=port_of)
            settings = (*state.settings[:first], (fact.port, setting), *state.settings[last:])
            return msgspec.structs.replace(state, settings=settings)
        case Deleted():
            return None
        case _:
            raise TypeError(fact)


# decisions


def add(name: str, *, zone: str, ports: Iterable[str]) -> Added:
    ordered = tuple(port_name(p) for p in ports)
    if not ordered:
        raise values.invalid(f"switch {name} needs at least one port")
    if twice := sorted({p for p in ordered if ordered.count(p) > 1}):
        raise values.invalid(f"switch {name} has port {twice[0]} twice: port names are unique on a switch")
    return Added(values.name(name), zone, ordered)


def port_name(text: str) -> str:
    """Accept a port name: `1`, `Gi1/0/1`. A colon would make `switch:port` ambiguous."""
    fits = 0 < len(text) <= PORT_NAME_LENGTH and text.isprintable()
    if not fits or ":" in text or any(c.isspace() for c in text):
        raise values.invalid(
            f"{text!r} is no port name: give 1 to {PORT_NAME_LENGTH} characters without space or colon"
        )
    return text


def set_port(
    uuid: str, switch: Switch, port: str, *, mode: str, vlan: int | None, vlans: str, native: int | None
) -> PortSet:
    require_port(uuid, switch, port)
    if mode not in get_args(Mode):
        raise values.invalid(f"{mode!r} is no mode of a port: give one of {', '.join(get_args(Mode))}")
    if mode == "access":
        if vlan is None:
            raise values.invalid("an access port has one VLAN: give it as `vlan`")
        if vlans or native is not None:
            raise values.invalid("an access port has one VLAN: `vlans` and `native` are for trunks")
        return PortSet(port, cast("Mode", mode), values.vlan(vlan), "", 0)
    if vlan is not None:
        raise values.invalid("a trunk has many VLANs: give them as `vlans`, and the untagged one as `native`")
    tagged = spelled(vlans) if vlans else f"{values.VLANS[0]}-{values.VLANS[-1]}"
    return PortSet(port, cast("Mode", mode), 0, tagged, 0 if native is None else values.vlan(native))


def require_port(uuid: str, switch: Switch, port: str) -> None:
    if port not in switch.ports:
        told = ", ".join(switch.ports)
        raise Refusal(
            "invalid-argument",
            f"switch {switch.name} has no port {port!r}; it has {told}",
            witness(uuid, Added),
        )


def spelled(vlans: str) -> str:
    """Spell a list of VLANs in one way: `20-22,10,23` becomes `10,20-23`."""
    spans: list[tuple[int, int]] = []
    for first, last in sorted(span(part) for part in vlans.split(",")):
        if spans and first <= spans[-1][1] + 1:
            spans[-1] = (spans[-1][0], max(last, spans[-1][1]))
        else:
            spans.append((first, last))
    return ",".join(str(first) if first == last else f"{first}-{last}" for first, last in spans)


def span(text: str) -> tuple[int, int]:
    low, dash, high = text.strip().partition("-")
    ends = (low, high if dash else low)
    if not all(end.isascii() and end.isdigit() and len(end) <= len("4094") for end in ends):
        raise values.invalid(f"{text!r} is no VLAN and no span of VLANs: write them as 10,20-29")
    first, last = (values.vlan(int(end)) for end in ends)
    if first > last:
        raise values.invalid(f"a span of VLANs goes up: {first} comes after {last}")
    return first, last


@lru_cache(maxsize=4096)
def allowed(vlans: str) -> frozenset[int]:
    """Give the VLANs in a list that `spelled` made."""
    spans = (span(part) for part in vlans.split(",") if part)
    return frozenset(vlan for first, last in spans for vlan in range(first, last + 1))


def delete() -> Deleted:
    return Deleted()
