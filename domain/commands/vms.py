"""Commands about VMs and their NICs."""

from __future__ import annotations

from domain.commands.base import Command, Creation


class CreateVm(Creation, frozen=True, kw_only=True):
    name: str
    networks: tuple[str, ...]
    host: str = ""
    cluster: str = ""
    addresses: dict[str, str] = {}
    """L3 network to address; where it has both families, one of each may be given with a comma between."""
    macs: dict[str, str] = {}


class StartVm(Command, frozen=True, kw_only=True):
    vm: str
    host: str = ""


class StopVm(Command, frozen=True, kw_only=True):
    vm: str


class MigrateVm(Command, frozen=True, kw_only=True):
    vm: str
    host: str = ""


class DestroyVm(Command, frozen=True, kw_only=True):
    vm: str


class AttachL3NetworkToVm(Command, frozen=True, kw_only=True):
    vm: str
    l3: str
    address: str = ""
    """One address, or one of each family with a comma between; what is left open is chosen."""


class DetachL3NetworkFromVm(Command, frozen=True, kw_only=True):
    vm: str
    l3: str
