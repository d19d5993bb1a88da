"""What somebody else's package has to say of L2 networks: none may be called `forbidden`, and each is written down."""

from __future__ import annotations

from typing import Any

from domain.errors import Refusal


heard: list[tuple[str, str]] = []
"""(name, uuid) of the networks that were created."""


class Naming:
    """Has a say before an L2 network is created, and hears of it afterwards."""

    def before(self, network: Any) -> None:
        if network.name == "forbidden":
            raise Refusal("invalid-argument", "no L2 network may be called forbidden here")

    def after(self, network: Any, l2: str) -> None:
        heard.append((network.name, l2))
        if network.name == "cursed":
            raise RuntimeError("the plugin breaks")
