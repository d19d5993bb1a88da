"""What somebody else's package holds: a backend whose hosts are notebooks, and some that are no good."""

from __future__ import annotations

from backends.protocols import Result
from projections.marks import mark_of
from projections.service_entries import CustomService
from projections.service_operation import ServiceOperation


Notebook = dict[str, str]
"""L3 networks, each with its mark."""


class Write(ServiceOperation, frozen=True, tag="write"):
    pass


class Ledger:
    """Writes down which networks it is to serve, and strikes out the others."""

    service_type = "LoadBalancer"
    provider_type = "Ledger"
    hypervisor_type = "Paper"

    def check(self, host: Notebook, services: tuple[CustomService, ...]) -> Result:
        wanted = {service.l3: mark_of(service.l3, service.because) for service in services}
        bridges = {service.l3: service.bridge for service in services}
        lines = [self.line(l3, bridges[l3], mark) for l3, mark in wanted.items() if host.get(l3) != mark]
        return Result((*(self.line(l3, "", "") for l3 in sorted(host.keys() - wanted.keys())), *lines), ())

    def line(self, l3: str, bridge: str, mark: str) -> Write:
        lack, verb = ("missing", "write") if mark else ("extra", "strike")
        return Write("LoadBalancer/Ledger", l3, bridge, lack, f"{verb} {l3}", mark)  # type: ignore[arg-type] # one of two

    def perform(self, host: Notebook, operation: Write) -> None:
        if operation.mark:
            host[operation.name] = operation.mark
        else:
            del host[operation.name]


class Clumsy(Ledger):
    """Can't write on the first bridge."""

    def perform(self, host: Notebook, operation: Write) -> None:
        if operation.bridge == "br1":
            raise RuntimeError("the pen is dry")
        super().perform(host, operation)


class Blind(Ledger):
    def check(self, host: Notebook, services: tuple[CustomService, ...]) -> Result:
        raise KeyError("glasses")


class Restless(Ledger):
    """Does nothing, and is never content."""

    def perform(self, host: Notebook, operation: Write) -> None:
        pass


class Unable(Ledger):
    """Is for real hosts, and can't write at all."""

    hypervisor_type = "KVM"

    def check(self, host: object, services: tuple[CustomService, ...]) -> Result:
        return super().check({}, services)

    def perform(self, host: object, operation: Write) -> None:
        raise RuntimeError("the pen is dry")
