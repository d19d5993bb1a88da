"""L2 types: what a network of each type is made of, decided once and kept in its facts.

A type is a function from an interface and a number to a shape. Ours and those of plugins (entry points of the group
`rewire.l2_type`, named as the type is) are functions alike. A type is asked when a network is made and never again,
so that a history can be read where a plugin is no longer installed.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

import msgspec

from domain import devices, plugins, values
from domain.errors import Code, Refusal


NO_VLAN = "L2NoVlanNetwork"
VLAN = "L2VlanNetwork"
VXLAN = "L2VxlanNetwork"
GRE = "OvsGreL2Network"

TUNNEL_MTU = 1450
"""What a VXLAN network has of 1500 bytes: 50 are the outer IPv4, UDP and VXLAN header (RFC 7348)."""

GRE_MTU = 1458
"""What a GRE network has of 1500 bytes: 42 are the outer IPv4 and GRE header, its key, and the inner Ethernet header
(RFC 2890).
"""

Carrier = Literal["interface", "vlan", "tunnel", "gre", "own"]
"""How frames leave a host: untagged, tagged, in a pool's tunnel, in a GRE mesh, or as the type's realization makes
them.
"""

HELD: dict[Carrier, Code] = {
    "interface": "physical-interface-in-use",
    "vlan": "vlan-in-use",
    "gre": "gre-key-in-use",
    "own": "conflict",
}
"""What a network is told that comes second to its segment."""

CARRIERS = frozenset(HELD)


class Shape(msgspec.Struct, frozen=True):
    """What a network of some type is made of."""

    physical_interface: str
    number: int
    """0, the VLAN, the VNI, the key, or what else the type counts by."""
    bridge: str
    device: str
    """The device under the bridge, or nothing where the interface itself is its port."""
    carrier: Carrier
    segment: str
    """`eth0/10`: the interface, under its own name, and the tag. One that is no wire has a colon: `gre:eth0/7`."""


L2Type = Callable[[str, int], Shape]
"""Shape a network out of a physical interface and a number, or refuse them."""


# our own


def no_vlan(physical_interface: str, number: int) -> Shape:
    if number:
        raise values.invalid(f"a network of untagged frames has no number: leave {number} out, or make a {VLAN}")
    interface = values.interface(physical_interface)
    bridge = devices.untagged_bridge(interface)
    return Shape(interface, 0, bridge, device="", carrier="interface", segment=wire(interface, 0))


def vlan(physical_interface: str, number: int) -> Shape:
    interface, tag = values.interface(physical_interface), values.vlan(number)
    bridge, device = devices.vlan_bridge(interface, tag), devices.vlan_device(interface, tag)
    return Shape(interface, tag, bridge, device, carrier="vlan", segment=wire(interface, tag))


def vxlan(number: int) -> Shape:
    """Shape a network of a pool; which segment it is on follows from the pool."""
    vni = values.vni(number)
    return Shape("", vni, devices.tunnel_bridge(vni), devices.tunnel_device(vni), carrier="tunnel", segment="")


def gre(physical_interface: str, number: int) -> Shape:
    interface, key = values.interface(physical_interface), values.gre_key(number)
    return Shape(interface, key, devices.gre_bridge(key), device="", carrier="gre", segment=f"gre:{interface}/{key}")


def wire(interface: str, tag: int) -> str:
    """Name a wire the same under all names of its interface: untagged frames of `eth0.5` are VLAN 5 of `eth0`."""
    if tag:
        return f"{interface}/{tag}"
    parent, inner = above(interface)
    return f"{parent}/{inner}"


def above(interface: str) -> tuple[str, int]:
    """Give the interface and VLAN that an interface's name stands for; it and 0 where it stands for itself."""
    parent, _, tag = interface.rpartition(".")
    is_vlan = parent and tag.isascii() and tag.isdigit() and int(tag) in values.VLANS
    return (parent, int(tag)) if is_vlan else (interface, 0)


# all of them

BUILT_IN: dict[str, L2Type] = {NO_VLAN: no_vlan, VLAN: vlan, GRE: gre}
"""Ours, registered as a plugin's are and listed here so that they are found without a search. A VXLAN network is made
out of a pool instead.
"""


def find(name: str) -> L2Type:
    """Give a type by name.

    Raises `Refusal` with `l2-type-not-supported` and the types there are.
    """
    found: L2Type | None = BUILT_IN.get(name) or plugins.load(plugins.L2_TYPES, name)
    if found is None:
        known = ", ".join(sorted({*BUILT_IN, *plugins.names(plugins.L2_TYPES)}))
        raise Refusal(
            "l2-type-not-supported", f"nothing installed makes an L2 network of type {name!r}; known: {known}"
        )
    return found


def shape(name: str, physical_interface: str, number: int) -> Shape:
    """Shape a network of a type, and hold what a plugin says to what every network must keep to."""
    made = find(name)(physical_interface, number)
    for device in (made.bridge, *([made.device] if made.device else [])):
        values.interface(device)
    if made.carrier not in CARRIERS or made.segment.count("/") != 1:
        raise Refusal("l2-type-not-supported", f"type {name} gives no carrier and segment that Rewire knows: {made}")
    return made


def require_realization(name: str, hypervisor: str) -> None:
    """Refuse an L2 type on a hypervisor type for which nobody has a realization. Ours are for KVM."""
    if hypervisor == "KVM" and (name in BUILT_IN or name == VXLAN):
        return
    if f"{name}/{hypervisor}" not in plugins.names(plugins.REALIZATIONS):
        raise Refusal("l2-type-not-supported", f"nothing installed realizes {name} on {hypervisor} hosts")
