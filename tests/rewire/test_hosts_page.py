"""What the page on hosts has people install, type and expect is what the code has."""

from __future__ import annotations

import re
import shlex
import sqlite3
from pathlib import Path

import click

from backends.kvm import making, refusal, requests
from projections.plan import TUNNEL_PORT
from rewire.cli import cli
from tests.rewire.conftest import Rewire


ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "hosts.md").read_text()
LINES = [line.strip().partition(" # ")[0] for line in PAGE.splitlines() if line.startswith("    ")]


def test_what_tests_install_of_debian_is_what_the_page_names() -> None:
    named = set(re.findall(r"^\| `([a-z0-9-]+)` \|", PAGE, re.MULTILINE))

    assert named
    assert named <= set((ROOT / ".ci" / "packages").read_text().replace('"', " ").split())


def test_each_module_that_a_refusal_names_is_named() -> None:
    kinds = ("bridge", "vlan", "vxlan", "veth", "tun")

    assert {refusal.module(kind) for kind in kinds} <= set(re.findall(r"`([a-z0-9_]+)`", PAGE))


def test_a_guests_end_has_the_name_that_it_has() -> None:
    device = "nicfa163e000001"

    assert device in PAGE
    assert f"ip link set {making.guest_end(device)} netns guest" in LINES


def test_what_is_ours_carries_the_group_that_is_told() -> None:
    assert f"links of the group {requests.OURS}." in PAGE


def test_the_port_to_let_in_is_that_of_tunnels() -> None:
    assert f"UDP port {TUNNEL_PORT} " in PAGE


def test_each_call_of_rewire_is_understood() -> None:
    calls = [line.partition("rewire ")[2] for line in LINES if re.search(r"(^|ssh h2 )rewire ", line)]

    above = click.Context(cli, **cli.context_settings)

    assert calls
    for call in calls:
        name, *rest = shlex.split(re.sub(r"--store \S+ ", "", call))
        command = cli.get_command(above, name)
        assert command, name
        command.make_context(name, rest, parent=above)


def test_a_copy_made_as_is_said_is_the_store(network: Rewire, store: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy.db"
    with sqlite3.connect(store) as source, sqlite3.connect(copy) as target:
        source.backup(target)  # what `.backup` of the shell does

    plans = [network("--store", f"sqlite:{path}", "plan", "host-3").value for path in (store, copy)]

    assert '".backup ' in PAGE
    assert plans[0] == plans[1]
    assert network("--store", f"sqlite:{copy}", "verify").value["chain"] == "intact"
