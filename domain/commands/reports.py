"""What hosts report. An agent sends these; a change file may too, to tell of hosts that have none."""

from __future__ import annotations

from domain.commands.base import Command


class ReportL2Realized(Command, frozen=True, kw_only=True):
    host: str
    l2: str
    milliseconds: int = 0


class ReportL2Failed(Command, frozen=True, kw_only=True):
    host: str
    l2: str
    reason: str
    milliseconds: int = 0


class ReportL2Removed(Command, frozen=True, kw_only=True):
    host: str
    l2: str


class ReportDrift(Command, frozen=True, kw_only=True):
    """What a look at a host showed to be other than it must be."""

    host: str
    l2: str
    what: str


class ReportDriftEnded(Command, frozen=True, kw_only=True):
    host: str
    l2: str
