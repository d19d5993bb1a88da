"""1,000 VTEPs come, half of them change, and all go: Rewire's forwarding entries beside iproute2's `bridge -batch`.

Rewire looks before and after, compares and is sure; the floor only writes. Both in one run, each in a namespace of
its own with one tunnel.
"""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable, Iterable
from contextlib import ExitStack
from pathlib import Path


sys.path.insert(0, str(Path(__file__).parents[1]))

from backends.kvm.host import Host
from backends.kvm.lab import Lab
from backends.kvm.namespace import inside
from projections.operations import AddPeer, RemovePeer
from projections.plan import TUNNEL_PORT, Bridge, HostPlan, Tunnel


COUNT = 1000
ALL = [f"10.{1 + n // 250}.0.{1 + n % 250}" for n in range(COUNT)]
OTHERS = [f"10.9.{n // 250}.{1 + n % 250}" for n in range(COUNT // 2)]
CHANGES = {
    "all come": ([], ALL),
    "half change": (ALL, [*ALL[: COUNT // 2], *OTHERS]),
    "all go": ([*ALL[: COUNT // 2], *OTHERS], []),
}


def plan(peers: Iterable[str]) -> HostPlan:
    bridge = Bridge("br_vx_9", "l2-9", "", 1450, (1,))
    ends = (9, "10.0.0.1", TUNNEL_PORT, tuple(sorted(peers)), bridge.name, 1450, (1,))
    return HostPlan("h", 1, bridges=(bridge,), tunnels=(Tunnel("vxlan9", "l2-9", *ends),))


def ours(host: Host, before: list[str], after: list[str]) -> tuple[float, float]:
    """Give the time of a whole run, and of the changes alone."""
    looked = timed(lambda: host.check(plan(before)))
    done: list[float] = []
    begun = time.perf_counter()
    result = host.realize(plan(after), on_operation=lambda _: done.append(time.perf_counter()))
    whole = time.perf_counter() - begun
    assert {type(operation) for operation in result.operations} <= {AddPeer, RemovePeer}
    assert len(result.operations) == len({*before} ^ {*after})
    return whole, done[-1] - begun - looked


def floor(path: str, before: list[str], after: list[str]) -> float:
    entry = "fdb {} 00:00:00:00:00:00 dev vxlan9 dst {} self permanent"
    gone = [entry.format("del", peer) for peer in before if peer not in set(after)]
    come = [entry.format("append", peer) for peer in after if peer not in set(before)]
    text = "\n".join([*gone, *come]).encode()
    with inside(path):
        return timed(lambda: subprocess.run(["bridge", "-batch", "-"], input=text, check=True, capture_output=True))


def timed(work: Callable[[], object]) -> float:
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


def main() -> None:
    with ExitStack() as stack:
        paths = [stack.enter_context(Lab({"h": ("eth0",)}, {"h": "10.0.0.1"})).path("h") for _ in "ab"]
        hosts = [stack.enter_context(Host(path)) for path in paths]
        for host in hosts:
            host.realize(plan(()))
        for name, (before, after) in CHANGES.items():
            whole, changes = ours(hosts[0], before, after)
            raw = floor(paths[1], before, after)
            print(
                f"{name:12} Rewire {whole * 1e3:6.1f} ms, the changes alone {changes * 1e3:6.1f} ms;"
                f" bridge -batch {raw * 1e3:6.1f} ms; ratio {whole / raw:.2f}, of the changes alone {changes / raw:.2f}"
            )


if __name__ == "__main__":
    main()
