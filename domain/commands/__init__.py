"""What can be asked for, field by field, as a change file spells it.

A command is a wish: its shape is checked here, its sense by the decision it leads to. Optional fields have defaults,
unlike those of facts: what a command leaves out is filled in before it is recorded.
"""

from __future__ import annotations

from collections.abc import Iterator

from domain.commands.base import Command as Command
from domain.commands.base import Creation as Creation
from domain.commands.base import Mode as Mode
from domain.commands.fabric import *
from domain.commands.l2s import *
from domain.commands.l3s import *
from domain.commands.places import *
from domain.commands.reports import *
from domain.commands.services import *
from domain.commands.vms import *


def every() -> Iterator[type[Command]]:
    """Walk all commands that can be asked for: those that others build on are none."""
    for kind in Command.__subclasses__():
        yield from Creation.__subclasses__() if kind is Creation else (kind,)


COMMANDS: dict[str, type[Command]] = {command.tag(): command for command in every()}
"""Every command by its name in a change file."""
