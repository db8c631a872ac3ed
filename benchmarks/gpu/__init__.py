"""Accepts a graphics card: whether CogVLM2 computes the right numbers on it, in the planned memory, at its speed."""
