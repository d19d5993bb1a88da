"""Commands about L3 networks: ranges, DNS, routes."""

from __future__ import annotations

from typing import Annotated, get_args

from domain import ip_range, l3
from domain.commands.base import Command, Creation, Mode, one_of, said


Category = Annotated[str, one_of(l3.Category)]
Condition = Annotated[str, one_of(l3.Condition)]
Allocator = Annotated[str, one_of(l3.Allocator)]
AddressMode = Annotated[str, said(f"IPv6 only: {', '.join(get_args(ip_range.AddressMode))}")]


class CreateL3Network(Creation, frozen=True, kw_only=True):
    name: str
    l2: str
    category: Category = "private"
    dns_domain: str = ""
    mtu: int = 0
    allocator: Allocator = "random"


class UpdateL3Network(Command, frozen=True, kw_only=True):
    l3: str
    name: str | None = None
    category: Category | None = None
    dns_domain: str | None = None
    mtu: int | None = None
    allocator: Allocator | None = None


class ChangeL3NetworkState(Command, frozen=True, kw_only=True):
    l3: str
    state: Condition


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
    address_mode: AddressMode = ""


class AddIpRangeByCidr(Command, frozen=True, kw_only=True):
    l3: str
    name: str
    cidr: str
    gateway: str = ""
    address_mode: AddressMode = ""


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
