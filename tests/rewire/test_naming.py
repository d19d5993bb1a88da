"""People read names, also of what was given none: no uuids, and no lists as Python writes them."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

from tests.rewire.conftest import EXAMPLES, Rewire


Change = Callable[[str], str]
UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}")
NAMELESS = """
- add-switch: { name: s1, zone: zone-1, ports: [p1, p2] }
- connect: { a: host-1:eth0, b: s1:p1 }
- create-security-group: { name: web }
- add-security-group-rule: { group: web, direction: ingress, protocol: TCP, ports: 80 }
"""


@pytest.fixture(autouse=True)
def wide(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have tables fit on a line."""
    monkeypatch.setenv("COLUMNS", "400")


@pytest.fixture
def routed(rewire: Rewire) -> Rewire:
    assert rewire("apply", str(EXAMPLES / "provider-change.yaml")).status == 0
    return rewire


def test_what_was_made_is_named_though_it_has_no_name(network: Rewire, change: Change) -> None:
    table = network("apply", "-o", "table", change(NAMELESS)).out

    assert [line.split()[3] for line in table.splitlines()[1:3]] == ["s1", "host-1:eth0-s1:p1"]
    assert "rule of web" in table
    assert not UUID.search(table)


def test_a_router_is_shown_by_the_name_of_its_network(routed: Rewire) -> None:
    (found,) = routed("show", "router").value
    home = next(l3["name"] for l3 in routed("show", "l3").value if l3["uuid"] == found["l3NetworkUuid"])

    assert routed("show", "router", home).value == found
    assert routed("show", "router", "none").status == 1


def test_a_history_names_routers(routed: Rewire) -> None:
    table = routed("history", "-o", "table", "--kind", "router.*").out

    assert "router of l3-guest" in table
    assert not UUID.search(table)


def test_a_history_lists_what_is_several(network: Rewire) -> None:
    hosts = network("history", "-o", "table", "--kind", "host.added").out

    assert "interfaces=eth0, eth1" in hosts
    assert "('" not in hosts


def test_what_would_be_done_to_a_group_s_members_names_the_group(rewire: Rewire, change: Change) -> None:
    rewire("apply", str(EXAMPLES / "security-groups.yaml"))
    created = "- create-vm: { name: web-3, networks: [l3-s], host: host-s2 }\n"
    wish = change(created + "- add-nic-to-security-group: { group: web, vm: web-3, l3: l3-s }")

    hosts = rewire("what-if", wish).value["hosts"]

    work = [line for host in hosts for line in host["change"]]
    assert any(re.fullmatch(r"add-member \S+ of web on br_\S+", line) for line in work), work
    assert not UUID.search(" ".join(work))
