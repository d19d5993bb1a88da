"""What a mark says: whose a thing of ours is, and the fact that caused it.

A link carries it as its alias, an OVS row among its external ids. It is written here and read back here alone.
"""

from __future__ import annotations


MARK = "rewire"


def mark_of(subject: str, because: tuple[int, ...], *, uplink: str = "") -> str:
    """Write what a thing is for, and the fact that caused it."""
    home = f" uplink={uplink}" if uplink else ""
    return f"{MARK} {subject} fact={max(because)}{home}"


def subject_in(mark: str) -> str:
    """Read back whose a thing is: a network's, or a NIC's."""
    words = mark.split()
    return words[1] if len(words) > 1 else ""


def uplink_in(mark: str) -> str:
    """Read back the interface whose addresses a bridge holds."""
    return next((word.removeprefix("uplink=") for word in mark.split() if word.startswith("uplink=")), "")


def fact_in(mark: str) -> int:
    """Read back the fact that caused a thing; 0 where the mark names none."""
    word = next((word.removeprefix("fact=") for word in mark.split() if word.startswith("fact=")), "")
    return int(word) if word.isascii() and word.isdigit() else 0
