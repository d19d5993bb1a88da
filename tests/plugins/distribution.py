"""A distribution of somebody else's, laid out as an installer does: what it holds is in its entry points."""

from __future__ import annotations

from pathlib import Path


ENTRIES = """[rewire.l2_type]
MacVlanNetwork = tests.plugins.macvlan:shape
TaggedNetwork = tests.plugins.macvlan:tagged
NonsenseNetwork = tests.plugins.macvlan:nonsense

[rewire.l2_realization]
MacVlanNetwork/KVM = tests.plugins.macvlan:Realization
MacVlanNetwork/Bare = tests.plugins.macvlan:Realization
TaggedNetwork/KVM = tests.plugins.macvlan:Realization
"""
BALANCER = """
[rewire.network_service_provider]
F5 = tests.plugins.balancer:F5
Ledger = tests.plugins.providers:LEDGER
"""


def install(folder: Path, name: str, entries: str) -> None:
    """Make a distribution be found on a path that the interpreter looks for packages on."""
    info = folder / f"{name}-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(entries)
