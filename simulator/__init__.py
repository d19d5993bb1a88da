"""What would happen: a data centre in virtual time, driven by the plans and operations of real hosts.

`run.simulate(before, after)` is the way in. Nothing here touches a kernel or a store, reads a clock or rolls
a die that was not seeded: the same topologies, timing and seed give the same trace, byte for byte.
"""
