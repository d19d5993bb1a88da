"""`rewire libvirt-hook`: what libvirt calls before a domain starts and after it has ended.

It runs for every domain of a host, so that what is none of ours is let through before much is imported.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from rewire import options, status
from rewire.libvirt import domain as domains
from rewire.libvirt.domain import Domain
from rewire.libvirt.tenancy import Tenancies


if TYPE_CHECKING:
    from rewire.libvirt.hook import Hook
    from rewire.session import Session

STATE = Path("/run/rewire")


@click.command(name="libvirt-hook")
@click.argument("words", nargs=-1, metavar="[NAME OPERATION PHASE EXTRA]")
@click.option("--install", is_flag=True, help="Write the hook that libvirt calls, for the host and store given.")
@click.option("--uninstall", is_flag=True, help="Take the hook away.")
@click.option(
    "--hooks",
    metavar="FOLDER",
    type=click.Path(path_type=Path),
    default=Path("/etc/libvirt/hooks"),
    show_default=True,
    help="Where libvirt looks for hooks.",
)
@click.option("--host", metavar="NAME", help="The host that this machine is in the store.")
@click.option("--ovs", metavar="SOCKET", help="Where Open vSwitch listens. Its own default if not told.")
@click.option(
    "--state",
    metavar="FOLDER",
    type=click.Path(path_type=Path),
    default=STATE,
    show_default=True,
    help="Where the host remembers things while it is up.",
)
@options.store
def command(
    *,
    words: tuple[str, ...],
    install: bool,
    uninstall: bool,
    hooks: Path,
    host: str | None,
    ovs: str | None,
    state: Path,
    store: str | None,
) -> int:
    """Be libvirt's hook for QEMU domains: NAME is a domain, its XML comes on standard input.

    Before a domain starts that has NICs of a VM, the host's networks are realized; after it has ended they are
    released. Where something is in the way, libvirt refuses to start the guest and tells why. See docs/libvirt.md.
    """
    if uninstall:
        return take_away(hooks)
    if not host:
        raise click.UsageError("Missing option '--host'.")
    if install:
        return set_up(hooks, host, store, {"--state": str(state.absolute()), "--ovs": ovs or ""})
    match words:
        case (_, "prepare", *_):
            return prepare(read(), host, store, ovs, state)
        case (_, "release", *_):
            return release(read(), host, store, ovs, state)
        case (_, _, *_):
            return status.DONE  # libvirt tells of more than there is something to do for
        case _:
            raise click.UsageError("Missing arguments: libvirt gives NAME OPERATION PHASE EXTRA.")


def read() -> Domain:
    try:
        return domains.read(sys.stdin.read())
    except domains.Unreadable as error:
        raise click.UsageError(str(error)) from None


def prepare(domain: Domain, host: str, store: str | None, ovs: str | None, state: Path) -> int:
    if not domain.interfaces:
        return status.DONE
    from rewire import session
    from rewire.libvirt.holder import vm_of

    with session.opened(store) as opened:
        if uuid := vm_of(opened.network, domain):
            with hook(opened, host, ovs, state) as mine:
                mine.prepare(domain, uuid)
    return status.DONE


def release(domain: Domain, host: str, store: str | None, ovs: str | None, state: Path) -> int:
    uuid = Tenancies(state).of(domain)
    if not uuid:
        return status.DONE
    from rewire import session

    with session.opened(store) as opened, hook(opened, host, ovs, state) as mine:
        mine.release(domain, uuid)
    return status.DONE


@contextmanager
def hook(opened: Session, host: str, ovs: str | None, state: Path) -> Iterator[Hook]:
    from rewire import extras
    from rewire.libvirt.hook import Hook

    extras.require("pyroute2", "kvm")
    from backends.kvm.host import Host
    from backends.kvm.vswitch import VSwitch

    with Host(state=state, vswitch=VSwitch(ovs) if ovs else None) as kernel:
        yield Hook(opened, host, kernel, Tenancies(state))


def set_up(hooks: Path, host: str, store: str | None, given: Mapping[str, str]) -> int:
    """Write the hook for a host that the store knows."""
    from rewire import session
    from rewire.libvirt import script

    with session.opened(store) as opened:
        opened.topology().find("host", host)
    told = {"--host": host, "--store": session.absolute(store), **given}
    path = script.install(hooks, [word for name, value in told.items() if value for word in (name, value)])
    click.echo(f"libvirt calls {path} from its next start on")
    return status.DONE


def take_away(hooks: Path) -> int:
    from rewire.libvirt import script

    path = script.uninstall(hooks)
    click.echo(f"removed {path}" if path else f"there is no hook of ours in {hooks}")
    return status.DONE
