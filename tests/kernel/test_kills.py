"""An agent that is killed at an operation is made good by the next one: nothing is lost, nothing foreign is touched.

Some operations, by chance, with the seed printed; `REWIRE_KILLS=all` kills at every one of them, a number at so many,
on the way there and on the way back.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from backends.kvm.host import Host
from tests.builders import a_pool, a_vni_range, a_vxlan, attach_pool, detach
from tests.kernel import foreign
from tests.kernel.keeping import Centre, centre
from tests.kernel.killing import Kept, chance, how_many, kill, operations


pytestmark = pytest.mark.kernel("bridge", "veth", "vxlan", "tap")

NETWORKS = 50
SAMPLE = 5


@pytest.fixture
def place() -> Iterator[Centre]:
    with centre() as found:
        foreign.place(found.path())
        found.tell(a_pool(), a_vni_range(100, 100 + NETWORKS), attach_pool())
        for number in range(NETWORKS):
            found.tell(a_vxlan(f"x{number}", vni=100 + number))
        found.tell(detach("pool"))
        yield found


def test_killed_at_an_operation_of_fifty_networks_it_converges_and_leaves_what_is_foreign(place: Centre) -> None:
    kept = Kept(place.path(), place.store, place.folder / "h1")
    with Host(kept.path, plug="veth", state=kept.state) as host:
        before, others = host.look(), foreign.devices(kept.path)
        place.tell(attach_pool())
        forth = operations(kept)
        place.tell(detach("pool"))
        back = operations(kept)
        assert min(len(forth), len(back)) > NETWORKS

        for number in points(max(len(forth), len(back))):
            place.tell(attach_pool())
            kill(kept, min(number, len(forth)))
            operations(kept)
            assert host.check(place.plan()).settled
            assert foreign.devices(kept.path) == others

            place.tell(detach("pool"))
            kill(kept, min(number, len(back)))
            operations(kept)
            assert host.look() == before
            assert foreign.devices(kept.path) == others


def points(count: int) -> list[int]:
    """Choose the operations to be killed at, and say which."""
    seed, drawn = chance()
    chosen = sorted(drawn.sample(range(1, 1 + count), min(count, how_many(SAMPLE, count))))
    print(f"killed at {chosen} of {count} operations, REWIRE_SEED={seed}")  # noqa: T201 - to do it again
    return chosen
