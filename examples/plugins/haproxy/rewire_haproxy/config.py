"""haproxy's configuration out of what is wanted. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from rewire_haproxy.balancer import Balancer, Front


USER = "haproxy"
"""Debian's: what it becomes once its ports are bound."""


def config(wanted: Balancer, digest: str, socket: Path) -> Iterator[str]:
    yield f"# {wanted.mark} digest={digest}"
    yield "global"
    yield f"    user {USER}"
    yield f"    stats socket {socket} mode 600 level admin expose-fd listeners"
    yield "defaults"
    yield "    mode tcp"
    yield "    timeout connect 5s"
    yield "    timeout client 1h"
    yield "    timeout server 1h"
    yield "    option redispatch"
    for front in wanted.fronts:
        yield from listen(front)


def listen(front: Front) -> Iterator[str]:
    yield f"listen {front.ip}:{front.port}"
    yield f"    bind {at(front.ip, front.port)}"
    yield "    balance roundrobin"
    for server in front.servers:
        yield f"    server {server.name} {at(server.ip, server.port)} check inter 1s fall 2 rise 1"


def at(ip: str, port: int) -> str:
    return f"[{ip}]:{port}" if ":" in ip else f"{ip}:{port}"
