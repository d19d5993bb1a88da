"""What a host has set for its interface holds for the bridge that stands for it, and for what routers say there."""

from __future__ import annotations

from pathlib import Path

import pytest

from backends.kvm.host import Host
from backends.kvm.namespace import inside
from tests.kernel.fabric import Cut, after, ip, one_host, untagged
from tests.kernel.test_moving import advertise, lifetime, two_hosts, wait_for


pytestmark = pytest.mark.kernel("bridge", "tap", "veth")

UNUSUAL = {
    "ipv4/conf": {"rp_filter": "0", "proxy_arp": "1", "arp_ignore": "2", "accept_local": "1", "forwarding": "1"},
    "ipv4/neigh": {"gc_stale_time": "77"},
    "ipv6/conf": {
        "accept_ra": "2",
        "use_tempaddr": "2",
        "forwarding": "1",
        "accept_redirects": "0",
        "dad_transmits": "3",
    },
    "ipv6/neigh": {"base_reachable_time_ms": "45000"},
}


def test_a_bridge_has_the_settings_of_its_interface() -> None:
    with one_host() as path, Host(path) as host:
        put(path, "default", {"ipv4/conf": {"rp_filter": "1"}})
        put(path, "eth0", UNUSUAL)

        host.realize(untagged())

        assert every(path, "br_eth0") == every(path, "eth0")
        assert every(path, "br_eth0").items() >= flat(UNUSUAL).items()


def test_addresses_made_of_a_secret_stay_so_on_the_bridge() -> None:
    with one_host() as path, Host(path) as host:
        put(path, "eth0", {"ipv6/conf": {"stable_secret": "2001:db8::1234"}})

        host.realize(untagged())

        assert get(path, "br_eth0", "ipv6/conf/stable_secret") == get(path, "eth0", "ipv6/conf/stable_secret") != ""
        assert get(path, "br_eth0", "ipv6/conf/addr_gen_mode") == "2"


def test_an_interface_may_speak_ipv6_where_new_ones_may_not() -> None:
    with one_host("-6 addr add fd00::1/64 dev eth0 nodad") as path, Host(path) as host:
        put(path, "default", {"ipv6/conf": {"disable_ipv6": "1"}})

        host.realize(untagged())

        assert "fd00::1/64" in ip(path, "-6 addr show dev br_eth0 scope global")


def test_an_interface_that_does_not_speak_ipv6_has_a_bridge_that_does_not() -> None:
    with one_host() as path, Host(path) as host:
        put(path, "eth0", {"ipv6/conf": {"disable_ipv6": "1"}})

        host.realize(untagged())

        assert ip(path, "-6 addr show dev br_eth0") == ""


def test_a_host_that_forwards_still_hears_routers_after_the_move() -> None:
    with two_hosts() as (path, far), Host(path) as host:
        put(path, "all", {"ipv6/conf": {"forwarding": "1"}})
        put(path, "eth0", {"ipv6/conf": {"accept_ra": "2"}})
        advertise(far, lifetime_s=4000)
        wait_for(lambda: lifetime(path, "eth0") > 0)

        host.realize(untagged())
        advertise(far, lifetime_s=9000)

        wait_for(lambda: lifetime(path, "br_eth0") > 4000)


def test_what_is_set_later_for_the_interface_comes_with_the_next_address() -> None:
    with one_host() as path, Host(path) as host:
        host.realize(untagged())
        put(path, "eth0", {"ipv4/conf": {"rp_filter": "2"}})
        ip(path, "addr add 10.7.0.1/24 dev eth0")

        host.realize(untagged())

        assert get(path, "br_eth0", "ipv4/conf/rp_filter") == "2"


def test_what_is_set_for_the_bridge_stays_and_goes_home_with_the_addresses() -> None:
    with one_host() as path, Host(path) as host:
        host.realize(untagged())
        put(path, "br_eth0", {"ipv4/conf": {"rp_filter": "2"}})

        assert host.check(untagged()).settled
        host.delete("h")

        assert get(path, "eth0", "ipv4/conf/rp_filter") == "2"


def test_the_settings_are_there_wherever_a_run_is_cut_off_and_run_again() -> None:
    with one_host() as path, Host(path) as host:
        put(path, "eth0", UNUSUAL)
        for count in range(1, 1 + len(host.check(untagged()).operations)):
            with pytest.raises(Cut):
                host.realize(untagged(), on_operation=after(count))
            host.realize(untagged())

            assert every(path, "br_eth0") == every(path, "eth0")
            host.delete("h")


Settings = dict[str, dict[str, str]]
ROOT = Path("/proc/sys/net")


def put(path: str, link: str, given: Settings) -> None:
    with inside(path):
        for folder, values in given.items():
            for name, value in values.items():
                (ROOT / folder / link / name).write_text(value)


def get(path: str, link: str, name: str) -> str:
    """Give a setting by a name such as `ipv4/conf/rp_filter`."""
    folder, _, last = name.rpartition("/")
    with inside(path):
        return (ROOT / folder / link / last).read_text().strip()


def every(path: str, link: str) -> dict[str, str]:
    """Give all that is set for a link, but the secret, which can't be read where there is none."""
    with inside(path):
        files = [file for folder in UNUSUAL for file in (ROOT / folder / link).iterdir()]
        return {f"{f.parent.parent.relative_to(ROOT)}/{f.name}": f.read_text().strip() for f in files if not hidden(f)}


def hidden(file: Path) -> bool:
    return file.name == "stable_secret"


def flat(given: Settings) -> dict[str, str]:
    return {f"{folder}/{name}": value for folder, values in given.items() for name, value in values.items()}
