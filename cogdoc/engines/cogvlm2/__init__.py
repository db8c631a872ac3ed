"""CogVLM2 as an engine: its entry in the registry, and its adapter to the model interface of `engines.vision`."""
