"""`rewire audit`: questions about the past, each answered with the facts it rests on."""

from __future__ import annotations

import click

from projections import audit, intervals
from projections.intervals import Interval
from rewire import options, output, session, status, subjects, when
from rewire.session import Session


@click.group(name="audit")
def command() -> None:
    """Ask who could talk to whom, when, and since whose change."""


@command.command(name="same-domain")
@click.argument("one", metavar="VM")
@click.argument("other", metavar="VM")
@click.option("--ever", is_flag=True, help="At any time in the whole history.")
@click.option("--between", nargs=2, metavar="A B", help="At any time from one moment to another.")
@options.reading
def same_domain(
    *,
    one: str,
    other: str,
    ever: bool,
    between: tuple[str, str] | None,
    store: str | None,
    at: str | None,
    output_format: str | None,
) -> int:
    """Tell whether two VMs were in one broadcast domain: now, at a moment, ever, or between two moments.

    Exit status 0 is yes, 1 is no. Each interval names the facts that began and ended it; the path leads from
    one VM to the other.
    """
    with session.opened(store) as open_session:
        timeline = open_session.timeline
        first, last = window(open_session, at, between, ever=ever)
        ones, others = (
            subjects.between(subjects.bearers(open_session, text, kind="vm"), first, last) for text in (one, other)
        )
        stretches = intervals.union(s for a in ones for b in others for s in audit.same_domain(timeline, a, b))
        fitting = [s for s in stretches if intervals.within(s, first, last)]
        answer = {
            "answer": bool(fitting),
            "intervals": [interval(s) for s in fitting],
            "path": [one, *(subjects.label(timeline, step) for step in fitting[-1].path), other] if fitting else [],
        }
    if output.chosen(output_format) == "table":
        for line in sentences(answer, one, other, fitting):
            click.echo(line)
    else:
        output.show(answer, output_format)
    return status.DONE if fitting else status.REFUSED


def window(open_session: Session, at: str | None, between: tuple[str, str] | None, *, ever: bool) -> tuple[int, int]:
    """Give the first and last position that count."""
    if sum((at is not None, between is not None, ever)) > 1:
        raise click.UsageError("give one of --at, --ever and --between.")
    if ever:
        return 0, open_session.network.position()
    first, last = (when.position(open_session, text) for text in between or (at, at))
    if first > last:
        raise click.UsageError("--between goes from the earlier moment to the later one.")
    return first, last


def interval(found: Interval) -> dict[str, object]:
    return {
        "from": found.since,
        "to": found.until,
        "fromTime": found.since_time,
        "toTime": found.until_time,
        "because": list(found.because),
    }


def sentences(answer: dict[str, object], one: str, other: str, fitting: list[Interval]) -> list[str]:
    if not fitting:
        return [f"no: {one} and {other} were not in one broadcast domain"]
    path = answer["path"]
    way = " - ".join(path) if isinstance(path, list) else ""
    return [f"yes: {way}", *(sentence(found) for found in fitting)]


def sentence(found: Interval) -> str:
    end = f"until {found.until_time} (fact {found.until})" if found.until else "and still are"
    because = ", ".join(map(str, found.because))
    return f"  since {found.since_time} (fact {found.since}) {end};\n  because of facts {because}"
