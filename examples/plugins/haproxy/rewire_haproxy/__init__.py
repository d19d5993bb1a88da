"""Load balancers for Rewire by haproxy: a provider type, and the backend that does its service on KVM hosts.

An example of a plugin's network service: Rewire finds it by its entry points, and knows nothing of it.
"""
