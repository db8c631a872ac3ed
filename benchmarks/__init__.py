"""What cogdoc reaches and what it costs: scripts that measure it, run as `python -m benchmarks.<name>`."""
