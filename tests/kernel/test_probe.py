"""The probe tells the truth, and the machinery around it brings each test to a kernel that can run it."""

import socket
import subprocess

import pytest

from tests.kernel import probe


EXPERIMENTAL = 0x88B5  # an Ethernet type that no kernel sends by itself
SOURCE = bytes.fromhex("020000000001")
BROADCAST = b"\xff" * 6


@pytest.mark.parametrize("kind", [pytest.param(kind, marks=pytest.mark.kernel(kind)) for kind in probe.RECIPES])
def test_every_kind_of_device_can_be_made_on_one_kernel_or_the_other(kind: str) -> None:
    assert probe.lack(kind) is None  # skipped where it is lacking, and no skip is forgiven inside the machine


@pytest.mark.kernel("veth", "vlan")
def test_a_vlan_device_takes_the_frames_of_its_own_tag_and_unwraps_them(namespace: None) -> None:
    _ip("link add left type veth peer name right")
    _ip("link add link right name right.10 type vlan id 10")
    for device in ("left", "right", "right.10"):
        _ip(f"link set {device} up")

    with _raw("left") as sender, _raw("right.10") as receiver:
        sender.send(_tagged(20, b"not for you"))
        sender.send(_tagged(10, b"for you"))

        assert receiver.recv(1500) == BROADCAST + SOURCE + EXPERIMENTAL.to_bytes(2) + b"for you"


def _ip(arguments: str) -> None:
    subprocess.run(["ip", *arguments.split()], check=True)


def _raw(device: str) -> socket.socket:
    made = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(EXPERIMENTAL))
    made.bind((device, EXPERIMENTAL))
    made.settimeout(5)
    return made


def _tagged(vlan: int, payload: bytes) -> bytes:
    tag = b"\x81\x00" + vlan.to_bytes(2)
    return BROADCAST + SOURCE + tag + EXPERIMENTAL.to_bytes(2) + payload
