"""The base of all operations: what a host does in one step."""

from __future__ import annotations

import msgspec


class Operation(msgspec.Struct, frozen=True, tag_field="do"):
    """Base of the steps."""
