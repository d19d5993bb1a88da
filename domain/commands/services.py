"""Commands about providers, the services L3 networks take from them, VIPs and security groups."""

from __future__ import annotations

from domain.commands.base import Command, Creation


Services = dict[str, tuple[str, ...]]
"""Provider to service types."""


class CreateNetworkServiceProvider(Creation, frozen=True, kw_only=True):
    name: str
    type: str
    services: tuple[str, ...]
    public_l3: str = ""
    """Through which its routers reach the outside."""


class AttachNetworkServiceProviderToL2Network(Command, frozen=True, kw_only=True):
    provider: str
    l2: str


class DetachNetworkServiceProviderFromL2Network(Command, frozen=True, kw_only=True):
    provider: str
    l2: str


class AttachNetworkServiceToL3Network(Command, frozen=True, kw_only=True):
    l3: str
    services: Services


class DetachNetworkServiceFromL3Network(Command, frozen=True, kw_only=True):
    l3: str
    services: Services


class ChangeNetworkServiceProvider(Command, frozen=True, kw_only=True):
    """Hand a service over to another provider, in one step."""

    l3: str
    service: str
    provider: str


class CreateVip(Creation, frozen=True, kw_only=True):
    name: str
    l3: str
    address: str = ""


class DeleteVip(Command, frozen=True, kw_only=True):
    vip: str


class CreateEip(Creation, frozen=True, kw_only=True):
    name: str
    vip: str


class AttachEip(Command, frozen=True, kw_only=True):
    eip: str
    vm: str
    l3: str


class DetachEip(Command, frozen=True, kw_only=True):
    eip: str


class DeleteEip(Command, frozen=True, kw_only=True):
    eip: str


class CreatePortForwardingRule(Creation, frozen=True, kw_only=True):
    name: str
    vip: str
    protocol: str
    vip_ports: str | int
    private_ports: str | int = ""
    """As many as the VIP's; the same where nothing is said."""
    vm: str = ""
    l3: str = ""
    allowed_cidr: str = ""


class AttachPortForwardingRule(Command, frozen=True, kw_only=True):
    rule: str
    vm: str
    l3: str


class DetachPortForwardingRule(Command, frozen=True, kw_only=True):
    rule: str


class DeletePortForwardingRule(Command, frozen=True, kw_only=True):
    rule: str


class CreateSecurityGroup(Creation, frozen=True, kw_only=True):
    name: str


class DeleteSecurityGroup(Command, frozen=True, kw_only=True):
    group: str


class AddSecurityGroupRule(Creation, frozen=True, kw_only=True):
    group: str
    direction: str
    protocol: str
    ports: str | int = ""
    remote_cidr: str = ""
    remote_group: str = ""


class DeleteSecurityGroupRule(Command, frozen=True, kw_only=True):
    group: str
    rule: str


class AttachSecurityGroupToL3Network(Command, frozen=True, kw_only=True):
    group: str
    l3: str


class DetachSecurityGroupFromL3Network(Command, frozen=True, kw_only=True):
    group: str
    l3: str


class AddNicToSecurityGroup(Command, frozen=True, kw_only=True):
    group: str
    vm: str
    l3: str


class RemoveNicFromSecurityGroup(Command, frozen=True, kw_only=True):
    group: str
    vm: str
    l3: str
