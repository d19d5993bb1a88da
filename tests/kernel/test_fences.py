"""What a host's own servers say to guests is not for the host, and what others serve doesn't come to its guests."""

from __future__ import annotations

import select
import struct
from contextlib import ExitStack
from itertools import count

import msgspec
import pytest

from backends.kvm.host import Host
from backends.kvm.lab import Lab
from backends.kvm.namespace import inside
from domain import commands as c
from projections.namespaces import Fence
from projections.verdict import Probe
from tests.builders import a_vm
from tests.kernel import packets
from tests.kernel.fabric import ip, untagged
from tests.kernel.guarded import one_processor
from tests.kernel.guests import await_forwarding
from tests.kernel.served import Hall, hall, wait_for


PATIENCE_S = 10.0
MAC = "02:00:00:00:00:66"


@pytest.mark.kernel("bridge", "veth", "nftables", "dnsmasq")
def test_a_host_takes_no_address_from_what_its_own_server_advertises() -> None:
    with hall() as place:
        place.serve(c.AddIpRangeByCidr(l3="l3", name="six", cidr="fd01::/64", address_mode="SLAAC"))
        place.tell(a_vm("a", host="h1"))
        place.realize("h1")
        wait_for(lambda: "inet6 fe80" in (told := addresses(place)) and "tentative" not in told)

        guest = place.guest("a/l3")
        assert guest.advertisement().prefix == "fd01::/64"
        wait_for(lambda: any(address.startswith("fd01:") for address in guest.addresses6()))

        assert "fd01:" not in addresses(place)


def addresses(place: Hall) -> str:
    return ip(place.lab.path("h1"), "-6 address show dev br_eth0")


PLAN = msgspec.structs.replace(untagged(), fences=(Fence("leg0", "br_eth0", ("eth0",), ("10.0.0.53",)),))
GUEST = PLAN.ports[0]
TAG = b"\x81\x00\x00\x00"
STACKED = b"\x88\xa8\x00\x00"
OPTIONS = bytes((17, 0, 1, 4, 0, 0, 0, 0))
"""A header of destination options, with UDP behind it."""
ANSWER = Probe(src="fe80::9", dst="ff02::1", protocol="UDP", source_port=547, port=546)
ANSWER4 = Probe(src="10.0.0.9", dst="255.255.255.255", protocol="UDP", source_port=67, port=68)


@pytest.mark.kernel("bridge", "veth", "nftables")
def test_no_dhcp_comes_from_outside_behind_tags_or_in_fragments() -> None:
    with one_processor(), Lab({"h": ("eth0",), "peer": ("eth0",)}, {"h": "10.0.0.1"}) as lab, ExitStack() as stack:
        with Host(lab.path("h"), plug="veth") as kernel:
            kernel.realize(PLAN)
        with inside(lab.path("h")):
            guest = stack.enter_context(packets.ear(GUEST.device.replace("nic", "p", 1)))
        with inside(lab.path("peer")):
            wire = stack.enter_context(packets.ear("eth0"))
        await_forwarding(lab.path("h"), GUEST.device)

        numbers = count(100)

        def arrives(*frames: bytes) -> bool:
            """Send frames, then one that passes, and tell whether the first came: without it no fragment is of use."""
            last = packets.frame(Probe(src="10.0.0.9", dst="10.0.0.9", protocol="ARP"), MAC, next(numbers))
            for frame in (*frames, last):
                wire.send(frame)
            heard: list[bytes] = []
            while last not in heard:
                assert select.select([guest], [], [], PATIENCE_S)[0], "not even ARP comes"
                heard.append(guest.recv(2048))
            return any(frames[0][-16:] in each for each in heard)

        assert arrives(packets.frame(udp(1024, 53), MAC, 1))
        assert arrives(*fragments(udp(1024, 53), OPTIONS[:0]))
        for answer in (ANSWER, ANSWER4):
            plain = packets.frame(answer, MAC, 2)
            assert not arrives(plain)
            for tags in (TAG, TAG * 2, STACKED, STACKED + TAG):
                assert not arrives(plain[:12] + tags + plain[12:])
        assert not arrives(*fragments(ANSWER, b""))
        assert not arrives(*fragments(ANSWER, OPTIONS))


def udp(source: int, target: int) -> Probe:
    return msgspec.structs.replace(ANSWER, source_port=source, port=target)


def fragments(probe: Probe, options: bytes) -> tuple[bytes, ...]:
    """Cut a datagram in two: behind its ports, or behind options before them."""
    whole = packets.frame(probe, MAC, 3)
    head, body = whole[:14] + whole[14:54], whole[54:]
    first, rest = (options, body) if options else (body[:8], body[8:])
    kind = 60 if options else 17
    return tuple(
        head[:18] + struct.pack("!HB", 8 + len(part), 44) + head[21:] + struct.pack("!BBHI", kind, 0, place, 99) + part
        for part, place in ((first, 1), (rest, len(first)))
    )
