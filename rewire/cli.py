"""The command line as a whole: which commands there are, and how each way of ending is told.

A command's module is imported when it is called, so that reading a history never waits for a netlink library.
"""

from __future__ import annotations

import contextlib
import importlib
import os
import sys
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import click

from rewire import VERSION, status


COMMANDS = {
    "addresses": "rewire.commands.addresses",
    "agent": "rewire.commands.agent",
    "apply": "rewire.commands.apply",
    "audit": "rewire.commands.audit",
    "check": "rewire.commands.realize:check",
    "demo": "rewire.commands.demo",
    "diff": "rewire.commands.diff",
    "domains": "rewire.commands.domains",
    "drift": "rewire.commands.drift",
    "history": "rewire.commands.history",
    "libvirt-hook": "rewire.commands.libvirt_hook",
    "placement": "rewire.commands.placement",
    "plan": "rewire.commands.plan",
    "problems": "rewire.commands.problems",
    "realize": "rewire.commands.realize",
    "show": "rewire.commands.show",
    "simulate": "rewire.commands.simulate",
    "verify": "rewire.commands.verify",
    "what-if": "rewire.commands.what_if",
}
"""Command to module; the function is called `command`, or what stands behind the colon."""


class Lazy(click.Group):
    """A group that imports a command when it is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - the library's signature
        return sorted(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - the same
        if cmd_name not in COMMANDS:
            return None
        module, _, name = COMMANDS[cmd_name].partition(":")
        found = getattr(importlib.import_module(module), name or "command")
        return found if isinstance(found, click.Command) else None


@click.group(cls=Lazy, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(VERSION, prog_name="rewire", message="%(prog)s %(version)s")
@click.option(
    "--store",
    metavar="URL",
    help="sqlite:PATH or memory:  [default: $REWIRE_STORE, or sqlite:rewire.db]",
)
@click.pass_context
def cli(ctx: click.Context, store: str | None) -> None:
    """Replay, rewire, audit and realize data-centre networks.

    Every change of the network is a fact in a store. `apply` adds facts; everything else reads them, as of now
    or as of any moment (--at), asks what would follow (what-if), or brings hosts to what they say (realize).
    """
    ctx.obj = {"store": store}


def run(arguments: Sequence[str]) -> int:
    """Run one command and give its exit status."""
    as_json = wants_json(arguments)
    try:
        result: Any = cli.main(list(arguments), prog_name="rewire", standalone_mode=False)
        sys.stdout.flush()
    except SystemExit:
        return quiet()  # the library's answer to a reader that went away
    except BaseException as error:  # noqa: BLE001 - every way of ending has its line
        return ending(error, as_json=as_json)
    return result if isinstance(result, int) else status.DONE


def ending(error: BaseException, *, as_json: bool) -> int:
    """Tell why a command ended early, and give the status to leave with."""
    from domain.errors import RewireError

    match error:
        case RewireError():
            return status.tell(error, as_json=as_json)
        case click.exceptions.NoArgsIsHelpError():
            click.echo(error.format_message())
            return status.MISUSED
        case click.ClickException():
            return status.complain("invalid-argument", misuse(error), status.MISUSED, as_json=as_json)
        case KeyboardInterrupt() | click.Abort():
            told = "stopped before the end"
            return status.complain("interrupted", told, status.INTERRUPTED, as_json=as_json)
        case BrokenPipeError():
            return quiet()
        case OSError():
            quiet()
            told = f"{error.filename or 'the output'} can't be read or written: {error.strerror or error}"
            return status.complain("invalid-file", told, status.UNREACHABLE, as_json=as_json)
        case _ if os.environ.get("REWIRE_DEBUG"):
            raise error
        case _:
            told = f"{type(error).__name__}: {error}; set REWIRE_DEBUG=1 to see where"
            return status.complain("internal", told, status.UNREACHABLE, as_json=as_json)


def quiet() -> int:
    """Write nothing more to a standard output that takes nothing more."""
    with contextlib.suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return status.DONE


def wants_json(arguments: Sequence[str]) -> bool:
    """Tell whether errors are to be objects, even when the options can't be understood."""
    joined = {" ".join(pair) for pair in pairwise(arguments)}.union(arguments)
    return not joined.isdisjoint({"-o json", "-ojson", "--output json", "--output=json"})


def misuse(error: click.ClickException) -> str:
    context = error.ctx if isinstance(error, click.UsageError) else None
    return f"{error.format_message()} See '{context.command_path if context else 'rewire'} --help'."
