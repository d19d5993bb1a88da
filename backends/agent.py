"""A host's agent: it hears of a plan, looks, reports what its history doesn't say yet, and acts until the two agree.

One look a turn; a turn that finds nothing new does nothing and records nothing. It knows no kernel and no store: hands
and an office are given to it. It never decides what a network is, and never touches what is foreign.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable
from typing import Any, Protocol

from backends import causes
from backends.correspondence import Correspondence, Event, Tell
from backends.errors import HostBusy, Unfinished
from backends.memory import Memory
from backends.protocols import Result
from backends.reporting import NOTHING, Account, digests, foretold, networks_of, reports, unsettled
from backends.retry import Retry
from domain import commands
from domain.errors import HostUnreachable
from projections import drift, plan, whose
from projections.drift import Difference
from projections.found import Found
from projections.obstacles import Obstacle
from projections.operation import Operation
from projections.operations import describe
from projections.ownership import Owners
from projections.plan import HostPlan
from projections.reports import parted
from projections.topology import Topology


BUSY_S = 0.5
"""How soon to look again at a host that somebody else is working on."""
NEVER = math.inf


class Hands(Protocol):
    """A host that can be looked at and changed."""

    def look(self) -> Found: ...

    def compare(self, plan: HostPlan, found: Found) -> Result:
        """Tell what a look shows to be missing and in the way of a plan, by what is ours and by plugins."""
        ...

    def realize(self, plan: Callable[[], HostPlan], *, on_operation: Callable[[Operation], object]) -> Any:
        """Bring it to a plan, which is asked for when nobody else works on the host."""
        ...


class Stopped(Exception):
    """The agent was asked to stop: the operation under way is done, the next one is not begun."""


class Agent:
    """One host, by its name or uuid as the store has it when the agent first hears of it.

    *tenant* gives the name of whoever runs as a VM here, by its uuid; nothing where nobody is known to.
    """

    def __init__(
        self,
        host: str,
        hands: Hands,
        correspondence: Correspondence,
        *,
        tell: Tell,
        memory: Memory,
        retry: Retry,
        clock: Callable[[], float] = time.monotonic,
        tenant: Callable[[str], str] = lambda _: "",
    ) -> None:
        self.host = ""
        self._name = host
        self.differences: tuple[Difference, ...] = ()
        """What the last look showed."""
        self._hands, self._mail, self._tell = hands, correspondence, tell
        self._memory, self._retry, self._clock, self._tenant = memory, retry, clock, tenant
        self._settled = memory.recall()
        self._asked: dict[str, str] = {}
        self._reasons: dict[str, str] = {}
        self._seconds: dict[str, float] = {}
        self._said: set[str] = set()
        self._ways: frozenset[str] = frozenset()
        self._stopping = False

    def stop(self) -> None:
        """End after the operation under way. May be called from another thread."""
        self._stopping = True

    def begin(self) -> None:
        """Say that the host is kept from now on: as of which fact, and how many networks."""
        self._mail.news()
        topology = self._mail.newest
        if topology is not None and self._is_there(topology):
            count = len(networks_of(plan.plan(topology, self.host)))
            self._tell(Event("start", "", topology.position, f"{count} network{'s' * (count != 1)} to keep"))

    def end(self) -> None:
        """Say that the host is kept no more. What is there stays."""
        self._tell(Event("stop"))

    def turn(self) -> float:
        """Look once, report, and act. Give the seconds until something is to be done without news: 0 is at once."""
        fresh = self._mail.news()
        topology = self._mail.newest
        if topology is None or not self._is_there(topology):
            return NEVER
        wanted = plan.plan(topology, self.host)
        try:
            found = self._hands.look()
        except HostUnreachable as error:
            return self._blind(wanted, topology, error)
        whose.refuse_another(self.host, found, topology)
        compared = self._hands.compare(wanted, found)
        operations, ways = compared.operations, compared.obstacles
        self.differences = drift.spelt(wanted, found, operations, ways)
        self._tell_ways(ways)
        account = self._account(wanted, found)
        self._mail.send(self._to_tell(account, topology, fresh=fresh))
        self._remember(account)
        return self._act(account, topology, operations) if operations else NEVER

    # telling

    def _account(self, wanted: HostPlan, found: Found) -> Account:
        troubled, asked = unsettled(self.differences), self._ask(wanted)
        self._reasons = {network: why for network, why in self._reasons.items() if network in troubled}
        took = {network: round(seconds * 1000) for network, seconds in self._seconds.items()}
        guests = drift.guests(found)
        return Account(wanted, found, self.differences, guests, asked, self._settled, self._reasons, took)

    def _ask(self, wanted: HostPlan) -> dict[str, str]:
        """Give a plan's digests, and forget what was about another: why that failed, and that the host was at it."""
        asked = digests(wanted)
        self._reasons = {n: why for n, why in self._reasons.items() if asked.get(n) == self._asked.get(n)}
        self._settled = {n: have if asked.get(n) == have else "" for n, have in self._settled.items()}
        self._asked = asked
        return asked

    def _to_tell(self, account: Account, topology: Topology, *, fresh: bool) -> tuple[commands.Command, ...]:
        """Give what is to be reported. While the store is away, only what nobody sees any more once it is mended."""
        said = foretold(topology.reports.of.get(self.host, NOTHING), self._mail.owed)
        every = tuple(reports(account, topology, said))
        passing = commands.ReportDrift | commands.ReportDriftEnded
        return every if fresh else tuple(one for one in every if isinstance(one, passing))

    def _remember(self, account: Account) -> None:
        """Keep which networks and tables were seen to be what they must be."""
        troubled = unsettled(account.differences)
        seen = {part: digest for part, digest in account.parts.items() if part not in troubled}
        self._settled = {part: self._settled[part] for part in account.parts if part in self._settled} | seen
        self._seconds = {network: took for network, took in self._seconds.items() if network in troubled}
        try:
            self._memory.keep(self._settled)
            self._said.discard("remember")
        except OSError as error:
            self._tell_once("remember", f"failed: {error.filename or self._memory.path}: {error.strerror}")

    def _tell_once(self, operation: str, result: str) -> None:
        if operation not in self._said:
            self._tell(Event(operation, result=result))
        self._said.add(operation)

    def _tell_ways(self, ways: tuple[Obstacle, ...]) -> None:
        """Tell of what stands in the way of no network, where it is news: no report carries it."""
        there = frozenset(way.why for way in ways if not way.l2)
        for why in sorted(there - self._ways):
            self._tell(Event("obstacle", result=f"impossible: {why}"))
        self._ways = there

    def _is_there(self, topology: Topology) -> bool:
        """Tell whether the host is in the store. One that was deleted is left as it is."""
        self.host = self.host or topology.find("host", self._name)
        if self.host in topology.objects.states:
            self._said.discard("plan")
            return True
        remedy = f"`rewire realize {topology.name(self.host)} --delete` takes off it what is ours"
        self._tell_once("plan", f"waiting: the host is deleted, and left as it is; {remedy}")
        return False

    def _blind(self, wanted: HostPlan, topology: Topology, error: HostUnreachable) -> float:
        """Tell that the host can't be looked at; of its networks, those that are not there yet."""
        self._fail(networks_of(wanted), topology, "look", error.sentence)
        said = topology.reports.of.get(self.host, NOTHING)
        missing = [n for n in sorted(networks_of(wanted)) if n not in said or said[n].outcome != "realized"]
        trouble = tuple(Difference("missing", "", (n,), error.sentence, (), blocked=True) for n in missing)
        self.differences = trouble or (Difference("missing", "", (), error.sentence, (), blocked=True),)
        account = Account(wanted, Found(), trouble, (), digests(wanted), {}, self._reasons, {})
        relevant = (one for one in reports(account, topology, said) if getattr(one, "reason", ""))
        self._mail.send(relevant)
        self._retry.tried((), self._clock())
        return max(self._retry.wait_s((), self._clock()), BUSY_S)

    # acting

    def _act(self, account: Account, topology: Topology, operations: tuple[Operation, ...]) -> float:
        """Bring the host to its plan, unless the same was tried just now."""
        if wait := self._retry.wait_s(operations, self._clock()):
            return wait
        self._retry.tried(operations, self._clock())
        hear = Hearing(self, account, topology)
        try:
            self._hands.realize(hear.newest, on_operation=hear)
        except HostBusy as error:
            self._retry.forget()
            self._tell_once("wait", error.sentence)
            return BUSY_S
        except Unfinished as error:
            self._retry.failed(self._clock())
            for operation, why in error.failures:
                because = self._cause(operation, hear.owners, account.found, topology)
                self._fail(hear.owners.of(operation), topology, describe(operation), why.sentence, because)
        except HostUnreachable as error:
            every = {network for one in account.differences for network in one.l2}
            self._fail(every, topology, "realize", error.sentence)
        self._said.discard("wait")
        return 0

    def _fail(self, networks: Iterable[str], topology: Topology, operation: str, why: str, because: int = 0) -> None:
        """Note why networks failed, and say so where it is news."""
        networks = sorted(networks)
        news = [network for network in networks if self._reasons.get(network) != why]
        names = ",".join(topology.name(network) for network in news)
        if news or (not networks and operation not in self._said):
            self._tell(Event(operation, names, because, f"failed: {why}"))
        if not networks:
            self._said.add(operation)
        self._reasons.update(dict.fromkeys(news, why))

    def newest(self) -> tuple[HostPlan, Topology] | None:
        """Give the plan as of now: somebody else may have carried out a newer one than the last look knew."""
        self._mail.news()
        topology = self._mail.newest
        if topology is None or self.host not in topology.objects.states:
            return None
        wanted = plan.plan(topology, self.host)
        self._ask(wanted)
        return wanted, topology

    def heard(self, operation: Operation, owners: Owners, found: Found, topology: Topology, seconds: float) -> None:
        """Take note of an operation that is done."""
        networks = owners.of(operation)
        for network in networks:
            self._seconds[network] = self._seconds.get(network, 0.0) + seconds
        names = ",".join(topology.name(network) for network in networks)
        because = self._cause(operation, owners, found, topology)
        self._tell(Event(describe(operation), names, because, self._done(operation, found, topology)))
        if self._stopping:
            raise Stopped

    def _cause(self, operation: Operation, owners: Owners, found: Found, topology: Topology) -> int:
        """Give the fact behind an operation: for a network that is to go, the one that parted it from the host."""
        networks, said = owners.of(operation), topology.reports.of.get(self.host, NOTHING)
        if known := self._mail.position(causes.witnesses(operation, networks, found, topology)):
            return known
        for network in networks:
            if not owners.because(network) and network in said:
                return parted(topology.reports, topology.objects, self.host, network) or owners.cause(operation)
        return 0 if causes.unplugged(operation, found) else owners.cause(operation)

    def _done(self, operation: Operation, found: Found, topology: Topology) -> str:
        """Say that an operation is done, and who is without a network for it: a guest that runs on, say."""
        link = causes.unplugged(operation, found)
        guest = self._tenant(causes.holder(link, topology)) if link else ""
        return f"done: {guest} still runs, and is without it" if guest else "done"


class Hearing:
    """Hears of each operation of one run, and how long it took."""

    def __init__(self, agent: Agent, account: Account, topology: Topology) -> None:
        self.owners = Owners(account.plan, account.found)
        self._agent, self._account, self._topology = agent, account, topology
        self._last_s = time.monotonic()

    def newest(self) -> HostPlan:
        """Give the newest plan, and speak of that from now on."""
        wanted, self._topology = self._agent.newest() or (self._account.plan, self._topology)
        self.owners = Owners(wanted, self._account.found)
        return wanted

    def __call__(self, operation: Operation) -> None:
        now_s = time.monotonic()
        self._agent.heard(operation, self.owners, self._account.found, self._topology, now_s - self._last_s)
        self._last_s = now_s
