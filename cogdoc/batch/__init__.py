"""Runs over many documents: what to read, what an earlier run completed, threads, and machines of a cluster."""
