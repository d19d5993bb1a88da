"""What somebody else has on a link of ours, and would lose with it: such a link stays until that is gone.

A kernel deletes with a link all that stands on it, with its addresses, and asks nobody.
"""

from __future__ import annotations

from collections.abc import Iterator

from projections.found import Found, Link
from projections.marks import uplink_in


def holders(link: Link, found: Found) -> Iterator[str]:
    """Walk what keeps a link of ours from going, in words. O(links + addresses)."""
    others = [other for other in sorted(found.links.values(), key=lambda x: x.name) if not other.ours]
    uplink = uplink_in(link.mark)
    yield from (f"{x.name} is plugged into it" for x in others if x.bridge == link.name and x.name != uplink)
    yield from (f"{x.name} stands on it" for x in others if x.lower == link.name)
    if not uplink:
        yield from (f"it has the address {a.cidr}" for a in sorted(found.addresses) if a.interface == link.name)


def is_held(link: Link, found: Found) -> bool:
    return any(holders(link, found))
