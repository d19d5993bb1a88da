"""State folders for hosts of a test, and no trace of them afterwards: daemons are ended, pins and files removed.

They lie where a daemon that has given up its rights may read them, which pytest's own folders do not.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from backends.kvm import dnsmasq, pin


@contextmanager
def folder() -> Iterator[Path]:
    """Give a folder for what one host remembers."""
    place = Path(tempfile.mkdtemp(prefix="rewire-test-", dir="/run"))
    place.chmod(0o755)
    try:
        yield place
    finally:
        empty(place)
        shutil.rmtree(place)


def empty(place: Path) -> None:
    """End the daemons that a host left in a folder, and take its namespaces' pins away."""
    for made in list(pin.pins(place / "netns")):
        dnsmasq.stop(made)
        pin.remove(made)
