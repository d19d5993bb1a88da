"""A short digest of a struct: what is stored beside a thing that can't be read back, to tell whether it is still meant.

Of the struct and not of the text that a backend makes of it, so that a plan and a look are compared without either.
"""

from __future__ import annotations

import hashlib
from typing import Any

import msgspec


SIZE = 8


def digest(value: Any) -> str:
    """Give 16 hexadecimal digits for a struct, or for a tuple of them."""
    return hashlib.blake2b(msgspec.json.encode(value), digest_size=SIZE).hexdigest()


def named(prefix: str, *subjects: str, length: int = 15) -> str:
    """Give a device's or a namespace's name out of what it is for: a prefix, and digits up to the length.

    15 bytes are what a kernel allows. Two of one host meet by chance only: with 500 of them, once in a billion hosts
    for a prefix of three.
    """
    return prefix + hashlib.blake2b("/".join(subjects).encode()).hexdigest()[: length - len(prefix)]
