"""Finds who realizes an L2 type on a hypervisor type, who prepares its hosts for VMs, and who does plugins' services
there, among all that is installed.

Entry points of the group `rewire.l2_realization` are named `L2VlanNetwork/KVM`. Two of one name are
refused, since which one came first would be left to the order of folders. Nothing is imported before it is
asked for. Those of `rewire.pre_vm_instantiate`, which prepare hosts for VMs, are named `networks/KVM`, and are asked
in order of their names. Those of `rewire.network_service_backend` are named `LoadBalancer/Haproxy/KVM`.
"""

from __future__ import annotations

from collections.abc import Iterable
from importlib.metadata import EntryPoint, entry_points
from typing import Any

from backends.protocols import L2NetworkRealization, PreVmInstantiateResource
from domain.errors import HostUnreachable


GROUP = "rewire.l2_realization"
RESOURCES = "rewire.pre_vm_instantiate"
SERVICES = "rewire.network_service_backend"


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


def service_backends(
    hypervisor_type: str, entries: Iterable[EntryPoint] | None = None
) -> dict[str, tuple[EntryPoint, ...]]:
    """Give what does services of plugins on hosts of a hypervisor type, by service and provider type.

    More than one of a name, such as `LoadBalancer/Haproxy`, is for whoever loads it to refuse: the others are not to
    suffer by it.
    """
    known = entry_points(group=SERVICES) if entries is None else entries
    found: dict[str, dict[str, EntryPoint]] = {}
    for entry in known:
        name, _, hypervisor = entry.name.rpartition("/")
        if hypervisor == hypervisor_type:
            found.setdefault(name, {})[entry.value] = entry
    return {name: tuple(each.values()) for name, each in found.items()}
