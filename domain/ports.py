"""Ranges of port numbers, and the one answer to whether two ranges have a number in common."""

from __future__ import annotations

import msgspec

from domain import values


NUMBERS = range(1, 65536)
"""RFC 6335: 0 is reserved, and 16 bits end the rest."""


class Ports(msgspec.Struct, frozen=True, order=True):
    """From a first port to a last one, both included."""

    first: int
    last: int

    def __len__(self) -> int:
        return self.last - self.first + 1

    def __str__(self) -> str:
        return str(self.first) if self.first == self.last else f"{self.first}-{self.last}"

    def overlaps(self, other: Ports) -> bool:
        return self.first <= other.last and other.first <= self.last


ALL = Ports(NUMBERS[0], NUMBERS[-1])


def ports(text: str | int) -> Ports:
    """Read `80` or `80-90`; ends the wrong way round are put right.

    Raises `Refusal` with `invalid-argument` for anything else.
    """
    first, dash, last = str(text).partition("-")
    ends = sorted((number(first, text), number(last if dash else first, text)))
    return Ports(*ends)


def number(part: str, text: str | int) -> int:
    digits = part.strip()
    if not (digits.isascii() and digits.isdigit() and int(digits) in NUMBERS):
        raise values.invalid(f"{text!r} are no ports: give one of {NUMBERS[0]} to {NUMBERS[-1]}, or two as in 80-90")
    return int(digits)
