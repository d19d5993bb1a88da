"""Use cases: for each command, what is loaded, which decision is asked, and what is claimed along with its facts.

A handler holds no rule of its own. The wiring is data: one dictionary from command to function.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from domain import commands as c
from domain.commands import Command
from domain.handlers import hosts, l2s, l3s, vms
from domain.transaction import Transaction


HANDLERS: dict[type[Command], Callable[[Transaction, Any], None]] = {
    c.CreateZone: hosts.create_zone,
    c.CreateCluster: hosts.create_cluster,
    c.AddHost: hosts.add_host,
    c.SetHostState: hosts.set_host_state,
    c.CreateL2NoVlanNetwork: l2s.create_no_vlan,
    c.CreateL2VlanNetwork: l2s.create_vlan,
    c.CreateL2VxlanNetworkPool: l2s.create_pool,
    c.AddVniRange: l2s.add_vni_range,
    c.CreateL2VxlanNetwork: l2s.create_vxlan,
    c.AttachL2NetworkToCluster: l2s.attach,
    c.DetachL2NetworkFromCluster: l2s.detach,
    c.CreateL3Network: l3s.create,
    c.AddIpRange: l3s.add_ip_range,
    c.AddIpRangeByCidr: l3s.add_ip_range_by_cidr,
    c.CreateVm: vms.create,
    c.StartVm: vms.start,
    c.StopVm: vms.stop,
    c.MigrateVm: vms.migrate,
    c.DestroyVm: vms.destroy,
}


def handle(transaction: Transaction, command: Command) -> None:
    """Turn a command into facts on the transaction, or raise `Refusal`."""
    HANDLERS[type(command)](transaction, command)
