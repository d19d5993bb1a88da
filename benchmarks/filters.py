"""10,000 members come to a security group on a host, beside the floor: `nft -f` of the same elements.

Both in one run, in network namespaces. Ours includes two looks, the comparison, and the connections looked through;
then one member leaves, beside one `nft` that deletes an element. Rules about connections are left out where the kernel
tracks none on bridges: members are loaded the same way.
"""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from statistics import median

import msgspec

from backends.kvm import filter_text, seals
from backends.kvm import filters as kvm_filters
from backends.kvm.host import Host
from backends.kvm.lab import Lab
from backends.kvm.namespace import inside
from domain.errors import HostUnreachable
from projections.filters import Filters, Group, GuardedNic
from projections.plan import Bridge, HostPlan, Port


COUNT = 10_000
ROUNDS = 5
MEMBERS = tuple(f"10.{number >> 16}.{number >> 8 & 255}.{number & 255}" for number in range(COUNT))
NIC = GuardedNic("nic020000000001", "br0", "02:00:00:00:00:01", ("10.9.0.1",), ("group",), egress_closed=False)
PLAN = HostPlan(
    host="host",
    position=1,
    bridges=(Bridge("br0", "l2", "", 0, (1,)),),
    ports=(Port(NIC.device, "nic", "vm", NIC.mac, NIC.ips[0], "", "br0", (1,)),),
)


def filters(members: tuple[str, ...]) -> Filters:
    return Filters((NIC,), (Group("group", NIC.bridge, (), members),), (("br0", 1),), (1,))


def plan(members: tuple[str, ...]) -> HostPlan:
    return msgspec.structs.replace(PLAN, filters=filters(members))


@contextmanager
def prepared() -> Iterator[str]:
    """Give a host with a guarded NIC and nobody in its group."""
    with Lab({"host": ("eth0",)}) as lab:
        path = lab.path("host")
        text = filter_text.load(filters(()))
        try:
            seal(path, text)
        except HostUnreachable:
            seal(path, "\n".join(line for line in text.splitlines() if not line.startswith("ct ")) + "\n")
        with Host(path, plug="veth") as host:
            host.realize(plan(()))
        yield path


def seal(path: str, text: str) -> None:
    seals.load(path, kvm_filters.FAMILY, kvm_filters.TABLE, text, "loading", free=kvm_filters.FREE)


def seconds(work: Callable[[], object]) -> float:
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


def load(path: str, text: str) -> None:
    with inside(path):
        subprocess.run(["nft", "-f", "-"], input=text, text=True, check=True)


def floor() -> tuple[float, float]:
    name = f"{filter_text.TABLE} {filter_text.set_of(('group', NIC.bridge), 'ip')}"
    with prepared() as path:
        many = seconds(lambda: load(path, f"add element {name} {{ {', '.join(MEMBERS)} }}\n"))
        return many, seconds(lambda: load(path, f"delete element {name} {{ {MEMBERS[-1]} }}\n"))


def ours() -> tuple[float, float, float]:
    with prepared() as path, Host(path, plug="veth") as host:
        many = seconds(lambda: host.realize(plan(MEMBERS)))
        one = seconds(lambda: host.realize(plan(MEMBERS[:-1])))
        return many, one, seconds(host.look)


def main() -> None:
    floors, engine = (
        zip(*(floor() for _ in range(ROUNDS)), strict=True),
        zip(*(ours() for _ in range(ROUNDS)), strict=True),
    )
    raw, raw_one = map(median, floors)
    many, one, look = map(median, engine)
    print(f"{COUNT:,} members: nft -f {raw * 1000:.0f} ms, ours {many * 1000:.0f} ms, ratio {many / raw:.2f}")
    print(f"one of them leaves: nft -f {raw_one * 1000:.0f} ms, ours {one * 1000:.0f} ms; a look {look * 1000:.0f} ms")


if __name__ == "__main__":
    main()
