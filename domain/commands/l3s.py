"""Commands about L3 networks: ranges, DNS, routes."""

from __future__ import annotations

from domain.commands.base import Command, Creation, Mode


class CreateL3Network(Creation, frozen=True, kw_only=True):
    name: str
    l2: str
    category: str = "private"
    dns_domain: str = ""
    mtu: int = 0
    allocator: str = "random"


class UpdateL3Network(Command, frozen=True, kw_only=True):
    l3: str
    name: str | None = None
    category: str | None = None
    dns_domain: str | None = None
    mtu: int | None = None
    allocator: str | None = None


class ChangeL3NetworkState(Command, frozen=True, kw_only=True):
    l3: str
    state: str


class DeleteL3Network(Command, frozen=True, kw_only=True):
    l3: str
    mode: Mode = "permissive"


class AddIpRange(Command, frozen=True, kw_only=True):
    l3: str
    name: str
    start: str
    end: str
    gateway: str
    netmask: str = ""
    prefix_length: int = 0
    address_mode: str = ""
    """IPv6 only: SLAAC, Stateful-DHCP or Stateless-DHCP."""


class AddIpRangeByCidr(Command, frozen=True, kw_only=True):
    l3: str
    name: str
    cidr: str
    gateway: str = ""
    address_mode: str = ""


class DeleteIpRange(Command, frozen=True, kw_only=True):
    l3: str
    name: str
    mode: Mode = "permissive"


class AddReservedIpRange(Command, frozen=True, kw_only=True):
    l3: str
    start: str
    end: str


class DeleteReservedIpRange(Command, frozen=True, kw_only=True):
    l3: str
    start: str
    end: str


class AddDns(Command, frozen=True, kw_only=True):
    l3: str
    address: str


class RemoveDns(Command, frozen=True, kw_only=True):
    l3: str
    address: str


class AddHostRoute(Command, frozen=True, kw_only=True):
    l3: str
    prefix: str
    next_hop: str


class RemoveHostRoute(Command, frozen=True, kw_only=True):
    l3: str
    prefix: str
    next_hop: str = ""
