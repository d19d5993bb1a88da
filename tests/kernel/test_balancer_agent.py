"""The agent, `rewire realize` and `rewire drift` speak of what plugins do, and can't do, as of what is ours."""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from pathlib import Path

import pytest

from backends.kvm import pin, process
from rewire import status
from tests.builders import a_cidr, a_vm, an_l3, attach
from tests.kernel.balanced import deadly
from tests.kernel.keeping import PATIENCE_S, Centre, centre
from tests.plugins import haproxy
from tests.plugins.distribution import install
from tests.service_builders import a_provider, a_vip, serve, unserve


pytestmark = pytest.mark.kernel("bridge", "veth", "haproxy")
LISTENER = '[[listener]]\nnetwork = "l3"\nvip = "shop"\nport = 80\nmembers = ["{member}"]\n'
DOES = "LoadBalancer/Haproxy: "
CLUMSY = """[rewire.network_service_provider]
Ledger = tests.plugins.providers:LEDGER

[rewire.network_service_backend]
LoadBalancer/Ledger/KVM = tests.plugins.backends:Unable
"""


def install_all(monkeypatch: pytest.MonkeyPatch, *places: Path) -> None:
    """Have packages be found here, and by every program that is started."""
    for place in places:
        monkeypatch.syspath_prepend(place)
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(map(str, places)))


@pytest.fixture
def listeners(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Install the plugin. Gives the file that says what it is to balance."""
    install_all(monkeypatch, *haproxy.lay_out(tmp_path))
    found = tmp_path / "listeners.toml"
    found.write_text(LISTENER.format(member="web"))
    monkeypatch.setenv(haproxy.LISTENERS, str(found))
    return found


@pytest.fixture
def place(listeners: Path) -> Iterator[Centre]:
    """Give a centre with VIP `shop` on l3, and VM `web` on h1."""
    with ExitStack() as stack:
        found = stack.enter_context(centre())
        stack.callback(sweep, found.folder / "h1" / "haproxy")
        found.tell(attach("plain"), an_l3("l3", l2="plain"), a_cidr())
        found.tell(a_provider("lb", "LoadBalancer", kind="Haproxy"), serve(lb=("LoadBalancer",)))
        found.tell(a_vip("shop", l3="l3"), a_vm("web", host="h1"))
        yield found


def sweep(folder: Path) -> None:
    """Leave no namespace and no haproxy behind, whatever a test has shown."""
    for made in list(pin.pins(folder / "netns")):
        pin.remove(made)
    for noted in folder.glob("*/pid"):
        process.end(int(noted.read_text()))


def run(place: Centre, *words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "rewire", "--store", f"sqlite:{place.store}", *words]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=PATIENCE_S)


def placed(place: Centre) -> int:
    """Give the newest fact that the balancer rests on: that its member was started."""
    (told,) = place.plan().services.customs
    return max(fact for nic in told.nics for fact in nic.because)


def test_an_agent_tells_each_step_with_its_network_and_the_fact_behind_it(place: Centre) -> None:
    agent = place.agent("h1", "--once")

    line = agent.hear(f"{DOES}run haproxy")

    assert agent.wait() == 0
    assert (line["l2"], line["because"], line["result"]) == ("plain", placed(place), "done")
    assert [step["operation"].split()[1] for step in agent.lines if step["operation"].startswith(DOES)] == [
        "create",
        "plug",
        "give",
        "give",
        "run",
    ]
    assert place.tags() == ["realized"]


def test_a_dry_run_tells_what_it_would_do(place: Centre) -> None:
    host = ("h1", "--netns", place.path(), "--plug", "veth")

    told = json.loads(run(place, "realize", *host, "--dry-run", "-o", "json").stdout)
    planned = json.loads(run(place, "plan", "h1", "-o", "json").stdout)["services"]
    table = run(place, "check", *host, "-o", "table").stdout

    steps = [step for step in told["operations"] if step["do"] == "haproxy"]
    assert [step["kind"] for step in steps] == ["create", "plug", "address", "route", "serve"]
    assert [(one["service"], one["provider"], one["name"]) for one in planned] == [("LoadBalancer", "Haproxy", "l3")]
    (line,) = (line for line in table.splitlines() if "run haproxy in" in line)
    assert line.split()[-1].strip("│ ") == str(placed(place))


def test_a_realize_ends_with_what_a_plugin_can_not_do(place: Centre, listeners: Path) -> None:
    listeners.write_text(LISTENER.format(member="nobody"))

    done = run(place, "realize", *place.on(), "-o", "json")

    assert done.returncode == status.UNREACHABLE
    assert json.loads(done.stderr)["error"]["code"] == "host-unreachable"
    assert "no VM nobody has a NIC on L3 network l3" in done.stderr
    assert place.links()  # all else is there


def test_what_is_taken_from_a_balancer_is_drift_and_is_mended(place: Centre) -> None:
    assert place.agent("h1", "--once").wait() == 0
    (pid,) = (place.folder / "h1").glob("haproxy/*/pid")
    process.end(int(pid.read_text()))

    found, (row,), _ = place.drift(*place.on(), "--no-heal")
    healed, (same,), _ = place.drift(*place.on())
    again, none, _ = place.drift(*place.on())

    assert (found, healed, again, none) == (1, 1, 0, [])
    assert (row["kind"], row["l2"], row["because"]) == ("missing", ["plain"], [placed(place)])
    assert row["what"].startswith(f"still to do: {DOES}run haproxy in namespace haproxy-")
    assert (row["state"], same["state"]) == ("found", "healed")


def test_an_agent_takes_a_balancer_away_when_nobody_wants_it(place: Centre) -> None:
    agent = place.agent()
    agent.hear(f"{DOES}run haproxy")

    place.tell(unserve(lb=("LoadBalancer",)))

    agent.hear(f"{DOES}remove namespace")
    agent.end()
    assert list((place.folder / "h1").glob("haproxy/**/*")) == [place.folder / "h1" / "haproxy" / "netns"]


def test_an_agent_that_is_killed_when_haproxy_runs_and_is_not_noted_yet_is_made_good(
    place: Centre, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as killing:
        killing.setenv("PATH", deadly(tmp_path))
        assert place.agent("h1", "--once").wait() == -signal.SIGKILL
    (pid,) = (place.folder / "h1").glob("haproxy/*/pid")
    first = int(pid.read_text())
    assert not list(pid.parent.glob("running"))

    assert place.agent("h1", "--once").wait() == 0

    assert list(pid.parent.glob("running"))
    assert ended(first)
    assert place.drift(*place.on(), "--no-heal")[:2] == (0, [])


def ended(pid: int) -> bool:
    """Come back when a process is dead, or when patience ends."""
    with suppress(ProcessLookupError):
        descriptor = os.pidfd_open(pid)
        try:
            return bool(select.select([descriptor], [], [], PATIENCE_S)[0])
        finally:
            os.close(descriptor)
    return True


def test_what_a_plugin_can_not_do_is_told_once_and_keeps_nothing_else_waiting(place: Centre, listeners: Path) -> None:
    listeners.write_text(LISTENER.format(member="nobody"))
    agent = place.agent("h1", "--once")

    line = agent.hear("obstacle", "impossible: listener shop:80: no VM nobody has a NIC on L3 network l3")

    assert agent.wait() == 1
    assert [one["operation"] for one in agent.lines].count("obstacle") == 1
    assert line["l2"] == ""
    assert place.tags() == ["realized"]


def test_without_the_plugin_an_agent_says_what_it_can_not_do(place: Centre, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PYTHONPATH")
    agent = place.agent("h1", "--once")

    agent.hear("obstacle", "impossible: nothing installed does LoadBalancer of Haproxy on KVM hosts")

    assert agent.wait() == 1
    assert place.tags() == ["realized"]


def test_a_plugin_that_breaks_is_a_failure_of_its_network_and_of_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    install(tmp_path, "rewire_ledger", CLUMSY)
    install_all(monkeypatch, tmp_path)
    with centre() as found:
        found.tell(attach("plain"), an_l3("l3", l2="plain"), a_cidr())
        found.tell(a_provider("lb", "LoadBalancer", kind="Ledger"), serve(lb=("LoadBalancer",)))
        found.tell(a_vm("web", host="h1"))
        agent = found.agent("h1", "--once")

        agent.hear("LoadBalancer/Ledger: write", "failed: LoadBalancer/Ledger: write")
        assert agent.wait() == 1

        (fact,) = [each.fact for each in found.facts() if each.fact.tag() == "host-network.failed"]
        assert "RuntimeError: the pen is dry" in fact.reason  # type: ignore[attr-defined] # this fact has one
        assert found.plan().bridges[0].name in found.links()
