"""Whatever is asked of a network is answered at every position, amid a command's facts too.

A cascade takes things away one by one, so that there are positions at which a use is there yet and its user gone, or a
binding and its NIC gone.
"""

from __future__ import annotations

import pytest
from hypothesis import given as property_of

from domain import commands as c
from domain import host, l3
from domain.commands import Command
from projections import inventory
from projections.domains import Level, domains
from projections.enjoyed import enjoyed
from projections.placement import place
from projections.plan import plan
from projections.problems import problems
from projections.takers import takers
from projections.topology import Topology
from rewire.commands.addresses import told
from tests.builders import (
    a_cidr,
    a_cluster,
    a_host,
    a_pool,
    a_switch,
    a_vlan,
    a_vm,
    a_vni_range,
    a_vxlan,
    an_l3,
    attach,
    attach_pool,
    connect,
    destroy,
    detach,
    drifted,
    realized,
    trunk,
)
from tests.domain.test_deletion import (
    ENFORCING,
    delete_cluster,
    delete_host,
    delete_l2,
    delete_l3,
    delete_vnis,
    delete_zone,
)
from tests.given import Case, given
from tests.service_builders import (
    ROUTED,
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
)
from tests.strategies import cases, wired_cases


POOLED = (
    *(a_pool(), a_vni_range(), attach_pool(), attach_pool("c2"), a_vxlan("x"), a_vxlan("y")),
    *(an_l3("x3", l2="x"), a_cidr("10.7.0.0/24", l3="x3")),
)
CABLED = (
    *(
        a_cluster("c3"),
        a_host("h3", cluster="c3", interfaces=("bond0=e0+e1", "eth0.5")),
        a_vlan("vb", interface="bond0", vlan=30),
        attach("vb", "c3"),
    ),
    *(a_switch("s1"), connect("h1:eth0", "s1:1"), connect("h2:eth0", "s1:2"), connect("h3:e1", "s1:3")),
    *(trunk(f"s1:{port}") for port in (1, 2, 3)),
)
SERVING = (
    *(serve(flat=("DHCP", "DNS"), sg=("SecurityGroup",)), a_group(), on_l3(), allow()),
    *(a_vm("vm", "l3", "x3", host="h1"), a_vm("two", host="h2"), join(), join(vm="two")),
    *(a_vip(), an_eip(), attach_eip(), a_vip("web"), a_rule(vip="web", vm="two")),
    *(a_vip("inside", l3="l3"), an_eip("unused", vip="inside")),
)
RICH = (*ROUTED, *POOLED, *CABLED, *SERVING, realized(), drifted(), realized(host="h2"))
ENDS: dict[str, tuple[Command, ...]] = {
    "vip with an EIP": (c.DeleteVip(vip="vip"),),
    "vip with a rule": (c.DeleteVip(vip="web"),),
    "eip": (c.DeleteEip(eip="e"),),
    "vm with an EIP": (destroy(),),
    "vm with a rule": (destroy("two"),),
    "nic with an EIP": (c.DetachL3NetworkFromVm(vm="vm", l3="l3"),),
    "range": (c.DeleteIpRange(l3="l3", name="low", mode="enforcing"),),
    "public range": (c.DeleteIpRange(l3="public", name="all", mode="enforcing"),),
    "l3": (delete_l3(mode=ENFORCING),),
    "public l3": (delete_l3("public", ENFORCING),),
    "l2": (delete_l2(mode=ENFORCING),),
    "public l2": (delete_l2("pub", ENFORCING),),
    "pool": (delete_l2("pool", ENFORCING),),
    "vni range": (delete_vnis(mode=ENFORCING),),
    "attachment": (detach("v10"), detach("pub"), detach("v10", "c2")),
    "host": (delete_host(mode=ENFORCING), delete_host("h2", ENFORCING), delete_host("h3", ENFORCING)),
    "maintenance": (c.SetHostState(host="h1", state="maintenance"), c.SetHostState(host="h2", state="maintenance")),
    "cluster": (delete_cluster(mode=ENFORCING), delete_cluster("c2", ENFORCING), delete_cluster("c3", ENFORCING)),
    "zone": (delete_zone(mode=ENFORCING),),
    "group": (destroy(), destroy("two"), c.DeleteSecurityGroup(group="g")),
    "provider": (a_provider("other"), hand_over("DHCP", "other")),
}
"""How what is there may end."""
LEVELS: tuple[Level, ...] = ("intended", "realized", "observed")


def answer_all(now: Topology) -> None:
    """Ask everything that a reading command asks, and read the answer to its end."""
    for kind in inventory.KINDS.values():
        assert all(now.name(entry["uuid"]) for entry in kind(now))
    for level in LEVELS:
        assert all(found.l2 for found in domains(now, level))
    assert all(problem.because for problem in problems(now))
    assert all(enjoyed(now))
    for uuid, _ in now.every(host.Host):
        assert plan(now, uuid).host == uuid
    for uuid, subnet in now.every(l3.L3Network):
        assert told(now, uuid, [4, 6], 3)
        assert all(taker.because for taker in takers(now, uuid))
        found = place(now, [subnet.l2])
        assert len(found.hosts) + len(found.excluded) == len(list(now.every(host.Host)))


def answer_everywhere(case: Case, since: int) -> None:
    for position in range(since, case.network.position() + 1):
        answer_all(case.at(position))


@pytest.mark.parametrize("commands", ENDS.values(), ids=ENDS)
def test_all_is_answered_amid_every_end(commands: tuple[Command, ...]) -> None:
    case = given(*RICH)
    before = case.network.position()
    answer_everywhere(case.do(*commands), before)


def test_all_is_answered_on_the_way_there() -> None:
    answer_everywhere(given(*RICH), 0)


@property_of(cases() | wired_cases())
def test_all_is_answered_amid_any_history(case: Case) -> None:
    answer_everywhere(case, 0)
