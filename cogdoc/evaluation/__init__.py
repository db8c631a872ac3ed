"""Measures how well an engine reads, on published benchmarks and on questions of the user's own."""
