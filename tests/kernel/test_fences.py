"""What a host's own servers say to guests is not for the host."""

from __future__ import annotations

import pytest

from domain import commands as c
from tests.builders import a_vm
from tests.kernel.fabric import ip
from tests.kernel.served import Hall, hall, wait_for


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
