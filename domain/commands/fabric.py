"""Commands about the physical side: switches, their ports, and cables."""

from __future__ import annotations

from domain.commands.base import Command, Creation


class AddSwitch(Creation, frozen=True, kw_only=True):
    name: str
    zone: str
    ports: tuple[str, ...]


class DeleteSwitch(Command, frozen=True, kw_only=True):
    switch: str


class SetSwitchPort(Command, frozen=True, kw_only=True):
    switch: str
    port: str
    mode: str
    vlan: int | None = None
    vlans: str = ""
    """`10,20-29`: what a trunk lets through."""
    native: int | None = None


class Connect(Command, frozen=True, kw_only=True):
    """Lay a cable between two ends, each `host:interface` or `switch:port`."""

    a: str
    b: str


class Disconnect(Command, frozen=True, kw_only=True):
    a: str
