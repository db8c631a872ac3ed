"""Scripts that measure cogdoc's accuracy and cost, run as `python -m benchmarks.<name>`."""
