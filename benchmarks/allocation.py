"""Taking addresses, beside the floor: sorted free intervals in a plain list, which keeps no older version.

Both in one run, first address first and in random order, at several fills, from a small IPv4 network to an IPv6 /64.
Ours is `choose` and `take` of the projection, so that every single version could be kept; the floor changes its list
in place. Prints addresses a second, and the ratio.
"""

from __future__ import annotations

import gc
import random
import time
from bisect import bisect_right
from collections.abc import Callable
from itertools import pairwise

from projections import addressing
from projections.addressing import Addresses


COUNT = 20_000
TRIES = 3
SIZES = {"/20": 1 << 12, "/16": 1 << 16, "/12": 1 << 20, "/8": 1 << 24, "/64": 1 << 64}
FILLS = (0.0, 0.5, 0.9, 0.99)
MOST_USED = 1 << 20
"""No network is filled with more than the fill's part of this: a larger one is sparse, as IPv6 always is."""


class Floor:
    """Free addresses as sorted intervals in two lists, changed in place."""

    def __init__(self, free: list[tuple[int, int]]) -> None:
        self.firsts = [first for first, _ in free]
        self.lasts = [last for _, last in free]

    def take_first(self) -> int:
        ip = self.firsts[0]
        self.take(ip)
        return ip

    def take(self, ip: int) -> None:
        place = bisect_right(self.firsts, ip) - 1
        first, last = self.firsts[place], self.lasts[place]
        if ip == first == last:
            del self.firsts[place], self.lasts[place]
        elif ip == first:
            self.firsts[place] = ip + 1
        elif ip == last:
            self.lasts[place] = ip - 1
        else:
            self.lasts[place] = ip - 1
            self.firsts.insert(place + 1, ip + 1)
            self.lasts.insert(place + 1, last)


def rate(work: Callable[[], int]) -> float:
    """Give the best of a few tries: other work on the machine only ever slows one down."""
    best = 0.0
    for _ in range(TRIES):
        begun = time.perf_counter()
        best = max(best, work() / (time.perf_counter() - begun))
    return best


CHANCE = random.Random(1)


def ours(filled: Addresses, allocator: str, count: int) -> int:
    chance = CHANCE
    for _ in range(count):
        ip = addressing.choose(filled, allocator, chance)
        assert ip is not None
        filled = addressing.take(filled, ip)
    return count


def given_back(filled: Addresses, used: list[int], count: int) -> int:
    for ip in used[:count]:
        filled = addressing.give_back(filled, ip)
    return count


def floor(free: list[tuple[int, int]], count: int) -> Callable[[], int]:
    def work() -> int:
        plain = Floor(free)
        for _ in range(count):
            plain.take_first()
        return count

    return work


def floor_at(free: list[tuple[int, int]], wanted: list[int]) -> Callable[[], int]:
    def work() -> int:
        plain = Floor(free)
        for ip in wanted:
            plain.take(ip)
        return len(wanted)

    return work


def gaps(size: int, used: list[int]) -> list[tuple[int, int]]:
    bounds = [-1, *sorted(used), size]
    return [(a + 1, b - 1) for a, b in pairwise(bounds) if b - a > 1]


def measure(name: str, size: int, fill: float) -> None:
    chance = random.Random(2)
    wanted = min(int(size * fill), int(MOST_USED * fill))
    used = (
        list({chance.randrange(size) for _ in range(wanted)})
        if size > MOST_USED
        else chance.sample(range(size), wanted)
    )
    filled = addressing.grow(Addresses(), 0, size - 1)
    for ip in used:
        filled = addressing.take(filled, ip)
    free = gaps(size, used)
    count = min(COUNT, size - len(used))
    rest = [a for a in (addressing.choose(filled, "random", chance) for _ in range(count)) if a is not None]
    wishes = list(dict.fromkeys(rest))
    rates = {
        "first": rate(lambda: ours(filled, "first-available", count)),
        "ascending": rate(lambda: ours(filled, "ascending", count)),
        "random": rate(lambda: ours(filled, "random", count)),
        "back": rate(lambda: given_back(filled, used, min(count, len(used)))) if used else 0.0,
    }
    plain_first, plain_any = rate(floor(free, count)), rate(floor_at(free, wishes))
    told = "  ".join(f"{what} {found:9,.0f}/s" for what, found in rates.items())
    plain = f"floor first {plain_first:10,.0f}/s  any {plain_any:9,.0f}/s"
    ratio = f"ratio {rates['first'] / plain_first:4.2f} / {rates['random'] / plain_any:4.2f}"
    print(f"{name:>4} with {len(used):9,} used  {told}  | {plain}  {ratio}")


def main() -> None:
    print("target: over 500,000/s at any fill, in any order")
    gc.disable()
    for name, size in SIZES.items():
        for fill in FILLS:
            measure(name, size, fill)


if __name__ == "__main__":
    main()
