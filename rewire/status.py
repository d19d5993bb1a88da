"""Exit statuses, and how an error is told: a promise to scripts."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click


if TYPE_CHECKING:
    from domain.errors import RewireError


DONE, REFUSED, MISUSED, UNREACHABLE, INTERRUPTED = 0, 1, 2, 3, 130


def of(error: RewireError) -> int:
    from domain.errors import HostUnreachable, InvalidFile, StoreUnreachable

    match error:
        case InvalidFile():
            return MISUSED
        case StoreUnreachable() | HostUnreachable():
            return UNREACHABLE
        case _:
            return REFUSED


def tell(error: RewireError, *, as_json: bool) -> int:
    """Write an error to standard error, with the facts that stand in the way, and give the status to leave with."""
    conflicts = getattr(error, "conflicts", ())
    facts = ", ".join(map(str, conflicts))
    because = f" (fact{'s' * (len(conflicts) > 1)} {facts})" if facts and not as_json else ""
    return complain(error.code, error.sentence + because, of(error), as_json=as_json, conflicts=conflicts)


def complain(code: str, sentence: str, status: int, *, as_json: bool = False, conflicts: tuple[int, ...] = ()) -> int:
    """Write one line for people, or an object for programs."""
    told = " ".join(sentence.split())
    if as_json:
        from rewire.output import json_text

        click.echo(json_text({"error": {"code": code, "message": told, "conflicts": conflicts}}), err=True)
    else:
        click.echo(f"error: {code}: {told}", err=True)
    return status
