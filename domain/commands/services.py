"""Commands about providers, the services L3 networks take from them, VIPs and security groups."""

from __future__ import annotations

from typing import Annotated

from domain import port_forwarding, ports, provider_types, security_group
from domain.commands.base import Command, Creation, one_of, said


SERVICES = ", ".join(dict.fromkeys(service for kind in provider_types.BUILT_IN.values() for service in kind.services))
Services = Annotated[dict[str, tuple[str, ...]], said(f"each provider, by its name, to a list of {SERVICES}")]
Ports = Annotated[str | int, said(f"{ports.NUMBERS[0]} to {ports.NUMBERS[-1]}: one, or two ends as in `80-90`")]


class CreateNetworkServiceProvider(Creation, frozen=True, kw_only=True):
    name: str
    type: Annotated[str, said(f"{', '.join(provider_types.BUILT_IN)}, or one that a package brings")]
    services: Annotated[tuple[str, ...], said(f"any of {SERVICES}")]
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
    service: Annotated[str, said(SERVICES)]
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
    protocol: Annotated[str, one_of(port_forwarding.Protocol)]
    vip_ports: Ports
    private_ports: Annotated[str | int, said("as many as the VIP's; the same where nothing is said")] = ""
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
    direction: Annotated[str, one_of(security_group.Direction)]
    protocol: Annotated[str, one_of(security_group.Protocol)]
    ports: Ports = ""
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
