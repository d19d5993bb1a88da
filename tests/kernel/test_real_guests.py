"""What guests see that know nothing of us: machines of their own, watched from inside."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from domain import commands as c
from tests.builders import a_pool, a_range, a_vm, a_vni_range, a_vxlan, an_l3, attach_pool
from tests.kernel.guest import Guest
from tests.kernel.served import HOSTS, Hall, hall


pytestmark = pytest.mark.kernel("bridge", "veth", "tap", "vxlan", "guest")


@pytest.fixture
def place() -> Iterator[Hall]:
    with hall() as found:
        found.plug = "tap"
        found.tell(a_pool(), a_vni_range(), attach_pool(), a_vxlan(), an_l3(l2="x"), a_range())
        found.tell(*(a_vm(f"on-{host}", host=host) for host in HOSTS))
        found.realize()
        yield found


def guest(place: Hall, host: str, script: str) -> Guest:
    nic = place.nic(f"on-{host}/l3")
    return Guest(script, host=place.lab.path(host), device=nic.device, mac=nic.mac)


def test_guests_on_two_hosts_hear_each_other_over_vxlan_until_one_is_taken_off_its_network(place: Hall) -> None:
    addresses = {host: place.nic(f"on-{host}/l3").ip for host in HOSTS}
    first, second = (
        f"ip addr add {addresses[host]}/24 dev eth0\nwatch peer pings {addresses[peer]}"
        for host, peer in (("h1", "h2"), ("h2", "h1"))
    )

    with guest(place, "h1", first) as one, guest(place, "h2", second) as other:
        assert one.says("peer", "yes")
        assert other.says("peer", "yes")

        place.tell(c.DetachL3NetworkFromVm(vm="on-h1", l3="l3"))
        place.realize()

        assert one.says("peer", "no")
        assert other.says("peer", "no")
