"""The options that many commands share, each spelt once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click


F = TypeVar("F", bound=Callable[..., Any])


def store(function: F) -> F:
    """Add `--store`, which may stand before the command as well as behind it."""
    return click.option(
        "--store",
        metavar="URL",
        callback=lambda ctx, _, value: value or (ctx.find_root().obj or {}).get("store"),
        help="sqlite:PATH or memory:  [default: $REWIRE_STORE, or sqlite:rewire.db]",
    )(function)


def output(function: F) -> F:
    """Add `-o`."""
    return click.option(
        "-o",
        "--output",
        "output_format",
        type=click.Choice(["table", "json", "yaml", "csv"]),
        help="[default: table on a terminal, json otherwise]",
    )(function)


def at(function: F) -> F:
    """Add `--at`."""
    return click.option(
        "--at",
        metavar="WHEN",
        help="As of a position (1234), an ISO time (2026-11-24T09:00, UTC if not told) or a while ago (-2h).",
    )(function)


def reading(function: F) -> F:
    """Add what every reading command has."""
    return store(at(output(function)))
