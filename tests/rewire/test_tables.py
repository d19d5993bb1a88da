"""What a person reads: every sign as it is, and an object alone as a list of what it has."""

from __future__ import annotations

import pytest

from rewire import output


def test_an_address_is_printed_sign_by_sign(capsys: pytest.CaptureFixture[str]) -> None:
    output.show([{"mac": "fa:ab:ca:c5:f0:d2", "ip": "fd00::b:a:1"}], "table")
    assert capsys.readouterr().out.split() == ["mac", "ip", "fa:ab:ca:c5:f0:d2", "fd00::b:a:1"]


def test_an_object_alone_has_a_line_for_each_field(capsys: pytest.CaptureFixture[str]) -> None:
    output.show({"name": "l3", "attachedClusterUuids": ["c1", "c2"], "mtu": 0}, "table")
    lines = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert lines == [["name", "l3"], ["attached", "clusters", "c1,", "c2"], ["mtu", "0"]]
