"""Commands about VMs and their NICs."""

from __future__ import annotations

from typing import Annotated

from domain.commands.base import Command, Creation, said


ADDRESSES = "an address, or one of each family with a comma between; what is left open is chosen"


class CreateVm(Creation, frozen=True, kw_only=True):
    name: str
    networks: tuple[str, ...]
    host: str = ""
    cluster: str = ""
    addresses: Annotated[dict[str, str], said(f"each L3 network to {ADDRESSES}")] = {}
    macs: Annotated[dict[str, str], said("each L3 network to a MAC address")] = {}


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
    address: Annotated[str, said(ADDRESSES)] = ""


class DetachL3NetworkFromVm(Command, frozen=True, kw_only=True):
    vm: str
    l3: str
