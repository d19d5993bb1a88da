"""KVM hosts: Linux bridges, VLAN devices, VXLAN tunnels and NICs' host ends, by netlink.

It changes only what it made, and knows that by the group number that the kernel gives a link in the very
call that makes it. The only part of Rewire that speaks to a kernel, and the only one that imports pyroute2.
"""
