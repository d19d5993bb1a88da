"""A domain as libvirt describes it: its name, its uuid, and what it has for NICs.

It is read for every domain of a host, ours or not, and rests on nothing but Python. Refuses to say whose a domain is.
"""

from __future__ import annotations

from typing import NamedTuple
from xml.etree import ElementTree as ET


class Interface(NamedTuple):
    mac: str
    type: str
    """`ethernet` for a device that is there, anything else for what libvirt makes itself."""
    device: str
    """Of the host, or nothing where libvirt is to find a name."""
    managed: bool
    """The device is libvirt's to make and to remove."""


class Domain(NamedTuple):
    name: str
    uuid: str
    interfaces: tuple[Interface, ...]


class Unreadable(Exception):
    """This is no domain."""


def read(text: str) -> Domain:
    """Read a domain's XML. Raises `Unreadable`."""
    try:
        root = ET.fromstring(text)  # noqa: S314 - libvirt wrote it
    except ET.ParseError as error:
        raise Unreadable(f"standard input is no domain XML: {error}") from None
    found = tuple(interface(one) for one in root.iterfind("devices/interface"))
    return Domain(root.findtext("name", ""), root.findtext("uuid", ""), tuple(one for one in found if one.mac))


def interface(element: ET.Element) -> Interface:
    mac, target = element.find("mac"), element.find("target")
    told = target.attrib if target is not None else {}
    return Interface(
        mac=mac.get("address", "").lower() if mac is not None else "",
        type=element.get("type", ""),
        device=told.get("dev", ""),
        managed=told.get("managed", "yes") != "no",
    )
