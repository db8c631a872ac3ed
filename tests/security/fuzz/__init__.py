"""Fuzzing of the command line with broken files: `python -m tests.security.fuzz`."""
