"""What all commands have in common."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Literal, get_args

import msgspec


Mode = Literal["permissive", "enforcing"]
"""How to delete: refuse while something stands in the way, or remove that first."""


def one_of(choices: object) -> msgspec.Meta:
    """Describe a field by the `Literal` that the decision it leads to asks for."""
    return msgspec.Meta(description=", ".join(get_args(choices)))


def said(text: str) -> msgspec.Meta:
    """Describe a field."""
    return msgspec.Meta(description=text)


def within(numbers: Sequence[int]) -> msgspec.Meta:
    return said(f"{numbers[0]} to {numbers[-1]}")


class Command(msgspec.Struct, frozen=True, kw_only=True, rename="kebab", forbid_unknown_fields=True):
    """Base of every command. Objects are named by name or by uuid."""

    @classmethod
    def tag(cls) -> str:
        """Give the command's name in a change file: `CreateL2VlanNetwork` is `create-l2-vlan-network`."""
        return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "-", cls.__name__).lower()


class Creation(Command, frozen=True, kw_only=True):
    """Base of the commands that make an object, which may be given its uuid."""

    uuid: str = ""
