"""The order of the scenes, each with a store in memory of its own where it needs one."""

from __future__ import annotations

from domain.errors import InvalidFile
from rewire import session
from rewire.demo import scenes, wire
from rewire.demo.scenes import EXAMPLES
from rewire.demo.stage import Stage


def play() -> None:
    """Play every scene that this machine can show, and say what is left out."""
    if not EXAMPLES.is_dir():
        raise InvalidFile(f"the demonstration plays the files of {EXAMPLES}: run it from a checkout of Rewire")
    stage = Stage()
    stage.console.print("Rewire: the history of a data-centre network, replayed, questioned, audited and made real.")
    *building, change = scenes.example("partial-attachment")
    with session.opened("memory:") as first:
        scenes.attachment(stage, first, building)
        scenes.question(stage, first, change)
        scenes.rewiring(stage, first, change)
        scenes.reckoning(stage, first)
    with session.opened("memory:") as second:
        scenes.vlan(stage, second)
        scenes.ranges(stage, second)
    with session.opened("memory:") as third:
        scenes.crowd(stage, third)
    wire.on_the_wire(stage)
    stage.console.print("\nWhere to go from here: README.md, and `rewire --help`.", markup=False)
