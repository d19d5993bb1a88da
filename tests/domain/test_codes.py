"""Refusals that a command shares with others: each code of the reference is met in a test of its own command."""

from __future__ import annotations

import pytest

from domain import commands as c
from domain.commands import Command
from tests import builders as b
from tests import service_builders as s
from tests.given import given


TWO_ADDRESSES = (
    *(command for command in s.A_PUBLIC_SUBNET if not isinstance(command, c.AddIpRange)),
    b.a_range("192.168.0.2", "192.168.0.3"),
    *s.PROVIDERS,
)
"""l3 has room for two."""
APART = (*s.ROUTED, s.a_vip(), b.a_vm(host="h1"), b.detach("pub"), b.detach("pub", "c2"))
"""The router's hosts have no way to the VIP's network."""


@pytest.mark.parametrize(
    ("commands", "command", "expected"),
    [
        pytest.param(
            (*s.ROUTED, s.a_vip("own", l3="l3"), b.a_vm(), s.a_rule(vip="own")),
            c.AttachPortForwardingRule(rule="r", vm="vm", l3="l3"),
            "conflict",
            id="a rule to a NIC on the network of its VIP",
        ),
        pytest.param(
            (*s.A_PUBLIC_SUBNET, s.A_ROUTER, s.serve(vr=("SNAT",)), s.a_vip(), b.a_vm(), s.a_rule()),
            c.AttachPortForwardingRule(rule="r", vm="vm", l3="l3"),
            "service-missing",
            id="a rule on a network without the service",
        ),
        pytest.param(
            (*APART, s.a_rule()),
            c.AttachPortForwardingRule(rule="r", vm="vm", l3="l3"),
            "no-host-available",
            id="a rule whose VIP no router gets to",
        ),
        pytest.param(APART, s.a_rule(vm="vm"), "no-host-available", id="a new rule whose VIP no router gets to"),
        pytest.param(
            (*s.ROUTED, s.a_vip(), s.a_rule()), s.a_rule(vip_ports=81), "name-in-use", id="a second rule of a name"
        ),
        pytest.param(
            (*s.ROUTED, s.a_vip(), s.a_vip("vip2"), s.an_eip()), s.an_eip(vip="vip2"), "name-in-use", id="a second EIP"
        ),
        pytest.param(
            (*s.ROUTED, s.a_vip()), c.CreateEip(name="e", vip="vip", uuid="no"), "invalid-argument", id="no uuid"
        ),
        pytest.param(
            (*TWO_ADDRESSES, s.serve(vr=("DHCP",)), b.a_vm("a"), b.a_vm("b")),
            s.hand_over("DHCP", "flat"),
            "ip-exhausted",
            id="no address for the server of the new provider",
        ),
        pytest.param(
            (*b.TWO_CLUSTERS, b.a_switch("h1", "1")), b.disconnect("h1:1"), "ambiguous-name", id="a host and a switch"
        ),
        pytest.param(b.A_SUBNET, c.RemoveDns(l3="l3", address="no"), "invalid-argument", id="no address"),
        pytest.param(
            (
                *b.ONE_HOST,
                b.a_cluster("c2"),
                b.a_host("end", cluster="c2", vtep="10.0.0.255"),
                b.a_pool(),
                b.attach_pool(),
            ),
            c.MoveHost(host="end", cluster="c1"),
            "invalid-argument",
            id="a VTEP at an end of the CIDR",
        ),
        pytest.param(
            (
                *b.ONE_HOST,
                b.a_cluster("c2"),
                b.a_host("bare", cluster="c2"),
                b.a_pool(),
                b.attach_pool(),
            ),
            c.MoveHost(host="bare", cluster="c1"),
            "vtep-missing",
            id="no VTEP",
        ),
        pytest.param(b.ONE_HOST, c.DeleteZone(zone="z"), "still-in-use", id="a zone with hosts"),
        pytest.param(b.A_POOL, b.removed("pool"), "invalid-argument", id="a pool reported removed"),
        pytest.param(b.A_POOL, b.mended("pool"), "invalid-argument", id="a pool reported mended"),
    ],
)
def test_it_is_refused(commands: tuple[Command, ...], command: Command, expected: str) -> None:
    assert given(*commands).when(command).refused_with(expected).sentence
