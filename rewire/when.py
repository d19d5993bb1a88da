"""WHEN, as people write it, to a position in the history."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

from domain.errors import Refusal
from domain.instruments import timestamp
from rewire.session import Session


UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
AGO = re.compile(r"-(\d+)([smhdw])")


def position(session: Session, text: str | None, *, now: datetime | None = None) -> int:
    """Give the position that a WHEN stands for: the newest one when nothing is given.

    Raises `Refusal` with `invalid-argument` when it can't be understood or lies ahead of the history.
    """
    newest = session.network.position()
    if text is None or text == "now":
        return newest
    if text.isascii() and text.isdigit():
        return within(int(text), newest)
    if text.startswith("@"):
        raise Refusal("unknown-object", f"there is no bookmark {text[1:]!r}")
    return session.timeline.position_at(timestamp(moment(text, now or datetime.now(UTC))))


def within(number: int, newest: int) -> int:
    if number > newest:
        raise Refusal("invalid-argument", f"position {number} lies ahead: the newest fact is {newest}")
    return number


def moment(text: str, now: datetime) -> datetime:
    """Read an ISO time, or a while ago."""
    ago = AGO.fullmatch(text)
    if ago:
        return now - timedelta(**{UNITS[ago[2]]: int(ago[1])})
    try:
        read = datetime.fromisoformat(text)
    except ValueError:
        told = "give a position (1234), an ISO time (2026-11-24T09:00) or a while ago (-2h)"
        raise Refusal("invalid-argument", f"{text!r} is no moment: {told}") from None
    return read if read.tzinfo else read.replace(tzinfo=UTC)
