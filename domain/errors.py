"""What a caller is told when a change is not made.

    RewireError                 carries a code of the contract and a sentence
    +-- Refusal                 a rule of the domain stands in the way, and these facts with it
    +-- InvalidFile             a change file can't be read; nothing was written
    +-- StoreUnreachable        there is no store, or it does not answer
        +-- StoreUnusable       it is no store, or a newer version wrote it: waiting won't help
    +-- HostUnreachable         a host's kernel refused, or what is there is not ours to change

A code is a promise to scripts; the sentence is for people and may change. Nothing here prints or exits.
"""

from __future__ import annotations

from typing import Any, Literal

import msgspec


Code = Literal[
    "unknown-object",
    "ambiguous-name",
    "name-in-use",
    "invalid-argument",
    "invalid-file",
    "wrong-zone",
    "still-in-use",
    "conflict",
    "l2-already-attached",
    "l2-not-attached",
    "physical-interface-in-use",
    "physical-interface-missing",
    "vlan-in-use",
    "vni-in-use",
    "vni-exhausted",
    "vni-range-overlap",
    "vtep-cidr-missing",
    "vtep-missing",
    "gre-key-in-use",
    "pool-member",
    "ip-range-overlap",
    "ip-range-outside-subnet",
    "gateway-in-range",
    "gateway-outside-subnet",
    "cidr-mismatch",
    "ip-not-in-range",
    "ip-in-use",
    "ip-exhausted",
    "mac-in-use",
    "l3-disabled",
    "l3-already-attached",
    "service-already-provided",
    "service-not-supported",
    "provider-not-attached",
    "l2-type-not-supported",
    "no-host-available",
    "host-not-eligible",
    "vip-port-in-use",
    "eip-in-use",
    "service-missing",
    "rule-exists",
    "cable-in-use",
    "host-not-in-cluster",
    "wrong-state",
    "expected-error-missing",
    "store-unreachable",
    "host-unreachable",
    "device-in-the-way",
]


class Witness(msgspec.Struct, frozen=True):
    """A fact that stands in the way, named by what it says: resolved to its position only when a refusal is told."""

    subject: str
    """The aggregate whose history holds the fact."""
    facts: tuple[type[Any], ...]
    """The kinds of fact; the newest one that fits is meant."""
    fields: tuple[tuple[str, Any], ...] = ()
    """What the fact must say, field by field; a kind without such a field fits whatever it says."""


class RewireError(Exception):
    """Anything a user can be told in one line."""

    def __init__(self, code: Code, sentence: str) -> None:
        super().__init__(f"{code}: {sentence}")
        self.code: Code = code
        self.sentence = sentence


class Refusal(RewireError):
    """A rule of the domain is broken by what was asked; nothing was recorded."""

    def __init__(self, code: Code, sentence: str, *witnesses: Witness) -> None:
        super().__init__(code, sentence)
        self.witnesses = witnesses
        self.conflicts: tuple[int, ...] = ()


class InvalidFile(RewireError):
    """A file can't be understood. It is read whole before its first step is run, so nothing was written."""

    def __init__(self, sentence: str) -> None:
        super().__init__("invalid-file", sentence)


class StoreUnreachable(RewireError):
    """The store can't be opened, read or written."""

    def __init__(self, sentence: str) -> None:
        super().__init__("store-unreachable", sentence)


class StoreUnusable(StoreUnreachable):
    """The store is there, and this version can't read it."""


class HostUnreachable(RewireError):
    """A host could not be brought to its plan."""

    def __init__(self, sentence: str, code: Code = "host-unreachable") -> None:
        super().__init__(code, sentence)


def witness(subject: str, *facts: type[Any], **fields: Any) -> Witness:
    """Name the newest fact of these kinds in an aggregate's history that says these things."""
    return Witness(subject, facts, tuple(fields.items()))
