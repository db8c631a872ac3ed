"""The two evaluation programs whose scores are published most, where they disagree about a metric."""

from __future__ import annotations

from enum import StrEnum


class Toolkit(StrEnum):
    """Whose reading of a metric to follow; the values name the repository and the commit."""

    LMMS_EVAL = "EvolvingLMMs-Lab/lmms-eval @ 75571cfe"
    VLMEVALKIT = "open-compass/VLMEvalKit @ e8e78f05"
