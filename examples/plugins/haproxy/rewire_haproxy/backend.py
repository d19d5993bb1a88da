"""The backend that Rewire drives: what a host lacks for its load balancers, and each step of making it so.

Everything lies in `haproxy` in the host's state folder: a pinned namespace an L3 network, and its haproxy's files. What
is there without our mark is reported, and left alone.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Literal

from immutables import Map

from backends.kvm import look, pin, requests, room, rooms
from backends.kvm.host import Host
from backends.kvm.kernel import Kernel
from backends.protocols import Result
from domain.errors import HostUnreachable
from projections.found import Room
from projections.namespace_operations import CreateLeg
from projections.obstacle import Obstacle
from projections.service_entries import CustomService
from projections.service_operation import Lack, ServiceOperation
from rewire_haproxy import daemon, listeners
from rewire_haproxy.balancer import Balancer, balancer, chosen, mistakes, name_of, once


BACKEND = "LoadBalancer/Haproxy"
Kind = Literal["create", "mark", "plug", "address", "route", "serve", "remove"]
WORDS: dict[Kind, str] = {
    "create": "create namespace {0}",
    "mark": "mark namespace {0}",
    "plug": "plug namespace {0} into {1}",
    "address": "give namespace {0} its VIPs",
    "route": "give namespace {0} its routes",
    "serve": "run haproxy in namespace {0}",
    "remove": "remove namespace {0}",
}


class Step(ServiceOperation, frozen=True, tag="haproxy"):
    kind: Kind
    balancer: Balancer | None


class Balancers:
    """All load balancers of one host."""

    service_type = "LoadBalancer"
    provider_type = "Haproxy"
    hypervisor_type = "KVM"

    def check(self, host: Host, services: tuple[CustomService, ...]) -> Result:
        mine = [service for service in services if chosen(service) == service.host]
        there = room.rooms(pins(host), daemon.alive)
        try:
            known = listeners.read() if mine else ()
        except HostUnreachable as error:
            # That nobody can read what is to be there does not mean nothing: it stays as it is.
            kept = {name_of(service) for service in mine}
            wrong = (Obstacle("haproxy", "", error.sentence, foreign=False), *foreign(there))
            return Result(tuple(removals(there, kept)), wrong)
        told = {s.l3: tuple(one for one in known if one.network == s.name) for s in mine}
        wanted = [made for s in mine if (made := balancer(s, once(told[s.l3])))]
        mistaken = (Obstacle(s.name, "", why, foreign=False) for s in mine for why in mistakes(s, told[s.l3]))
        gone = removals(there, {one.namespace for one in wanted})
        return Result((*gone, *additions(host, wanted, there)), (*mistaken, *foreign(there)))

    def perform(self, host: Host, operation: Step) -> None:
        place, wanted = pins(host) / operation.name, operation.balancer
        if wanted is None:
            remove(place)
        elif operation.kind == "create":
            room.create(place, wanted.mark)
        elif operation.kind == "mark":
            room.set_mark(place, wanted.mark)
        elif operation.kind == "plug":
            plug(host, place, wanted)
        elif operation.kind == "address":
            room.set_addresses(place, wanted.leg, wanted.addresses)
        elif operation.kind == "route":
            room.set_routes(place, wanted.routes)
        else:
            daemon.serve(place, wanted)


def pins(host: Host) -> Path:
    return host.state / "haproxy" / "netns"


# what is still to do


def removals(there: Map[str, Room], kept: set[str]) -> Iterator[Step]:
    for name, found in sorted(there.items()):
        if found.ours and name not in kept:
            yield Step(BACKEND, name, "", "extra", WORDS["remove"].format(name), found.mark, "remove", None)


def additions(host: Host, wanted: list[Balancer], there: Map[str, Room]) -> Iterator[Step]:
    for one in wanted:
        found = there.get(one.namespace)
        if found is None or found.ours:
            yield from lacks(one, found or Room(mark=""), plugged=is_plugged(host, one))


def lacks(wanted: Balancer, found: Room, *, plugged: bool) -> Iterator[Step]:
    """Walk what a namespace lacks. What comes later in the list needs what comes before."""
    if found.mark != wanted.mark:
        yield step("mark", wanted, "altered") if found.mark else step("create", wanted, "missing")
    end = found.legs.get(wanted.leg)
    whole = end is not None and plugged and end.up and end.mac == wanted.mac
    if end is None or not whole or (wanted.mtu and end.mtu != wanted.mtu):
        yield step("plug", wanted, "altered" if end else "missing")
        found = Room(mark=found.mark, server=found.server)
        end = None
    if end is None or end.addresses != wanted.addresses:
        yield step("address", wanted, "altered")
    if found.routes != {(route.destination, route.gateway) for route in wanted.routes}:
        yield step("route", wanted, "altered")
    if found.server is None or found.server.settings != daemon.settings(wanted):
        yield step("serve", wanted, "altered" if found.server else "missing")


def step(kind: Kind, wanted: Balancer, lack: Lack) -> Step:
    what = WORDS[kind].format(wanted.namespace, wanted.bridge)
    return Step(BACKEND, wanted.namespace, wanted.bridge, lack, what, wanted.mark, kind, wanted)


def is_plugged(host: Host, wanted: Balancer) -> bool:
    """Tell whether the outer end of a leg is up, and on its bridge."""
    with Kernel(host.netns) as kernel:
        if not (kernel.has(wanted.leg) and kernel.has(wanted.bridge)):
            return False
        link = kernel.link(wanted.leg)
        master = link.get_attr("IFLA_MASTER") or 0
        return bool(link["flags"] & requests.UP) and bool(master == kernel.index(wanted.bridge))


def foreign(there: Map[str, Room]) -> Iterator[Obstacle]:
    for name, found in sorted(there.items()):
        if not found.ours:
            yield Obstacle(name, "", f"there is a network namespace {name} that Rewire did not make", foreign=True)


# making it so


def plug(host: Host, place: Path, wanted: Balancer) -> None:
    """Lay a cable from the bridge into the namespace, in place of one that is there; never in place of a stranger's."""
    room.delete_legs(place)
    with Kernel(host.netns) as kernel:
        if kernel.has(wanted.leg):
            if look.group_of(kernel.link(wanted.leg)) != requests.PLUGINS:
                raise HostUnreachable(f"there is a device {wanted.leg} that Rewire did not make")
            kernel.commit(requests.doom(wanted.leg), requests.delete_doomed())
        leg = CreateLeg(wanted.leg, wanted.namespace, wanted.bridge, wanted.mac, wanted.mtu, wanted.mark)
        rooms.create_leg(kernel, place, leg, group=requests.PLUGINS)


def remove(place: Path) -> None:
    """Take a namespace away: haproxy with its files, the leg, and the pin last, since by that a look knows it."""
    daemon.end(place)
    room.delete_legs(place)
    pin.remove(place)
