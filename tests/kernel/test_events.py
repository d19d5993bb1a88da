"""News of a host is what may concern us: its links and addresses, our own tables, and not those of others."""

from __future__ import annotations

import select
from collections.abc import Iterator

import pytest

from backends.kvm import nft
from backends.kvm.events import Events
from tests.kernel.fabric import ip, one_host


pytestmark = pytest.mark.kernel("bridge", "nftables")

PATIENCE_S = 10.0


@pytest.fixture
def path() -> Iterator[str]:
    with one_host() as made:
        yield made


def is_news(events: Events) -> bool:
    assert select.select([events], [], [], PATIENCE_S)[0]
    return events.drain()


@pytest.mark.parametrize(
    "change",
    [
        "add table inet rewire_wall",
        "add element bridge rewire_dhcp outside { eth9 }",
        "flush chain bridge rewire_dhcp forward",
        "flush ruleset",
    ],
)
def test_a_change_of_one_of_our_tables_is_news(path: str, change: str) -> None:
    assert said_of(path, change)


@pytest.mark.parametrize(
    "change",
    ["add table inet theirs", "add element bridge theirs names { eth9 }", "delete table bridge theirs"],
)
def test_a_change_of_somebody_elses_table_is_none(path: str, change: str) -> None:
    assert not said_of(path, change)


def said_of(path: str, change: str) -> bool:
    """Change something in tables, and tell whether it is news."""
    for table in ("rewire_dhcp", "theirs"):
        sets = "set outside { type ifname; }; set names { type ifname; }"
        nft.load(path, f"table bridge {table} {{ {sets}; chain forward {{ accept; }}; }}\n", "preparing")
    with Events(path) as events:
        assert not select.select([events], [], [], 0)[0]
        nft.load(path, f"{change}\n", "changing")
        news = is_news(events)
        assert not select.select([events], [], [], 0)[0]
        return news


def test_a_link_or_an_address_is_news(path: str) -> None:
    with Events(path) as events:
        ip(path, "link add b0 type bridge")
        assert is_news(events)
        ip(path, "addr add 10.7.7.7/24 dev eth0")
        assert is_news(events)
