"""The order of the scenes."""

from __future__ import annotations

from domain.errors import InvalidFile
from rewire.demo import scenes, stage, wire


def play() -> None:
    """Play every scene that this machine can show, and say what is left out."""
    if not stage.EXAMPLES.is_dir():
        raise InvalidFile(f"the demonstration plays the files of {stage.EXAMPLES}: run it from a checkout of Rewire")
    where = stage.Stage()
    where.say("Rewire: the history of a data-centre network, replayed, questioned, audited and made real.")
    with stage.folder():
        scenes.attachment(where)
        scenes.question(where)
        scenes.rewiring(where)
        scenes.reckoning(where)
        scenes.vlan(where)
        scenes.ranges(where)
        scenes.crowd(where)
    wire.on_the_wire(where)
    where.console.print()
    where.say("Where to go from here: README.md, and `rewire --help`.")
