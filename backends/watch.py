"""Waiting for an agent: for news from the host itself, for the next look, for the end.

Everything that an agent does happens in one thread of its own, where nothing runs but it: netlink libraries, stores and
namespaces belong to threads. Refuses to know what news is.
"""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from typing import Any, Protocol

from backends.agent import Agent, Stopped


GATHER_S = 0.05
"""How long news is waited for that comes together with some."""


class News(Protocol):
    """Something that can be waited for, and says that a host changed."""

    def fileno(self) -> int: ...

    def drain(self) -> bool:
        """Take in all that is there, without waiting, and tell whether any of it is news."""
        ...


Opening = Callable[[ExitStack], tuple[Agent, News]]
"""Opens what an agent needs, and has the stack close it. It is called in the agent's thread."""


async def keep(opening: Opening, *, interval_s: float, once: bool) -> Agent:
    """Have an agent keep its host until it is told to stop, or once: until there is nothing it could do now."""
    stopping = asyncio.Event()
    with ThreadPoolExecutor(max_workers=1, thread_name_prefix="agent") as thread:
        work = asyncio.get_running_loop().run_in_executor
        stack = ExitStack()
        try:
            listen_for_the_end(stopping)
            agent, news = await work(thread, opening, stack)
            await work(thread, agent.begin)
            await keep_on(agent, news, thread, stopping, interval_s=interval_s, once=once)
            await work(thread, agent.end)
        finally:
            await work(thread, stack.close)
    return agent


def listen_for_the_end(stopping: asyncio.Event) -> None:
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopping.set)


async def keep_on(
    agent: Agent,
    news: News,
    thread: ThreadPoolExecutor,
    stopping: asyncio.Event,
    *,
    interval_s: float,
    once: bool,
) -> None:
    """Take turns, each when something is due."""
    loop = asyncio.get_running_loop()
    nudged = asyncio.Event()

    def hear() -> None:
        if news.drain():
            nudged.set()

    loop.add_reader(news.fileno(), hear)
    end: asyncio.Task[Any] = asyncio.create_task(stopping.wait())
    end.add_done_callback(lambda _: agent.stop())
    try:
        with suppress(Stopped):
            while not stopping.is_set():
                news.drain()
                nudged.clear()
                wait_s = await loop.run_in_executor(thread, agent.turn)
                if once and wait_s:
                    return
                await either(nudged, end, min(wait_s, interval_s))
                if nudged.is_set():
                    await either(asyncio.Event(), end, GATHER_S)
    finally:
        loop.remove_reader(news.fileno())
        end.cancel()


async def either(nudged: asyncio.Event, end: asyncio.Task[Any], seconds: float) -> None:
    """Wait for news, for the end, or for so long."""
    if seconds <= 0:
        return
    nudge: asyncio.Task[Any] = asyncio.create_task(nudged.wait())
    await asyncio.wait({nudge, end}, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
    nudge.cancel()
