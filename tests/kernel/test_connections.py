"""Filters remember who opened a connection, and forget it when nobody might open it any more."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

import msgspec
import pytest
from hypothesis import given as property_of
from hypothesis import settings
from hypothesis import strategies as st

from backends.kvm import connections, filter_text, nft
from backends.kvm.connections import Change
from backends.kvm.host import Host
from backends.kvm.namespace import inside
from projections.filters import Filters, Group
from projections.found import ALTERED, Loaded
from projections.operations import describe
from projections.plan import HostPlan
from projections.service_entries import Filter
from projections.verdict import Probe, verdict
from tests.filter_strategies import BRIDGE, filters, probes
from tests.kernel.fabric import ip, one_host
from tests.kernel.guarded import BARE, Wires, guarded_by, wires
from tests.kernel.guests import Guest, Pair, pings, settled, speaks
from tests.kernel.test_filters import in_groups, only, udp


pytestmark = pytest.mark.kernel("bridge", "veth", "nftables", "bridge-conntrack")

A, B, C = ("10.5.0.1", "10.5.0.2", "10.5.0.3")
HOST = "10.5.0.100"
ANYBODY_TO_SSH = Filter("ingress", "TCP", "22-22", "", "")


def in_force(wanted: Filters) -> Loaded | None:
    """Give what a look shows of filters that are loaded, and that all connections are judged by."""
    return Loaded(wanted.digest, wanted.members, nics=wanted.devices) if wanted.nics else None


class Scene:
    """A host with three guests, and its filters as they change."""

    def __init__(self, path: str, guests: list[Guest]) -> None:
        self.path = path
        self.guests = guests

    def filter(self, wanted: Filters) -> list[str]:
        """Bring the host to some filters, and tell what it took."""
        with Host(self.path, plug="veth") as host:
            done = host.realize(guarded_by(wanted))
            assert host.look().filters == in_force(wanted)
        return [describe(operation) for operation in done.operations]

    def handles(self) -> set[int]:
        """Give the kernel's numbers of all chains, rules and sets of the table."""
        with inside(self.path):
            told = subprocess.run(["nft", "-ja", "list", "table", "bridge", "rewire"], check=True, capture_output=True)
        objects = (each for row in json.loads(told.stdout)["nftables"] for each in row.values())
        return {each["handle"] for each in objects if "handle" in each}


@contextmanager
def scene(wanted: Filters) -> Iterator[Scene]:
    with one_host() as path:
        with Host(path, plug="veth") as host:
            host.realize(guarded_by(wanted))
        with settled(path, BARE.ports) as guests:
            yield Scene(path, guests)


@pytest.mark.slow_in_machine
def test_a_nic_that_receives_nothing_hears_the_answers_to_what_it_sends() -> None:
    with scene(only(in_groups(0, "g"))) as here:
        a, b, c = here.guests
        assert a.reaches(b, 80)
        assert a.reaches(c, 80, c.ip6)
        assert a.pings(b.ip)
        assert a.pings(c.ip6)
        assert not b.reaches(a, 80)
        assert not c.reaches(a, 80, a.ip6)
        assert not b.pings(a.ip)
        assert not c.pings(a.ip6)


@pytest.mark.slow_in_machine
def test_a_nic_that_sends_nothing_answers_whom_it_receives() -> None:
    rules = (ANYBODY_TO_SSH, Filter("egress", "TCP", "443-443", f"{B}/32", ""))
    with scene(only(in_groups(0, "g", egress_closed=True), *rules)) as here:
        a, b, c = here.guests
        assert b.reaches(a, 22)
        assert c.reaches(a, 22, a.ip6)
        assert not b.reaches(a, 23)
        assert a.reaches(b, 443)
        assert not a.reaches(b, 80)
        assert not a.reaches(c, 443)
        assert not a.pings(b.ip)


def test_who_leaves_a_group_is_cut_off_and_nobody_else_is_and_the_table_stays() -> None:
    guarded = in_groups(0, "g")
    with scene(only(guarded, ANYBODY_TO_SSH, members=(A, B, C))) as here:
        a, b, c = here.guests
        before = here.handles()
        with Pair(b, a, 80) as left, Pair(c, a, 80) as stayed, Pair(b, a, 22) as allowed, Pair(a, b, 99) as own:
            said = here.filter(only(guarded, ANYBODY_TO_SSH, members=(A, C)))

            assert said == [f"remove-member {B} of g on {BRIDGE}", "end-connections"]
            assert here.handles() == before
            assert left.carries_neither_way()
            assert stayed.carries()
            assert allowed.carries()
            assert own.carries()
            assert not b.reaches(a, 81)

            said = here.filter(only(guarded, ANYBODY_TO_SSH, members=(A, B, C)))

            assert said == [f"add-member {B} of g on {BRIDGE}", "end-connections"]
            assert here.handles() == before
            assert b.reaches(a, 81)
            assert left.carries(60)


@pytest.mark.slow_in_machine
def test_a_nic_that_joins_a_group_keeps_what_it_opened_and_nothing_that_others_did() -> None:
    free = Filters((in_groups(0),), because=(1,))
    with scene(free) as here:
        a, b, _ = here.guests
        with Pair(b, a, 80) as theirs, Pair(a, b, 99) as own:
            here.filter(only(in_groups(0, "g")))

            assert theirs.carries_neither_way()
            assert own.carries()


@pytest.mark.slow_in_machine
def test_datagrams_of_who_left_are_no_longer_part_of_anything() -> None:
    guarded = in_groups(0, "g")
    with scene(only(guarded, members=(A, B))) as here:
        a, b, _ = here.guests
        with a.datagrams(53) as near, b.datagrams(1024) as far:
            near.connect((B, 1024))
            far.connect((A, 53))
            assert speaks(far, near, 5)
            assert speaks(near, far, 5)

            here.filter(only(guarded, members=(A,)))

            assert not speaks(far, near, 1)
            assert not connected(here.path, 1024)


@pytest.mark.slow_in_machine
def test_a_rule_that_goes_takes_its_connections_along() -> None:
    guarded = in_groups(0, "g")
    with scene(only(guarded, ANYBODY_TO_SSH, members=(C,))) as here:
        a, b, c = here.guests
        with Pair(b, a, 22) as gone, Pair(c, a, 22) as stayed:
            said = here.filter(only(guarded, members=(C,)))

            assert said == ["load-filters", "end-connections"]
            assert gone.carries_neither_way()
            assert stayed.carries()


@pytest.mark.slow_in_machine
def test_a_nic_that_leaves_its_last_group_is_open() -> None:
    with scene(only(in_groups(0, "g"))) as here:
        a, b, _ = here.guests
        assert not b.reaches(a, 80)

        assert here.filter(Filters()) == ["unload-filters"]

        assert b.reaches(a, 80)


@pytest.mark.slow_in_machine
def test_the_host_itself_gets_answers_and_gives_them() -> None:
    with scene(only(in_groups(0, "g"))) as here:
        a = here.guests[0]
        ip(here.path, f"addr add {HOST}/24 dev {BRIDGE}")

        assert a.pings(HOST)
        assert not pings(here.path, a.ip)


@pytest.mark.slow_in_machine
def test_equal_addresses_on_two_bridges_are_two_connections() -> None:
    zones = ((BRIDGE, 1), ("br9", 2))
    double = msgspec.structs.replace(in_groups(1, "g"), bridge="br9", ips=(A,))
    groups = (Group("g", BRIDGE, (), ()), Group("g", "br9", (), ()))
    wanted = Filters((in_groups(0, "g"), double), groups, zones, (1,))
    moved = tuple(msgspec.structs.replace(p, bridge="br9") if p is BARE.ports[1] else p for p in BARE.ports)
    other = msgspec.structs.replace(BARE.bridges[0], name="br9", l2="l9")
    third = msgspec.structs.replace(BARE.ports[0], device="nic020000000009", mac="02:00:00:00:00:09", bridge="br9")
    plan = msgspec.structs.replace(BARE, bridges=(*BARE.bridges, other), ports=(*moved, third), filters=wanted)
    with wires(plan) as here:
        asked = udp(0, 2, 1024, 53, dst=C)
        answer = Probe(source=C, target=A, src=C, dst=A, protocol="UDP", source_port=53, port=1024)
        real = msgspec.structs.replace(answer, source=asked.target, target=asked.source, mac="02:00:00:00:00:03")
        false = msgspec.structs.replace(
            answer, source="nic020000000009", target="nic020000000002", mac="02:00:00:00:00:09"
        )

        assert here.passes(asked)
        assert here.passes(real)
        assert not here.passes(false)


@pytest.fixture(scope="module")
def host() -> Iterator[Wires]:
    with wires() as made:
        yield made


@pytest.mark.slow_in_machine
@property_of(filters().filter(lambda wanted: wanted.nics), st.lists(probes(), min_size=5, max_size=10))
@settings(max_examples=8, database=None)  # where this runs, only a folder of results may be written
def test_a_kernel_that_tracks_connections_does_what_the_verdict_says(
    host: Wires, wanted: Filters, packets: list[Probe]
) -> None:
    nft.load(host.path, filter_text.load(wanted), "loading")

    said = [verdict(wanted, packet) for packet in packets]

    assert [passes_anew(host, packet) for packet in packets] == [each.allowed for each in said], said


@pytest.mark.slow_in_machine
def test_what_is_established_passes_as_the_verdict_says(host: Wires) -> None:
    wanted = only(in_groups(0, "g"))
    nft.load(host.path, filter_text.load(wanted), "loading")
    asked, answer = udp(0, 1, 1024, 53), udp(1, 0, 53, 1024)
    established = msgspec.structs.replace(answer, established=True)

    assert (verdict(wanted, answer).allowed, passes_anew(host, answer)) == (False, False)
    assert host.passes(asked)
    assert (verdict(wanted, established).allowed, host.passes(answer)) == (True, True)


@pytest.mark.slow_in_machine
def test_a_process_that_was_killed_leaves_the_old_filters_or_the_new_and_the_next_one_mends() -> None:
    one, two = (only(in_groups(0, "g"), members=many(number)) for number in (1, 2))
    plans = [guarded_by(one), guarded_by(msgspec.structs.replace(two, because=(2,)))]
    with one_host() as path, Host(path, plug="veth") as host:
        host.realize(plans[0])
        whole = {plan.filters.digest: plan.filters.members for plan in plans}
        for milliseconds in (100, 700):
            kill_amid(path, plans, milliseconds / 1000)

            loaded = host.look().filters
            assert loaded is not None
            unsealed = loaded.digest == ALTERED  # killed right after loading: all of one is there, and not known to be
            assert loaded.members in (whole.values() if unsealed else (whole[loaded.digest],))

            host.realize(plans[0])
            assert host.look().filters == in_force(one)


def many(number: int) -> tuple[str, ...]:
    return tuple(f"10.{number}.{high}.{low}" for high in range(4) for low in range(100))


def passes_anew(here: Wires, packet: Probe) -> bool:
    """Send a packet that belongs to nothing before it."""
    connections.change(here.path, [Change(each, None) for each in connections.listed(here.path)])
    return here.passes(packet)


def connected(path: str, port: int) -> bool:
    return any(port in {each.port, each.source_port} for each in connections.listed(path))


def kill_amid(path: str, plans: list[HostPlan], delay_s: float) -> None:
    """Let another process bring a host to two plans in turn, and kill it."""
    ready, says = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            with Host(path, plug="veth") as host:
                os.write(says, b".")
                while True:
                    for plan in reversed(plans):
                        host.realize(plan)
        finally:
            os._exit(1)
    os.read(ready, 1)
    signal.sigtimedwait([signal.SIGCHLD], delay_s)
    os.kill(child, signal.SIGKILL)
    assert os.WTERMSIG(os.waitpid(child, 0)[1]) == signal.SIGKILL
    os.close(ready)
    os.close(says)
