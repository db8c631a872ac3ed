"""The published CogVLM2 checkpoints: their names, where they are on this machine, downloads and checks."""
