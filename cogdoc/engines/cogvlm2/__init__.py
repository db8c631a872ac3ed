"""CogVLM2 as an engine: its entry in the registry, and its implementation of the seam of `cogdoc.engines.vision`."""
