"""What a server is to tell is written the way that dnsmasq reads it."""

from pathlib import Path

import msgspec

from backends.kvm import dnsmasq_text
from projections.name_server import Book, Guest, Name, Server, Subnet


BOOK = Book(
    guests=(
        Guest("52:54:00:00:00:01", ("192.168.0.11", "fd00::11"), "web", default=True),
        Guest("52:54:00:00:00:02", ("192.168.0.12",), "", default=False),
    ),
    names=(Name("web", ("192.168.0.11", "fd00::11")),),
    domain="x.org",
    resolvers=("9.9.9.9", "2001:db8::53", "192.168.0.2"),
    routes=(("10.0.0.0/8", "192.168.0.254"),),
    forwards=("192.168.0.53",),
)
SUBNETS = (Subnet("192.168.0.0/24", "192.168.0.1", ""), Subnet("fd00::/64", "fd00::1", "Stateful-DHCP"))
SERVER = Server("leg0", SUBNETS, dns=True, router=False, mtu=1450, book=BOOK)


def test_who_gets_which_lease() -> None:
    assert list(dnsmasq_text.hosts(BOOK.guests)) == [
        "52:54:00:00:00:01,192.168.0.11,[fd00::11],web,infinite",
        "52:54:00:00:00:02,set:other,192.168.0.12,infinite",
    ]


def test_whose_an_address_was_can_be_read_back() -> None:
    assert dnsmasq_text.owners(["# rewire", *dnsmasq_text.hosts(BOOK.guests)]) == {
        "192.168.0.11": "52:54:00:00:00:01",
        "fd00::11": "52:54:00:00:00:01",
        "192.168.0.12": "52:54:00:00:00:02",
    }


def test_what_guests_are_told_and_what_those_are_not_whose_default_nic_it_is_not() -> None:
    assert list(dnsmasq_text.options(SERVER)) == [
        "tag:!other,3,192.168.0.1",
        "tag:other,3",
        "tag:!other,6,9.9.9.9,192.168.0.2",
        "tag:other,6",
        "15,x.org",
        "26,1450",
        "tag:!other,121,10.0.0.0/8,192.168.0.254,0.0.0.0/0,192.168.0.1",
        "tag:other,121,10.0.0.0/8,192.168.0.254",
        "tag:!other,option6:dns-server,[2001:db8::53]",
        "tag:other,option6:dns-server",
        "option6:domain-search,x.org",
    ]


def test_guests_names_are_never_asked_of_anybody_else() -> None:
    assert list(dnsmasq_text.names(BOOK)) == ["192.168.0.11 web.x.org web", "fd00::11 web.x.org web"]
    assert list(dnsmasq_text.forwards(BOOK)) == ["server=192.168.0.53", "server=/web.x.org/"]


def test_a_router_advertises_itself_as_one_and_another_server_does_not() -> None:
    assert "ra-param=leg0,mtu:1450,60,0" in dnsmasq_text.conf(SERVER, Path("/s"), "nobody")
    router = msgspec.structs.replace(SERVER, router=True)
    assert "ra-param=leg0,mtu:1450,60" in dnsmasq_text.conf(router, Path("/s"), "nobody")


def test_a_server_without_a_service_does_not_offer_it() -> None:
    mute = set(dnsmasq_text.conf(msgspec.structs.replace(SERVER, dns=False), Path("/s"), "nobody"))
    assert "port=0" in mute
    nameserver = msgspec.structs.replace(SERVER, subnets=())
    assert not [line for line in dnsmasq_text.conf(nameserver, Path("/s"), "nobody") if "dhcp" in line]
