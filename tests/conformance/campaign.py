"""Many histories: how many agree, and for those that do not, the smallest one that shows it, as a change file."""

from __future__ import annotations

import io
import itertools
from collections.abc import Callable, Iterator, Sequence

import msgspec
from hypothesis import HealthCheck, Phase, given, seed, settings
from msgspec import NODEFAULT
from ruamel.yaml import YAML

from domain.commands import Command
from domain.errors import Refusal
from tests.conformance import drawing, shortening, trial
from tests.conformance.drawing import History
from tests.conformance.laboratory import laboratory
from tests.conformance.trial import Outcome
from tests.given import Case, attempt
from tests.kernel import probe


BATCH = 10
"""Histories from one seed: so many are carried out again to see one of them again."""
LOT = 5
"""So many are drawn in one run of Hypothesis: later it changes those before by a little, and many would be alike."""
MESHED_EVERY = 5
"""The hosts of one seed in so many have Open vSwitch."""
SHORT_S = 0.5
"""The patience for a history that is tried again, as many are to find the smallest."""
Hear = Callable[[str], object]


class Disagreement(msgspec.Struct, frozen=True):
    seed: int
    differences: tuple[str, ...]
    change_file: str
    """The smallest history that shows it."""


class Result(msgspec.Struct, frozen=True):
    histories: int = 0
    steps: int = 0
    plans: int = 0
    frames: int = 0
    disagreements: tuple[Disagreement, ...] = ()

    def __add__(self, other: Result) -> Result:
        return Result(
            self.histories + other.histories,
            self.steps + other.steps,
            self.plans + other.plans,
            self.frames + other.frames,
            self.disagreements + other.disagreements,
        )

    @property
    def agreement(self) -> str:
        agree = self.histories - len(self.disagreements)
        share = 100 * agree / max(self.histories, 1)
        told = f"{self.steps} steps, {self.plans} plans carried out, {self.frames} frames sent"
        return f"{agree} of {self.histories} histories agree ({share:.2f} %): {told}"


def run(count: int, first_seed: int, hear: Hear) -> Result:
    """Try so many histories, a batch from each seed, and tell of each batch."""
    result, number = Result(), first_seed
    while result.histories < count:
        batch = run_batch(min(BATCH, count - result.histories), number)
        result += batch
        hear(f"seed {number}: {batch.agreement}")
        for disagreement in batch.disagreements:
            hear(told(disagreement))
        number += 1
    return result


def told(disagreement: Disagreement) -> str:
    lines = (f"  {line}" for line in disagreement.differences)
    return "\n".join((f"seed {disagreement.seed} disagrees:", *lines, "by", disagreement.change_file))


def run_batch(count: int, number: int) -> Result:
    """Try so many histories from one seed, in one laboratory; in a new one after each disagreement."""
    meshed = is_meshed(number)
    drawn = draw(count, number)
    result = Result()
    while drawn:
        with laboratory(meshed=meshed) as place:
            for history in drawn:
                drawn = drawn[1:]
                outcome = trial.run(place, history)
                result += Result(1, outcome.steps, outcome.plans, outcome.frames)
                if outcome.disagreement:
                    break
            else:
                continue
        result += Result(disagreements=(shown(number, history, outcome),))
    return result


def is_meshed(number: int) -> bool:
    """Tell whether the hosts of a seed have Open vSwitch: it makes all else slower, and takes an interface."""
    return number % MESHED_EVERY == 0 and not probe.lack("ovs")


def draw(count: int, number: int) -> list[History]:
    """Have Hypothesis draw so many histories from a seed."""
    meshed = is_meshed(number)
    drawn = (history for lot in itertools.count() for history in draw_lot(f"{number}/{lot}", meshed=meshed))
    return list(itertools.islice(drawn, count))


def draw_lot(seeded: str, *, meshed: bool) -> list[History]:
    """Draw a few histories, without the one that Hypothesis begins with: the simplest of all."""
    found: list[History] = []

    @seed(seeded)
    @settings(
        max_examples=LOT + 1,
        phases=[Phase.generate],
        database=None,
        deadline=None,
        derandomize=False,
        suppress_health_check=list(HealthCheck),
    )
    @given(drawing.histories(meshed=meshed))
    def keep(history: History) -> None:
        found.append(history)

    keep()
    return found[1:]


def shown(number: int, history: History, outcome: Outcome) -> Disagreement:
    """Find the smallest history that disagrees."""
    whole = (*history.beginning, *history.commands[: outcome.steps])
    meshed = is_meshed(number)
    commands = tuple(done(shortening.smallest(whole, lambda some: bool(differences(some, meshed=meshed)))))
    return Disagreement(number, differences(commands, meshed=meshed) or outcome.disagreement, change_file(commands))


def differences(commands: Sequence[Command], *, meshed: bool) -> tuple[str, ...]:
    with laboratory(meshed=meshed) as place:
        return trial.run(place, History((), tuple(commands)), SHORT_S).disagreement


def done(commands: Sequence[Command]) -> Iterator[Command]:
    """Walk the commands that are not refused."""
    case = Case(1)
    return (command for command in commands if not isinstance(attempt(case.network, command), Refusal))


def change_file(commands: Sequence[Command]) -> str:
    """Write commands as `rewire apply` reads them."""
    steps = [{command.tag(): fields(command)} for command in commands]
    text = io.StringIO()
    yaml = YAML()
    yaml.default_flow_style = None
    yaml.width = 4096
    yaml.dump(steps, text)
    return text.getvalue()


def fields(command: Command) -> dict[str, object]:
    """Give what a command says and does not leave to a default."""
    every = msgspec.structs.fields(command)
    silent = {f.encode_name: f.default if f.default_factory is NODEFAULT else f.default_factory() for f in every}
    return {name: value for name, value in msgspec.to_builtins(command).items() if value != silent[name]}
