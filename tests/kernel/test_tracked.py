"""Connections are listed as a kernel has them, and change one by one."""

from __future__ import annotations

import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from backends.kvm import connections, filter_text, filters
from backends.kvm.connections import Change, Connection
from projections.service_entries import Filter
from tests.kernel.test_filters import in_groups, only


pytestmark = pytest.mark.kernel("nftables")

TRACKING = "table inet t { chain c { type filter hook output priority 0; ct state established accept; }; }\n"
HERE = ("127.0.0.1", "::1")


@contextmanager
def talk(kind: socket.SocketKind, home: str) -> Iterator[tuple[int, int]]:
    """Have one connection in a kernel that tracks them, and give its ports."""
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    subprocess.run(["nft", "-f", "-"], input=TRACKING, text=True, check=True)
    family = socket.AF_INET6 if ":" in home else socket.AF_INET
    with socket.socket(family, kind) as far, socket.socket(family, kind) as near:
        far.bind((home, 0))
        if kind == socket.SOCK_STREAM:
            far.listen()
        near.connect(far.getsockname())
        near.send(b"hello")
        yield near.getsockname()[1], far.getsockname()[1]


def mine(ports: tuple[int, int]) -> list[Connection]:
    return [each for each in connections.listed(None) if (each.source_port, each.port) == ports]


@pytest.mark.parametrize("home", HERE)
def test_a_connection_is_listed_with_its_ends_and_can_be_forgotten(namespace: None, home: str) -> None:
    with talk(socket.SOCK_DGRAM, home) as ports, talk(socket.SOCK_DGRAM, home) as others:
        (found,) = mine(ports)
        assert (found.src, found.dst, found.protocol, found.mark, found.zone) == (home, home, 17, 0, 0)

        connections.change(None, [Change(found, None)])

        assert mine(ports) == []
        assert mine(others)
        connections.change(None, [Change(found, None)])  # gone already


@pytest.mark.parametrize("home", HERE)
def test_a_connection_can_be_marked(namespace: None, home: str) -> None:
    with talk(socket.SOCK_STREAM, home) as ports:
        connections.change(None, [Change(each, filter_text.ENDED) for each in mine(ports)])

        assert [each.mark for each in mine(ports)] == [filter_text.ENDED]


def test_where_nothing_is_tracked_nothing_is_listed(namespace: None) -> None:
    assert connections.listed(None) == []


# which must end


def connection(**fields: object) -> Connection:
    plain = {"family": 2, "key": b"", "zone": 0, "mark": 0, "src": "10.5.0.9", "dst": "10.5.0.1", "protocol": 6}
    ports = {"source_port": 1024, "port": 80, "type": 0}
    back = {"answered_by": "10.5.0.1", "answered_to": "10.5.0.9", "answering_port": 80}
    return Connection(**{**plain, **ports, **back, **fields})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("found", "marks"),
    [
        pytest.param(connection(port=22), [], id="allowed"),
        pytest.param(connection(), [filter_text.ENDED], id="not-allowed"),
        pytest.param(connection(mark=filter_text.ENDED), [], id="ended-already"),
        pytest.param(connection(port=22, mark=filter_text.ENDED), [0], id="allowed-again"),
        pytest.param(connection(protocol=17), [None], id="no-handshake"),
        pytest.param(connection(src="10.5.0.1", dst="10.5.0.9"), [], id="opened-by-the-nic-itself"),
        pytest.param(connection(dst="10.5.0.8"), [], id="of-strangers"),
        pytest.param(connection(zone=5), [], id="of-equal-addresses-on-another-bridge"),
    ],
)
def test_only_what_nobody_could_open_now_ends(found: Connection, marks: list[int | None]) -> None:
    wanted = only(in_groups(0, "g"), Filter("ingress", "TCP", "22-22", "", ""))

    assert [change.mark for change in filters.unlawful(wanted, [found])] == marks
