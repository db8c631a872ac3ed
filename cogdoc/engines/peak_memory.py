"""The most memory that this process has held so far."""

from __future__ import annotations

import sys


def process_peak() -> int:
    """The most bytes of main memory that this process, without its worker processes, had at a time."""
    if sys.platform == "win32":
        import psutil

        return int(psutil.Process().memory_info().peak_wset)
    import resource

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024
