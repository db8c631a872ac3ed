"""Scripts that measure cogdoc's accuracy and cost, run as `python -m benchmarks.<name>`."""

import os

# A measurement must not find what an earlier one has read.
os.environ["COGDOC_CACHE"] = "off"
