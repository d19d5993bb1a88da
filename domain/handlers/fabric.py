"""Switches, their ports, and the cables between them and to hosts."""

from __future__ import annotations

from collections.abc import Iterable

from domain import cable, claims, cluster, commands, host, switch, values, zone
from domain.cable import End
from domain.errors import Refusal, witness
from domain.history import Loaded, State
from domain.transaction import Transaction


def add_switch(t: Transaction, c: commands.AddSwitch) -> None:
    parent = t.require("zone", c.zone, zone.Zone)
    fact = switch.add(c.name, zone=parent.uuid, ports=c.ports)
    t.create("switch", t.identify(c.uuid), fact)


def delete_switch(t: Transaction, c: commands.DeleteSwitch) -> None:
    found = t.require("switch", c.switch, switch.Switch)
    t.subject = found.uuid
    refuse_cabled(t, found)
    remove_switch(t, found.uuid)


def refuse_cabled(t: Transaction, found: Loaded[switch.Switch]) -> None:
    cabled = [(port, uuid) for port in found.state.ports if (uuid := cable_at(t, (found.uuid, port)))]
    if cabled:
        told = ", ".join(port for port, _ in cabled[:5])
        raise Refusal(
            "still-in-use",
            f"switch {found.state.name} has cables in {told}: disconnect them first",
            *(witness(uuid, cable.Connected) for _, uuid in cabled),
        )


def remove_switch(t: Transaction, uuid: str, *, cause: str = "") -> None:
    """Delete a switch, its cables first."""
    found = t.load(uuid, switch.Switch)
    unplug(t, uuid, found.state.ports, cause=cause)
    why = t.record(uuid, switch.delete(), cause=cause)
    t.release(claims.name("switch", found.state.name), uuid, cause=why)


def set_switch_port(t: Transaction, c: commands.SetSwitchPort) -> None:
    found = t.require("switch", c.switch, switch.Switch)
    t.subject = found.uuid
    fact = switch.set_port(found.uuid, found.state, c.port, mode=c.mode, vlan=c.vlan, vlans=c.vlans, native=c.native)
    t.record(found.uuid, fact)


# cables


def connect(t: Transaction, c: commands.Connect) -> None:
    a, b = find_end(t, c.a), find_end(t, c.b)
    zone_a, zone_b = zone_of(t, a), zone_of(t, b)
    if zone_a != zone_b:
        told = f"{c.a} is in {t.label(zone_a)}, {c.b} in {t.label(zone_b)}: no cable leads out of a zone"
        raise Refusal("wrong-zone", told, *(witness(device, *BIRTHS) for device, _ in (a, b)))
    fact = cable.connect(zone=zone_a, a=a, b=b)
    for end in (a, b):
        if holder := cable_at(t, end):
            raise cable.refuse_cabled(holder, near=spell(t, end), far=spell(t, far_end(t, holder, end)))
    uuid = t.instruments.ids()
    t.subject = uuid
    cause = t.record(uuid, fact)
    for end in (a, b):
        t.take(cable.end_claim(end), uuid, cause=cause)


BIRTHS = (host.Added, switch.Added)


def disconnect(t: Transaction, c: commands.Disconnect) -> None:
    end = find_end(t, c.a)
    holder = cable_at(t, end)
    if not holder:
        pulled = witness(cable.end_claim(end).uuid, claims.Released)
        raise Refusal("unknown-object", f"there is no cable at {spell(t, end)}", pulled)
    t.subject = holder
    pull(t, holder)


def pull(t: Transaction, uuid: str, *, cause: str = "") -> None:
    """Take a cable away."""
    state = t.load(uuid, cable.Cable).state
    why = t.record(uuid, cable.Disconnected(), cause=cause)
    for end in (state.a, state.b):
        t.release(cable.end_claim(end), uuid, cause=why)


def unplug(t: Transaction, device: str, ports: Iterable[str], *, cause: str = "") -> None:
    """Pull every cable of a device that is about to go."""
    for port in ports:
        if uuid := cable_at(t, (device, port)):
            pull(t, uuid, cause=cause)


# ends


def find_end(t: Transaction, text: str) -> End:
    """Find the end that `host:interface` or `switch:port` names."""
    name, colon, port = text.rpartition(":")
    if not colon or not name or not port:
        raise values.invalid(f"{text!r} is no end of a cable: write it as host:interface or switch:port")
    found = [loaded for kind in ("host", "switch") if (loaded := seek(t, kind, name))]
    if not found:
        raise Refusal("unknown-object", f"there is no host and no switch {name!r}")
    if len(found) > 1:
        told = f"{name!r} is a host and a switch: name it by its uuid"
        raise Refusal("ambiguous-name", told, *(witness(loaded.uuid, *BIRTHS) for loaded in found))
    device = found[0]
    match device.state:
        case switch.Switch() as state:
            switch.require_port(device.uuid, state, port)
        case host.Host() as state if port not in plugs(state):
            told = f"host {state.name} has no interface {port!r} for a cable; it has {', '.join(plugs(state))}"
            raise Refusal("invalid-argument", told, witness(device.uuid, host.Added))
        case _:
            pass
    return device.uuid, port


def plugs(member: host.Host) -> tuple[str, ...]:
    """Give a host's interfaces that take a cable: for a bond its members, for a VLAN what it is on."""
    bonds = dict(member.bonds)
    roots = dict.fromkeys(list(host.ancestry(name))[-1] for name in member.interfaces)
    return tuple(plug for root in roots for plug in bonds.get(root, (root,)))


def seek(t: Transaction, kind: str, text: str) -> Loaded[State] | None:
    """Find an object of a kind, or nothing."""
    try:
        return t.find(kind, text)
    except Refusal:
        return None


def zone_of(t: Transaction, end: End) -> str:
    """Give the zone that an end's device stands in."""
    device = t.get(end[0])
    match device.state if device else None:
        case switch.Switch(zone=home):
            return home
        case host.Host(cluster=parent):
            return t.load(parent, cluster.Cluster).state.zone
        case _:
            raise TypeError(device)


def cable_at(t: Transaction, end: End) -> str:
    return t.holder(cable.end_claim(end))


def far_end(t: Transaction, uuid: str, end: End) -> End:
    state = t.load(uuid, cable.Cable).state
    return state.b if state.a == end else state.a


def spell(t: Transaction, end: End) -> str:
    """Write an end as people do."""
    device, port = end
    found = t.get(device)
    return f"{getattr(found.state, 'name', device) if found else device}:{port}"
