"""How long things take, and what a file may say about it."""

import random

import msgspec
import pytest

from projections.operations import Operation
from projections.service_operation import ServiceOperation
from simulator import timing
from simulator.timing import Exponential, Fixed, LogNormal, Timing, Uniform


def test_every_operation_has_a_time() -> None:
    fields = {field.encode_name for field in msgspec.structs.fields(Timing)}
    operations = {str(kind.__struct_config__.tag) for kind in kinds(Operation)}

    assert fields == operations | {"message", "report"}


def kinds(base: type[Operation]) -> set[type[Operation]]:
    """Give the operations that are no base of others, but for those of plugins, which are not simulated."""
    below = [kind for kind in base.__subclasses__() if kind is not ServiceOperation]
    return {kind for each in below for kind in kinds(each)} if below else {base}


def test_a_file_says_what_is_different() -> None:
    text = b'{"create-bridge": {"shape": "fixed", "ms": 7}, "message": {"shape": "uniform", "low-ms": 1, "high-ms": 2}}'

    read = msgspec.json.decode(text, type=Timing)

    assert read == Timing(create_bridge=Fixed(7), message=Uniform(1, 2))
    assert msgspec.json.decode(msgspec.json.encode(read), type=Timing) == read


@pytest.mark.parametrize(
    "text",
    [
        b'{"create-brigde": {"shape": "fixed", "ms": 7}}',
        b'{"message": {"shape": "fixed", "ms": -1}}',
        b'{"message": {"shape": "fixed", "ms": 1, "mean-ms": 1}}',
        b'{"message": {"shape": "uniform", "low-ms": 2, "high-ms": 1}}',
        b'{"message": {"shape": "guess"}}',
    ],
)
def test_a_file_with_a_mistake_is_refused(text: bytes) -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.json.decode(text, type=Timing)


@pytest.mark.parametrize(
    ("distribution", "mean_ms"),
    [(Fixed(4), 4), (Uniform(2, 6), 4), (Exponential(4), 4), (LogNormal(4, 0.5), 4 * 2.718281828**0.125)],
)
def test_draws_are_whole_microseconds_about_the_mean(distribution: timing.Distribution, mean_ms: float) -> None:
    chance = random.Random(1)

    drawn = [timing.draw(distribution, chance) for _ in range(20_000)]

    assert all(isinstance(d, int) and d >= 0 for d in drawn)
    assert sum(drawn) / len(drawn) == pytest.approx(mean_ms * 1000, rel=0.03)
