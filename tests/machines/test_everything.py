"""One machine that runs every command of the contract in any order, with right and wrong arguments.

Whatever it does, a command is done or refused, and all that must hold of a history holds.
"""

from __future__ import annotations

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant, rule

from domain.commands import COMMANDS, Command
from domain.handlers import HANDLERS
from domain.network import Outcome
from tests.machines import worlds
from tests.machines.ledger import FIELDS, Ledger
from tests.machines.watched import Watched
from tests.machines.wishes import WISHES
from tests.strategies import wild_commands


KINDS = frozenset(FIELDS.values())
"""What people make and name: routers, cables and reports are not."""


class EverythingMachine(Watched):
    """Rules are added below: one for every command."""

    def __init__(self) -> None:
        super().__init__()
        self.ledger = Ledger()

    @initialize(world=st.sampled_from(worlds.OFTEN))
    def furnish(self, world: str) -> None:
        facts, ledger = worlds.history(world)
        self.begin_with(facts)
        self.ledger = ledger.copy()

    @rule(command=wild_commands())
    def type_anything(self, command: Command) -> None:
        self.ask(command)

    def ask(self, command: Command) -> None:
        """Run a command that the ledger may forbid, and write down what it did."""
        answer = self.run(command)
        if isinstance(answer, Outcome):
            assert not self.ledger.forbids(command), command
            self.ledger.note(command, answer)

    @invariant()
    def what_lives_is_in_the_ledger(self) -> None:
        assert {key for key in self.now.objects.names if key[0] in KINDS} == set(self.ledger.homes)


def add_rule(name: str, wishes: st.SearchStrategy[Command]) -> None:
    """Give the machine a rule of its own for a command, so that runs differ in which they use."""

    def step(self: EverythingMachine, command: Command) -> None:
        self.ask(command)

    step.__name__ = name
    setattr(EverythingMachine, name, rule(command=wishes)(step))


for kind, wishes in WISHES.items():
    add_rule(kind.tag().replace("-", "_"), wishes)


def test_there_is_a_rule_for_every_command() -> None:
    assert set(WISHES) == set(COMMANDS.values()) == set(HANDLERS)


TestEverything = EverythingMachine.TestCase
TestEverything.settings = settings(stateful_step_count=50)
