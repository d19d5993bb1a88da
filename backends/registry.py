"""Finds who realizes an L2 type on a hypervisor type, and who prepares its hosts for VMs, among all that is installed.

Entry points of the group `rewire.l2_realization` are named `L2VlanNetwork/KVM`. Two of one name are
refused, since which one came first would be left to the order of folders. Nothing is imported before it is
asked for. Those of `rewire.pre_vm_instantiate`, which prepare hosts for VMs, are named `networks/KVM`, and are asked
in order of their names.
"""

from __future__ import annotations

from collections.abc import Iterable
from importlib.metadata import EntryPoint, entry_points
from typing import Any

from backends.protocols import L2NetworkRealization, PreVmInstantiateResource
from domain.errors import HostUnreachable


GROUP = "rewire.l2_realization"
RESOURCES = "rewire.pre_vm_instantiate"


class Registry:
    """The realizations that are installed, each under its L2 type and hypervisor type."""

    def __init__(self, entries: Iterable[EntryPoint] | None = None) -> None:
        self._entries: dict[str, EntryPoint] = {}
        for entry in entry_points(group=GROUP) if entries is None else entries:
            self._register(entry)

    def names(self) -> tuple[str, ...]:
        """Give what is installed: `L2VlanNetwork/KVM` and so on, sorted."""
        return tuple(sorted(self._entries))

    def realization(self, l2_type: str, hypervisor_type: str) -> L2NetworkRealization[Any]:
        """Load the one for an L2 type on a hypervisor type.

        Raises `HostUnreachable` when there is none.
        """
        entry = self._entries.get(f"{l2_type}/{hypervisor_type}")
        if entry is None:
            known = ", ".join(self.names()) or "none at all"
            raise HostUnreachable(
                f"nothing installed realizes {l2_type} on {hypervisor_type} hosts (installed: {known})"
            )
        made: L2NetworkRealization[Any] = entry.load()()
        return made

    def _register(self, entry: EntryPoint) -> None:
        other = self._entries.setdefault(entry.name, entry)
        if other.value != entry.value:
            raise HostUnreachable(
                f"both {other.value} and {entry.value} are installed to realize {entry.name}: remove one"
            )


def resources(
    hypervisor_type: str, entries: Iterable[EntryPoint] | None = None
) -> tuple[PreVmInstantiateResource[Any], ...]:
    """Load all that prepares hosts of a hypervisor type for VMs.

    Raises `HostUnreachable` when there is nothing: a VM would start without its networks.
    """
    known = entry_points(group=RESOURCES) if entries is None else entries
    mine = {entry.name: entry for entry in known if entry.name.endswith(f"/{hypervisor_type}")}
    if not mine:
        raise HostUnreachable(f"nothing installed prepares {hypervisor_type} hosts for VMs")
    return tuple(mine[name].load()() for name in sorted(mine))
