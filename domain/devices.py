"""Names for the devices that networks need on a host.

A kernel takes 15 bytes for a name. What is too long is shortened by a digest, the same way each time; whether
the name is free is for a claim to settle, and what was settled is kept in the facts and never computed again.
"""

from __future__ import annotations

import hashlib

from domain.values import INTERFACE_NAME_BYTES


def untagged_bridge(interface: str) -> str:
    return fit("br_", interface, "")


def vlan_bridge(interface: str, vlan: int) -> str:
    return fit("br_", interface, f"_{vlan}")


def vlan_device(interface: str, vlan: int) -> str:
    return fit("", interface, f".{vlan}")


def tunnel_bridge(vni: int) -> str:
    return f"br_vx_{vni}"


def tunnel_device(vni: int) -> str:
    return f"vxlan{vni}"


def gre_bridge(key: int) -> str:
    return f"ovs{key}"


def unique_name(prefix: str, uuid: str) -> str:
    """Give a name of an object's own, for when the descriptive one is taken: its id ends in chance."""
    return f"{prefix}{uuid.replace('-', '')[-12:]}"


def nic(mac: str) -> str:
    """Name a NIC's device after its MAC address, which is claimed, so that no two NICs share a name."""
    return f"nic{mac.replace(':', '')}"


def fit(head: str, middle: str, tail: str) -> str:
    """Join three parts; when they are too long, as much of a digest as fits takes the middle one's place."""
    text = head + middle + tail
    if len(text.encode()) <= INTERFACE_NAME_BYTES:
        return text
    digest = hashlib.sha256(middle.encode()).hexdigest()
    return head + digest[: INTERFACE_NAME_BYTES - len(head + tail)] + tail
