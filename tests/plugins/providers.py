"""What somebody else's package holds: a provider that does some things in every host, without any of ours."""

from __future__ import annotations

from domain.provider_types import ProviderType


LEDGER = ProviderType(services=("LoadBalancer", "DHCP"), runs="hosts")
