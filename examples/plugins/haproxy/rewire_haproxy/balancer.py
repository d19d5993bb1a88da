"""What there must be for one L3 network: which host does it, at which addresses, and which members are behind each.

One host balances a whole network: the one whose VM has run there longest. All hosts find the same one out of the same
facts, and it stays the same while VMs come. Pure.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import msgspec

from projections import serving
from projections.digest import named
from projections.marks import mark_of
from projections.namespaces import Route, leg_mac
from projections.service_entries import CustomNic, CustomService, CustomVip
from rewire_haproxy.listeners import Listener


class Server(msgspec.Struct, frozen=True):
    """A member that can be reached: a NIC of a VM that runs, on whatever host."""

    name: str
    ip: str
    port: int


class Front(msgspec.Struct, frozen=True):
    """An address and a port that haproxy answers."""

    ip: str
    port: int
    servers: tuple[Server, ...]


class Balancer(msgspec.Struct, frozen=True):
    """A namespace with one leg on the network's bridge, and a haproxy in it."""

    namespace: str
    leg: str
    mac: str
    bridge: str
    mtu: int
    addresses: tuple[str, ...]
    """`192.168.0.9/24`, sorted: the VIPs that are answered."""
    routes: tuple[Route, ...]
    fronts: tuple[Front, ...]
    mark: str


def chosen(service: CustomService) -> str:
    """Give the host that balances a network: where a VM of it has run longest. That fact has the lowest position."""
    running = [nic for nic in service.nics if nic.host]
    return min(running, key=lambda nic: (max(nic.because), nic.nic)).host if running else ""


def name_of(service: CustomService) -> str:
    """Name the namespace of a network's balancer."""
    return named("haproxy-", service.l3)


def balancer(service: CustomService, listeners: Iterable[Listener]) -> Balancer | None:
    """Give what must be there; nothing where no listener has a member that runs."""
    right = [listener for listener in listeners if listener_vip(service, listener)]
    fronts = tuple(front for listener in right if (front := front_of(service, listener)).servers)
    ips = sorted({front.ip for front in fronts})
    if not ips:
        return None
    name = name_of(service)
    families = {":" in ip for ip in ips}
    return Balancer(
        namespace=name,
        leg=named("hap", service.l3),
        mac=leg_mac(name, service.l3),
        bridge=service.bridge,
        mtu=service.mtu,
        addresses=tuple(sorted(serving.with_prefix(ip, service.networks) for ip in ips)),
        routes=tuple(sorted(default(gateway) for gateway in service.gateways if (":" in gateway) in families)),
        fronts=fronts,
        mark=mark_of(service.l3, because(service, right)),
    )


def default(gateway: str) -> Route:
    return Route("::/0" if ":" in gateway else "0.0.0.0/0", gateway)


def front_of(service: CustomService, listener: Listener) -> Front:
    address = vip_of(service, listener)
    ip = address.ip if address else ""
    pairs = ((nic, alike(nic, ip)) for nic in members(service, listener) if nic.host)
    return Front(ip, listener.port, tuple(Server(nic.device, at, listener.target) for nic, at in pairs if at))


def alike(nic: CustomNic, ip: str) -> str:
    """Give a NIC's address of the same family as another one; nothing where it has none."""
    return next((own for own in nic.ips if (":" in own) == (":" in ip)), "")


def members(service: CustomService, listener: Listener) -> Iterator[CustomNic]:
    return (nic for nic in service.nics if nic.name in listener.members)


def vip_of(service: CustomService, listener: Listener) -> CustomVip | None:
    return next((vip for vip in service.vips if vip.name == listener.vip), None)


def listener_vip(service: CustomService, listener: Listener) -> CustomVip | None:
    """Give the VIP of a listener, if it may have it."""
    found = vip_of(service, listener)
    return found if found and not user_of(found, listener.port) else None


def because(service: CustomService, listeners: Iterable[Listener]) -> tuple[int, ...]:
    """Give the facts that listeners rest on."""
    facts = set(service.because)
    for listener in listeners:
        found = vip_of(service, listener)
        facts.update(found.because if found else (), *(nic.because for nic in members(service, listener)))
    return tuple(sorted(facts))


# what is wrong with what was asked for


def mistakes(service: CustomService, listeners: Iterable[Listener]) -> Iterator[str]:
    """Say what keeps listeners, or members of them, from being there."""
    seen = set[tuple[str, int]]()
    for listener in listeners:
        if (listener.vip, listener.port) in seen:
            yield f"{listener}: there are two of them"
        seen.add((listener.vip, listener.port))
        found = vip_of(service, listener)
        if found is None:
            yield f"{listener}: L3 network {service.name} has no VIP {listener.vip}"
        elif user := user_of(found, listener.port):
            yield f"{listener}: VIP {found.name} is used for {user} there"
        known = {nic.name for nic in service.nics}
        for name in listener.members:
            if name not in known:
                yield f"{listener}: no VM {name} has a NIC on L3 network {service.name}"


def once(listeners: Iterable[Listener]) -> tuple[Listener, ...]:
    """Keep the first of several for one VIP and port."""
    first: dict[tuple[str, int], Listener] = {}
    for listener in listeners:
        first.setdefault((listener.vip, listener.port), listener)
    return tuple(first.values())


def user_of(vip: CustomVip, port: int) -> str:
    """Give the service of Rewire's that has a TCP port of a VIP, if one has."""
    for service, protocol, ports in vip.uses:
        low, _, high = ports.partition("-")
        if not protocol or (protocol == "TCP" and int(low) <= port <= int(high or low)):
            return service
    return ""
