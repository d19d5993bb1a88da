"""How hard Hypothesis tries, and which tests need another kernel than this one.

Refuses to hold fixtures: a fixture stands beside the tests that ask for it.
"""

import os
from typing import Any

import hypothesis
import pytest

from tests import met
from tests.kernel import machine, probe


FULL = int(os.environ.get("REWIRE_EXAMPLES", "20000"))
for name, examples, derandomize in (("dev", 20, False), ("ci", 200, True), ("full", FULL, False)):
    hypothesis.settings.register_profile(
        name,
        max_examples=examples,
        derandomize=derandomize,
        deadline=None,
        suppress_health_check=[hypothesis.HealthCheck.too_slow],
    )
hypothesis.settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "dev"))


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Skip what this kernel can't run; inside the virtual machine, keep only what the outer one couldn't."""
    needing = os.environ.get(machine.NEEDING)
    if needing is not None:
        wanted = set(needing.split(","))
        kept = [item for item in items if wanted & _needs(item) and not _is_left_out(item)]
        config.hook.pytest_deselected(items=[item for item in items if item not in kept])
        items[:] = kept
    for item in items:
        if lack := next(filter(None, map(probe.lack, sorted(_needs(item)))), None):
            item.add_marker(pytest.mark.skip(reason=lack + _elsewhere(item)))


def _elsewhere(item: pytest.Item) -> str:
    """Say where a test runs that this kernel can't run."""
    if machine.obstacle() is not None:
        return ""
    left_out = f"; with {machine.THOROUGH}=1 it runs in the virtual machine, for minutes"
    return left_out if _is_left_out(item) else "; it runs in the virtual machine instead"


def _is_left_out(item: pytest.Item) -> bool:
    """Tell whether a test takes too long in the virtual machine to run there every time."""
    return item.get_closest_marker("slow_in_machine") is not None and machine.THOROUGH not in os.environ


def _needs(item: pytest.Item) -> set[str]:
    """The kinds of device an item's kernel markers name, and the namespace that each of them lives in."""
    markers = list(item.iter_markers("kernel"))
    return {"namespace", *(kind for marker in markers for kind in marker.args)} if markers else set()


# what the tests of the domain met, over all processes


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Fail a whole run in which a refusal that the reference lists was met by no test."""
    if hasattr(session.config, "workerinput"):
        session.config.workeroutput["met"] = sorted(met.MET)  # type: ignore[attr-defined] # xdist gives it one
    elif met.is_whole(session.config) and session.exitstatus == pytest.ExitCode.OK and met.missing():
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    for pair in met.missing() if met.is_whole(config) else ():
        terminalreporter.write_line(f"no test meets the refusal that docs/commands.md lists: {pair}")


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    met.MET.update(map(tuple, getattr(node, "workeroutput", {}).get("met", ())))
