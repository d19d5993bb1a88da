"""Commands about L2 networks and VXLAN pools."""

from __future__ import annotations

from typing import Annotated

from domain import l2, values
from domain.commands.base import Command, Creation, Mode, one_of, said, within


Vni = Annotated[int, within(values.VNIS)]


class CreateL2NoVlanNetwork(Creation, frozen=True, kw_only=True):
    name: str
    zone: str
    physical_interface: str
    description: str = ""


class CreateL2VlanNetwork(Creation, frozen=True, kw_only=True):
    name: str
    zone: str
    physical_interface: str
    vlan: Annotated[int, within(values.VLANS)]
    description: str = ""


class CreateL2VxlanNetworkPool(Creation, frozen=True, kw_only=True):
    name: str
    zone: str
    physical_interface: str = ""
    description: str = ""


class AddVniRange(Command, frozen=True, kw_only=True):
    pool: str
    start: Vni
    end: Vni
    name: str = ""


class DeleteVniRange(Command, frozen=True, kw_only=True):
    pool: str
    name: str
    mode: Mode = "permissive"


class CreateL2VxlanNetwork(Creation, frozen=True, kw_only=True):
    name: str
    pool: str
    vni: Annotated[int | None, within(values.VNIS)] = None
    account: str = ""
    realize: Annotated[str, one_of(l2.Realize)] = "attach"
    description: str = ""


class CreateL2OvsGreNetwork(Creation, frozen=True, kw_only=True):
    name: str
    zone: str
    physical_interface: str
    key: Annotated[int, within(values.GRE_KEYS)]
    description: str = ""


class CreateL2Network(Creation, frozen=True, kw_only=True):
    """Make an L2 network of a type that a plugin adds."""

    name: str
    zone: str
    type: Annotated[str, said("as a plugin calls it")]
    physical_interface: str = ""
    number: int = 0
    description: str = ""


class AttachL2NetworkToCluster(Command, frozen=True, kw_only=True):
    l2: str
    cluster: str
    vtep_cidr: str = ""


class DetachL2NetworkFromCluster(Command, frozen=True, kw_only=True):
    l2: str
    cluster: str


class ChangeL2NetworkVlan(Command, frozen=True, kw_only=True):
    """Give an L2 network another VLAN; 0 makes it a NoVlan network. Its bridge keeps its name."""

    l2: str
    vlan: Annotated[int, said(f"0 to {values.VLANS[-1]}")]


class UpdateL2Network(Command, frozen=True, kw_only=True):
    l2: str
    name: str | None = None
    description: str | None = None


class DeleteL2Network(Command, frozen=True, kw_only=True):
    l2: str
    mode: Mode = "permissive"
