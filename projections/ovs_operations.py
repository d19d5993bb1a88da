"""Operations on Open vSwitch: each makes a row of ours, makes it what it should be, or takes it away.

A row is made together with its mark in one transaction, so none is ever half made.
"""

from __future__ import annotations

from projections import ovs
from projections.operation import Operation
from projections.ovs import Ovs


class OvsOperation(Operation, frozen=True):
    """Base of the steps."""

    name: str


class CreateOvsBridge(OvsOperation, frozen=True, tag="create-ovs-bridge"):
    mark: str


class DeleteOvsBridge(OvsOperation, frozen=True, tag="delete-ovs-bridge"):
    pass


class AddGrePort(OvsOperation, frozen=True, tag="add-gre-port"):
    bridge: str
    local: str
    remote: str
    key: int
    mark: str


class PlugPort(OvsOperation, frozen=True, tag="plug-port"):
    bridge: str
    mark: str
    protected: bool = False


class RemoveOvsPort(OvsOperation, frozen=True, tag="remove-ovs-port"):
    bridge: str


def subject(operation: OvsOperation) -> str:
    match operation:
        case AddGrePort(name=name, bridge=bridge, remote=remote):
            return f"{name} to {bridge} for {remote}"
        case PlugPort(name=name, bridge=bridge):
            return f"{name} to {bridge}"
        case _:
            return operation.name


def apply(found: Ovs, operation: OvsOperation) -> Ovs:
    """Give what a look would show after an operation."""
    match operation:
        case CreateOvsBridge(name=name, mark=mark):
            return ovs.put_bridge(found, name, mark)
        case DeleteOvsBridge(name=name):
            return ovs.drop_bridge(found, name)
        case AddGrePort(name=name, bridge=bridge, local=local, remote=remote, key=key, mark=mark):
            return ovs.put_port(found, ovs.gre(name, bridge, ends=(local, remote), key=key, mark=mark))
        case PlugPort(name=name, bridge=bridge, mark=mark, protected=protected):
            return ovs.put_port(found, ovs.plugged(name, bridge, mark, protected=protected))
        case RemoveOvsPort(name=name):
            return ovs.drop_port(found, name)
        case _:
            raise TypeError(operation)
