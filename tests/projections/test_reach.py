"""Which ports hear one another, given what each host really has."""

from __future__ import annotations

from immutables import Map

from projections.found import Found, Link
from projections.reach import Site, Wire, circuits, islands


def port(name: str, bridge: str = "br", *, up: bool = True) -> Link:
    return Link(name, "port", bridge=bridge, ours=True, up=up)


def bridge(name: str = "br", *, up: bool = True, ours: bool = True) -> Link:
    return Link(name, "bridge", ours=ours, up=up)


def uplink(name: str = "eth0", bridge: str = "br", *, up: bool = True) -> Link:
    return Link(name, "other", bridge=bridge, up=up)


def vlan(number: int, bridge: str = "br") -> Link:
    return Link(f"eth0.{number}", "vlan", bridge=bridge, ours=True, interface="eth0", number=number)


def tunnel(local: str, vni: int = 100) -> Link:
    return Link("vx", "vxlan", bridge="br", ours=True, number=vni, local=local, udp_port=8472)


def heard(**sites: Site) -> list[list[str]]:
    found = [c for host, site in sites.items() for c in circuits(host, site)]
    return [[f"{host}/{name}" for host, name in island] for island in islands(found)]


def site(*links: Link, zone: str = "z", peers: tuple[str, ...] = ()) -> Site:
    pairs = frozenset(("vx", peer) for peer in peers)
    return Site(zone, Found(links=Map({link.name: link for link in links}), peers=pairs))


def test_ports_of_one_bridge_hear_each_other() -> None:
    assert heard(h=site(bridge(), port("a"), port("b"))) == [["h/a", "h/b"]]


def test_equal_interface_names_of_a_zone_are_wired_together() -> None:
    here, there = site(bridge(), uplink(), port("a")), site(bridge(), uplink(), port("b"))
    assert heard(h=here, i=there) == [["h/a", "i/b"]]


def test_another_zone_or_another_interface_is_another_wire() -> None:
    here = site(bridge(), uplink(), port("a"))
    assert heard(h=here, i=site(bridge(), uplink(), port("b"), zone="y")) == [["h/a"], ["i/b"]]
    assert heard(h=here, i=site(bridge(), uplink("eth1"), port("b"))) == [["h/a"], ["i/b"]]


def test_vlans_of_one_interface_are_wires_apart() -> None:
    base = Link("eth0", "other")
    here, there = site(base, bridge(), vlan(10), port("a")), site(base, bridge(), vlan(11), port("b"))
    assert heard(h=here, i=there) == [["h/a"], ["i/b"]]
    assert heard(h=here, i=here) == [["h/a", "i/a"]]
    assert circuits("h", here)[0].wires == (Wire("z", "eth0", 10),)


def test_two_ends_of_a_tunnel_must_know_each_other() -> None:
    one, two = (
        site(bridge(), tunnel("1"), port("a"), peers=("2",)),
        site(bridge(), tunnel("2"), port("b"), peers=("1",)),
    )
    deaf = site(bridge(), tunnel("2"), port("b"))
    other = site(bridge(), tunnel("2", vni=101), port("b"), peers=("1",))
    assert heard(h=one, i=two) == [["h/a", "i/b"]]
    assert heard(h=one, i=deaf) == [["h/a"], ["i/b"]]
    assert heard(h=one, i=other) == [["h/a"], ["i/b"]]


def test_what_is_down_carries_nothing() -> None:
    there = site(bridge(), uplink(), port("b"))
    assert heard(h=site(bridge(up=False), uplink(), port("a")), i=there) == [["i/b"]]
    assert heard(h=site(bridge(), uplink(up=False), port("a")), i=there) == [["h/a"], ["i/b"]]
    assert heard(h=site(bridge(), uplink(), port("a", up=False)), i=there) == [["i/b"]]
    dead = site(Link("eth0", "other", up=False), bridge(), vlan(10), port("a"))
    assert circuits("h", dead)[0].wires == ()


def test_a_bridge_that_is_not_ours_is_nobodys_circuit() -> None:
    assert heard(h=site(bridge(ours=False), port("a"))) == []
    assert heard(h=site(port("a"))) == []


def test_hearing_is_passed_on_from_host_to_host() -> None:
    left, right = site(bridge(), uplink("eth0"), port("a")), site(bridge(), uplink("eth1"), port("d"))
    middle = site(bridge(), uplink("eth0"), uplink("eth1"), port("b"))
    assert heard(h=left, i=middle, j=right) == [["h/a", "i/b", "j/d"]]
