"""The words of the host's own nftables rules: which interfaces they may be about. What a rule does, it doesn't ask."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from immutables import Map

from backends.kvm import nft


OURS = "rewire"
"""How the names of our own tables begin."""
NAMES = frozenset({"comment", "name", "chain", "table", "family", "type", "hook", "policy", "dev"})
"""Where a word is no interface that a packet goes by."""


def look(namespace: str | None) -> Map[str, frozenset[str]]:
    """Give the words of each table that is not ours. O(all rules)."""
    if nft.program() is None:
        return Map()
    done = nft.run(namespace, ["-j", "list", "ruleset"])
    found: dict[str, set[str]] = {}
    for entry in json.loads(done.stdout or "{}").get("nftables", ()):
        for kind, body in entry.items():
            if kind in ("rule", "set", "map", "element") and not body["table"].startswith(OURS):
                found.setdefault(f"table {body['family']} {body['table']}", set()).update(words(body))
    return Map({table: frozenset(said) for table, said in found.items()})


def words(value: Any) -> Iterator[str]:
    """Walk all words in a value, but for those that name something else."""
    match value:
        case str():
            yield value
        case list():
            for each in value:
                yield from words(each)
        case dict():
            for key, each in value.items():
                if key not in NAMES:
                    yield from words(each)
        case _:
            pass
