"""Compares the outputs of cogdoc's CogVLM2 with parity fixtures of small checkpoints."""
