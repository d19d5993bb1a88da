"""Parts that need a library which not every reader of histories has installed."""

from __future__ import annotations

import importlib.util

from domain.errors import HostUnreachable, Refusal, RewireError


def require(library: str, extra: str) -> None:
    """Refuse with what to install, where a library is missing."""
    if importlib.util.find_spec(library) is None:
        sentence = f"this needs {library}: install rewire[{extra}]"
        error: RewireError = HostUnreachable(sentence) if extra == "kvm" else Refusal("invalid-argument", sentence)
        raise error
