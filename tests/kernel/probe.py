"""What this machine's kernel can do, found out by trying.

Refuses to guess from versions, configurations or lists of modules, and to use our own backends: what is
under test can't be the judge of what can be tested.
"""

import functools
import os
import subprocess
import sys


# How to make one of each kind in an empty namespace. A kernel with modules loads the one it needs.
RECIPES = {
    "namespace": "true",
    "bridge": "ip link add probe type bridge",
    "bridge-conntrack": "echo 'add table bridge t; add chain bridge t c { type filter hook forward priority 0; };"
    " add rule bridge t c ct state established accept' | nft -f -",
    "bridge-netfilter": "modprobe -q br_netfilter; test -e /proc/sys/net/bridge/bridge-nf-call-iptables",
    "bridge-vlan": "ip link add probe type bridge vlan_filtering 1",
    "dhclient": "command -v dhclient",
    "dnsmasq": "command -v dnsmasq",
    "dummy": "ip link add probe type dummy",
    "guest": "command -v qemu-system-x86_64 cpio busybox && ls /boot/vmlinuz-*",
    "gretap": "ip link add probe type gretap local 127.0.0.1 remote 127.0.0.2",
    "haproxy": "command -v haproxy",
    "libvirt": "command -v tini libvirtd virsh && ls /usr/lib/*/libvirt/connection-driver/*qemu.so",
    "macvlan": "ip link add probe type veth; ip link add link probe name second type macvlan",
    "netem": "tc qdisc add dev lo root netem delay 1ms",
    "nftables": "nft add table bridge probe",
    "ovs": "command -v ovs-vswitchd",
    "ptrace": f"{sys.executable} -c 'import ctypes; exit(ctypes.CDLL(None).ptrace(0, 0, 0, 0))'",
    "tap": "ip tuntap add probe mode tap",
    "veth": "ip link add probe type veth",
    "vlan": "ip link add probe type veth; ip link add link probe name probe.10 type vlan id 10",
    "vrf": "ip link add probe type vrf table 10",
    "vxlan": "ip link add probe type vxlan id 10 dstport 4789 local 127.0.0.1",
}


@functools.cache
def lack(kind: str) -> str | None:
    """Why nothing of this kind can be made here, or None if it can. Tries once per session."""
    if sys.platform != "linux":
        return "this is not Linux"
    if os.geteuid() != 0:
        return "only root may make network namespaces"
    command = ["unshare", "--net", "sh", "-ec", RECIPES[kind]]
    attempt = subprocess.run(command, capture_output=True, text=True, check=False)
    return f"no {kind} here: {attempt.stderr.strip()}" if attempt.returncode else None


def lacking() -> list[str]:
    """The kinds that can't be made here."""
    return [kind for kind in RECIPES if lack(kind)]
