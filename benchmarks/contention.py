"""Real processes that allocate all addresses of one L3 network at once, and give half of them back.

Each process makes its share of the VMs, one durable command each, and then destroys every second one, while others
still make theirs. Prints commands a second and how often a decision was made again because somebody else was first;
then looks at the history: no address given twice, none lost.
"""

from __future__ import annotations

import argparse
import multiprocessing
import tempfile
import time
from collections import Counter
from collections.abc import Iterable
from ipaddress import IPv4Address
from multiprocessing.synchronize import Barrier
from pathlib import Path
from typing import Any

import msgspec
from eventsourcing.persistence import IntegrityError

from domain import claims, commands, instruments, vm
from domain.commands import Command
from domain.errors import Refusal
from domain.history import Author, Recorded
from domain.network import Network
from projections import addressing
from projections.follow import Follower
from projections.topology import Topology, fold


PROCESSES = 16
ADDRESSES = 20_000
FIRST = int(IPv4Address("10.0.0.10"))
GATEWAY = "10.255.255.254"
PATIENCE_SECONDS = 120


class Counting(Network):
    """A network that counts the decisions that came too late."""

    late = 0

    def record(self, events: Iterable[Recorded], premise: Any) -> tuple[Recorded, ...]:
        try:
            return super().record(events, premise)
        except IntegrityError:
            self.late += 1
            raise


class Report(msgspec.Struct, frozen=True):
    """How one process fared."""

    allocated: float
    """Seconds for its allocations."""
    released: float
    """Seconds for its releases."""
    late: Counter[int]
    """How many commands were decided again how often."""
    refused: Counter[str]


def opened(path: Path) -> Counting:
    return Counting(str(path), survey=Follower(), instruments=instruments.real())


def world(addresses: int, allocator: str) -> list[Command]:
    """One host on one L3 network that has exactly so many addresses."""
    first, last = str(IPv4Address(FIRST)), str(IPv4Address(FIRST + addresses - 1))
    return [
        commands.CreateZone(name="z"),
        commands.CreateCluster(name="c", zone="z"),
        commands.AddHost(name="h", cluster="c", interfaces=("eth0",)),
        commands.CreateL2VlanNetwork(name="l2", zone="z", physical_interface="eth0", vlan=10),
        commands.AttachL2NetworkToCluster(l2="l2", cluster="c"),
        commands.CreateL3Network(name="l3", l2="l2", allocator=allocator),
        commands.AddIpRange(l3="l3", name="all", start=first, end=last, netmask="255.0.0.0", gateway=GATEWAY),
    ]


def work(path: Path, name: str, share: int, barrier: Barrier, reports: Any) -> None:
    """Be one of the processes: make a share of the VMs, then destroy every second."""
    network, late, refused = opened(path), Counter[int](), Counter[str]()

    def run(wanted: Iterable[Command]) -> float:
        begun = time.perf_counter()
        for command in wanted:
            before = network.late
            try:
                network.execute(command, Author(name))
            except Refusal as refusal:
                refused[refusal.code] += 1
            late[network.late - before] += 1
        return time.perf_counter() - begun

    barrier.wait(PATIENCE_SECONDS)
    allocated = run(commands.CreateVm(name=f"{name}-{i}", networks=("l3",)) for i in range(share))
    released = run(commands.DestroyVm(vm=f"{name}-{i}") for i in range(0, share, 2))
    network.close()
    reports.put(Report(allocated, released, late, refused))


def contend(path: Path, processes: int, addresses: int, allocator: str = "first-available") -> list[Report]:
    """Let processes use up a new store's one L3 network."""
    network = opened(path)
    for command in world(addresses, allocator):
        network.execute(command, Author("benchmark"))
    network.close()
    context = multiprocessing.get_context("spawn")
    barrier, reports = context.Barrier(processes), context.Queue()
    workers = [
        context.Process(target=work, args=(path, f"p{i}", share, barrier, reports))
        for i, share in enumerate(shares(processes, addresses))
    ]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert not any(worker.exitcode for worker in workers)
    return [reports.get() for _ in workers]


def shares(processes: int, addresses: int) -> list[int]:
    return [addresses // processes + (i < addresses % processes) for i in range(processes)]


# looking at what came of it


def verify(path: Path, processes: int, addresses: int) -> None:
    """See that no address was ever held twice, and that each is in use or free in the end."""
    kept = sum(share // 2 for share in shares(processes, addresses))
    network = opened(path)
    held(network.facts())
    assert network.broken_link() == 0
    topology = fold(network.facts())
    guests = list(topology.every(vm.Vm))
    ips = [nic.ip for _, guest in guests for nic in guest.nics]
    assert len(ips) == len(set(ips)) == kept
    found = subnet(topology)
    assert found.size == addresses
    free = set(addressing.upward(found))
    assert free | {int(IPv4Address(ip)) for ip in ips} == set(range(FIRST, FIRST + addresses))
    assert len(free) == addresses - kept
    network.close()


def held(facts: Iterable[Recorded]) -> None:
    """Follow the claims themselves: taken when free, given back by who has it."""
    holders: dict[str, str] = {}
    for recorded in facts:
        match recorded.fact:
            case claims.Taken(holder=holder):
                assert recorded.originator_id not in holders
                holders[recorded.originator_id] = holder
            case claims.Released(holder=holder):
                assert holders.pop(recorded.originator_id) == holder
            case _:
                pass


def subnet(topology: Topology) -> addressing.Addresses:
    return topology.addressing[topology.find("l3", "l3"), 4]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--processes", type=int, default=PROCESSES)
    parser.add_argument("--addresses", type=int, default=ADDRESSES)
    parser.add_argument("--allocator", default="first-available")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "store"
        begun = time.perf_counter()
        reports = contend(path, options.processes, options.addresses, options.allocator)
        seconds = time.perf_counter() - begun
        tell(reports, options.addresses, seconds)
        verify(path, options.processes, options.addresses)
        print("no address was held twice, and none is lost")


def tell(reports: list[Report], addresses: int, seconds: float) -> None:
    late = sum((report.late for report in reports), Counter[int]())
    refused = sum((report.refused for report in reports), Counter[str]())
    done = late.total()
    again = sum(times * count for times, count in late.items())
    print(f"{len(reports)} processes, {addresses:,} addresses, {done:,} commands")
    print(f"{seconds:.0f} s, {done / seconds:,.0f} commands/s")
    print(f"decided again {again:,} times, {again / done:.2f} a command, at most {max(late)}; refused: {dict(refused)}")
    allocated, released = (max(part) for part in zip(*((r.allocated, r.released) for r in reports), strict=True))
    print(f"slowest process: {allocated:.0f} s to allocate, {released:.0f} s to release")


if __name__ == "__main__":
    main()
