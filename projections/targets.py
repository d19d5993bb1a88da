"""The links of ours that a plan wants on a host, and what brings one of them there: the part of `diff` that knows one
link at a time.

A link that can't become what is wanted while it lives is another one. Refuses to know what stands in the way.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from projections.found import Found, Kind, Link
from projections.holding import is_held
from projections.marks import mark_of
from projections.namespace_operations import CreateLeg
from projections.namespaces import Leg, Namespace
from projections.obstacles import namespaces_of, ports_of
from projections.operations import (
    CreateBridge,
    CreatePort,
    CreateTunnel,
    CreateVlan,
    Delete,
    Enslave,
    Mark,
    Operation,
    Release,
    SetMtu,
    SetUp,
)
from projections.plan import DEFAULT_MTU, Bridge, HostPlan, Port, Tunnel, Vlan


Device = Bridge | Vlan | Tunnel | Port


class Wanted(msgspec.Struct, frozen=True):
    """A link of ours as it must be, and the operation that makes it."""

    link: Link
    create: Operation


def wanted(plan: HostPlan) -> dict[str, Wanted]:
    """Give every link of the plan by name."""
    devices: list[Device] = [*plan.bridges, *plan.vlans, *plan.tunnels, *plugs_of(plan)]
    legs = (want_leg(leg, each) for each in namespaces_of(plan) for leg in legs_of(each, plan))
    return {name_of(device): want(device, plan.host) for device in devices} | {leg.link.name: leg for leg in legs}


def plugs_of(plan: HostPlan) -> Iterator[Port]:
    """Walk the NICs with the bridge of the kernel's that each is a port of: none where OVS has it."""
    meshed = {mesh.bridge for mesh in plan.meshes}
    for port in ports_of(plan):
        yield msgspec.structs.replace(port, bridge="") if port.bridge in meshed else port


def name_of(device: Device) -> str:
    return device.device if isinstance(device, Port) else device.name


def want(device: Device, host: str) -> Wanted:
    match device:
        case Bridge(name=name, l2=l2, uplink=uplink, mtu=mtu, because=because):
            mark = mark_of(l2, because, uplink=uplink, host=host)
            link = ours(name, "bridge", mark=mark, mtu=mtu)
            return Wanted(link, CreateBridge(name, mtu, uplink, mark))
        case Vlan(name=name, l2=l2, interface=interface, vlan=vlan, bridge=bridge, because=because, mtu=mtu):
            mark = mark_of(l2, because)
            link = ours(name, "vlan", mark=mark, bridge=bridge, mtu=mtu)
            below = msgspec.structs.replace(link, interface=interface, number=vlan)
            return Wanted(below, CreateVlan(name, interface, vlan, bridge, mtu, mark))
        case Tunnel() as t:
            mark = mark_of(t.l2, t.because)
            link = ours(t.name, "vxlan", mark=mark, bridge=t.bridge, mtu=t.mtu)
            ends = msgspec.structs.replace(link, number=t.vni, local=t.local, udp_port=t.port)
            return Wanted(ends, CreateTunnel(t.name, t.vni, t.local, t.port, t.bridge, t.mtu, mark))
        case Port(device=name, nic=nic, mac=mac, bridge=bridge, because=because, mtu=mtu):
            mark = mark_of(nic, because)
            link = ours(name, "port", mark=mark, bridge=bridge, mtu=mtu or DEFAULT_MTU)
            return Wanted(link, CreatePort(name, mac, bridge, link.mtu, mark))


def legs_of(namespace: Namespace, plan: HostPlan) -> tuple[Leg, ...]:
    """Give a namespace's legs, each with the bridge of the kernel's that it is a port of, as NICs have it."""
    meshed = {mesh.bridge for mesh in plan.meshes}
    return tuple(msgspec.structs.replace(x, bridge="") if x.bridge in meshed else x for x in namespace.legs)


def want_leg(leg: Leg, namespace: Namespace) -> Wanted:
    mark = mark_of(namespace.subject, namespace.because)
    create = CreateLeg(leg.device, namespace.name, leg.bridge, leg.mac, leg.mtu, mark)
    return Wanted(ours(leg.device, "leg", mark=mark, bridge=leg.bridge, mtu=leg.mtu), create)


def ours(name: str, kind: Kind, *, mark: str, bridge: str = "", mtu: int = 0) -> Link:
    return Link(name, kind, bridge=bridge, ours=True, mark=mark, mtu=mtu)


def identity(link: Link) -> tuple[str, str, int, str, int]:
    """Give what a link can't change while it lives."""
    return (link.kind, link.interface, link.number, link.local, link.udp_port)


def raise_link(target: Wanted, found: Found) -> Iterator[Operation]:
    """Make a link, or mend what differs on one of ours."""
    want, have = target.link, found.links.get(target.link.name)
    if have is None or identity(have) != identity(want):
        yield target.create
        return
    if have.mark != want.mark:
        yield Mark(want.name, want.mark)
    if want.mtu and have.mtu != want.mtu:
        yield SetMtu(want.name, want.mtu)
    if have.bridge != want.bridge:
        yield Enslave(want.name, want.bridge) if want.bridge else Release(want.name)
    if not have.up:
        yield SetUp(want.name)


def lower_link(link: Link, found: Found) -> Iterator[Operation]:
    """Delete a link; one that somebody else still uses is taken off its bridge and stays."""
    if not is_held(link, found):
        yield Delete(link.name)
    elif link.bridge:
        yield Release(link.name)
