"""Real processes that work on one store at the same moment.

Each contender opens the store for itself and waits at a barrier before that and before every command, so that both are
decided at once.
"""

from __future__ import annotations

import multiprocessing
import queue
from collections.abc import Sequence
from multiprocessing.context import SpawnProcess
from multiprocessing.synchronize import Barrier
from pathlib import Path
from typing import Any

import msgspec

from domain import instruments
from domain.commands import Command
from domain.errors import Refusal
from domain.history import Author
from domain.network import Network
from projections.follow import Follower


SECONDS = 120


class Told(msgspec.Struct, frozen=True):
    """What a contender was told in one round."""

    code: str
    """Nothing when the command was done."""
    positions: tuple[int, ...]
    """Of the facts recorded, or of those that stood in the way."""


def opened(path: Path) -> Network:
    return Network(str(path), survey=Follower(), instruments=instruments.real())


def attempt(network: Network, command: Command, actor: str) -> Told:
    try:
        return Told("", tuple(r.position for r in network.execute(command, Author(actor)).recorded))
    except Refusal as refusal:
        return Told(refusal.code, refusal.conflicts)


def contend(path: Path, actor: str, commands: Sequence[Command], barrier: Barrier, results: Any) -> None:
    barrier.wait(SECONDS)
    network = opened(path)
    for command in commands:
        barrier.wait(SECONDS)
        results.put((actor, attempt(network, command, actor)))
    network.close()


def race(path: Path, one: Sequence[Command], other: Sequence[Command]) -> list[tuple[Told, Told]]:
    """Run two lists of commands against each other, round by round, in two processes of their own."""
    context = multiprocessing.get_context("spawn")
    barrier, results = context.Barrier(2), context.Queue()
    sides = [("one", one), ("other", other)]
    contenders = [context.Process(target=contend, args=(path, *side, barrier, results)) for side in sides]
    for contender in contenders:
        contender.start()
    told: dict[str, list[Told]] = {"one": [], "other": []}
    for _ in range(len(one) + len(other)):
        actor, answer = heard(results, contenders)
        told[actor].append(answer)
    for contender in contenders:
        contender.join(SECONDS)
    assert [contender.exitcode for contender in contenders] == [0, 0]
    return list(zip(told["one"], told["other"], strict=True))


def heard(results: Any, contenders: list[SpawnProcess]) -> tuple[str, Told]:
    """Wait for the next answer; a contender that died gives none."""
    while True:
        try:
            found: tuple[str, Told] = results.get(timeout=1)
        except queue.Empty:
            assert not any(contender.exitcode for contender in contenders)
        else:
            return found
