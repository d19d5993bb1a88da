"""A host's table of filters: loaded whole or not at all, told when it can't be, and never somebody else's."""

from __future__ import annotations

import subprocess

import msgspec
import pytest

from backends.kvm import filter_text, filters, nft
from backends.kvm.host import Host
from backends.kvm.namespace import inside
from domain.errors import HostUnreachable
from projections.filter_operations import AddMember, Membership, RemoveMember
from projections.found import FOREIGN, Loaded
from projections.operations import describe
from projections.service_entries import Filter
from tests.filter_strategies import BRIDGE, DEVICES
from tests.kernel import probe
from tests.kernel.fabric import one_host
from tests.kernel.guarded import Wires, guarded_by, stateless, wires
from tests.kernel.test_filters import in_groups, only, tcp


pytestmark = pytest.mark.kernel("bridge", "veth", "nftables")

FOREIGN_TABLE = "table bridge rewire {\n\tchain theirs {\n\t\taccept\n\t}\n}\n"
IMPOSSIBLE = Filter("ingress", "TCP", "80-99999", "", "")


def listing(path: str, *options: str) -> str:
    with inside(path):
        return subprocess.run(["nft", *options, "list", "ruleset"], check=True, capture_output=True, text=True).stdout


def loaded(here: Wires) -> Loaded | None:
    return filters.look(here.path)


def test_a_look_shows_the_digest_and_the_members_and_that_connections_may_be_left() -> None:
    wanted = only(in_groups(0, "g"), members=("10.5.0.1", "10.5.0.3", "fd00::3"))
    with wires() as here:
        assert loaded(here) is None

        here.load(wanted)

        assert loaded(here) == Loaded(wanted.digest, wanted.members, settled=False, nics=wanted.devices)


def test_many_changes_of_members_are_one_transaction() -> None:
    with wires() as here:
        here.load(only(in_groups(0, "g"), members=("10.5.0.1", "fd00::1")))
        changes: list[Membership] = [
            AddMember("g", BRIDGE, "10.5.0.9"),
            AddMember("g", BRIDGE, "fd00::9"),
            RemoveMember("g", BRIDGE, "10.5.0.1"),
        ]

        filters.change_members(here.path, changes, "changing")
        with pytest.raises(HostUnreachable):
            filters.change_members(
                here.path, [AddMember("g", BRIDGE, "10.5.0.7"), RemoveMember("none", BRIDGE, "10.5.0.1")], "changing"
            )

        found = loaded(here)
        assert found
        assert found.members["g", BRIDGE] == {"10.5.0.9", "fd00::1", "fd00::9"}


def test_a_member_that_comes_or_goes_is_one_element_of_one_set() -> None:
    with wires() as here, Host(here.path, plug="veth") as host:
        here.load(only(in_groups(0, "g"), members=("10.5.0.1", "10.5.0.2")))
        host.realize(guarded_by(only(in_groups(0, "g"), members=("10.5.0.1", "10.5.0.2"))))
        before = listing(here.path, "-a")
        assert host.check(guarded_by(only(in_groups(0, "g"), members=("10.5.0.1", "10.5.0.2")))).settled
        assert here.passes(tcp(1, 0, 80))

        done = host.realize(guarded_by(only(in_groups(0, "g"), members=("10.5.0.1",))))

        assert list(map(describe, done.operations)) == [f"remove-member 10.5.0.2 of g on {BRIDGE}", "end-connections"]
        assert listing(here.path, "-a") == before.replace("10.5.0.1, 10.5.0.2", "10.5.0.1")
        assert not here.passes(tcp(1, 0, 80))


def test_what_nft_refuses_is_told_in_its_words_and_the_old_filters_stay() -> None:
    with wires() as here:
        here.load(only(in_groups(0, "g"), Filter("ingress", "TCP", "80-80", "", "")))
        before = listing(here.path)

        with pytest.raises(HostUnreachable, match=r"loading: nft refuses it, .* stays: Service out of range"):
            nft.load(here.path, stateless(filter_text.load(only(in_groups(0, "g"), IMPOSSIBLE))), "loading")

        assert listing(here.path) == before
        assert here.passes(tcp(1, 0, 80))
        assert not here.passes(tcp(1, 0, 81))


def test_no_guarded_port_is_made_when_the_filters_are_refused() -> None:
    with one_host() as path, Host(path, plug="veth") as host:
        with pytest.raises(HostUnreachable, match="load-filters: nft refuses it"):
            host.realize(guarded_by(only(in_groups(0, "g"), IMPOSSIBLE)))

        assert in_groups(0, "g").device not in host.look().links
        assert host.look().filters is None


def test_a_kernel_that_tracks_no_connections_on_bridges_is_told_with_the_remedy() -> None:
    if not probe.lack("bridge-conntrack"):
        pytest.skip("this kernel tracks connections on bridges")
    with one_host() as path, Host(path, plug="veth") as host:
        with pytest.raises(HostUnreachable, match=r"load-filters: .*try `modprobe nf_conntrack_bridge`"):
            host.realize(guarded_by(only(in_groups(0, "g"))))

        assert in_groups(0, "g").device not in host.look().links


def test_a_foreign_table_of_our_name_is_told_and_left_alone_and_nothing_comes_up_unguarded() -> None:
    plan = guarded_by(only(in_groups(0, "g")))
    with one_host() as path, Host(path, plug="veth") as host:
        nft.load(path, FOREIGN_TABLE, "preparing")
        before = listing(path)

        done = host.realize(plan)

        assert host.look().filters == Loaded(FOREIGN)
        assert [obstacle.name for obstacle in done.obstacles] == [in_groups(0, "g").device]
        assert {link.name for link in host.look().links.values() if link.kind == "port"} == set(DEVICES[1:])
        host.delete("h")
        assert listing(path) == before


def test_other_tables_are_none_of_our_business() -> None:
    with wires() as here:
        nft.load(here.path, FOREIGN_TABLE.replace("rewire", "theirs"), "preparing")
        before = listing(here.path)
        here.load(only(in_groups(0, "g")))
        nft.load(here.path, filter_text.unload(), "unloading")

        assert listing(here.path) == before


def test_work_on_one_network_takes_no_filters_away() -> None:
    wanted = only(in_groups(0, "g"))
    with wires() as here, Host(here.path, plug="veth") as host:
        here.load(wanted)

        host.realize(msgspec.structs.replace(guarded_by(wanted), bridges=(), ports=(), filters=type(wanted)()), l2="l9")

        assert loaded(here) == Loaded(wanted.digest, wanted.members, settled=False, nics=wanted.devices)
