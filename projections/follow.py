"""Keeps topologies up to date with their histories, by pulling.

One follower serves a network and all its forks: a fork starts from its parent's topology where it has the right
position, at no cost, and is folded from the beginning where it has not.
"""

from __future__ import annotations

from weakref import WeakKeyDictionary

from domain.network import Network
from projections.survey import Survey
from projections.topology import Topology, fold


class Follower:
    """The newest topology of each history that was asked for."""

    def __init__(self) -> None:
        self._newest: WeakKeyDictionary[Network, Topology] = WeakKeyDictionary()

    def __call__(self, network: Network, position: int) -> Survey:
        """Answer for a network as of a position: the domain's census."""
        return Survey(self.at(network, position))

    def now(self, network: Network) -> Topology:
        """Give the topology of a history's newest fact. O(facts since the last call)."""
        return self.at(network, network.position())

    def at(self, network: Network, position: int) -> Topology:
        """Give the topology as of a position. O(facts since the newest one kept, or since the beginning)."""
        kept = self._newest.get(network) or self._inherited(network)
        start = kept if kept.position <= position else Topology()
        topology = fold(network.facts(start.position, position), start)
        if topology.position >= kept.position:
            self._newest[network] = topology
        return topology

    def _inherited(self, network: Network) -> Topology:
        parent = network.parent
        kept = self._newest.get(parent) if parent else None
        return kept if kept and kept.position <= network.base else Topology()
