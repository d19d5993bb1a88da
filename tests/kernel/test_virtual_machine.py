"""The kernel tests that this machine's own kernel can't run, run on Debian's."""

import os
import sys
from collections.abc import Sequence
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from tests.kernel import machine, probe


PYTEST = [sys.executable, "-m", "pytest", "tests/kernel", "-m", "kernel", "-p", "no:cacheprovider"]

LIMIT_S = 1800 if machine.THOROUGH in os.environ else 600


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Sequence[ET.Element]:
    """One boot, and what each test said inside."""
    lacking = probe.lacking()
    if not lacking:
        pytest.skip("this machine's kernel runs every kernel test itself")
    if obstacle := machine.obstacle():
        pytest.skip(f"no {', '.join(lacking)} here, and no virtual machine: {obstacle}")
    folder = tmp_path_factory.mktemp("machine")
    outcome = machine.run(
        [*PYTEST, f"--junitxml={folder}/junit.xml"], folder, environment=_inside(lacking), limit=LIMIT_S
    )
    print(outcome)  # noqa: T201 - pytest shows it beside a failure, and nowhere else
    if outcome.status not in (0, 1):  # pytest's two ways of having run its tests
        pytest.fail("the virtual machine did not run the tests: see its output and its console", pytrace=False)
    return list(_parse(folder / "junit.xml"))


def test_what_this_kernel_lacks_works_on_debians(results: Sequence[ET.Element], subtests: pytest.Subtests) -> None:
    assert results
    for result in results:
        with subtests.test(f"{result.get('classname')}::{result.get('name')}"):
            for trouble in result.iterfind("*"):
                if trouble.tag in ("failure", "error", "skipped"):
                    pytest.fail(f"{trouble.tag} inside: {trouble.text}", pytrace=False)


def _inside(lacking: Sequence[str]) -> dict[str, str]:
    passed_on = {name: os.environ[name] for name in ("HYPOTHESIS_PROFILE", machine.THOROUGH) if name in os.environ}
    return {machine.NEEDING: ",".join(lacking), **passed_on}


def _parse(path: Path) -> Sequence[ET.Element]:
    return ET.parse(path).findall(".//testcase")  # noqa: S314 - written by our own pytest
