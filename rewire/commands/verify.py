"""`rewire verify`: does what is stored still follow from the facts, and are the facts what they were."""

from __future__ import annotations

import click

from projections import timeline_store
from rewire import options, output, session, status


@click.command(name="verify")
@options.store
@options.output
def command(store: str | None, output_format: str | None) -> int:
    """Recompute every projection and the hash chain, and compare them with what is stored."""
    with session.opened(store) as open_session:
        network = open_session.network
        broken = network.broken_link()
        equal = not broken and timeline_store.rebuilt(network) == open_session.timeline.rows()
        result: dict[str, object] = {
            "facts": network.position(),
            "projections": "equal" if equal else "different",
            "chain": f"broken at {broken}" if broken else "intact",
        }
    output.show(result, output_format)
    return status.DONE if equal else status.REFUSED
