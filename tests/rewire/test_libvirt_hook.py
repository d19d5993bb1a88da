"""The hook is installed by one command, and taken away by another; what others put there stays."""

from __future__ import annotations

import os
import stat
import subprocess
from pathlib import Path

import pytest

from rewire.libvirt.domain import Domain, Interface, Unreadable, read
from tests.rewire.conftest import Answer, Rewire


@pytest.fixture
def hooks(tmp_path: Path) -> Path:
    return tmp_path / "hooks"


def install(network: Rewire, hooks: Path, *more: str) -> Answer:
    return network("libvirt-hook", "--install", "--host", "host-1", "--hooks", str(hooks), *more)


def written(hooks: Path) -> Path:
    return hooks / "qemu.d" / "rewire"


def call(script: Path, operation: str, xml: str) -> subprocess.CompletedProcess[str]:
    """Run a hook as libvirt does, from elsewhere and with next to nothing in its environment."""
    words = [str(script), "web", operation, "begin", "-"]
    return subprocess.run(
        words, input=xml, capture_output=True, text=True, check=False, cwd="/", env={"PATH": os.environ["PATH"]}
    )


def test_what_is_installed_is_run_by_libvirt_and_finds_its_store_from_everywhere(
    network: Rewire, hooks: Path, store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(store.parent)
    assert install(network, hooks, "--store", f"sqlite:{store.name}").status == 0

    unknown = (
        "<domain><devices><interface type='ethernet'><mac address='02:00:00:00:00:01'/></interface></devices></domain>"
    )
    told = call(written(hooks), "prepare", unknown)

    assert stat.S_IMODE(written(hooks).stat().st_mode) == 0o755
    assert (told.returncode, told.stdout, told.stderr) == (0, "", "")
    store.unlink()
    told = call(written(hooks), "prepare", unknown)
    assert (told.returncode, told.stderr[:26]) == (3, "error: store-unreachable: ")


def test_what_needs_nothing_done_does_not_start_us(network: Rewire, hooks: Path) -> None:
    install(network, hooks)

    assert call(written(hooks), "prepare", "no domain").returncode == 2
    assert call(written(hooks), "started", "no domain").returncode == 0


def test_it_may_be_installed_again_and_uninstalled_twice(network: Rewire, hooks: Path) -> None:
    assert [install(network, hooks).status for _ in range(2)] == [0, 0]
    first = network("libvirt-hook", "--uninstall", "--hooks", str(hooks))
    second = network("libvirt-hook", "--uninstall", "--hooks", str(hooks))

    assert (first.status, first.out) == (0, f"removed {written(hooks)}\n")
    assert (second.status, second.out) == (0, f"there is no hook of ours in {hooks}\n")
    assert list(written(hooks).parent.iterdir()) == []


@pytest.mark.parametrize("word", ["--install", "--uninstall"])
def test_a_hook_that_is_not_ours_is_left_alone(network: Rewire, hooks: Path, word: str) -> None:
    written(hooks).parent.mkdir(parents=True)
    written(hooks).write_text("#!/bin/sh\n# somebody's\n")

    told = network("libvirt-hook", word, "--host", "host-1", "--hooks", str(hooks))

    assert (told.status, told.err) == (
        1,
        f"error: conflict: {written(hooks)} was not written by Rewire: move it to another name first\n",
    )
    assert written(hooks).read_text() == "#!/bin/sh\n# somebody's\n"


def test_it_is_not_installed_for_a_host_that_nobody_knows(network: Rewire, hooks: Path) -> None:
    told = network("libvirt-hook", "--install", "--host", "nobody", "--hooks", str(hooks))

    assert (told.status, told.err) == (1, "error: unknown-object: there is no host 'nobody'\n")
    assert not hooks.exists()


@pytest.mark.parametrize("words", [("--install",), ("--host", "host-1"), ("--host", "host-1", "web")])
def test_what_is_missing_is_told(network: Rewire, words: tuple[str, ...]) -> None:
    told = network("libvirt-hook", *words)

    assert (told.status, "Missing" in told.err) == (2, True)


def test_a_domain_is_read_with_its_nics() -> None:
    found = read(
        """<domain type='kvm'><name>web</name><uuid>u</uuid><devices>
          <interface type='ethernet'><mac address='52:54:00:AA:00:01'/><target dev='nic0' managed='no'/></interface>
          <interface type='bridge'><mac address='52:54:00:aa:00:02'/><source bridge='br0'/></interface>
          <interface type='user'/>
        </devices></domain>"""
    )

    assert found == Domain(
        "web",
        "u",
        (
            Interface("52:54:00:aa:00:01", "ethernet", "nic0", managed=False),
            Interface("52:54:00:aa:00:02", "bridge", "", managed=True),
        ),
    )


def test_what_is_no_xml_is_no_domain() -> None:
    with pytest.raises(Unreadable, match="standard input is no domain XML"):
        read("<domain")
