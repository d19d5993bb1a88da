"""Which refusals the tests of the domain met: every one that the reference lists for a command must be among them.

It is told at the end of a run of all tests, whose processes each know a part.
"""

from __future__ import annotations

import pytest

from domain.commands import COMMANDS, Command
from domain.handlers import HANDLERS
from rewire import reference


Pair = tuple[str, str]
"""A command and a code."""

MET: set[Pair] = set()

NEVER: dict[Pair, str] = {
    ("attach-eip", "invalid-argument"): "reads an address that is in a fact",
    ("delete-ip-range", "invalid-argument"): "the same",
    ("attach-l3-network-to-vm", "mac-in-use"): "names no MAC address, which create-vm may",
    ("change-l2-network-vlan", "gre-key-in-use"): "is refused for GRE networks before",
    ("change-l2-network-vlan", "physical-interface-missing"): "leaves the network on the interface that it is on",
    ("change-l2-network-vlan", "vtep-missing"): "is refused for VXLAN networks before",
    ("create-port-forwarding-rule", "wrong-state"): "binds a rule that is new",
    ("create-l2-no-vlan-network", "l2-type-not-supported"): "is of a type that is installed with Rewire",
    ("create-l2-vlan-network", "l2-type-not-supported"): "the same",
    ("create-l2-ovs-gre-network", "l2-type-not-supported"): "the same",
}
"""What the reference finds in code that commands share, and why it can't happen to this one."""


def note(command: Command, code: str) -> None:
    MET.add((command.tag(), code))


def missing() -> list[str]:
    """Give the pairs that the reference lists and no test met, and those that were met though that can't happen."""
    listed = {(name, code) for name, kind in COMMANDS.items() for code in reference.reach(HANDLERS[kind])[1]}
    return sorted(f"{name}: {code}" for name, code in (listed - NEVER.keys() - MET) | (MET & NEVER.keys()))


def is_whole(config: pytest.Config) -> bool:
    """Tell whether all tests run, and none was chosen."""
    chosen = config.option.keyword or config.option.markexpr or config.option.deselect or config.option.ignore
    return config.args_source is pytest.Config.ArgsSource.TESTPATHS and not chosen
