"""Whether the simulator tells the truth: random histories on real kernels and in the simulator, compared step by step.

    make conformance COUNT=1000

What is drawn is a list of commands that were done when they were drawn: a change file. Refuses to judge whether a plan
is right, which others do: here the plan is given, and two ways of carrying it out must end alike.
"""
