"""Commands with sane defaults: a test writes down only what it is about.

Short names throughout: zone `z`, clusters `c1` and `c2`, hosts `h1` and `h2`, networks by what they are.
"""

from __future__ import annotations

from domain import commands as c


def a_zone(name: str = "z") -> c.CreateZone:
    return c.CreateZone(name=name)


def a_cluster(name: str = "c1", *, zone: str = "z") -> c.CreateCluster:
    return c.CreateCluster(name=name, zone=zone)


def a_host(
    name: str = "h1",
    *,
    cluster: str = "c1",
    interfaces: tuple[str, ...] = ("eth0", "eth1"),
    address: str = "",
    vtep: str = "",
) -> c.AddHost:
    return c.AddHost(name=name, cluster=cluster, interfaces=interfaces, address=address, vtep=vtep)


def a_host_state(state: str, *, host: str = "h1") -> c.SetHostState:
    return c.SetHostState(host=host, state=state)


def a_no_vlan(name: str = "plain", *, zone: str = "z", interface: str = "eth0") -> c.CreateL2NoVlanNetwork:
    return c.CreateL2NoVlanNetwork(name=name, zone=zone, physical_interface=interface)


def a_vlan(
    name: str = "v10", *, vlan: int = 10, zone: str = "z", interface: str = "eth0", uuid: str = ""
) -> c.CreateL2VlanNetwork:
    return c.CreateL2VlanNetwork(name=name, zone=zone, physical_interface=interface, vlan=vlan, uuid=uuid)


def a_pool(name: str = "pool", *, zone: str = "z", interface: str = "") -> c.CreateL2VxlanNetworkPool:
    return c.CreateL2VxlanNetworkPool(name=name, zone=zone, physical_interface=interface)


def a_vni_range(start: int = 100, end: int = 102, *, pool: str = "pool", name: str = "") -> c.AddVniRange:
    return c.AddVniRange(pool=pool, start=start, end=end, name=name)


def a_vxlan(
    name: str = "x", *, pool: str = "pool", vni: int | None = None, realize: str = "attach"
) -> c.CreateL2VxlanNetwork:
    return c.CreateL2VxlanNetwork(name=name, pool=pool, vni=vni, realize=realize)


def attach(l2: str, cluster: str = "c1", *, vtep_cidr: str = "") -> c.AttachL2NetworkToCluster:
    return c.AttachL2NetworkToCluster(l2=l2, cluster=cluster, vtep_cidr=vtep_cidr)


def attach_pool(cluster: str = "c1", *, pool: str = "pool", cidr: str = "10.0.0.0/24") -> c.AttachL2NetworkToCluster:
    return attach(pool, cluster, vtep_cidr=cidr)


def detach(l2: str, cluster: str = "c1") -> c.DetachL2NetworkFromCluster:
    return c.DetachL2NetworkFromCluster(l2=l2, cluster=cluster)


def an_l3(
    name: str = "l3", *, l2: str = "v10", allocator: str = "first-available", category: str = "private", mtu: int = 0
) -> c.CreateL3Network:
    return c.CreateL3Network(name=name, l2=l2, allocator=allocator, category=category, mtu=mtu)


def a_range(
    start: str = "192.168.0.10",
    end: str = "192.168.0.50",
    *,
    l3: str = "l3",
    name: str = "low",
    netmask: str = "255.255.255.0",
    gateway: str = "192.168.0.1",
) -> c.AddIpRange:
    return c.AddIpRange(l3=l3, name=name, start=start, end=end, netmask=netmask, gateway=gateway)


def a_cidr(cidr: str = "192.168.0.0/24", *, l3: str = "l3", name: str = "all", gateway: str = "") -> c.AddIpRangeByCidr:
    return c.AddIpRangeByCidr(l3=l3, name=name, cidr=cidr, gateway=gateway)


def a_vm(
    name: str = "vm",
    *networks: str,
    host: str = "",
    cluster: str = "",
    ip: str = "",
    mac: str = "",
) -> c.CreateVm:
    """Make a VM; `ip` and `mac` are for its first network, `l3` where none is given."""
    nets = networks or ("l3",)
    return c.CreateVm(
        name=name,
        networks=nets,
        host=host,
        cluster=cluster,
        addresses={nets[0]: ip} if ip else {},
        macs={nets[0]: mac} if mac else {},
    )


def start(vm: str = "vm", *, host: str = "") -> c.StartVm:
    return c.StartVm(vm=vm, host=host)


def stop(vm: str = "vm") -> c.StopVm:
    return c.StopVm(vm=vm)


def migrate(vm: str = "vm", *, host: str = "") -> c.MigrateVm:
    return c.MigrateVm(vm=vm, host=host)


def destroy(vm: str = "vm") -> c.DestroyVm:
    return c.DestroyVm(vm=vm)


# the fabric


def a_switch(name: str = "s1", *ports: str, zone: str = "z") -> c.AddSwitch:
    return c.AddSwitch(name=name, zone=zone, ports=ports or ("1", "2", "3"))


def access(end: str, vlan: int) -> c.SetSwitchPort:
    """Set a port, `s1:1`, to one VLAN, untagged."""
    switch, port = end.split(":")
    return c.SetSwitchPort(switch=switch, port=port, mode="access", vlan=vlan)


def trunk(end: str, vlans: str = "", *, native: int | None = None) -> c.SetSwitchPort:
    """Set a port, `s1:1`, to many VLANs, tagged."""
    switch, port = end.split(":")
    return c.SetSwitchPort(switch=switch, port=port, mode="trunk", vlans=vlans, native=native)


def connect(a: str, b: str) -> c.Connect:
    return c.Connect(a=a, b=b)


def disconnect(a: str) -> c.Disconnect:
    return c.Disconnect(a=a)


# reports


def realized(l2: str = "v10", *, host: str = "h1", milliseconds: int = 0) -> c.ReportL2Realized:
    return c.ReportL2Realized(host=host, l2=l2, milliseconds=milliseconds)


def failed(l2: str = "v10", *, host: str = "h1", reason: str = "no such device") -> c.ReportL2Failed:
    return c.ReportL2Failed(host=host, l2=l2, reason=reason)


def removed(l2: str = "v10", *, host: str = "h1") -> c.ReportL2Removed:
    return c.ReportL2Removed(host=host, l2=l2)


def drifted(l2: str = "v10", *, host: str = "h1", what: str = "the bridge is down") -> c.ReportDrift:
    return c.ReportDrift(host=host, l2=l2, what=what)


def mended(l2: str = "v10", *, host: str = "h1") -> c.ReportDriftEnded:
    return c.ReportDriftEnded(host=host, l2=l2)


ONE_HOST = (a_zone(), a_cluster(), a_host(vtep="10.0.0.1"))
"""Zone z, cluster c1, host h1 with eth0, eth1 and a VTEP."""
TWO_CLUSTERS = (*ONE_HOST, a_cluster("c2"), a_host("h2", cluster="c2", vtep="10.0.0.2"))
"""The same, and cluster c2 with host h2."""
A_SUBNET = (*ONE_HOST, a_vlan(), attach("v10"), an_l3(), a_range())
"""L3 network l3 on VLAN 10 of c1, with 192.168.0.10-50."""
TWO_SUBNETS = (*TWO_CLUSTERS, a_vlan(), attach("v10"), attach("v10", "c2"), an_l3(), a_range())
"""L3 network l3 on VLAN 10 of c1 and c2."""
A_POOL = (*TWO_CLUSTERS, a_pool(), a_vni_range(), attach_pool(), attach_pool("c2"))
"""A pool on c1 and c2 with VNIs 100-102."""
