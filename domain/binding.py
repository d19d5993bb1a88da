"""What an EIP or a port forwarding rule stands for: one NIC of a VM on one L3 network."""

from __future__ import annotations

from domain.history import State


class Binding(State, frozen=True):
    nic: str
    vm: str
    l3: str
