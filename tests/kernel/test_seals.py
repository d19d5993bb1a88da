"""What somebody changes in a table of ours is seen, whatever it is, and put back."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator

import msgspec
import pytest

from backends.kvm import filter_text, filters, nft, seals
from backends.kvm.host import Host
from backends.kvm.namespace import inside
from backends.kvm.tables import Tables
from projections.found import ALTERED
from projections.namespaces import Fence
from projections.operations import describe
from projections.plan import HostPlan
from tests.kernel.fabric import one_host, plan_of, tunnelled, untagged
from tests.kernel.guarded import stateless
from tests.kernel.test_filters import in_groups, only
from tests.kernel.test_walls import walled


pytestmark = pytest.mark.kernel("bridge", "veth", "vxlan", "nftables")

PLAN = msgspec.structs.replace(
    walled(plan_of(untagged(), tunnelled())),
    deaf=("br_vx_9",),
    fences=(Fence("leg0", "br_eth0", ("eth0",), ("10.0.0.53",)),),
)
HARM = {
    "load-fences": (
        "insert rule bridge rewire_dhcp forward accept",
        "flush chain bridge rewire_dhcp input",
        "flush set bridge rewire_dhcp outside",
        "add element bridge rewire_dhcp outside { eth9 }",
        "add chain bridge rewire_dhcp other",
        "delete chain bridge rewire_dhcp sealed",
        "chain bridge rewire_dhcp forward { policy drop; }",
        "add table bridge rewire_dhcp { flags dormant; }",
    ),
    "deafen": (
        "insert rule inet rewire_deaf input accept",
        "add element arp rewire_deaf bridges { eth9 }",
        "flush set inet rewire_deaf passing",
    ),
    "raise-wall": (
        "insert rule inet rewire_wall input accept",
        "flush set bridge rewire_wall peers",
        "add element inet rewire_wall peers { 10.0.0.99 }",
    ),
}


@pytest.fixture(scope="module")
def path() -> Iterator[str]:
    with one_host() as made:
        realize(made, PLAN)
        yield made


def realize(path: str, plan: HostPlan) -> tuple[str, ...]:
    with Host(path, plug="veth") as kernel:
        return tuple(describe(operation) for operation in kernel.realize(plan).operations)


def meddle(path: str, words: str) -> None:
    with inside(path):
        subprocess.run(["nft", "-f", "-"], input=f"{words}\n", check=True, text=True)


@pytest.mark.parametrize(("mended", "harm"), [(mended, harm) for mended, every in HARM.items() for harm in every])
def test_what_somebody_changes_in_a_table_of_the_hosts_is_put_back(path: str, mended: str, harm: str) -> None:
    assert realize(path, PLAN) == ()

    meddle(path, harm)

    assert realize(path, PLAN) == (mended,)
    assert realize(path, PLAN) == ()


@pytest.mark.parametrize(
    "harm",
    [
        "flush chain bridge rewire to-nic020000000001",
        "insert rule bridge rewire to-guests accept",
        "add element bridge rewire strangers { 10.5.0.9 }",
    ],
)
def test_filters_that_somebody_changes_are_other_ones_and_members_and_connections_are_no_change(harm: str) -> None:
    wanted = only(in_groups(0, "g"), members=("10.5.0.1",))
    with one_host() as path:
        text = stateless(filter_text.load(wanted)).replace(
            "table bridge rewire {", "table bridge rewire {\nset strangers { type ipv4_addr; }", 1
        )
        seals.load(path, filters.FAMILY, filters.TABLE, text, "loading", free=filters.FREE)
        meddle(path, f"add element bridge rewire {filter_text.set_of(('g', 'br0'), 'ip')} {{ 10.5.0.7 }}")
        nft.load(path, filter_text.settle(), "settling")
        found = filters.look(path)
        assert found
        assert found.digest == wanted.digest

        meddle(path, harm)

        found = filters.look(path)
        assert found
        assert found.digest == ALTERED


def test_a_table_that_was_never_sealed_is_not_whole() -> None:
    with one_host() as path:
        nft.load(path, "table bridge ours { chain c { accept; }; }\n", "loading")
        with Tables(path, "bridge") as tables:
            assert not seals.is_whole(tables, "ours")
