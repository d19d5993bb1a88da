"""Use cases: for each command, what is loaded, which decision is asked, and what is claimed along with its facts.

A handler holds no rule of its own. The wiring is data: one dictionary from command to function.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from domain import commands as c
from domain.commands import Command
from domain.handlers import (
    attachments,
    deletion,
    fabric,
    hosts,
    l2s,
    l3s,
    pools,
    providers,
    reports,
    security_groups,
    services,
    vips,
    vms,
)
from domain.transaction import Transaction


HANDLERS: dict[type[Command], Callable[[Transaction, Any], None]] = {
    c.CreateZone: hosts.create_zone,
    c.CreateCluster: hosts.create_cluster,
    c.AddHost: hosts.add_host,
    c.SetHostState: hosts.set_host_state,
    c.MoveHost: hosts.move_host,
    c.DeleteZone: deletion.delete_zone,
    c.DeleteCluster: deletion.delete_cluster,
    c.DeleteHost: deletion.delete_host,
    c.DeleteL2Network: deletion.delete_l2,
    c.DeleteVniRange: deletion.delete_vni_range,
    c.DeleteL3Network: deletion.delete_l3,
    c.CreateL2NoVlanNetwork: l2s.create_no_vlan,
    c.CreateL2VlanNetwork: l2s.create_vlan,
    c.CreateL2OvsGreNetwork: l2s.create_gre,
    c.CreateL2Network: l2s.create_of_type,
    c.UpdateL2Network: l2s.update,
    c.ChangeL2NetworkVlan: l2s.change_vlan,
    c.CreateL2VxlanNetworkPool: pools.create,
    c.AddVniRange: pools.add_vni_range,
    c.CreateL2VxlanNetwork: pools.create_network,
    c.AttachL2NetworkToCluster: attachments.attach,
    c.DetachL2NetworkFromCluster: attachments.detach,
    c.CreateL3Network: l3s.create,
    c.UpdateL3Network: l3s.update,
    c.ChangeL3NetworkState: l3s.change_state,
    c.AddIpRange: l3s.add_ip_range,
    c.AddIpRangeByCidr: l3s.add_ip_range_by_cidr,
    c.DeleteIpRange: l3s.delete_ip_range,
    c.AddReservedIpRange: l3s.add_reserved_range,
    c.DeleteReservedIpRange: l3s.delete_reserved_range,
    c.AddDns: l3s.add_dns,
    c.RemoveDns: l3s.remove_dns,
    c.AddHostRoute: l3s.add_host_route,
    c.RemoveHostRoute: l3s.remove_host_route,
    c.AttachL3NetworkToVm: l3s.attach_to_vm,
    c.DetachL3NetworkFromVm: l3s.detach_from_vm,
    c.CreateVm: vms.create,
    c.StartVm: vms.start,
    c.StopVm: vms.stop,
    c.MigrateVm: vms.migrate,
    c.DestroyVm: vms.destroy,
    c.CreateNetworkServiceProvider: providers.create,
    c.AttachNetworkServiceProviderToL2Network: providers.attach,
    c.DetachNetworkServiceProviderFromL2Network: providers.detach,
    c.AttachNetworkServiceToL3Network: services.attach,
    c.DetachNetworkServiceFromL3Network: services.detach,
    c.ChangeNetworkServiceProvider: services.change,
    c.CreateVip: vips.create,
    c.DeleteVip: vips.delete,
    c.CreateEip: vips.create_eip,
    c.AttachEip: vips.attach_eip,
    c.DetachEip: vips.detach_eip,
    c.DeleteEip: vips.delete_eip,
    c.CreatePortForwardingRule: vips.create_rule,
    c.AttachPortForwardingRule: vips.attach_rule,
    c.DetachPortForwardingRule: vips.detach_rule,
    c.DeletePortForwardingRule: vips.delete_rule,
    c.CreateSecurityGroup: security_groups.create,
    c.DeleteSecurityGroup: security_groups.delete,
    c.AddSecurityGroupRule: security_groups.add_rule,
    c.DeleteSecurityGroupRule: security_groups.delete_rule,
    c.AttachSecurityGroupToL3Network: security_groups.attach,
    c.DetachSecurityGroupFromL3Network: security_groups.detach,
    c.AddNicToSecurityGroup: security_groups.add_nic,
    c.RemoveNicFromSecurityGroup: security_groups.remove_nic,
    c.AddSwitch: fabric.add_switch,
    c.DeleteSwitch: fabric.delete_switch,
    c.SetSwitchPort: fabric.set_switch_port,
    c.Connect: fabric.connect,
    c.Disconnect: fabric.disconnect,
    c.ReportL2Realized: reports.realized,
    c.ReportL2Failed: reports.failed,
    c.ReportL2Removed: reports.removed,
    c.ReportDrift: reports.drift,
    c.ReportDriftEnded: reports.drift_ended,
}


def handle(transaction: Transaction, command: Command) -> None:
    """Turn a command into facts on the transaction, or raise `Refusal`."""
    HANDLERS[type(command)](transaction, command)
