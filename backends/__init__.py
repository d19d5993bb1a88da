"""Making it real: what changes hosts so that they have what their plans say.

A backend takes a `HostPlan` and looks, compares, changes and looks again, until nothing is missing. It
never reads facts, decides what a network is, or corrects what somebody else made: it reports that.
Hypervisors are packages in here, and one that is not is found by its entry points.
"""
