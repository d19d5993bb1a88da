"""Tests that need a real kernel, because only a kernel knows what a device does.

A test says which kinds of device it makes, by the names in `probe.RECIPES`:

    @pytest.mark.kernel("bridge", "vlan")
    def test_a_bridge_over_a_vlan_passes_untagged_frames(namespace: None) -> None: ...

It runs on this machine's kernel if that has them all, else on Debian's, in the virtual machine of
`test_virtual_machine`. It must therefore find everything it needs in the checkout and in the system's
packages, and write to temporary folders only: inside, the file system is read-only.
"""
