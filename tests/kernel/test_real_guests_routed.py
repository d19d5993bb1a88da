"""Guests that a virtual router serves, watched from inside: machines of their own that know nothing of us."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from socket import socket

import pytest

from domain import commands as c
from tests.builders import a_vm
from tests.kernel.guest import Guest
from tests.kernel.routed import BEYOND, GATEWAY, Campus, called, campus, is_closed, listening
from tests.service_builders import a_rule, a_vip, an_eip, attach_eip


pytestmark = pytest.mark.kernel("bridge", "veth", "tap", "vxlan", "nftables", "dnsmasq", "guest")
ROUTER, EIP, FORWARDING = "10.9.0.2", "10.9.0.50", "10.9.0.60"
HOME = {"a": "h1", "b": "h2"}
VISITED = """#!/bin/sh
echo "visitor $REMOTE_ADDR" >/dev/console
echo
"""
SCRIPT = f"""
mkdir -p /www/cgi-bin
cat >/www/cgi-bin/visit <<'END'
{VISITED}END
chmod +x /www/cgi-bin/visit
until leases /lease; do :; done
httpd -p 80 -h /www
until nc -w 1 {BEYOND} 80 </dev/null; do :; done
watch lease leases /bin/true &
watch name nslookup PEER.x.org &
watch peer pings PEER.x.org &
watch outside pings {BEYOND} &
wait
"""


@pytest.fixture
def place() -> Iterator[Campus]:
    with campus() as found:
        found.plug = "tap"
        found.tell(*(a_vm(name, host=host) for name, host in HOME.items()))
        found.tell(a_vip("eip", address=EIP), an_eip(vip="eip"), attach_eip(vm="a"))
        found.tell(a_vip("shared", address=FORWARDING), a_rule("r", 8080, 80, vip="shared", vm="b"))
        found.realize()
        yield found


def guest(place: Campus, name: str) -> Guest:
    nic = place.nic(f"{name}/l3")
    (peer,) = HOME.keys() - {name}
    return Guest(SCRIPT.replace("PEER", peer), host=place.lab.path(HOME[name]), device=nic.device, mac=nic.mac)


def visit(place: Campus, address: str, port: int) -> None:
    caller = called(place.out, address, port)
    assert caller, f"{address}:{port} does not answer"
    with caller:
        caller.sendall(b"GET /cgi-bin/visit HTTP/1.0\r\n\r\n")
        assert b" 200 OK" in caller.recv(64)


def callers(ear: socket) -> set[str]:
    """Give who calls, as far as the outside sees, when both guests have."""
    found = set()
    for _ in HOME:
        line, peer = ear.accept()
        line.close()
        found.add(peer[0].removeprefix("::ffff:"))
    return found


def test_guests_are_served_as_long_as_they_are_attached_and_lose_it_all_then(place: Campus) -> None:
    with ExitStack() as stack:
        ear = stack.enter_context(listening(place.out, 80))
        ear.settimeout(60)
        guests = {name: stack.enter_context(guest(place, name)) for name in HOME}
        assert callers(ear) == {EIP, ROUTER}
        for one in guests.values():
            assert [one.says(what, "yes") for what in ("lease", "name", "peer", "outside")] == [True] * 4
        visit(place, EIP, 80)
        visit(place, FORWARDING, 8080)
        for one in guests.values():
            assert one.says("visitor", f"[::ffff:{GATEWAY}]")

        place.tell(*(c.DetachL3NetworkFromVm(vm=name, l3="l3") for name in HOME))
        place.realize()

        for one in guests.values():
            assert [one.says(what, "no") for what in ("lease", "name", "peer", "outside")] == [True] * 4
        assert is_closed(place.out, EIP, 80)
        assert is_closed(place.out, FORWARDING, 8080)
