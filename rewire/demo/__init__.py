"""The demonstration: a network's story, from a change file to frames on a wire, in scenes that each stand alone."""
