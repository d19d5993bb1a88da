"""The hook as libvirt finds it: a small shell script among its hooks for QEMU domains.

It starts us only where we have something to do: before a domain gets its devices and after it has given them
back. Refuses to write over, or to take away, what is not ours.
"""

from __future__ import annotations

import os
import shlex
import sys
from collections.abc import Sequence
from pathlib import Path

from domain.errors import Refusal


PLACE = Path("qemu.d", "rewire")
"""Beside what others have there: libvirt runs all scripts of that folder, in order of their names."""
MARK = "# Written by `rewire libvirt-hook --install`; `rewire libvirt-hook --uninstall` takes it away."
TEXT = """#!/bin/sh
{mark}
case $2 in
  prepare | release) exec {command} "$@" ;;
  *) exec cat >/dev/null ;;
esac
"""


def install(hooks: Path, options: Sequence[str]) -> Path:
    """Write the script, anew where it is ours."""
    path = own(hooks)
    path.parent.mkdir(parents=True, exist_ok=True)
    command = (sys.executable, "-P", "-m", "rewire", "libvirt-hook", *options, "--")
    beside = path.with_name(".rewire")
    beside.write_text(TEXT.format(mark=MARK, command=shlex.join(command)))
    beside.chmod(0o755)
    os.replace(beside, path)  # noqa: PTH105 - at once: libvirt may be reading it
    return path


def uninstall(hooks: Path) -> Path | None:
    """Take the script away, and give where it was."""
    path = own(hooks)
    if not path.exists():
        return None
    path.unlink()
    return path


def own(hooks: Path) -> Path:
    """Give where the script lies. Raises `Refusal` when there is something that is not ours."""
    path = hooks / PLACE
    if path.exists() and MARK not in path.read_text(errors="replace").splitlines():
        raise Refusal("conflict", f"{path} was not written by Rewire: move it to another name first")
    return path
