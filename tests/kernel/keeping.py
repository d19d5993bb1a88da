"""A store in a file, a lab, and agents that are processes of their own: what they do is told by their logs and facts.

Waits are for lines of a log, which come when something has happened, and end with a deadline that no test is about.
"""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from backends.kvm.host import Host
from backends.kvm.lab import Lab
from backends.kvm.namespace import inside
from domain import commands, instruments
from domain.history import Author, Recorded
from domain.network import Network
from projections import plan
from projections.follow import Follower
from projections.found import Found
from projections.plan import HostPlan
from projections.topology import Topology
from tests import builders
from tests.kernel import state


PATIENCE_S = 60.0
FAR_S = 3600
"""An interval that no test lives to see the end of."""
SOON_S = 0.1
Line = dict[str, Any]


class Agent:
    """A process that keeps a host."""

    def __init__(self, *words: str, rights: bool = True) -> None:
        without = () if rights else ("setpriv", "--bounding-set=-all", "--inh-caps=-all")
        command = [*without, sys.executable, "-m", "rewire", *words]
        self.process = subprocess.Popen(
            command, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, cwd=Path(__file__).parents[2]
        )
        self._rest = b""
        self.lines: list[Line] = []
        """What it has logged."""
        self.errors: list[str] = []
        """What it has written that is no line of the log."""
        self._read = 0

    def hear(self, operation: str, result: str = "") -> Line:
        """Wait for the next line about an operation that begins so, with a result that holds some text."""
        deadline = time.monotonic() + PATIENCE_S
        while True:
            for number in range(self._read, len(self.lines)):
                line = self.lines[number]
                if line["operation"].startswith(operation) and result in line["result"]:
                    self._read = number + 1
                    return line
            if not self._listen(deadline - time.monotonic()):
                raise AssertionError(f"no {operation} {result} in {self.lines}, {self.errors}")

    def end(self, number: int = signal.SIGTERM) -> int:
        """Send a signal, and give the exit status."""
        self.process.send_signal(number)
        return self.wait()

    def wait(self) -> int:
        deadline = time.monotonic() + PATIENCE_S
        while self._listen(deadline - time.monotonic()):
            pass
        return self.process.wait(PATIENCE_S)

    def close(self) -> None:
        self.process.kill()
        self.process.wait()
        if self.process.stderr:
            self.process.stderr.close()

    def _listen(self, seconds: float) -> bool:
        """Take in what comes next; tell whether something did."""
        pipe = self.process.stderr
        assert pipe is not None
        if seconds <= 0 or not select.select([pipe], [], [], seconds)[0]:
            return False
        data = os.read(pipe.fileno(), 1 << 16)
        *whole, self._rest = (self._rest + data).split(b"\n")
        for line in whole:
            if line.startswith(b"{"):
                self.lines.append(json.loads(line))
            else:
                self.errors.append(line.decode())
        return bool(data)


class Centre:
    """One zone with network `plain` on h1's and h2's eth0, not attached yet, and a store in a file."""

    def __init__(self, lab: Lab, folder: Path, stack: ExitStack) -> None:
        self.lab, self.folder = lab, folder
        self.store = folder / "rewire.db"
        self._follower = Follower()
        self._network = Network(str(self.store), survey=self._follower, instruments=instruments.real())
        stack.callback(self._network.close)
        for host in ("h1", "h2"):
            stack.callback(self.clean, host)
        self._stack = stack
        self.tell(builders.a_zone(), builders.a_cluster(), builders.a_host("h1", vtep="10.0.0.1"))
        self.tell(builders.a_host("h2", vtep="10.0.0.2"), builders.a_no_vlan())

    def tell(self, *wishes: commands.Command) -> None:
        for wish in wishes:
            self._network.execute(wish, Author("tests"))

    @property
    def topology(self) -> Topology:
        return self._follower.now(self._network)

    def plan(self, host: str = "h1") -> HostPlan:
        return plan.plan(self.topology, self.topology.find("host", host))

    def facts(self, by: str = "agent@h1") -> list[Recorded]:
        """Give what somebody recorded."""
        return [fact for fact in self._network.facts() if fact.actor == by]

    def tags(self, by: str = "agent@h1") -> list[str]:
        return [fact.fact.tag().removeprefix("host-network.") for fact in self.facts(by)]

    def path(self, host: str = "h1") -> str:
        return self.lab.path(host)

    def agent(
        self,
        host: str = "h1",
        *words: str,
        interval: float = SOON_S,
        store: Path | None = None,
        rights: bool = True,
    ) -> Agent:
        """Start an agent; it ends with the test at the latest. One without rights is born in the host's namespace."""
        within = ("--netns", self.path(host)) if rights else ()
        with inside(None if rights else self.path(host)):
            found = Agent(
                *("--store", f"sqlite:{store or self.store}", "agent", "--host", host, *within),
                *("--plug", "veth", "--state", str(self.folder / host), "--interval", str(interval), "--log", "json"),
                *words,
                rights=rights,
            )
        self._stack.callback(found.close)
        return found

    def clean(self, host: str) -> None:
        """End what agents leave running on purpose, and take its namespaces away."""
        state.empty(self.folder / host)

    def drift(self, *words: str) -> tuple[int, Any, str]:
        return self.run("drift", *words)

    def run(self, name: str, *words: str) -> tuple[int, Any, str]:
        """Run a command, and give its status, what it printed and what it said beside."""
        command = [sys.executable, "-m", "rewire", "--store", f"sqlite:{self.store}", name, "-o", "json", *words]
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=PATIENCE_S)
        return done.returncode, json.loads(done.stdout or "null"), done.stderr

    def on(self, host: str = "h1") -> tuple[str, ...]:
        """Give the words that say which kernel stands for a host."""
        return (host, "--netns", self.path(host), "--plug", "veth", "--state", str(self.folder / host))

    def look(self, host: str = "h1") -> Found:
        with Host(self.path(host), plug="veth", state=self.folder / host) as kernel:
            return kernel.look()

    def links(self, host: str = "h1") -> set[str]:
        """Give the devices of ours on a host."""
        return {link.name for link in self.look(host).links.values() if link.ours}


@contextmanager
def centre() -> Iterator[Centre]:
    with state.folder() as folder, ExitStack() as stack:
        lab = stack.enter_context(
            Lab(dict.fromkeys(("h1", "h2"), ("eth0", "eth1")), {"h1": "10.0.0.1", "h2": "10.0.0.2"})
        )
        yield Centre(lab, folder, stack)
