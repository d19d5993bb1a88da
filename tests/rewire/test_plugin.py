"""What the example plugin's README has to be typed works with the plugin installed."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.plugins import haproxy
from tests.rewire.conftest import Rewire


NETWORK = """
- create-zone: {name: z}
- create-l2-no-vlan-network: {name: plain, zone: z, physical-interface: eth0}
- create-l3-network: {name: front, l2: plain}
- add-ip-range-by-cidr: {l3: front, name: all, cidr: 10.0.0.0/24}
"""


@pytest.fixture(autouse=True)
def _installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for place in haproxy.lay_out(tmp_path):
        monkeypatch.syspath_prepend(place)


def block(begin: str) -> str:
    """Give the indented lines of the README from one that begins so to the next blank line that ends them."""
    text = (haproxy.SOURCE / "README.md").read_text()
    lines = text[text.index(f"    {begin}") :].splitlines()
    end = next(number for number, line in enumerate(lines) if line and not line.startswith("    "))
    return "\n".join(line[4:] for line in lines[:end])


def test_its_change_file_is_carried_out(rewire: Rewire, change: Callable[[str], str]) -> None:
    assert rewire("apply", change(NETWORK)).status == 0

    done = rewire("apply", change(block("- create-network")))

    assert [step["status"] for step in done.value] == ["ok", "ok", "ok"]


def test_its_listeners_are_understood(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "listeners.toml").write_text(block("[[listener]]"))
    monkeypatch.setenv(haproxy.LISTENERS, str(tmp_path / "listeners.toml"))

    (one,) = importlib.import_module("rewire_haproxy.listeners").read()

    assert (one.network, one.vip, one.port, one.target) == ("front", "shop", 80, 8080)
    assert one.members == ("web-1", "web-2")
