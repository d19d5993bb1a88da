"""The examples of network services, word for word: what is recorded, what hosts must do, who loses what."""

from __future__ import annotations

from typing import Any

from domain import claims
from domain.history import Recorded
from projections import blast, plan, problems
from projections.service_entries import Services
from tests.given import Case, named, names
from tests.test_examples import applied, shown


def told(case: Case, tag: str) -> list[str]:
    """Give the facts of the newest command that recorded one of this kind, claims left out."""
    facts = list(case.network.facts())
    command = [r.command for r in facts if r.fact.tag() == tag][-1]
    known = names(facts)
    return [line(r, known) for r in facts if r.command == command and not isinstance(r.fact, claims.FACTS)]


def line(recorded: Recorded, known: dict[str, str]) -> str:
    fact = named(recorded.fact, known)
    fields = " ".join(str(getattr(fact, f)) for f in fact.__struct_fields__)
    return f"{known.get(recorded.originator_id, '-')}: {fact.tag()} {fields}".strip()


def services(case: Case, host: str) -> Services:
    return plan.plan(case.topology, case.id("host", host)).services


def without_rules(item: dict[str, Any]) -> dict[str, Any]:
    return {k: v for k, v in item.items() if k != "rules"}


def test_a_provider_change_is_one_fact_and_what_follows() -> None:
    case = applied("provider-change.yaml")
    assert told(case, "l3.dhcp-server-address-assigned") == [
        "l3-guest: l3.service-provider-changed DHCP flat",
        "l3-guest: l3.dhcp-server-address-assigned 10.1.0.12 4",
    ]
    assert told(case, "l3.service-provider-changed") == ["l3-guest: l3.service-provider-changed EIP flat"]
    assert told(case, "router.moved") == ["host-p1: host.state-changed maintenance", "-: router.moved host-p2"]


def test_after_a_provider_change_hosts_and_router_share_the_work() -> None:
    case = applied("provider-change.yaml")
    first, second = services(case, "host-p1"), services(case, "host-p2")
    assert [(s.addresses, [lease.ips for lease in s.leases]) for s in first.dhcp] == [
        (("10.1.0.12",), [("10.1.0.10",)])
    ]
    assert [(e.vip, e.guest) for e in first.eips] == [("203.0.113.11", "10.1.0.10")]
    assert [(s.addresses, [lease.ips for lease in s.leases]) for s in second.dhcp] == [
        (("10.1.0.12",), [("10.1.0.11",)])
    ]
    assert [(f.vip, f.vip_ports, f.guest, f.private_ports) for f in second.forwardings] == [
        ("203.0.113.15", "2222", "10.1.0.11", "22")
    ]
    assert ([case.topology.name(one.l3) for one in second.routers], first.routers) == (["l3-guest"], ())


def test_after_a_provider_change_the_router_still_leads_out() -> None:
    case = applied("provider-change.yaml")
    (router,), (snat,) = services(case, "host-p2").routers, services(case, "host-p2").snat
    assert [(case.topology.name(leg.l3), leg.addresses) for leg in router.legs] == [
        ("l3-guest", ("10.1.0.1/24",)),
        ("l3-public", ("203.0.113.10/24", "203.0.113.15/32")),
    ]
    assert (router.gateway, snat.addresses) == ("203.0.113.1", ("203.0.113.10",))
    assert problems.problems(case.topology) == ()


def test_a_provider_change_costs_no_nic_a_service() -> None:
    case = applied("provider-change.yaml")
    changed = [r.position for r in case.network.facts() if r.fact.tag() == "l3.service-provider-changed"]
    before, after = case.at(changed[0] - 1), case.at(changed[-1])
    assert blast.compare(before, after).services == blast.Services((), ())


def test_an_l3_network_tells_whom_it_takes_its_services_from() -> None:
    case = applied("provider-change.yaml")
    taken = {item["name"]: item["networkServices"] for item in shown(case, "l3")}
    assert [(s["networkServiceType"], s["networkServiceProviderUuid"]) for s in taken["l3-guest"]] == [
        ("DHCP", "flat"),
        ("SNAT", "router"),
        ("EIP", "flat"),
        ("PortForwarding", "router"),
    ]
    assert [(v["name"], v["useFor"], v["serviceProviderUuids"]) for v in shown(case, "vip")] == [
        ("vip-web", ["EIP"], ["flat"]),
        ("vip-db", ["PortForwarding"], ["router"]),
    ]


def test_security_groups_end_with_two_tiers() -> None:
    case = applied("security-groups.yaml")
    assert [without_rules(item) for item in shown(case, "security-group")] == [
        {"name": "web", "attachedL3NetworkUuids": ["l3-s"], "vmNicUuids": ["web-1/l3-s"]},
        {"name": "data", "attachedL3NetworkUuids": ["l3-s"], "vmNicUuids": ["data-1/l3-s"]},
    ]
    assert [item["rules"] for item in shown(case, "security-group")] == [
        [
            {
                "type": "ingress",
                "protocol": "TCP",
                "startPort": 80,
                "endPort": 80,
                "remoteCidr": "",
                "remoteSecurityGroupUuid": "",
            },
            {
                "type": "ingress",
                "protocol": "TCP",
                "startPort": 443,
                "endPort": 443,
                "remoteCidr": "::/0",
                "remoteSecurityGroupUuid": "",
            },
        ],
        [
            {
                "type": "ingress",
                "protocol": "TCP",
                "startPort": 5432,
                "endPort": 5432,
                "remoteCidr": "",
                "remoteSecurityGroupUuid": "web",
            },
        ],
    ]


def test_a_host_knows_the_members_of_the_groups_it_guards_with() -> None:
    case = applied("security-groups.yaml")
    guards = {case.topology.name(g.group): (len(g.ports), g.members) for g in services(case, "host-s1").guards}
    assert guards == {"web": (1, ("10.2.0.10",)), "data": (1, ("10.2.0.12",))}
    assert services(case, "host-s2").guards == ()


def test_a_nic_leaves_its_group_in_the_command_that_destroys_its_vm() -> None:
    case = applied("security-groups.yaml")
    assert "web: security-group.nic-removed web-2/l3-s" in told(case, "security-group.nic-removed")
    assert told(case, "security-group.nic-removed")[0] == "web-2: vm.destroyed"
