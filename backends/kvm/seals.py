"""Whether a table of ours is as we left it: a seal says what the kernel showed right after it was loaded.

A kernel numbers what is in a table, and never gives a number twice: a rule, a chain or a set that somebody took away,
put in or put in place of another is seen by its number, and nothing needs to be understood. What can change in place is
taken as it is: what holds of the table and of its chains, and which elements sets have. The seal is a mark on a rule in
a chain of its own. A table that a run loaded and did not seal, since it was killed, is one that somebody changed.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

from backends.kvm import nft
from backends.kvm.tables import Tables


CHAIN = "sealed"
KEY = "seal"
SIZE = 8


def load(namespace: str | None, family: str, table: str, text: str, doing: str, *, free: Iterable[str] = ()) -> None:
    """Load a table, and seal it. The elements of sets whose names begin like some are nobody's business."""
    load_all(namespace, {family: table}, text, doing, free=free)


def load_all(namespace: str | None, every: dict[str, str], text: str, doing: str, *, free: Iterable[str] = ()) -> None:
    """Load tables in one transaction, and seal those that are there then."""
    nft.load(namespace, text, doing)
    seals = []
    for family, table in every.items():
        with Tables(namespace, family) as tables:
            if tables.comment(table) is not None:
                seals.append(seal(family, table, of(tables, table, free=free)))
    if seals:
        nft.load(namespace, "".join(seals), doing)


def seal(family: str, table: str, told: str) -> str:
    chain = f"{family} {table} {CHAIN}"
    return f'add chain {chain}\nadd rule {chain} return comment "{KEY}={told}"\n'


def is_whole(tables: Tables, table: str, *, free: Iterable[str] = ()) -> bool:
    """Tell whether a table is as it was when it was sealed."""
    told = [rule.removeprefix(f"{KEY}=") for rule in tables.rules(table, CHAIN)]
    return told == [of(tables, table, free=free)]


def of(tables: Tables, table: str, *, free: Iterable[str] = (), but: str = CHAIN) -> str:
    """Tell all that is in a table, but for one chain, from anything else. O(rules + elements)."""
    apart = tuple(free)
    told = hashlib.blake2b(tables.flags(table), digest_size=SIZE)
    for name, content in sorted(tables.chains(table).items()):
        if name != but:
            told.update(content)
    for chain, content in tables.contents(table):
        if chain != but:
            told.update(chain.encode() + content)
    for each in tables.sets(table):
        if not each.name.startswith(apart):
            told.update(each.name.encode() + each.number)
            if not each.is_fixed:
                told.update(b"".join(sorted(tables.elements(table, each.name))))
    return told.hexdigest()
