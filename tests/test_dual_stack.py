"""examples/dual-stack.yaml, word for word: who got which address, and what each network tells its guests."""

from __future__ import annotations

from projections.plan import plan
from tests.test_examples import applied, shown


def test_each_nic_has_an_address_of_each_family_of_its_network() -> None:
    nics = shown(applied("dual-stack.yaml"), "nic")
    assert [(nic["name"], nic["ip"], nic["ip6"]) for nic in nics] == [
        ("vm-d1/l3-d", "10.6.0.1", "fd00:6::100"),
        ("vm-d2/l3-d", "10.6.0.10", "fd00:6::101"),
        ("vm-d2/l3-slaac", "fd00:8::5054:ff:fe12:3456", "fd00:8::5054:ff:fe12:3456"),
    ]


def test_each_network_tells_its_ranges_and_what_guests_are_told() -> None:
    both, made = shown(applied("dual-stack.yaml"), "l3")
    assert both["ipRanges"] == [
        ipv4("four", "10.6.0.1", "10.6.0.99"),
        ipv4("four-2", "10.6.0.101", "10.6.0.254"),
        {
            "name": "six",
            "startIp": "fd00:6::10",
            "endIp": "fd00:6::ffff",
            "netmask": "",
            "gateway": "fd00:6::1",
            "networkCidr": "fd00:6::/64",
            "prefixLen": 64,
            "ipVersion": 6,
            "addressMode": "Stateful-DHCP",
        },
    ]
    assert both["reservedIpRanges"] == [
        {"startIp": "10.6.0.2", "endIp": "10.6.0.9"},
        {"startIp": "fd00:6::", "endIp": "fd00:6::ff"},
    ]
    assert both["dns"] == ["fd00:6::53", "10.6.0.53"]
    assert both["hostRoute"] == [{"prefix": "172.16.0.0/12", "nexthop": "10.6.0.254"}]
    assert (both["state"], both["mtu"]) == ("disabled", 9000)
    assert [(r["name"], r["startIp"], r["endIp"], r["addressMode"]) for r in made["ipRanges"]] == [
        ("own", "fd00:8::2", "fd00:8::ffff:ffff:ffff:ffff", "SLAAC")
    ]


def ipv4(name: str, start: str, end: str) -> dict[str, object]:
    return {
        "name": name,
        "startIp": start,
        "endIp": end,
        "netmask": "255.255.255.0",
        "gateway": "10.6.0.100",
        "networkCidr": "10.6.0.0/24",
        "prefixLen": 24,
        "ipVersion": 4,
        "addressMode": "",
    }


def test_the_host_makes_room_for_the_larger_mtu_and_has_a_port_with_both_addresses() -> None:
    case = applied("dual-stack.yaml")
    found = plan(case.topology, case.id("host", "host-d"))
    assert {bridge.name: bridge.mtu for bridge in found.bridges} == {"br_eth0_60": 9000, "br_eth0_61": 0}
    ports = {case.topology.name(port.nic): (port.ip, port.ip6, port.bridge) for port in found.ports}
    assert ports == {
        "vm-d1/l3-d": ("10.6.0.1", "fd00:6::100", "br_eth0_60"),
        "vm-d2/l3-d": ("10.6.0.10", "fd00:6::101", "br_eth0_60"),
        "vm-d2/l3-slaac": ("", "fd00:8::5054:ff:fe12:3456", "br_eth0_61"),
    }
