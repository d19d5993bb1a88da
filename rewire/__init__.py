"""The door: a command line that parses, calls and prints. No rules here.

What a user may do is decided in `domain`, what follows from it in `projections`; this layer turns text into calls and
results into text, and holds the one place that knows concrete classes.
"""

from __future__ import annotations


VERSION = "0.1.0"
