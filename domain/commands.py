"""What can be asked for, field by field, as a change file spells it.

A command is a wish: its shape is checked here, its sense by the decision it leads to. Optional fields have defaults,
unlike those of facts: what a command leaves out is filled in before it is recorded.
"""

from __future__ import annotations

import msgspec


class Command(msgspec.Struct, frozen=True, kw_only=True, rename="kebab", forbid_unknown_fields=True):
    """Base of every command. Objects are named by name or by uuid."""

    @classmethod
    def tag(cls) -> str:
        """Give the command's name in a change file: `CreateL2VlanNetwork` is `create-l2-vlan-network`."""
        return SPELLING[cls]


class Creation(Command, frozen=True, kw_only=True):
    """Base of the commands that make an object, which may be given its uuid."""

    uuid: str = ""


class CreateZone(Creation, frozen=True, kw_only=True):
    name: str


class CreateCluster(Creation, frozen=True, kw_only=True):
    name: str
    zone: str
    hypervisor: str = "KVM"


class AddHost(Creation, frozen=True, kw_only=True):
    name: str
    cluster: str
    interfaces: tuple[str, ...]
    address: str = ""
    vtep: str = ""


class SetHostState(Command, frozen=True, kw_only=True):
    host: str
    state: str


class CreateL2NoVlanNetwork(Creation, frozen=True, kw_only=True):
    name: str
    zone: str
    physical_interface: str
    description: str = ""


class CreateL2VlanNetwork(Creation, frozen=True, kw_only=True):
    name: str
    zone: str
    physical_interface: str
    vlan: int
    description: str = ""


class CreateL2VxlanNetworkPool(Creation, frozen=True, kw_only=True):
    name: str
    zone: str
    physical_interface: str = ""
    description: str = ""


class AddVniRange(Command, frozen=True, kw_only=True):
    pool: str
    start: int
    end: int
    name: str = ""


class CreateL2VxlanNetwork(Creation, frozen=True, kw_only=True):
    name: str
    pool: str
    vni: int | None = None
    realize: str = "attach"
    description: str = ""


class AttachL2NetworkToCluster(Command, frozen=True, kw_only=True):
    l2: str
    cluster: str
    vtep_cidr: str = ""


class DetachL2NetworkFromCluster(Command, frozen=True, kw_only=True):
    l2: str
    cluster: str


class CreateL3Network(Creation, frozen=True, kw_only=True):
    name: str
    l2: str
    category: str = "private"
    dns_domain: str = ""
    mtu: int = 0
    allocator: str = "random"


class AddIpRange(Command, frozen=True, kw_only=True):
    l3: str
    name: str
    start: str
    end: str
    netmask: str
    gateway: str


class AddIpRangeByCidr(Command, frozen=True, kw_only=True):
    l3: str
    name: str
    cidr: str
    gateway: str = ""


class CreateVm(Creation, frozen=True, kw_only=True):
    name: str
    networks: tuple[str, ...]
    host: str = ""
    cluster: str = ""
    addresses: dict[str, str] = {}
    macs: dict[str, str] = {}


class StartVm(Command, frozen=True, kw_only=True):
    vm: str
    host: str = ""


class StopVm(Command, frozen=True, kw_only=True):
    vm: str


class MigrateVm(Command, frozen=True, kw_only=True):
    vm: str
    host: str = ""


class DestroyVm(Command, frozen=True, kw_only=True):
    vm: str


COMMANDS: dict[str, type[Command]] = {
    "create-zone": CreateZone,
    "create-cluster": CreateCluster,
    "add-host": AddHost,
    "set-host-state": SetHostState,
    "create-l2-no-vlan-network": CreateL2NoVlanNetwork,
    "create-l2-vlan-network": CreateL2VlanNetwork,
    "create-l2-vxlan-network-pool": CreateL2VxlanNetworkPool,
    "add-vni-range": AddVniRange,
    "create-l2-vxlan-network": CreateL2VxlanNetwork,
    "attach-l2-network-to-cluster": AttachL2NetworkToCluster,
    "detach-l2-network-from-cluster": DetachL2NetworkFromCluster,
    "create-l3-network": CreateL3Network,
    "add-ip-range": AddIpRange,
    "add-ip-range-by-cidr": AddIpRangeByCidr,
    "create-vm": CreateVm,
    "start-vm": StartVm,
    "stop-vm": StopVm,
    "migrate-vm": MigrateVm,
    "destroy-vm": DestroyVm,
}
SPELLING = {command: spelling for spelling, command in COMMANDS.items()}
