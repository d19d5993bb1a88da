"""An EIP that hosts do goes off where the L2 network of its VIP does."""

from __future__ import annotations

from domain import eip, l2
from tests.builders import a_vm, detach
from tests.given import given
from tests.machines import invariants
from tests.service_builders import SERVED, a_vip, an_eip, attach_eip


def test_an_eip_that_hosts_do_is_detached_where_its_vip_loses_the_network() -> None:
    case = given(*SERVED, a_vm(host="h1"), a_vip(), an_eip(), attach_eip())
    case.when(detach("pub", "c1")).then(l2.DetachedFromCluster("c1"), eip.Detached())
    invariants.check(case.network, case.topology)


def test_it_stays_where_the_network_goes_from_another_cluster() -> None:
    case = given(*SERVED, a_vm(host="h1"), a_vip(), an_eip(), attach_eip())
    case.when(detach("pub", "c2")).then(l2.DetachedFromCluster("c2"))
    invariants.check(case.network, case.topology)
