"""The changes that a kernel is asked for, as messages. Pure: nothing here opens a socket.

A request says which errors it forgives: those that mean that what it asks for is so already.
"""

from __future__ import annotations

import errno
import socket
import struct
import sys
from typing import Any

import msgspec
from pyroute2.netlink.rtnl.ifaddrmsg import ifaddrmsg
from pyroute2.netlink.rtnl.ifinfmsg import ifinfmsg
from pyroute2.netlink.rtnl.rtmsg import rtmsg

from backends.kvm import wire


OURS = 29303
"""The group of every link of ours. The kernel sets it in the call that makes the link: a mark that can't come
late.
"""
GUESTS = 29304
"""The group of a guest's end of a veth pair: neither ours to change nor foreign."""

DOOMED = 29305
"""The group into which links of ours are put to be deleted together, within one message."""
PLUGINS = 29306
"""The group for what plugins' backends put on bridges of ours: theirs to change, not foreign, and never in our way."""
UNSEEN = frozenset({GUESTS, PLUGINS})
"""What a look of ours leaves out."""

NEWLINK, DELLINK, SETLINK = 16, 17, 19
NEWADDR, DELADDR = 20, 21
NEWROUTE, DELROUTE = 24, 25
NEWNEIGH, DELNEIGH = 28, 29
UNTAGGED = 4094
"""What a bridge that knows VLANs calls untagged frames inside: it takes this number tagged, too, so the least used."""
REQUEST, ACK, REPLACE, EXCLUSIVE, CREATE, APPEND = 0x1, 0x4, 0x100, 0x200, 0x400, 0x800
UP = 0x1
ENTRY = struct.Struct("=BxxxiHBB")
"""Family, interface, state, flags and type of a neighbour or a forwarding entry."""
NDA_DST, NDA_LLADDR = 1, 2
PECULIAR = {"port": 6, "vni": 7, "via": 8, "src_vni": 11}
"""What an entry of a tunnel's table may have of its own, in the words of `bridge fdb`, and none of ours has."""
SEQUENCE = 8
"""Where a message's header has its sequence number."""
NUD_PERMANENT, NTF_SELF = 0x80, 0x02
EVERYONE = bytes(6)
"""The entry of a tunnel's table that says where broadcasts go."""


class Request(msgspec.Struct, frozen=True):
    data: bytes
    forgives: frozenset[int] = frozenset()

    def numbered(self, sequence: int) -> bytes:
        """Give the message with a sequence number, by which its answer will be known."""
        return self.data[:SEQUENCE] + sequence.to_bytes(4, sys.byteorder) + self.data[SEQUENCE + 4 :]


def request(
    kind: int, build: Any, fields: dict[str, Any], attributes: dict[str, Any], *forgives: int, flags: int = 0
) -> Request:
    message = build()
    for name, value in fields.items():
        message[name] = value
    message["attrs"] = list(attributes.items())
    message["header"] = {"type": kind, "flags": REQUEST | ACK | flags, "pid": 0}
    message.encode()
    return Request(bytes(message.data), frozenset(forgives))


# links


def create(name: str, device: str, details: dict[str, Any], **attributes: Any) -> Request:
    """Make a link of ours, down, with its group in the same call. Attributes are named without their prefix."""
    info = {"attrs": [("IFLA_INFO_KIND", device), ("IFLA_INFO_DATA", {"attrs": list(details.items())})]}
    given = {f"IFLA_{key.upper()}": value for key, value in attributes.items() if value}
    every = {"IFLA_IFNAME": name, "IFLA_GROUP": OURS, **given, "IFLA_LINKINFO": info}
    return request(NEWLINK, ifinfmsg, {}, every, flags=CREATE | EXCLUSIVE)


def change(name: str, **attributes: Any) -> Request:
    """Set what a link can change while it lives. It is named, so that it may be made in the same message."""
    given = {f"IFLA_{key.upper()}": value for key, value in attributes.items() if value is not None}
    return request(SETLINK, ifinfmsg, {}, {"IFLA_IFNAME": name, **given})


def keep_tags_out(name: str) -> tuple[Request, ...]:
    """Have a bridge take no frames but untagged ones. A kernel built without VLAN filtering can't, and is let be."""
    wanted = ("IFLA_BR_VLAN_DEFAULT_PVID", UNTAGGED), ("IFLA_BR_VLAN_FILTERING", 1)
    details = ({"attrs": [("IFLA_INFO_KIND", "bridge"), ("IFLA_INFO_DATA", {"attrs": [each]})]} for each in wanted)
    every = ({"IFLA_IFNAME": name, "IFLA_LINKINFO": each} for each in details)
    return tuple(request(NEWLINK, ifinfmsg, {}, each, errno.EOPNOTSUPP, errno.EPERM) for each in every)


def up(name: str) -> Request:
    return request(SETLINK, ifinfmsg, {"flags": UP, "change": UP}, {"IFLA_IFNAME": name})


def down(name: str) -> Request:
    return request(SETLINK, ifinfmsg, {"flags": 0, "change": UP}, {"IFLA_IFNAME": name})


def doom(name: str) -> Request:
    return request(SETLINK, ifinfmsg, {}, {"IFLA_IFNAME": name, "IFLA_GROUP": DOOMED}, errno.ENODEV)


def delete_doomed() -> Request:
    return request(DELLINK, ifinfmsg, {}, {"IFLA_GROUP": DOOMED}, errno.ENODEV)


# tunnels


def add_peer(tunnel: int, peer: str) -> Request:
    return forwarding(NEWNEIGH, tunnel, peer, CREATE | APPEND, errno.EEXIST)


def remove_peer(tunnel: int, peer: str) -> Request:
    return forwarding(DELNEIGH, tunnel, peer, 0, errno.ENOENT)


def forwarding(kind: int, tunnel: int, peer: str, flags: int, *forgives: int) -> Request:
    """Ask for a change of where a tunnel sends broadcasts."""
    far, *words = peer.split()
    entry = ENTRY.pack(socket.AF_BRIDGE, tunnel, NUD_PERMANENT, NTF_SELF, 0)
    packed = socket.inet_pton(socket.AF_INET6 if ":" in far else socket.AF_INET, far)
    ends = wire.attribute(NDA_LLADDR, EVERYONE) + wire.attribute(NDA_DST, packed)
    own = b"".join(peculiarity(*pair) for pair in zip(words[::2], words[1::2], strict=True))
    return Request(wire.message(kind, REQUEST | ACK | flags, entry + ends + own), frozenset(forgives))


def peculiarity(word: str, value: str) -> bytes:
    """Write what an entry of somebody's has of its own."""
    kind = PECULIAR[word]
    return wire.attribute(kind, wire.PORT.pack(int(value))) if word == "port" else wire.number(kind, int(value))


# addresses and routes


def add_address(fields: dict[str, Any], attributes: dict[str, Any]) -> Request:
    return request(NEWADDR, ifaddrmsg, fields, attributes, errno.EEXIST, flags=CREATE | EXCLUSIVE)


def replace_address(fields: dict[str, Any], attributes: dict[str, Any]) -> Request:
    return request(NEWADDR, ifaddrmsg, fields, attributes, flags=CREATE | REPLACE)


def delete_address(fields: dict[str, Any], attributes: dict[str, Any]) -> Request:
    return request(DELADDR, ifaddrmsg, fields, attributes, errno.EADDRNOTAVAIL)


def add_route(fields: dict[str, Any], attributes: dict[str, Any]) -> Request:
    """Add a route beside others to the same destination, never in place of one."""
    return request(NEWROUTE, rtmsg, fields, attributes, errno.EEXIST, flags=CREATE | APPEND)


def delete_route(fields: dict[str, Any], attributes: dict[str, Any]) -> Request:
    return request(DELROUTE, rtmsg, fields, attributes, errno.ESRCH)
