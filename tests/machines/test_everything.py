"""One machine that runs every command of the contract in any order, with right and wrong arguments.

Whatever it does, a command is done or refused, and all that must hold of a history holds.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant, rule

from domain.commands import COMMANDS, Command
from domain.handlers import HANDLERS
from domain.network import Outcome
from tests.machines import worlds
from tests.machines.ledger import FIELDS, Ledger
from tests.machines.watched import Watched
from tests.machines.wishes import AREAS, EVERY, Wish, wishes
from tests.plugins.distribution import BALANCER, ENTRIES, install
from tests.strategies import wild_commands


KINDS = frozenset(FIELDS.values())
"""What people make and name: routers, cables and reports are not."""


ENOUGH = 200
TRIED: list[int] = []
"""The steps of each example."""


class EverythingMachine(Watched):
    """Rules are added below: one for every area of commands."""

    def __init__(self) -> None:
        super().__init__()
        self.ledger = Ledger()

    @initialize(world=st.sampled_from(worlds.OFTEN))
    def furnish(self, world: str) -> None:
        facts, ledger = worlds.history(world)
        self.begin_with(facts)
        self.ledger = ledger.copy()

    def teardown(self) -> None:
        TRIED.append(self.steps)
        super().teardown()

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


def add_rule(area: str, among: Sequence[Wish]) -> None:
    """Give the machine a rule of its own for an area, so that runs differ in which they use."""

    def step(self: EverythingMachine, command: Command) -> None:
        self.ask(command)

    step.__name__ = f"wish_about_{area}"
    setattr(EverythingMachine, step.__name__, rule(command=wishes(among))(step))


for area, among in AREAS.items():
    add_rule(area, among)


@pytest.fixture(autouse=True, scope="module")
def plugins(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Have somebody else's L2 types, hypervisor and provider type at hand."""
    folder = tmp_path_factory.mktemp("plugins")
    install(folder, "somebody_elses", ENTRIES + BALANCER)
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(folder)
        yield


def test_there_is_a_wish_for_every_command() -> None:
    wished = {wish.kind for wish in EVERY}
    assert wished == set(COMMANDS.values()) == set(HANDLERS)


TestEverything = EverythingMachine.TestCase
TestEverything.settings = settings(max_examples=settings().max_examples * 3 // 2, stateful_step_count=60)
"""Hypothesis lets some examples end early: of three, two have 50 steps."""


def test_enough_was_tried() -> None:
    """What continuous integration must run: 200 examples of 50 steps."""
    if settings().max_examples < ENOUGH:
        pytest.skip("HYPOTHESIS_PROFILE=ci tries so many")
    assert sum(steps >= 50 for steps in TRIED) >= ENOUGH
