"""`rewire agent`: a host kept at its plan."""

from __future__ import annotations

import asyncio
import random
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from domain import instruments
from rewire import extras, options, status
from rewire.commands import realize
from rewire.journal import Format, Journal
from rewire.libvirt.tenancy import Tenancies
from rewire.office import StoreOffice


if TYPE_CHECKING:
    from backends.agent import Agent
    from backends.correspondence import Office, Tell

INTERVAL_S = 5.0
SOONEST_S = 0.05
MEMORY = "agent.json"
STORE_S = 1
"""How long a store that somebody else writes to holds the agent up: a host is not to wait for it."""


@click.command(name="agent")
@click.option("--host", required=True, metavar="NAME", help="The host that this is, as the store knows it.")
@realize.kernel
@click.option("--once", is_flag=True, help="Bring the host to its plan, report, and end.")
@click.option(
    "--interval",
    type=click.FloatRange(min=SOONEST_S),
    default=INTERVAL_S,
    show_default=True,
    metavar="S",
    help="Seconds between two looks at the store and at the host where nothing calls for one.",
)
@click.option(
    "--log",
    "form",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
    help="How a line of the log on standard error is written.",
)
@options.store
def command(
    *,
    host: str,
    netns: str | None,
    plug: str,
    ovs: str | None,
    once: bool,
    interval: float,
    state: Path | None,
    form: Format,
    store: str | None,
) -> int:
    """Keep this host at its plan, and report what was realized, failed, went and drifted.

    It looks at the store and the host every so often, and at the host as soon as one of its links, addresses or
    tables of ours changes. SIGTERM ends it after the operation under way. Only one agent works on a host.
    """
    extras.require("pyroute2", "kvm")
    from backends import watch

    journal = Journal(host, form, now)
    office = StoreOffice(store, host, patience_s=STORE_S)

    def opening(stack: ExitStack) -> tuple[Agent, Any]:
        from backends.kvm import lock
        from backends.kvm.events import Events

        stack.callback(office.close)
        stack.enter_context(lock.held(netns, lock.AGENT, "is this host's agent already: there can be one only"))
        events = stack.enter_context(Events(netns))
        hands = stack.enter_context(realize.opened(netns, plug, ovs, state))
        return agent_of(host, hands, office, journal, patient=not once), events

    agent = asyncio.run(watch.keep(opening, interval_s=interval, once=once))
    return status.REFUSED if once and agent.differences else status.DONE


def agent_of(host: str, hands: Any, office: Office, tell: Tell, *, patient: bool) -> Agent:
    """Give a host's agent its hands, its office and its memory."""
    from backends.agent import Agent
    from backends.correspondence import Correspondence
    from backends.memory import Memory
    from backends.retry import Retry

    hands.await_others()
    return Agent(
        host,
        hands,
        Correspondence(office, tell, patient=patient),
        tell=tell,
        memory=Memory(hands.state / MEMORY),
        retry=Retry(random.Random()),  # noqa: S311 - hosts are to be apart, not safe
        tenant=lambda vm: domain_of(Tenancies(hands.state), vm),
    )


def domain_of(tenancies: Tenancies, vm: str) -> str:
    """Name the domain of libvirt's that runs as a VM, if one does."""
    name = tenancies.who(vm) if vm else ""
    return f"libvirt domain {name}" if name else ""


def now() -> str:
    return instruments.timestamp(datetime.now(UTC))
