"""Who uses what is kept step by step; what a host must do for services follows from it."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given as hypothesis_given
from hypothesis import strategies as st

from domain import commands as c
from domain import devices, eip, l3, router, vip
from domain.commands import Command
from projections import blast, inventory, plan
from projections.enjoyed import enjoyed
from projections.service_entries import (
    DhcpServer,
    DnsServer,
    Eip,
    Filter,
    Forwarding,
    Guard,
    Lease,
    Leg,
    Router,
    Services,
    Snat,
)
from tests.builders import (
    A_POOL,
    a_cidr,
    a_host_state,
    a_range,
    a_vm,
    a_vxlan,
    an_l3,
    attach,
    destroy,
    detach,
    migrate,
    start,
    stop,
)
from tests.given import Case, given
from tests.machines import invariants, remains
from tests.service_builders import (
    A_PUBLIC_SUBNET,
    A_ROUTER,
    A_WAY_OUT,
    PROVIDERS,
    ROUTED,
    SERVED,
    a_group,
    a_provider,
    a_rule,
    a_vip,
    allow,
    an_eip,
    attach_eip,
    hand_over,
    join,
    on_l3,
    serve,
    unserve,
)


def planned(case: Case, host: str = "h1") -> Services:
    """Give what a host does for services, with names for uuids, without chance and positions."""
    found: Services = readable(case, plan.plan(case.topology, case.id("host", host)).services)
    return found


def readable(case: Case, value: Any) -> Any:
    """Write names for uuids, all the way down; leave out positions and what is drawn by chance."""
    if isinstance(value, msgspec.Struct):
        fields = {f: readable(case, getattr(value, f)) for f in value.__struct_fields__}
        blank = {k: type(v)() for k, v in fields.items() if k in {"because", "mac"}}
        return type(value)(**fields | blank)
    if isinstance(value, tuple):
        return tuple(readable(case, item) for item in value)
    return chosen(case).get(value) or case.topology.name(value) if isinstance(value, str) else value


def chosen(case: Case) -> dict[str, str]:
    """Give what to write for what is made of chance: devices of NICs, and virtual routers with their namespaces."""
    now = case.topology
    known = {nic.device: now.name(nic.uuid) for nic in now.nics.all.values()}
    for uuid, state in now.every(router.Router):
        known[uuid] = f"router of {now.name(state.l3)}"
        known[devices.namespace(uuid)] = f"namespace of {now.name(state.l3)}"
        known |= {nic.device: f"router of {now.name(state.l3)}/{now.name(nic.l3)}" for nic in state.nics}
    return known


def a_dhcp_server(*leases: Lease, addresses: tuple[str, ...] = ("192.168.0.10",), namespace: str = "") -> DhcpServer:
    return DhcpServer(
        l3="l3",
        bridge="br_eth0_10",
        addresses=addresses,
        gateways=("192.168.0.1",),
        networks=("192.168.0.0/24",),
        dns=(),
        routes=(),
        domain="",
        address_mode="",
        mtu=0,
        leases=leases,
        namespace=namespace,
        because=(),
    )


def a_dns_server(*names: tuple[str, tuple[str, ...]], forwards: tuple[str, ...] = ()) -> DnsServer:
    return DnsServer(
        l3="l3",
        bridge="br_eth0_10",
        addresses=("192.168.0.10",),
        networks=("192.168.0.0/24",),
        domain="",
        names=names,
        forwards=forwards,
        namespace="",
        because=(),
    )


def a_lease(nic: str, ip: str, *, default: bool = True) -> Lease:
    return Lease(nic, "", (ip,), default, nic.partition("/")[0])


# in the hosts


@pytest.mark.parametrize(("asked", "told"), [(0, 1450), (1400, 1400), (9000, 9000)])
def test_guests_in_a_tunnel_are_told_what_it_leaves_unless_the_network_says_another(asked: int, told: int) -> None:
    case = given(*A_POOL, a_vxlan(), an_l3(l2="x", mtu=asked), a_range(), a_provider(), serve(flat=("DHCP",)), a_vm())
    servers = [server for host in ("h1", "h2") for server in planned(case, host).dhcp]
    assert [server.mtu for server in servers] == [told]


def test_each_host_serves_the_nics_that_run_there() -> None:
    case = given(*A_PUBLIC_SUBNET, *PROVIDERS, serve(flat=("DHCP", "DNS")), a_vm("a", host="h1"), a_vm("b", host="h2"))
    case.do(a_vm("idle", host="h1"), stop("idle"), c.AddDns(l3="l3", address="9.9.9.9"))
    server = msgspec.structs.replace(a_dhcp_server(a_lease("a/l3", "192.168.0.11")), dns=("9.9.9.9",))
    everybody = (("a", ("192.168.0.11",)), ("b", ("192.168.0.12",)), ("idle", ("192.168.0.13",)))
    assert planned(case) == Services(dhcp=(server,), dns=(a_dns_server(*everybody, forwards=("9.9.9.9",)),))
    other = msgspec.structs.replace(server, leases=(a_lease("b/l3", "192.168.0.12"),))
    assert planned(case, "h2").dhcp == (other,)


def test_a_host_without_nics_of_a_network_serves_it_nothing() -> None:
    case = given(*SERVED, a_vm(host="h1"))
    assert planned(case, "h2") == Services()
    assert planned(case.do(migrate(host="h2"))) == Services()


def test_only_a_vms_first_nic_is_its_default() -> None:
    case = given(*A_PUBLIC_SUBNET, a_provider(), serve(flat=("DHCP",)), a_vm("vm", "public", "l3", host="h1"))
    assert planned(case).dhcp == (a_dhcp_server(a_lease("vm/l3", "192.168.0.11", default=False)),)


def test_an_eip_is_translated_where_its_nic_runs() -> None:
    case = given(*SERVED, a_vm(host="h1"), a_vip(), an_eip(), attach_eip())
    found = Eip("e", "10.9.0.2", "192.168.0.11", "vm/l3", "br_eth0_20", "br_eth0_10", "", "", ())
    assert planned(case).eips == (found,)
    case.do(migrate(host="h2"))
    assert planned(case).eips == ()
    assert planned(case, "h2").eips == (found,)
    case.do(c.DetachEip(eip="e"))
    assert planned(case, "h2").eips == ()


def test_an_entry_names_the_facts_it_rests_on() -> None:
    case = given(*SERVED, a_vm(host="h1"), a_vip(), an_eip(), attach_eip())
    (found,) = plan.plan(case.topology, case.id("host", "h1")).services.eips
    facts = {r.position: r.fact for r in case.network.facts()}
    kinds = [l3.ServiceAttached, vip.Created, eip.Attached]
    assert [type(facts[p]) for p in found.because] == kinds


# in a router


def test_a_routers_host_serves_all_of_its_network() -> None:
    case = given(*A_PUBLIC_SUBNET, *PROVIDERS, serve(vr=("DHCP", "SNAT")), a_vm("a", host="h1"), a_vm("b", host="h2"))
    leases = a_lease("a/l3", "192.168.0.10"), a_lease("b/l3", "192.168.0.11")
    leg = Leg(
        l3="l3",
        device="router of l3/l3",
        mac="",
        bridge="br_eth0_10",
        addresses=("192.168.0.1/24",),
        networks=("192.168.0.0/24",),
        mtu=0,
        public=False,
        because=(),
    )
    found = Router("router of l3", "l3", "namespace of l3", (leg,), "", "", ())
    assert planned(case) == Services(
        routers=(found,),
        dhcp=(a_dhcp_server(*leases, addresses=("192.168.0.1",), namespace="namespace of l3"),),
        snat=(Snat("l3", "br_eth0_10", (), (), "", "namespace of l3", ()),),
    )
    assert planned(case, "h2") == Services()
    assert planned(case.do(a_host_state("disabled"))).routers == (found,)
    assert planned(case.do(a_host_state("maintenance")), "h2").routers == (found,)


def test_ports_are_forwarded_by_the_router() -> None:
    case = given(*ROUTED, a_vm(host="h2"), a_vip(), a_rule("r", "80-81", "8080-8081", vm="vm", allowed="10.0.0.0/8"))
    rule = Forwarding(
        rule="r",
        protocol="TCP",
        vip="10.9.0.2",
        vip_ports="80-81",
        guest="192.168.0.10",
        private_ports="8080-8081",
        allowed_cidr="10.0.0.0/8",
        vip_bridge="br_eth0_20",
        bridge="br_eth0_10",
        vip_device="router of l3/public",
        namespace="namespace of l3",
        because=(),
    )
    assert planned(case).forwardings == (rule,)
    assert planned(case, "h2").forwardings == ()


def test_a_router_needs_its_networks_where_no_vm_does() -> None:
    made = (*A_POOL, a_vxlan("x", realize="vm"), an_l3("l3", l2="x"), a_cidr("192.168.0.0/24"), A_ROUTER)
    case = given(*made, serve(vr=("SNAT",)))
    found = plan.plan(case.topology, case.id("host", "h1"))
    assert [bridge.name for bridge in found.bridges] == ["br_vx_100"]
    case.do(a_vm(host="h2"))
    (tunnel,) = plan.plan(case.topology, case.id("host", "h2")).tunnels
    assert tunnel.peers == ("10.0.0.1",)


# filters


def test_a_group_is_kept_where_its_nics_run_with_all_its_members() -> None:
    case = given(*SERVED, a_vm("a", host="h1"), a_vm("b", host="h2"), a_group(), on_l3(), join(vm="a"), join(vm="b"))
    case.do(a_group("admins"), allow(ports=22, remote="admins"), allow("egress", "ALL", cidr="0.0.0.0/0"))
    filters = (
        Filter("ingress", "ALL", "", "", "g"),
        Filter("ingress", "TCP", "22-22", "", "admins"),
        Filter("egress", "ALL", "", "0.0.0.0/0", ""),
    )
    both = ("192.168.0.11", "192.168.0.12")
    admins = Guard("admins", "br_eth0_10", (), (), (Filter("ingress", "ALL", "", "", "admins"),), ())
    assert planned(case).guards == (Guard("g", "br_eth0_10", ("a/l3",), both, filters, ()), admins)
    assert planned(case, "h2").guards[0] == Guard("g", "br_eth0_10", ("b/l3",), both, filters, ())


def test_a_host_without_members_keeps_no_group() -> None:
    case = given(*SERVED, a_vm(host="h1"), a_group(), on_l3(), join(), stop())
    assert planned(case) == Services()


# who has what


def test_services_that_nics_lose_and_gain_are_named() -> None:
    served = serve(flat=("DHCP", "DNS", "EIP"), vr=("SNAT",))
    case = given(*A_WAY_OUT, served, a_vm(host="h1"), a_vip(), an_eip())
    before = case.topology
    assert enjoyed(before) == {"vm/l3: DHCP", "vm/l3: DNS", "vm/l3: SNAT"}
    case.do(attach_eip(), unserve(flat=("DNS",)))
    assert blast.compare(before, case.topology).services == blast.Services(("vm/l3: DNS",), ("vm/l3: EIP",))
    case.do(hand_over("DHCP", "vr"))
    between = case.topology
    case.do(unserve(vr=("DHCP", "SNAT")))
    lost = ("vm/l3: DHCP", "vm/l3: SNAT")
    assert blast.compare(between, case.topology).services == blast.Services(lost, ())


def test_an_eip_works_where_its_network_is() -> None:
    case = given(*SERVED, a_vm(host="h1"), a_vip(), an_eip(), attach_eip())
    before = case.topology
    assert len(planned(case).eips) == 1
    case.do(detach("pub", "c1"))
    assert planned(case).eips == ()
    assert blast.compare(before, case.topology).services == blast.Services(("vm/l3: EIP",), ())


# inventories


def test_inventories_say_what_leads_where() -> None:
    case = given(*ROUTED, a_vm(host="h1"), a_vip(), a_rule("r", 80, 8080, vm="vm"))
    (address,) = inventory.KINDS["vip"](case.topology)
    vr = case.id("provider", "vr")
    assert (address["useFor"], address["serviceProviderUuids"]) == (["PortForwarding"], [vr])
    (rule,) = inventory.KINDS["port-forwarding"](case.topology)
    assert (rule["vipIp"], rule["guestIp"], rule["privatePortStart"]) == ("10.9.0.2", "192.168.0.10", 8080)
    (home,) = inventory.KINDS["router"](case.topology)
    assert home["networkServiceTypes"] == ["SNAT", "EIP", "PortForwarding"]


# step by step


def test_what_leaves_is_no_longer_used() -> None:
    case = given(*SERVED, a_vm(), a_group(), on_l3(), join(), a_vip(), an_eip(), attach_eip())
    (nic,) = case.topology.nics.all
    assert set(case.topology.services.users[nic]) == {case.id("security-group", "g"), case.id("eip", "e")}
    case.do(c.RemoveNicFromSecurityGroup(group="g", vm="vm", l3="l3"))
    assert set(case.topology.services.users[nic]) == {case.id("eip", "e")}
    case.do(c.DetachEip(eip="e"), c.DetachNetworkServiceProviderFromL2Network(provider="vr", l2="v10"))
    assert nic not in case.topology.services.users
    left = {case.topology.name(p) for p in case.topology.services.users[case.id("l2", "v10")]}
    assert left == {"flat", "sg"}


WORLD: tuple[Command, ...] = (
    *A_PUBLIC_SUBNET,
    *PROVIDERS,
    serve(flat=("DHCP", "EIP"), vr=("SNAT", "PortForwarding"), sg=("SecurityGroup",)),
    a_vm("a", host="h1"),
    a_vm("b", host="h2"),
    a_vip(),
    an_eip(),
    a_vip("shared"),
    a_rule(vip="shared"),
    a_group(),
    on_l3(),
    a_group("h"),
    on_l3("h"),
)
VMS, GROUPS, HOSTS = st.sampled_from(["a", "b"]), st.sampled_from(["g", "h"]), st.sampled_from(["h1", "h2"])
SERVICES = st.sampled_from(["DHCP", "DNS", "SNAT", "EIP", "PortForwarding"])
PROVIDER_NAMES = st.sampled_from(["flat", "vr"])
BINDING: st.SearchStrategy[Command] = st.one_of(
    st.builds(lambda vm: attach_eip(vm=vm), VMS),
    st.just(c.DetachEip(eip="e")),
    st.builds(lambda vm: c.AttachPortForwardingRule(rule="r", vm=vm, l3="l3"), VMS),
    st.just(c.DetachPortForwardingRule(rule="r")),
    st.builds(lambda group, vm: join(group, vm=vm), GROUPS, VMS),
    st.builds(lambda group, vm: c.RemoveNicFromSecurityGroup(group=group, vm=vm, l3="l3"), GROUPS, VMS),
    st.builds(lambda g, port, other: allow(group=g, ports=port, remote=other), GROUPS, st.integers(1, 3), GROUPS),
)
SERVING: st.SearchStrategy[Command] = st.one_of(
    st.builds(lambda p, s: serve("l3", **{p: (s,)}), PROVIDER_NAMES, SERVICES),
    st.builds(lambda p, s: unserve("l3", **{p: (s,)}), PROVIDER_NAMES, SERVICES),
    st.builds(lambda p, s: hand_over(s, p), PROVIDER_NAMES, SERVICES),
)
MOVING: st.SearchStrategy[Command] = st.one_of(
    st.builds(lambda name, host: a_vm(name, host=host), VMS, HOSTS),
    st.builds(destroy, VMS),
    st.builds(stop, VMS),
    st.builds(start, VMS),
    st.builds(migrate, VMS),
    st.builds(a_host_state, st.sampled_from(["enabled", "disabled"]), host=HOSTS),
    st.builds(attach, st.sampled_from(["v10", "pub"]), st.sampled_from(["c1", "c2"])),
    st.builds(detach, st.sampled_from(["v10", "pub"]), st.sampled_from(["c1", "c2"])),
)
ENDING: st.SearchStrategy[Command] = st.sampled_from(
    [
        c.DeleteEip(eip="e"),
        c.DeletePortForwardingRule(rule="r"),
        c.DeleteVip(vip="vip"),
        c.DeleteVip(vip="shared"),
        c.DetachSecurityGroupFromL3Network(group="g", l3="l3"),
        c.DeleteSecurityGroup(group="h"),
        c.DeleteL3Network(l3="public", mode="enforcing"),
        c.DeleteL3Network(l3="l3", mode="enforcing"),
    ]
)


def scripts() -> st.SearchStrategy[list[Command]]:
    """Draw commands on a furnished world; what ends something comes last, or little would be left to bind."""
    living = st.lists(BINDING | SERVING | MOVING, min_size=4, max_size=30)
    return st.builds(lambda before, after: [*before, *after], living, st.lists(ENDING, max_size=4))


@hypothesis_given(scripts())
def test_whatever_services_go_through_all_that_holds_of_a_history_holds(script: list[Command]) -> None:
    case = given(*WORLD)
    for command in script:
        case.when(command)
    invariants.check(case.network, case.topology)
    remains.check(case.network, case.topology)
