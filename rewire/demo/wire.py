"""The last scene: the same history on real kernels, judged by frames that know nothing of it.

Each host is a network namespace of this machine. It needs root on Linux; what this kernel lacks is said.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from domain import host, vm
from domain.errors import HostUnreachable
from domain.history import Author
from projections import domains, plan
from projections.topology import Topology
from rewire import apply, change_file, session
from rewire.demo.stage import EXAMPLES, Stage


if TYPE_CHECKING:
    from backends.kvm.lab import Guest, Lab


def lacking() -> str:
    """Say what keeps this machine from the scene, if anything."""
    if not sys.platform.startswith("linux"):
        return "it needs Linux"
    return "" if os.geteuid() == 0 else "it needs root: try `sudo make demo`"


def on_the_wire(stage: Stage) -> None:
    stage.scene(
        "On the wire",
        "The same histories on real kernels: each host is a network namespace, realized from its plan. Then every NIC",
        "sends an ARP request, and whoever hears it must be who the projection says.",
    )
    why = lacking()
    if why:
        stage.say(f"left out here: {why}")
        return
    for name, title in (
        ("partial-attachment", "NoVlan"),
        ("vlan-two-clusters", "VLAN"),
        ("vxlan-pool", "VXLAN"),
    ):
        play(stage, name, title)


def story(name: str) -> tuple[Topology, Topology]:
    """Give an example's network before and after its last step."""
    steps = change_file.read_all((str(EXAMPLES / f"{name}.yaml"),))
    with session.opened("memory:") as current:
        apply.run(current.network, steps[:-1], Author("alice"))
        before = current.topology()
        apply.run(current.network, steps[-1:], Author("bob"))
        return before, current.topology()


def play(stage: Stage, name: str, title: str) -> None:
    """Realize a network before and after its last step, and listen both times."""
    from backends.kvm.lab import Lab

    before, after = story(name)
    try:
        with Lab(interfaces(before), vteps(before)) as lab:
            for topology, moment in ((before, "before the detach"), (after, "after it")):
                done = realize(lab, topology)
                judge(stage, lab, topology, f"{title}, {moment} ({done} operations)")
    except HostUnreachable as error:
        stage.say(f"{title}: left out here: {error.sentence}")


def interfaces(topology: Topology) -> dict[str, tuple[str, ...]]:
    return {state.name: state.interfaces for _, state in topology.every(host.Host)}


def vteps(topology: Topology) -> dict[str, str]:
    return {state.name: state.vtep for _, state in topology.every(host.Host) if state.vtep}


def realize(lab: Lab, topology: Topology) -> int:
    """Bring every host to its plan, and give the number of operations."""
    from backends.kvm.host import Host

    done = 0
    for uuid, state in topology.every(host.Host):
        with Host(lab.path(state.name), plug="veth") as kernel:
            done += len(kernel.realize(plan.plan(topology, uuid)).operations)
    return done


def guests(topology: Topology) -> list[Guest]:
    """Give the guests' ends of all NICs of running VMs."""
    from backends.kvm.lab import Guest

    found = ((nic, topology.state(nic.vm, vm.Vm).host) for nic in topology.nics.all.values())
    return [
        Guest(topology.name(nic.uuid), topology.name(where), nic.device.replace("nic", "p", 1), nic.mac, nic.ip)
        for nic, where in found
        if where
    ]


def judge(stage: Stage, lab: Lab, topology: Topology, title: str) -> None:
    heard = lab.who_hears(guests(topology))
    expected = neighbours(topology)
    agree = heard == expected
    stage.say("")
    stage.say(f"{title}: frames {'agree with' if agree else 'CONTRADICT'} the projection")
    stage.table(("an ARP request from", "is heard by"), ((a, ", ".join(b) or "nobody") for a, b in heard.items()))
    if not agree:
        raise HostUnreachable(f"{title}: heard {differing(heard, expected)}")


def neighbours(topology: Topology) -> dict[str, tuple[str, ...]]:
    """Give who should hear whom: everybody else in the broadcast domain."""
    found: dict[str, tuple[str, ...]] = {}
    for domain in domains.domains(topology):
        names = sorted(topology.name(nic) for nic in domain.nics)
        found |= {name: tuple(other for other in names if other != name) for name in names}
    return dict(sorted(found.items()))


def differing(heard: Mapping[str, Iterable[str]], expected: Mapping[str, Iterable[str]]) -> str:
    names = sorted(heard.keys() | expected.keys())
    wrong = (name for name in names if heard.get(name) != expected.get(name))
    return "; ".join(f"{name} by {heard.get(name)}, expected {expected.get(name)}" for name in wrong)
