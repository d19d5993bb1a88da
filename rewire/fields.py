"""The columns of each list as CSV: the same ones whatever is in it, and also when nothing is.

What only some objects of a kind have is empty for the others.
"""

from __future__ import annotations


def words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


SHOWN = {
    "zone": words("uuid name"),
    "cluster": words("uuid name zoneUuid hypervisorType"),
    "host": words("uuid name clusterUuid state interfaces bonds address vtep"),
    "l2": words(
        "uuid name description zoneUuid physicalInterface type attachedClusterUuids"
        " vlan vni poolUuid realize account greKey number bridge"
    ),
    "pool": words(
        "uuid name description zoneUuid physicalInterface type attachedClusterUuids attachedCidrs attachedVniRanges"
    ),
    "l3": words(
        "uuid name l2NetworkUuid category state dnsDomain dns ipRanges networkServices dhcpServerIps hostRoute"
        " reservedIpRanges mtu allocator"
    ),
    "vm": words("uuid name state hostUuid lastHostUuid vmNics"),
    "nic": words("uuid vmInstanceUuid l3NetworkUuid ip ip6 mac hostUuid device name"),
    "switch": words("uuid name zoneUuid ports"),
    "provider": words("uuid name type networkServiceTypes attachedL2NetworkUuids publicL3NetworkUuid"),
    "vip": words("uuid name l3NetworkUuid ip ipVersion netmask gateway useFor serviceProviderUuids"),
    "eip": words("uuid name vipUuid vipIp vmNicUuid guestIp"),
    "port-forwarding": words(
        "uuid name vipUuid vipIp protocolType vipPortStart vipPortEnd privatePortStart privatePortEnd allowedCidr"
        " vmNicUuid guestIp"
    ),
    "security-group": words("uuid name rules attachedL3NetworkUuids vmNicUuids"),
    "router": words("uuid l3NetworkUuid hostUuid networkServiceTypes nics"),
}
"""By the kind that `rewire show` lists."""
DOMAINS = words("id level l2 segments hosts nics")
PROBLEMS = words("kind l2 segments hosts cables because what")
HISTORY = words("position at actor reason fact subject data command cause")
STEPS = words("step command status uuid positions error")
