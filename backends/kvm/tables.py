"""What a kernel itself tells of nftables: whether there is a table, what comments say, and what is in a set.

A comment is what we know our own tables by, so most looks need nothing else, and no program is started for them. It
is written by nft and read back here: bytes that the kernel keeps for whoever wrote them, each with its kind and length.
Refuses to read rules: what one means only `nft` knows.
"""

from __future__ import annotations

import errno
import socket
import struct
from collections.abc import Iterator
from types import TracebackType
from typing import NamedTuple, Self

from backends.kvm import wire
from backends.kvm.line import NETFILTER, Line
from domain.errors import HostUnreachable


FAMILIES = {"inet": 1, "arp": 3, "bridge": 7}
GENERIC = struct.Struct("=BBH")
"""Family, version and a number without meaning."""
NFTABLES = 10 << 8
GET_TABLE, GET_CHAIN, GET_RULE, GET_SET, GET_ELEMENTS = (NFTABLES | kind for kind in (1, 4, 7, 10, 13))
NAME, TABLE_FLAGS, TABLE_DATA = 1, 2, 6
TABLE, CHAIN, RULE_DATA = 1, 2, 7
RULE_LASTING = (3, 4)
"""What a rule is: its number, and what it does."""
CHAIN_NUMBER, CHAIN_NAME = 2, 3
CHAIN_LASTING = (CHAIN_NUMBER, 4, 5, 7, 10)
"""What a chain is: its number, hook, policy, type and flags; not who jumps there, or what was counted."""
SET, ELEMENTS = 2, 3
SET_FLAGS, SET_NUMBER = 3, 16
FIXED = 0x1 | 0x2
"""The flags of a set without a name, and of a constant one: it has its elements for good."""
KEY, VALUE = 1, 1
ELEMENT_LASTING = (KEY, 2, 3, 10)
"""What an element is: its key, what is behind it, its flags, and the key at its end."""
COMMENT = 0
AF_OF = {4: socket.AF_INET, 16: socket.AF_INET6}
"""What an address is, by its bytes."""


class Set(NamedTuple):
    name: str
    number: bytes
    is_fixed: bool


class Tables:
    """The tables of one family in one namespace."""

    def __init__(self, namespace: str | None, family: str) -> None:
        self._line = Line(namespace, NETFILTER)
        self._family, self._head = family, GENERIC.pack(FAMILIES[family], 0, 0)

    def comment(self, table: str) -> str | None:
        """Give what is said of a table; nothing where there is none."""
        try:
            told = self._line.ask(GET_TABLE, self._head + wire.text(NAME, table))
        except FileNotFoundError:
            return None
        except PermissionError as error:
            why = "not permitted; looking at a host's filters needs root"
            raise HostUnreachable(f"reading the table {self._family} {table}: {why}") from error
        return comment_in(attributes(told).get(TABLE_DATA, b""))

    def rules(self, table: str, chain: str) -> list[str]:
        """Give what is said of each rule of a chain."""
        asked = wire.text(TABLE, table) + wire.text(CHAIN, chain)
        every = self._line.dump(GET_RULE, self._head + asked)
        return [comment_in(attributes(told).get(RULE_DATA, b"")) for told in every]

    def flags(self, table: str) -> bytes:
        """Give what holds of a table: whether it is in force."""
        return attributes(self._line.ask(GET_TABLE, self._head + wire.text(NAME, table))).get(TABLE_FLAGS, b"")

    def chains(self, table: str) -> dict[str, bytes]:
        """Give what each chain of a table is, as the kernel has it."""
        found = [attributes(told) for told in self._line.dump(GET_CHAIN, self._head)]
        mine = (chain for chain in found if wire.as_text(chain[TABLE]) == table)
        return {wire.as_text(chain[CHAIN_NAME]): lasting(chain, CHAIN_LASTING) for chain in mine}

    def contents(self, table: str) -> Iterator[tuple[str, bytes]]:
        """Walk a table's rules in their order: the chain of each, and what it is, as the kernel has it."""
        for told in self._line.dump(GET_RULE, self._head + wire.text(TABLE, table)):
            rule = attributes(told)
            yield wire.as_text(rule[CHAIN]), lasting(rule, RULE_LASTING)

    def sets(self, table: str) -> Iterator[Set]:
        """Walk a table's sets."""
        for told in self._line.dump(GET_SET, self._head + wire.text(TABLE, table)):
            found = attributes(told)
            flags = int.from_bytes(found.get(SET_FLAGS, b""))
            yield Set(wire.as_text(found[SET]), found.get(SET_NUMBER, b""), is_fixed=bool(flags & FIXED))

    def elements(self, table: str, name: str) -> Iterator[bytes]:
        """Walk what each element of a set is, as the kernel has it."""
        for part in self._line.dump(GET_ELEMENTS, self._head + wire.text(TABLE, table) + wire.text(SET, name)):
            for _, element in wire.attributes(attributes(part).get(ELEMENTS, b"")):
                yield lasting(dict(wire.attributes(element)), ELEMENT_LASTING)

    def names(self, table: str, name: str) -> frozenset[str]:
        """Give the names in a set; none where there is no such set."""
        try:
            told = self._line.dump(GET_ELEMENTS, self._head + wire.text(TABLE, table) + wire.text(SET, name))
        except OSError as error:
            if error.errno != errno.ENOENT:
                raise
            return frozenset()
        return frozenset(wire.as_text(value) for part in told for value in values(part))

    def addresses(self, table: str, name: str) -> Iterator[str]:
        """Walk the addresses in a set."""
        for part in self._line.dump(GET_ELEMENTS, self._head + wire.text(TABLE, table) + wire.text(SET, name)):
            yield from (socket.inet_ntop(AF_OF[len(value)], value) for value in values(part))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._line.__exit__(kind, error, trace)


def attributes(told: bytes) -> dict[int, bytes]:
    return dict(wire.attributes(told, GENERIC.size))


def lasting(found: dict[int, bytes], kinds: tuple[int, ...]) -> bytes:
    return b"".join(bytes((kind,)) + found[kind] for kind in kinds if kind in found)


def comment_in(data: bytes) -> str:
    """Find the comment among what was written to be read back; nothing where there is none."""
    offset = 0
    while offset + 2 <= len(data):
        kind, length = data[offset], data[offset + 1]
        if kind == COMMENT:
            return wire.as_text(data[offset + 2 : offset + 2 + length])
        offset += 2 + length
    return ""


def values(part: bytes) -> Iterator[bytes]:
    """Walk the keys of a set's elements."""
    for _, element in wire.attributes(attributes(part).get(ELEMENTS, b"")):
        for kind, key in wire.attributes(element):
            if kind == KEY:
                yield dict(wire.attributes(key))[VALUE]
