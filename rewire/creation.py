"""Lets other people's packages have a say before an L2 network is created, and hear of it afterwards.

Entry points of the group `rewire.l2_network_create` hold an `L2NetworkCreate` each. Before is asked of every wish, also
of a dry run, and may refuse it; after is told of what was really recorded, and can't undo it: what fails there is said
and nothing else.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from functools import cache
from importlib.metadata import entry_points
from typing import TYPE_CHECKING

from domain import commands
from domain.commands import Command
from rewire import output


if TYPE_CHECKING:
    from backends.protocols import L2NetworkCreate

GROUP = "rewire.l2_network_create"
CREATIONS = (
    commands.CreateL2NoVlanNetwork
    | commands.CreateL2VlanNetwork
    | commands.CreateL2VxlanNetwork
    | commands.CreateL2OvsGreNetwork
    | commands.CreateL2Network
)


def ask(command: Command) -> None:
    """Have everybody object to an L2 network who wants to, by raising `RewireError`."""
    if isinstance(command, CREATIONS):
        for listener in listeners():
            listener.before(command)


def announce(created: Iterable[tuple[Command, str]]) -> None:
    """Tell everybody of the L2 networks among objects that were created, with their uuids."""
    for command, uuid in created:
        if isinstance(command, CREATIONS):
            for listener in listeners():
                hear(listener, command, uuid)


def hear(listener: L2NetworkCreate[Command], command: Command, uuid: str) -> None:
    try:
        listener.after(command, uuid)
    except Exception as error:  # noqa: BLE001 - the network is there, whatever somebody else's code makes of it
        output.note(f"{type(listener).__name__} failed to hear of the L2 network {uuid}: {error}")


def listeners() -> tuple[L2NetworkCreate[Command], ...]:
    """Give those that are installed, in order of their names."""
    return installed(tuple(sys.path))


@cache
def installed(_: tuple[str, ...]) -> tuple[L2NetworkCreate[Command], ...]:
    """Load what is found where packages are looked for: once, since an import may create thousands of networks."""
    found = {(entry.name, entry.value): entry for entry in entry_points(group=GROUP)}
    return tuple(found[key].load()() for key in sorted(found))
