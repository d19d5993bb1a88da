"""What leads to a NIC or guards it, and ends with it: an EIP's and a rule's binding, a place in a security group.

A router that something led in through may have no more to do where it led from.
"""

from __future__ import annotations

from domain import claims, eip, port_forwarding, security_group, values, vip
from domain.handlers import routers
from domain.transaction import Transaction


def forget_nic(t: Transaction, nic: str, *, cause: str) -> None:
    """Take a NIC that goes out of its EIP, its port forwarding rules and its groups."""
    for uuid in t.census(nic).users_of(nic):
        found = t.get(uuid)
        match found.state if found else None:
            case eip.Eip(binding=binding, vip=address) if binding and binding.nic == nic:
                why = t.record(uuid, eip.Detached(), cause=cause)
                t.release(claims.eip(nic, values.family(t.load(address, vip.Vip).state.ip)), uuid, cause=why)
                routers.settle(t, binding.l3, cause=why)
            case port_forwarding.Rule(binding=binding) if binding and binding.nic == nic:
                why = t.record(uuid, port_forwarding.Detached(), cause=cause)
                routers.settle(t, binding.l3, cause=why)
            case security_group.SecurityGroup(members=members) if nic in {m.nic for m in members}:
                t.record(uuid, security_group.NicRemoved(nic), cause=cause)
            case _:
                pass
