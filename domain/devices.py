"""Names for the devices that networks need on a host.

A kernel takes 15 bytes for a name. What is too long is shortened by a digest, the same way each time; whether
the name is free is not known here, and what was settled is kept in the facts and never computed again.
"""

from __future__ import annotations

import hashlib
import re

from domain.values import INTERFACE_NAME_BYTES


OURS = re.compile(r"(l2_|vx_|nic)[0-9a-f]{12}")


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


def own_bridge(uuid: str) -> str:
    """Name a network's bridge after its id, which ends in chance, for when the descriptive name is taken."""
    return f"l2_{digits(uuid)}"


def own_device(uuid: str) -> str:
    """Name a network's VLAN or tunnel device after its id, likewise."""
    return f"vx_{digits(uuid)}"


def namespace(uuid: str) -> str:
    """Name a virtual router's network namespace after its id."""
    return f"rt{digits(uuid)}"


def is_ours(name: str) -> bool:
    """Tell whether a name has the form of those made out of an id or a MAC address, which nobody else may use."""
    return OURS.fullmatch(name) is not None


def digits(uuid: str) -> str:
    return uuid.replace("-", "")[-12:]


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
