"""An agent that is killed at an operation is made good by the next one: nothing is lost, nothing foreign is touched.

Some operations, by chance, with the seed printed; `REWIRE_KILLS=all` kills at every one of them, on the way there and
on the way back.
"""

from __future__ import annotations

import json
import os
import random
import signal
from collections.abc import Iterator

import pytest

from backends.correspondence import Event, Tell
from backends.kvm.host import Host
from rewire.commands.agent import agent_of
from rewire.office import StoreOffice
from tests.builders import a_pool, a_vni_range, a_vxlan, attach_pool, detach
from tests.kernel.fabric import ip
from tests.kernel.keeping import Centre, centre


pytestmark = pytest.mark.kernel("bridge", "veth", "vxlan", "tap")

NETWORKS = 50
SAMPLE = 5
FOREIGN = (
    *("link add br0 type bridge", "link add v0 type veth peer name v1", "tuntap add nic0 mode tap"),
    *("link set v0 master br0", "link set br0 up", "addr add 10.5.0.1/24 dev br0", "link set nic0 alias mine"),
)
STRANGERS = ("br0", "v0", "v1", "nic0", "eth0", "eth1")


@pytest.fixture
def place() -> Iterator[Centre]:
    with centre() as found:
        for line in FOREIGN:
            ip(found.path(), line)
        found.tell(a_pool(), a_vni_range(100, 100 + NETWORKS), attach_pool())
        for number in range(NETWORKS):
            found.tell(a_vxlan(f"x{number}", vni=100 + number))
        found.tell(detach("pool"))
        yield found


def test_killed_at_an_operation_of_fifty_networks_it_converges_and_leaves_what_is_foreign(place: Centre) -> None:
    with Host(place.path(), plug="veth", state=place.folder / "h1") as host:
        before, foreign = host.look(), strangers(place)
        place.tell(attach_pool())
        forth = operations(place)
        place.tell(detach("pool"))
        back = operations(place)
        assert min(len(forth), len(back)) > NETWORKS

        for number in points(max(len(forth), len(back))):
            place.tell(attach_pool())
            kill(place, min(number, len(forth)))
            operations(place)
            assert host.check(place.plan()).settled
            assert strangers(place) == foreign

            place.tell(detach("pool"))
            kill(place, min(number, len(back)))
            operations(place)
            assert host.look() == before
            assert strangers(place) == foreign


def points(count: int) -> list[int]:
    """Choose the operations to be killed at, and say which."""
    if os.environ.get("REWIRE_KILLS") == "all":
        print(f"killed at each of {count} operations")  # noqa: T201 - which run this was
        return list(range(1, 1 + count))
    seed = int(os.environ.get("REWIRE_SEED") or random.randrange(1 << 32))
    chosen = sorted(random.Random(seed).sample(range(1, 1 + count), SAMPLE))
    print(f"killed at {chosen} of {count} operations, REWIRE_SEED={seed}")  # noqa: T201 - to do it again
    return chosen


def operations(place: Centre) -> list[Event]:
    """Have an agent take its turns until there is nothing to do, and give what it did on the host."""
    told: list[Event] = []
    keep(place, told.append)
    assert not [event for event in told if "failed" in event.result]
    return [event for event in told if event.result == "done"]


def kill(place: Centre, number: int) -> None:
    """Have an agent in a process of its own, and kill that as soon as it has done so many operations."""
    child = os.fork()
    if child == 0:
        try:
            keep(place, die_after(number))
        finally:
            os._exit(1)
    assert os.WTERMSIG(os.waitpid(child, 0)[1]) == signal.SIGKILL


def die_after(number: int) -> Tell:
    left = iter(range(number - 1))

    def count_down(event: Event) -> None:
        if event.result == "done" and next(left, None) is None:
            os.kill(os.getpid(), signal.SIGKILL)

    return count_down


def keep(place: Centre, tell: Tell) -> None:
    office = StoreOffice(f"sqlite:{place.store}", "h1")
    try:
        with Host(place.path(), plug="veth", state=place.folder / "h1") as host:
            agent = agent_of("h1", host, office, tell, patient=False)
            while agent.turn() == 0:
                pass
    finally:
        office.close()


def strangers(place: Centre) -> list[dict[str, object]]:
    """Give what somebody set on each device, without what a kernel makes of it as time goes by."""
    rows = {row["ifname"]: row for row in json.loads(ip(place.path(), "-j addr show"))}
    given = ("ifindex", "ifname", "mtu", "address", "master", "group", "ifalias", "promiscuity")
    return [
        {key: rows[name].get(key) for key in given}
        | {"addresses": [a["local"] for a in rows[name]["addr_info"] if a["scope"] == "global"]}
        | {"up": "UP" in rows[name]["flags"]}
        for name in STRANGERS
    ]
