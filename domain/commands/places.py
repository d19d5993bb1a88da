"""Commands about zones, clusters and hosts."""

from __future__ import annotations

from typing import Annotated

from domain import host
from domain.commands.base import Command, Creation, Mode, one_of, said


Condition = Annotated[str, one_of(host.Condition)]


class CreateZone(Creation, frozen=True, kw_only=True):
    name: str


class DeleteZone(Command, frozen=True, kw_only=True):
    zone: str
    mode: Mode = "permissive"


class CreateCluster(Creation, frozen=True, kw_only=True):
    name: str
    zone: str
    hypervisor: Annotated[str, said("KVM, or one that a package brings")] = "KVM"


class DeleteCluster(Command, frozen=True, kw_only=True):
    cluster: str
    mode: Mode = "permissive"


class AddHost(Creation, frozen=True, kw_only=True):
    name: str
    cluster: str
    interfaces: Annotated[tuple[str, ...], said("`eth0`, or `bond0=eth0+eth1` for a bond and its members")]
    address: str = ""
    vtep: str = ""


class DeleteHost(Command, frozen=True, kw_only=True):
    host: str
    mode: Mode = "permissive"


class SetHostState(Command, frozen=True, kw_only=True):
    host: str
    state: Condition


class MoveHost(Command, frozen=True, kw_only=True):
    """Take a host, without VMs, to another cluster."""

    host: str
    cluster: str
