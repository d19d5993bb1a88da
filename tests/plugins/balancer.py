"""What somebody else's package holds: a provider that balances load in a box of its own, and does nothing else."""

from __future__ import annotations

from domain.provider_types import ProviderType


F5 = ProviderType(services=("LoadBalancer",))
