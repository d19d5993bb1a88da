"""An agent's log: one line a change on standard error, for people or for programs.

The same fields in the same order in both: time, host, operation, L2 network, causing position, result.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import suppress
from typing import Literal

import click

from backends.correspondence import Event


Format = Literal["text", "json"]
PLAIN = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.:/,@")


class Journal:
    """Writes what one host's agent tells."""

    def __init__(self, host: str, form: Format, clock: Callable[[], str]) -> None:
        self._host, self._form, self._clock = host, form, clock

    def __call__(self, event: Event) -> None:
        """Write one line. A log that nobody takes any more stops no agent."""
        fields: dict[str, str | int] = {
            "time": self._clock(),
            "host": self._host,
            "operation": event.operation,
            "l2": event.l2,
            "because": event.because,
            "result": event.result,
        }
        with suppress(OSError):
            click.echo(json.dumps(fields) if self._form == "json" else text(fields), err=True)


def text(fields: dict[str, str | int]) -> str:
    """Write `key=value` pairs, with quotes where a value needs them; what says nothing is left out."""
    time, *rest = fields.items()
    return " ".join((str(time[1]), *(f"{key}={quoted(value)}" for key, value in rest if value)))


def quoted(value: str | int) -> str:
    plain = str(value)
    return plain if PLAIN.issuperset(plain) else json.dumps(plain, ensure_ascii=False)
