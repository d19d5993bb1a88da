"""What may go from NIC to NIC is all in the plan: a reader that only carries it out comes to the decided answer."""

from __future__ import annotations

import ipaddress
from typing import NamedTuple

import pytest

from domain import commands as c
from domain import l3, security_group, vm
from domain.commands import Command
from projections import inventory, plan, verdict
from projections.service_entries import Filter, Services, Shield
from tests.builders import a_vm, stop
from tests.given import Case, given
from tests.service_builders import SERVED, a_group, allow, join, on_l3


RULE = "00000000-0000-4000-8000-000000000001"
TWO_TIERS = (
    *SERVED,
    *(a_vm(name, host="h1") for name in ("web", "data", "stranger")),
    *(command for name in ("webs", "datas") for command in (a_group(name), on_l3(name))),
    join("webs", vm="web"),
    join("datas", vm="data"),
)
"""VMs web, data and stranger, the first two in groups webs and datas, all on h1."""


def services(case: Case) -> Services:
    return plan.plan(case.topology, case.id("host", "h1")).services


def shields(case: Case) -> dict[str, Shield]:
    return {case.topology.name(found.nic): found for found in services(case).shields}


def policies(case: Case, vm: str = "web") -> tuple[str, str]:
    found = shields(case)[f"{vm}/l3"]
    return found.ingress, found.egress


def opens(case: Case, sender: str, receiver: str, port: int, protocol: str = "TCP") -> bool:
    """Carry the plan out: tell whether one VM may open a connection to another."""
    ips = {name: nic.ip for nic in case.topology.nics.all.values() for name in [case.topology.name(nic.vm)]}
    out = passes(case, sender, "egress", Packet(ips[receiver], protocol, port))
    return out and passes(case, receiver, "ingress", Packet(ips[sender], protocol, port))


class Packet(NamedTuple):
    """One of a new connection, with the address at its other end."""

    other: str
    protocol: str
    port: int


def passes(case: Case, vm: str, direction: str, packet: Packet) -> bool:
    found = shields(case).get(f"{vm}/l3")
    if found is None or getattr(found, direction) == "open":
        return True
    guards = {guard.group: guard for guard in services(case).guards}
    filters = [f for group in found.groups for f in guards[group].filters if f.direction == direction]
    members = {group: guard.members for group, guard in guards.items()}
    return any(fits(f, members, packet) for f in filters)


def fits(one: Filter, members: dict[str, tuple[str, ...]], packet: Packet) -> bool:
    address = ipaddress.ip_address(packet.other)
    first, _, last = one.ports.partition("-")
    return (
        one.protocol in {"ALL", packet.protocol}
        and (not one.ports or int(first) <= packet.port <= int(last))
        and (not one.remote_group or packet.other in members[one.remote_group])
        and (not one.remote_cidr or address in ipaddress.ip_network(one.remote_cidr))
    )


def test_a_nic_in_no_group_is_open_both_ways_and_sends_only_as_itself() -> None:
    case = given(*TWO_TIERS)
    assert sorted(shields(case)) == ["data/l3", "stranger/l3", "web/l3"]
    assert policies(case, "stranger") == ("open", "open")
    found = verdict.Judge(plan.plan(case.topology, case.id("host", "h1")).filters)
    ends = {case.topology.name(nic.vm): nic for nic in case.topology.nics.all.values()}
    stranger, web = ends["stranger"], ends["web"]
    for src, allowed in ((stranger.ip, True), (ends["data"].ip, False)):
        sent = verdict.Probe(source=stranger.device, src=src, dst=web.ip, protocol="ARP")
        assert found.verdict(sent).allowed == allowed
    assert sorted(shields(case.do(stop("web")))) == ["data/l3", "stranger/l3"]


def test_a_member_is_closed_to_others_and_may_send_to_all() -> None:
    case = given(*TWO_TIERS)
    assert policies(case) == ("closed", "open")
    assert opens(case, "web", "stranger", 80)
    assert not opens(case, "stranger", "web", 80)
    assert not opens(case, "data", "web", 80)


def test_members_of_one_group_get_in_to_one_another() -> None:
    case = given(*TWO_TIERS, join("webs", vm="data"))
    assert opens(case, "web", "data", 80)
    assert opens(case, "data", "web", 80)
    assert not opens(case, "stranger", "data", 80)


def test_an_ingress_rule_opens_what_it_says_and_closes_no_way_out() -> None:
    case = given(*TWO_TIERS, allow(group="datas", ports=5432, remote="webs"))
    assert opens(case, "web", "data", 5432)
    assert not opens(case, "web", "data", 5433)
    assert not opens(case, "stranger", "data", 5432)
    assert policies(case, "data") == ("closed", "open")


def test_the_first_egress_rule_closes_all_other_ways_out_and_the_end_of_the_last_opens_them() -> None:
    case = given(*TWO_TIERS, allow("egress", group="webs", ports=80, uuid=RULE))
    assert policies(case) == ("closed", "closed")
    assert opens(case, "web", "stranger", 80)
    assert not opens(case, "web", "stranger", 81)
    assert not opens(case, "web", "stranger", 80, "UDP")
    case.do(c.DeleteSecurityGroupRule(group="webs", rule=RULE))
    assert policies(case) == ("closed", "open")
    assert opens(case, "web", "stranger", 81)


def test_an_egress_rule_of_any_of_its_groups_closes_a_nic() -> None:
    case = given(*TWO_TIERS, allow("egress", group="datas", remote="webs"))
    assert policies(case) == ("closed", "open")
    case.do(join("datas", vm="web"))
    assert policies(case) == ("closed", "closed")
    assert [case.topology.name(group) for group in shields(case)["web/l3"].groups] == ["webs", "datas"]
    assert opens(case, "data", "web", 80)
    assert not opens(case, "web", "stranger", 80)


def test_a_closed_member_sends_to_its_own_group_by_a_rule_only() -> None:
    case = given(*TWO_TIERS, join("webs", vm="data"), allow("egress", group="webs", protocol="ICMP"))
    assert not opens(case, "web", "data", 80)
    assert opens(case.do(allow("egress", "ALL", group="webs", remote="webs")), "web", "data", 80)


def test_a_shield_names_what_put_it_there_and_what_closed_it() -> None:
    case = given(*TWO_TIERS, allow(group="webs", ports=80), allow("egress", group="webs", cidr="10.0.0.0/8"))
    facts = {r.position: r.fact for r in case.network.facts()}
    found = [facts[position] for position in shields(case)["web/l3"].because]
    kinds = [l3.ServiceAttached, vm.NicAttached, security_group.NicAdded, security_group.RuleAdded]
    assert [type(fact) for fact in found] == kinds
    assert isinstance(found[-1], security_group.RuleAdded)
    assert found[-1].direction == "egress"


def test_a_shield_knows_its_nic() -> None:
    case = given(*TWO_TIERS)
    nic = next(nic for nic in case.topology.nics.all.values() if case.topology.name(nic.vm) == "web")
    found = shields(case)["web/l3"]
    assert (found.device, found.mac, found.ips) == (nic.device, nic.mac, (nic.ip,))


@pytest.mark.parametrize(
    ("command", "ports"),
    [
        (allow(), (None, None)),
        (allow(protocol="ICMP"), (None, None)),
        (allow(ports=80), (80, 80)),
        (allow(protocol="UDP", ports="1-2"), (1, 2)),
    ],
)
def test_an_inventory_gives_ports_only_where_a_rule_has_some(
    command: Command, ports: tuple[int | None, int | None]
) -> None:
    (group,) = inventory.KINDS["security-group"](given(a_group(), command).topology)
    (rule,) = group["rules"]
    assert (rule["startPort"], rule["endPort"]) == ports
