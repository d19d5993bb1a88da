"""The example plugin of examples/plugins/haproxy, installed as an installer does: by the entry points it declares."""

from __future__ import annotations

import tomllib
from pathlib import Path

from tests.plugins.distribution import install


SOURCE = Path(__file__).parents[2] / "examples" / "plugins" / "haproxy"
LISTENERS = "REWIRE_HAPROXY"


def declared() -> dict[str, dict[str, str]]:
    """Give its entry points by group, as its own pyproject.toml has them."""
    found: dict[str, dict[str, str]] = tomllib.loads((SOURCE / "pyproject.toml").read_text())["project"]["entry-points"]
    return found


def lay_out(folder: Path) -> tuple[Path, Path]:
    """Install it below a folder. Give the places that an interpreter has to look for packages in."""
    groups = (f"[{group}]\n" + "".join(f"{k} = {v}\n" for k, v in each.items()) for group, each in declared().items())
    install(folder, "rewire_haproxy", "\n".join(groups))
    return folder, SOURCE
