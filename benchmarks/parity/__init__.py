"""Whether cogdoc's CogVLM2 gives what the published code gives on small checkpoints."""
