"""Claims hold what may be held once: a name, a VLAN on an interface of a cluster, a VNI, an address, a MAC.

A claim is a tiny aggregate whose id is computed from the contested key, so that two commands that want the same thing
write to the same history and the store lets only one of them in. It is taken and released together with the fact that
needs it. A claim decides nothing about who should win.
"""

from __future__ import annotations

import uuid

import msgspec

from domain.errors import Code
from domain.history import Fact, State


# facts


class Taken(Fact, frozen=True, tag="claim.taken"):
    key: str
    holder: str


class Released(Fact, frozen=True, tag="claim.released"):
    holder: str


FACTS = (Taken, Released)


# state


class Claim(State, frozen=True):
    key: str
    holder: str
    """The aggregate that holds it, or nothing when it is free."""


# evolve


def evolve(state: Claim | None, fact: Fact) -> Claim | None:
    match fact:
        case Taken(key=key, holder=holder):
            return Claim(key, holder)
        case Released() if state:
            return Claim(state.key, "")
        case _:
            raise TypeError(fact)


# keys

NAMESPACE = uuid.UUID("8a3b4f0e-5f7c-5d0e-9f0b-6d1f6f1c2a77")


class Key(msgspec.Struct, frozen=True):
    """Something that may be held once."""

    text: str
    code: Code
    """What a command is told that wants it second."""
    what: str
    """How people call it."""

    @property
    def uuid(self) -> str:
        return str(uuid.uuid5(NAMESPACE, self.text))


def name(kind: str, text: str) -> Key:
    return Key(f"name/{kind}/{text}", "name-in-use", f"the name {text!r}")


def segment(cluster: str, text: str, code: Code, what: str) -> Key:
    """Name a wire, or what a type uses for one, in one cluster."""
    return Key(f"segment/{cluster}/{text}", code, what)


def vni(pool: str, number: int) -> Key:
    return Key(f"vni/{pool}/{number}", "vni-in-use", f"VNI {number} of that pool")


def bridge(zone: str, text: str) -> Key:
    return Key(f"bridge/{zone}/{text}", "conflict", f"the bridge name {text} in that zone")


def ip(l3: str, text: str) -> Key:
    return Key(f"ip/{l3}/{text}", "ip-in-use", f"address {text}")


def eip(nic: str, version: int) -> Key:
    """Name the place of a NIC's one EIP of an IP version."""
    return Key(f"eip/{nic}/{version}", "eip-in-use", f"IPv{version} of that NIC")


def router(l3: str) -> Key:
    """Name the place of an L3 network's one virtual router."""
    return Key(f"router/{l3}", "conflict", "the virtual router of that L3 network")


def host_address(zone: str, text: str) -> Key:
    """One address of one host in a zone's underlay, be it for management or for tunnels."""
    return Key(f"host-address/{zone}/{text}", "ip-in-use", f"host address {text} in that zone")


def mac(text: str) -> Key:
    return Key(f"mac/{text}", "mac-in-use", f"MAC address {text}")
