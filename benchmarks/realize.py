"""500 networks realized on one host, beside one `ip` process a command and beside `ip -batch`; and a look at them.

VLAN networks where the kernel has 802.1Q devices, VXLAN networks elsewhere; it says which. All in one run, each in a
namespace of its own, in which IPv6 is off for new links: that is what Rewire gives its own, and the others would be
slower with it. `MACHINE=1` runs it on Debian's kernel in the virtual machine, which has 802.1Q, and `NETWORKS=100` with
fewer.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path


sys.path.insert(0, str(Path(__file__).parents[1]))

from backends.kvm import making
from backends.kvm.host import Host
from backends.kvm.kernel import Kernel
from backends.kvm.lab import Lab
from backends.kvm.namespace import inside
from backends.protocols import Result
from projections.plan import TUNNEL_PORT, Bridge, HostPlan, Tunnel, Vlan
from tests.kernel import machine, probe


COUNT = int(os.environ.get("NETWORKS", "500"))
PART, LINKS = COUNT // 10, 4 * COUNT
TAGGED = not probe.lack("vlan")


def plan(first: int, last: int) -> HostPlan:
    numbers = range(first, last)
    bridges = tuple(Bridge(f"br_{n}", f"l2-{n}", "", 0 if TAGGED else 1450, (n,)) for n in numbers)
    if TAGGED:
        vlans = tuple(Vlan(f"eth0.{n}", f"l2-{n}", "eth0", n, f"br_{n}", (n,)) for n in numbers)
        return HostPlan("h", 1, bridges=bridges, vlans=vlans)
    tunnels = tuple(Tunnel(f"vx{n}", f"l2-{n}", n, "10.0.0.1", TUNNEL_PORT, (), f"br_{n}", 1450, (n,)) for n in numbers)
    return HostPlan("h", 1, bridges=bridges, tunnels=tunnels)


def commands(number: int) -> Iterator[str]:
    """What `ip` has to do for one network, to come to what Rewire makes."""
    device = f"eth0.{number}" if TAGGED else f"vx{number}"
    yield f"link add br_{number} mtu 1450 group 29303 type bridge stp_state 0 forward_delay 0"
    yield f"link set br_{number} alias rewire-l2-{number} up"
    if TAGGED:
        yield f"link add link eth0 name {device} group 29303 master br_{number} type vlan id {number}"
    else:
        ends = f"id {number} local 10.0.0.1 dstport {TUNNEL_PORT}"
        yield f"link add {device} mtu 1450 group 29303 master br_{number} type vxlan {ends}"
    yield f"link set {device} alias rewire-l2-{number} up"


KEPT = ExitStack()
"""Hosts that are still there: taking one away holds the kernel's network lock for seconds, so it is left to the end."""


def empty_host() -> str:
    lab = KEPT.enter_context(Lab({"h": ("eth0",)}, {"h": "10.0.0.1"}))
    with inside(lab.path("h")):
        Path("/proc/sys/net/ipv6/conf/default/disable_ipv6").write_text("1")
    return lab.path("h")


def ours(path: str) -> None:
    with Host(path) as host:
        host.realize(plan(1, 1 + COUNT))


def one_by_one(path: str) -> None:
    with inside(path):
        for number in range(1, 1 + COUNT):
            for command in commands(number):
                subprocess.run(["ip", *command.split()], check=True)


def batch(path: str) -> None:
    text = "\n".join(command for number in range(1, 1 + COUNT) for command in commands(number))
    with inside(path):
        subprocess.run(["ip", "-batch", "-"], input=text.encode(), check=True)


def took(work: Callable[[str], object]) -> float:
    path = empty_host()
    return timed(lambda: work(path))


def timed(work: Callable[[], object]) -> float:
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


def first_and_last() -> tuple[float, float]:
    """Give how long a kernel takes to make the first and the last few networks, looks and comparison aside."""
    path = empty_host()
    with Host(path) as host, Kernel(path) as kernel:
        first = making_of(kernel, host.check(plan(1, 1 + PART)))
        host.realize(plan(1, 1 + COUNT - PART))
        return first, making_of(kernel, host.check(plan(1, 1 + COUNT)))


def making_of(kernel: Kernel, missing: Result) -> float:
    creations = [operation for operation in missing.operations if isinstance(operation, making.Creation)]
    assert len(creations) == len(missing.operations) == 2 * PART
    return timed(lambda: [making.make(kernel, (creation,), "tap") for creation in creations])


def looks() -> tuple[int, float, float, float]:
    """Give the number of links, and the time of a look, of a whole check, and of what `ip` dumps."""
    half = LINKS // 2
    path = empty_host()
    with Host(path) as host:
        host.realize(plan(1, 1 + half))
        count = len(host.look().links)
        seen = min(timed(host.look) for _ in range(5))
        check = min(timed(lambda: host.check(plan(1, 1 + half))) for _ in range(3))
        with inside(path):
            dump = min(
                timed(lambda: subprocess.run(["ip", "-d", "link"], capture_output=True, check=True)) for _ in "abc"
            )
        return count, seen, check, dump


def main() -> None:
    if os.environ.get("MACHINE"):
        with tempfile.TemporaryDirectory() as folder:
            print(
                machine.run(
                    [sys.executable, "-u", __file__], Path(folder), environment={"NETWORKS": str(COUNT)}, limit=1200
                ).output
            )
        return
    with KEPT:
        compare()


def compare() -> None:
    kind = "VLAN" if TAGGED else "VXLAN (this kernel has no 802.1Q devices)"
    print(f"{COUNT} {kind} networks, a bridge and a device each")
    mine = took(ours)
    print(f"Rewire                  {mine:7.2f} s  {COUNT / mine:7.0f}/s")
    processes, batched = took(one_by_one), took(batch)
    print(f"one process a command   {processes:7.2f} s  {COUNT / processes:7.0f}/s")
    print(f"ip -batch               {batched:7.2f} s  {COUNT / batched:7.0f}/s")
    print(
        f"{processes / mine:.1f} times one process a command (target 8); {mine / batched:.2f} of ip -batch (target 2.5)"
    )
    first, last = first_and_last()
    pace = f"the last ones at {first / last:.2f} of the first ones' pace (target 0.5)"
    print(f"the first {PART} {first:.3f} s, the last {PART} {last:.3f} s: {pace}")
    count, seen, check, dump = looks()
    print(f"a look at {count} links {seen:.3f} s, with the comparison {check:.3f} s; `ip -d link` {dump:.3f} s")


if __name__ == "__main__":
    main()
