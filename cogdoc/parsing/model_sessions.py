"""Options of the onnxruntime sessions that run networks in a worker process."""

from __future__ import annotations

import os
from typing import Any


def configured(options: Any) -> Any:
    """`options` (`onnxruntime.SessionOptions`), set for a worker process and returned.

    Every session of a process needs them, because onnxruntime takes the treatment of denormal numbers from the first.
    """
    # The cores are shared with other worker processes, which threads that wait in a loop would slow down.
    options.intra_op_num_threads = int(os.environ.get("COGDOC_WORKER_THREADS", "0"))
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    # Many weights of RapidOCR's text detection are denormal numbers (below 1.2e-38), whose products take the processor
    # a hundred times as long. As zeros they give the same results, in less than half the time.
    options.add_session_config_entry("session.set_denormal_as_zero", "1")
    return options
