"""How well an engine reads, on the benchmarks it was published with and on questions of one's own."""
