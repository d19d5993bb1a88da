"""Commands about the physical side: switches, their ports, and cables."""

from __future__ import annotations

from typing import Annotated

from domain import switch, values
from domain.commands.base import Command, Creation, one_of, said


PortMode = Annotated[str, one_of(switch.Mode)]
End = Annotated[str, said("`host:interface` or `switch:port`")]


class AddSwitch(Creation, frozen=True, kw_only=True):
    """Tell of a switch. In a zone without switches and cables, interfaces of equal names are wired together; from the
    first switch or cable on, an interface reaches what it is cabled to and nothing else. So tell of all of them in one
    change file, and ask `rewire what-if` first.
    """

    name: str
    zone: str
    ports: tuple[str, ...]


class DeleteSwitch(Command, frozen=True, kw_only=True):
    switch: str


class SetSwitchPort(Command, frozen=True, kw_only=True):
    switch: str
    port: str
    mode: PortMode
    vlan: Annotated[int | None, said(f"of an access port, {values.VLANS[0]} to {values.VLANS[-1]}")] = None
    vlans: Annotated[str, said("what a trunk lets through, as in `10,20-29`")] = ""
    native: Annotated[int | None, said("the VLAN of untagged frames on a trunk")] = None


class Connect(Command, frozen=True, kw_only=True):
    """Lay a cable between two ends. From a zone's first one on, interfaces without reach nobody: see `add-switch`."""

    a: End
    b: End


class Disconnect(Command, frozen=True, kw_only=True):
    a: End
