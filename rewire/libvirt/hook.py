"""What is done before a domain starts and after it has ended.

The facts decide: a domain that is a VM of ours starts only where its VM runs, or may be started, and what it has
for NICs must be what the plan has. When something is in the way, all is left as it was and libvirt refuses the
guest.
"""

from __future__ import annotations

from contextlib import ExitStack, suppress
from typing import Any

from backends.registry import resources
from domain import vm
from domain.commands import StartVm, StopVm
from domain.errors import Refusal, RewireError, witness
from domain.history import Author
from projections import plan, whose
from projections.nics import Nic
from projections.plan import HostPlan
from rewire.libvirt.domain import Domain, Interface
from rewire.libvirt.tenancy import Tenancies
from rewire.session import Session


class Hook:
    """One host's side of libvirt: a store, and the kernel that the host is."""

    def __init__(self, session: Session, name: str, kernel: Any, tenancies: Tenancies) -> None:
        self._session = session
        self._network = session.network
        self._kernel = kernel
        self._tenancies = tenancies
        self._here = session.topology().find("host", name)
        self._name = session.topology().name(self._here)
        self._resources = resources("KVM")

    def prepare(self, domain: Domain, uuid: str) -> None:
        """Make what a VM needs for a domain to be it."""
        self._refuse_another_host()
        try:
            self._admit(domain, uuid)
        except Refusal as refusal:
            refusal.conflicts = refusal.conflicts or tuple(sorted(set(self._network.positions(refusal.witnesses))))
            raise

    def release(self, domain: Domain, uuid: str) -> None:
        """Take back what was made for a VM, and tell that it has stopped unless that is known."""
        self._refuse_another_host()
        self._tenancies.leave(uuid)
        self._stop(uuid, f"libvirt domain {domain.name} ended")
        self._release(uuid)

    def _refuse_another_host(self) -> None:
        whose.refuse_another(self._here, self._kernel.look(), self._session.topology())

    def _admit(self, domain: Domain, uuid: str) -> None:
        nics = self._session.topology().nics_of(uuid)
        refuse_other_devices(domain, nics)
        if other := self._tenancies.take(uuid, domain):
            raise Refusal(
                "wrong-state",
                f"VM {self._vm(uuid).name} runs as libvirt domain {other.name} already"
                f" (if that is gone, remove {self._tenancies.path(uuid)})",
            )
        with ExitStack() as undoing:
            undoing.callback(self._tenancies.leave, uuid)
            started = self._start(uuid, f"libvirt starts domain {domain.name}")
            undoing.callback(self._take_back, uuid)
            if started:
                undoing.callback(self._stop, uuid, f"libvirt domain {domain.name} could not be started")
            self._instantiate(uuid)
            undoing.pop_all()

    def _take_back(self, uuid: str) -> None:
        """Release what can be released: the reason to do so is what is told, and what is left is the next round's."""
        with suppress(RewireError):
            self._release(uuid)

    def _start(self, uuid: str, reason: str) -> bool:
        """See that a VM runs here as far as the facts go. Tell whether that was recorded now."""
        state = self._vm(uuid)
        if state.state == "stopped":
            self._network.execute(StartVm(vm=uuid, host=self._here), Author(f"libvirt@{self._name}", reason))
            return True
        if state.host != self._here:
            where = self._session.topology().name(state.host)
            raise Refusal(
                "host-not-eligible",
                f"VM {state.name} runs on host {where}, not on {self._name}: migrate it in Rewire first",
                witness(uuid, vm.Started, vm.Migrated),
            )
        return False

    def _stop(self, uuid: str, reason: str) -> None:
        """Record that a VM has stopped, if it was meant to run here."""
        found = self._network.load(uuid)
        if found and isinstance(found.state, vm.Vm) and found.state.host == self._here:
            self._network.execute(StopVm(vm=uuid), Author(f"libvirt@{self._name}", reason))

    def _instantiate(self, uuid: str) -> None:
        wanted = self._plan()
        for resource in self._resources:
            resource.pre_before_instantiate(wanted, uuid)
        for resource in self._resources:
            resource.pre_instantiate(self._kernel, self._plan, uuid)

    def _release(self, uuid: str) -> None:
        for resource in reversed(self._resources):
            resource.pre_release(self._kernel, self._plan, uuid)

    def _plan(self) -> HostPlan:
        return plan.plan(self._session.topology(), self._here)

    def _vm(self, uuid: str) -> vm.Vm:
        return self._session.topology().state(uuid, vm.Vm)


def refuse_other_devices(domain: Domain, nics: list[Nic]) -> None:
    """Refuse a NIC of ours on any device but its own, where it would be on another network, or unguarded."""
    own = {nic.mac: nic.device for nic in nics}
    for interface in domain.interfaces:
        device = own.get(interface.mac, "")
        if device and interface != Interface(interface.mac, "ethernet", device, managed=False):
            raise Refusal(
                "invalid-argument",
                f"the interface {interface.mac} of domain {domain.name} must be on its own device:"
                f" <interface type='ethernet'><target dev='{device}' managed='no'/>",
            )
