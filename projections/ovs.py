"""What a look shows of Open vSwitch: bridges and their ports, ours and foreign alike.

Ours is what carries our mark among its external ids. A bridge's own internal port goes without saying. Refuses
to know how OVS is asked.
"""

from __future__ import annotations

from typing import Literal

import msgspec
from immutables import Map


OvsKind = Literal["gre", "system", "other"]
"""`system` is a device of the kernel's that is plugged in; `other` is everything we never make."""


class OvsBridge(msgspec.Struct, frozen=True):
    name: str
    ours: bool = False
    mark: str = ""


class OvsPort(msgspec.Struct, frozen=True):
    name: str
    bridge: str
    kind: OvsKind
    ours: bool = False
    mark: str = ""
    local: str = ""
    remote: str = ""
    key: int = 0
    protected: bool = False
    """What comes in here never goes out of another protected port: a mesh has no loops."""
    fault: str = ""
    """Why OVS could not make it, in its own words."""


class Ovs(msgspec.Struct, frozen=True):
    """Open vSwitch on one host."""

    bridges: Map[str, OvsBridge] = Map()
    ports: Map[str, OvsPort] = Map()
    down: str = ""
    """Why it can't be asked, with the remedy; nothing where it answers."""


def put_bridge(ovs: Ovs, name: str, mark: str) -> Ovs:
    return msgspec.structs.replace(ovs, bridges=ovs.bridges.set(name, OvsBridge(name, ours=True, mark=mark)))


def put_port(ovs: Ovs, port: OvsPort) -> Ovs:
    return msgspec.structs.replace(ovs, ports=ovs.ports.set(port.name, port))


def drop_bridge(ovs: Ovs, name: str) -> Ovs:
    """Take a bridge away with all its ports."""
    ports = Map({port.name: port for port in ovs.ports.values() if port.bridge != name})
    return msgspec.structs.replace(ovs, bridges=ovs.bridges.delete(name), ports=ports)


def drop_port(ovs: Ovs, name: str) -> Ovs:
    return msgspec.structs.replace(ovs, ports=ovs.ports.delete(name))


def gre(port: str, bridge: str, *, ends: tuple[str, str], key: int, mark: str) -> OvsPort:
    """Give a tunnel of ours: where it starts and ends, and its key."""
    local, remote = ends
    return OvsPort(port, bridge, "gre", ours=True, mark=mark, local=local, remote=remote, key=key, protected=True)


def plugged(port: str, bridge: str, mark: str, *, protected: bool = False) -> OvsPort:
    """Give a device of ours that is plugged into a bridge: what is protected never meets a tunnel."""
    return OvsPort(port, bridge, "system", ours=True, mark=mark, protected=protected)
