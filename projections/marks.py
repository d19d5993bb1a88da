"""What a mark says: whose a thing of ours is, and the fact that caused it.

A link carries it as its alias, an OVS row among its external ids. It is written here and read back here alone.
"""

from __future__ import annotations


MARK = "rewire"


def mark_of(subject: str, because: tuple[int, ...], *, uplink: str = "", host: str = "") -> str:
    """Write what a thing is for, and the fact that caused it; for a bridge, also the host that it is on."""
    more = {"uplink": uplink, "host": host}
    words = (f"{key}={value}" for key, value in more.items() if value)
    return " ".join((MARK, subject, f"fact={max(because)}", *words))


def subject_in(mark: str) -> str:
    """Read back whose a thing is: a network's, or a NIC's."""
    words = mark.split()
    return words[1] if len(words) > 1 else ""


def uplink_in(mark: str) -> str:
    """Read back the interface whose addresses a bridge holds."""
    return word_in(mark, "uplink")


def host_in(mark: str) -> str:
    """Read back the host that a bridge was made on."""
    return word_in(mark, "host")


def fact_in(mark: str) -> int:
    """Read back the fact that caused a thing; 0 where the mark names none."""
    word = word_in(mark, "fact")
    return int(word) if word.isascii() and word.isdigit() else 0


def word_in(mark: str, key: str) -> str:
    start = f"{key}="
    return next((word.removeprefix(start) for word in mark.split() if word.startswith(start)), "")
