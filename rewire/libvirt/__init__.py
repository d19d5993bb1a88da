"""What libvirt asks of us, and what its answers are made of."""
