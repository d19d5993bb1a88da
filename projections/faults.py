"""How a thing of ours, or one of the host's own that belongs on ours, differs from what an operation would make it.

Words for people, one sentence an operation. Refuses to conclude anything.
"""

from __future__ import annotations

from projections import filter_operations as filtering
from projections import namespace_operations as rooms
from projections import operations as links
from projections.found import Found
from projections.move_operations import Move
from projections.operation import Operation
from projections.operations import describe
from projections.ownership import source, touched


def name_of(step: Operation) -> str:
    """Give the name of what a step is done to."""
    return next(touched(step), "") or str(step.__struct_config__.tag)


def room_of(step: Operation) -> str:
    return str(getattr(step, "namespace", ""))


def alteration(step: Operation, found: Found) -> str:
    """Say how something of ours, or the host's own that belongs on ours, differs."""
    have = found.links.get(name_of(step))
    match step:
        case links.Mark(name=name, mark=mark):
            return f"{name} is marked {have.mark if have else ''!r}, not {mark!r}"
        case links.SetMtu(name=name, mtu=mtu):
            return f"{name} has an MTU of {have.mtu if have else 0}, not {mtu}"
        case links.Enslave(name=name, bridge=bridge):
            return f"{name} is a port of {(have.bridge if have else '') or 'no bridge'}, not of {bridge}"
        case links.Release(name=name):
            return f"{name} is a port of {have.bridge if have else ''}, and must be of none"
        case links.SetUp(name=name):
            return f"{name} is down"
        case links.Replace(name=name, by=by, bridge=bridge):
            return f"{bridge} has the port {name}, not {by}"
        case links.AddPeer(tunnel=tunnel, peer=peer):
            return f"tunnel {tunnel} lacks its peer {peer}"
        case links.RemovePeer(tunnel=tunnel, peer=peer):
            return f"tunnel {tunnel} has a peer {peer} that is none of its own"
        case Move():
            return f"{moved_thing(step)} is on {source(step)}, not on {getattr(step, 'target', '')}"
        case _:
            return of_filters(step, found) or of_namespace(step, found) or f"still to do: {describe(step)}"


def moved_thing(step: Operation) -> str:
    """Name what belongs on another interface: `address 10.0.0.1/24`."""
    kind, _, rest = describe(step).partition(" ")
    return f"{kind.removeprefix('move-')} {rest.partition(' ')[0]}"


def of_namespace(step: Operation, found: Found) -> str:
    """Say how a namespace of ours differs, or what is in it."""
    where = room_of(step)
    room = found.namespaces.get(where)
    match step:
        case rooms.SetAddresses(name=name, addresses=addresses):
            has = ", ".join(room.legs[name].addresses) if room and name in room.legs else ""
            return f"{name} in {where} has the addresses {has or 'none'}, not {', '.join(addresses) or 'none'}"
        case rooms.SetLeg(name=name):
            return f"the inner end of {name} in {where} is down, or has another MAC address or MTU"
        case rooms.SetRoutes() | rooms.SetWays():
            return f"namespace {where} has other routes"
        case rooms.SetForwarding(forwarding=forwarding):
            return f"namespace {where} {'does not forward' if forwarding else 'forwards'}"
        case rooms.LoadRules():
            return f"namespace {where} has {'other rules' if room and room.rules else 'no rules'}"
        case rooms.StartServer():
            return f"the server in {where} {'runs with other settings' if room and room.server else 'does not run'}"
        case rooms.ReloadServer():
            return f"the server in {where} has read other entries"
        case rooms.StopServer():
            return f"a server runs in {where}"
        case rooms.MarkNamespace():
            return f"namespace {where} is marked otherwise"
        case _:
            return ""


def of_filters(step: Operation, found: Found) -> str:
    """Say how what is loaded into nftables for the whole host differs."""
    match step:
        case links.SetDown(name=name):
            return f"{name} is up, and nothing guards it"
        case links.Deafen(bridges=bridges):
            heard = set(bridges) - (found.deaf or frozenset())
            return f"the host {'hears what comes in on' if heard else 'is deaf on more than'} bridges of tenants"
        case links.RaiseWall():
            return f"the wall around tunnels is {'another one' if found.wall else 'missing'}"
        case rooms.LoadFences():
            return f"the fences of servers and EIPs are {'other ones' if found.fence else 'missing'}"
        case filtering.LoadFilters():
            return "the filters are other ones" if found.filters else "the filters are missing"
        case filtering.AddMember(group=group, bridge=bridge, address=address):
            return f"the filters lack {address} of group {group} on {bridge}"
        case filtering.RemoveMember(group=group, bridge=bridge, address=address):
            return f"the filters have {address} in group {group} on {bridge}"
        case filtering.EndConnections():
            return "there are connections that the filters would not let anybody open"
        case filtering.UnloadFilters():
            return "there are filters for nobody"
        case _:
            return ""
