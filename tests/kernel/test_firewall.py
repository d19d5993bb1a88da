"""A host whose firewall goes by the names of interfaces keeps its way in when a bridge takes one of them over."""

from __future__ import annotations

import subprocess

import pytest

from backends.kvm.host import Host
from backends.kvm.namespace import inside
from tests.kernel.fabric import one_host, plan_of, tunnelled, untagged


pytestmark = pytest.mark.kernel("bridge", "tap", "veth", "vxlan", "nftables")

WAY_IN = """table inet filter {
 set trusted { type ifname; elements = { %s } }
 chain input { type filter hook input priority 0; policy drop; iifname @trusted accept; }
}"""
WILD = 'table ip filter { chain input { type filter hook input priority 0; iifname "eth*" accept; }\n}'
UNRELATED = 'table inet nat { chain eth0 { comment "eth0"; oifname "wlan0" accept comment "not eth0"; }\n}'


def load(path: str, text: str) -> None:
    with inside(path):
        subprocess.run(["nft", "-f", "-"], input=text, text=True, check=True)


@pytest.mark.parametrize(
    ("rules", "table"), [(WAY_IN % "eth0", "table inet filter"), (WILD, "table ip filter")], ids=["set", "wildcard"]
)
def test_a_bridge_takes_no_interface_over_that_the_firewall_knows_by_name(rules: str, table: str) -> None:
    with one_host() as path, Host(path) as host:
        load(path, rules)
        plan = plan_of(untagged(), tunnelled())
        before = host.look()

        assert [(o.name, o.l2, o.foreign) for o in host.check(plan).obstacles] == [("eth0", "l2-eth0", True)]
        (told,) = host.realize(plan).obstacles
        assert told.why.startswith(f"the host's firewall ({table}) has rules for eth0 and none for br_eth0")
        after = host.look()
        assert (after.addresses, after.routes) == (before.addresses, before.routes)
        assert "br_eth0" not in after.links
        assert "br_vx_9" in after.links

        load(path, f"flush ruleset; {WAY_IN % 'eth0, br_eth0'}")
        assert not host.realize(plan).obstacles
        assert host.look().links["eth0"].bridge == "br_eth0"
        load(path, f"flush ruleset; {rules}")
        assert not host.check(plan).obstacles


def test_a_firewall_that_does_not_speak_of_the_interface_is_in_nobodys_way() -> None:
    with one_host() as path, Host(path) as host:
        load(path, UNRELATED)
        assert not host.realize(untagged()).obstacles
