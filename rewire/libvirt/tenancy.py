"""Which domain of libvirt's is which VM, for as long as it runs: a file for each VM in the host's state folder.

A VM is started by one domain, and ended by that one alone: a second one with the same MAC addresses that fails
to start must not take the ports of the first. The files end with the host's uptime, as domains do. libvirt runs no two
domains of one name at a time: where one of that name is to start, the one before has ended, also if nobody heard of it.
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from rewire.libvirt.domain import Domain


class Tenant(NamedTuple):
    """Who is a VM now."""

    uuid: str
    name: str


class Tenancies:
    """The VMs of one host that domains were started for."""

    def __init__(self, state: Path) -> None:
        self._folder = state / "guests"

    def take(self, vm: str, domain: Domain) -> Tenant | None:
        """Make a domain the VM; give the other one that is it already. One that comes again stays it."""
        self._folder.mkdir(parents=True, exist_ok=True)
        beside = self._folder / f".{domain.uuid}"
        beside.write_text(f"{domain.uuid} {domain.name}\n")
        try:
            self.path(vm).hardlink_to(beside)  # whole and at once, and for one alone
        except FileExistsError:
            there = tenant(self.path(vm))
            if domain.name != there.name:
                return there if there.uuid != domain.uuid else None
            beside.replace(self.path(vm))
        finally:
            beside.unlink(missing_ok=True)
        return None

    def of(self, domain: Domain) -> str:
        """Give the VM that a domain is; nothing when it is none."""
        files = sorted(self._folder.glob("[!.]*"))
        return next((path.name for path in files if tenant(path).uuid == domain.uuid), "")

    def who(self, vm: str) -> str:
        """Give the name of the domain that is a VM; nothing when none is."""
        path = self.path(vm)
        return tenant(path).name if path.exists() else ""

    def leave(self, vm: str) -> None:
        self.path(vm).unlink(missing_ok=True)

    def path(self, vm: str) -> Path:
        return self._folder / vm


def tenant(path: Path) -> Tenant:
    uuid, _, name = path.read_text().strip().partition(" ")
    return Tenant(uuid, name)
