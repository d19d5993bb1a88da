"""Whose the NICs of a domain are: MAC addresses are claimed, and a claim tells its holder without any history.

The domain's own name says nothing: anybody may give it, and VMs are called otherwise in the facts.
"""

from __future__ import annotations

from collections.abc import Iterator

from domain import claims, vm
from domain.errors import Refusal
from domain.network import Network
from rewire.libvirt.domain import Domain


def vm_of(network: Network, domain: Domain) -> str:
    """Give the VM that holds the MAC addresses of a domain's NICs; nothing when none does.

    Raises `Refusal` when they are those of several VMs.
    """
    found = dict(holders(network, domain))
    if len(found) > 1:
        names = ", ".join(found.values())
        raise Refusal("conflict", f"domain {domain.name} has MAC addresses of several VMs: {names}")
    return next(iter(found), "")


def holders(network: Network, domain: Domain) -> Iterator[tuple[str, str]]:
    for interface in domain.interfaces:
        claim = network.load(claims.mac(interface.mac).uuid)
        holder = claim.state.holder if claim and isinstance(claim.state, claims.Claim) else ""
        found = network.load(holder) if holder else None
        if found and isinstance(found.state, vm.Vm):
            yield found.uuid, found.state.name
