"""What providers of type `Haproxy` offer, and on which L2 networks."""

from __future__ import annotations

from domain import l2_types
from domain.provider_types import LOAD_BALANCER, ProviderType


HAPROXY = ProviderType(
    services=(LOAD_BALANCER,), l2_types=(l2_types.NO_VLAN, l2_types.VLAN, l2_types.VXLAN), runs="hosts"
)
"""Networks on Open vSwitch are left out: this backend plugs into bridges of the kernel's alone."""
