"""What all commands have in common."""

from __future__ import annotations

import re
from typing import Literal

import msgspec


Mode = Literal["permissive", "enforcing"]
"""How to delete: refuse while something stands in the way, or remove that first."""


class Command(msgspec.Struct, frozen=True, kw_only=True, rename="kebab", forbid_unknown_fields=True):
    """Base of every command. Objects are named by name or by uuid."""

    @classmethod
    def tag(cls) -> str:
        """Give the command's name in a change file: `CreateL2VlanNetwork` is `create-l2-vlan-network`."""
        return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "-", cls.__name__).lower()


class Creation(Command, frozen=True, kw_only=True):
    """Base of the commands that make an object, which may be given its uuid."""

    uuid: str = ""
