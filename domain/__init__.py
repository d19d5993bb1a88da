"""What the network is, and which changes are allowed.

Facts, the states they fold into, and the decisions that add to them. This layer refuses to know how a
network is realized, drawn or simulated; it answers two questions only: what happened, and what may happen next.
"""
