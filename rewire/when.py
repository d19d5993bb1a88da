"""WHEN, as people write it, to a position in the history."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import click

from domain.errors import Refusal
from domain.instruments import timestamp
from rewire.session import Session


UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
DIGITS = re.compile(r"[0-9]{1,18}")
AGO = re.compile(r"-(\d+)([smhdw])")


def position(session: Session, text: str | None, *, now: datetime | None = None) -> int:
    """Give the position that a WHEN stands for: the newest one when nothing is given.

    Raises `click.BadParameter` when it can't be understood or lies ahead of the history.
    """
    newest = session.network.position()
    if text is None or text == "now":
        return newest
    if DIGITS.fullmatch(text):
        return within(int(text), newest)
    if text.startswith("@"):
        raise Refusal("unknown-object", f"there is no bookmark {text[1:]!r}")
    clock = now or datetime.now(UTC)
    then = moment(text, clock)
    if then > clock:
        raise click.BadParameter(f"{text} lies ahead: it is {timestamp(clock)} now.")
    return session.timeline.position_at(timestamp(then))


def within(number: int, newest: int) -> int:
    if number > newest:
        raise click.BadParameter(f"position {number} lies ahead: the newest fact is {newest}.")
    return number


def moment(text: str, now: datetime) -> datetime:
    """Read an ISO time, or a while ago."""
    ago = AGO.fullmatch(text)
    if ago:
        return ago_from(now, int(ago[1]), UNITS[ago[2]])
    try:
        read = datetime.fromisoformat(text)
    except ValueError:
        told = "give a position (1234), an ISO time (2026-11-24T09:00) or a while ago (-2h)."
        raise click.BadParameter(f"{text!r} is no moment: {told}") from None
    return utc(read)


def ago_from(now: datetime, count: int, unit: str) -> datetime:
    """Go back in time, to the beginning of it at most."""
    try:
        return now - timedelta(**{unit: count})
    except OverflowError:
        return datetime.min.replace(tzinfo=UTC)


def utc(read: datetime) -> datetime:
    """Put a moment on UTC's clock; one without a zone is on it already."""
    try:
        return read.astimezone(UTC) if read.tzinfo else read.replace(tzinfo=UTC)
    except OverflowError:
        raise click.BadParameter(f"{read.isoformat()} is no moment on UTC's clock.") from None
