"""What this machine can do: `cogdoc bench` measures the built-in engine and CogVLM2 on pages and weights of its own."""
