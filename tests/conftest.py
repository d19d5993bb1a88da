"""How hard Hypothesis tries, and which tests need another kernel than this one.

Refuses to hold fixtures: a fixture stands beside the tests that ask for it.
"""

import os

import hypothesis
import pytest

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
        config.hook.pytest_deselected(items=[item for item in items if not wanted & _needs(item)])
        items[:] = [item for item in items if wanted & _needs(item)]
    elsewhere = "; it runs in the virtual machine instead" if machine.obstacle() is None else ""
    for item in items:
        if lack := next(filter(None, map(probe.lack, sorted(_needs(item)))), None):
            item.add_marker(pytest.mark.skip(reason=lack + elsewhere))


def _needs(item: pytest.Item) -> set[str]:
    """The kinds of device an item's kernel markers name, and the namespace that each of them lives in."""
    markers = list(item.iter_markers("kernel"))
    return {"namespace", *(kind for marker in markers for kind in marker.args)} if markers else set()
