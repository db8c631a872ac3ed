"""Loads the checkpoint that was chosen, and puts an engine around it."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path

from cogdoc.cogvlm2.quantization import Quantization
from cogdoc.cogvlm2.session import load_session
from cogdoc.engines.vision.engine import CogVLM2Engine


def start_engine(
    checkpoint: Path,
    quantization: Quantization,
    device: str,
    keeps_features: bool,
    seconds: float,
    progress: Callable[[int, int], None] | None,
) -> CogVLM2Engine:
    """Load a checkpoint; one load serves a whole run.

    Raises:
        CheckpointError, UsageError: see `cogdoc.cogvlm2.session.load_session`.
    """
    reader = load_session(
        checkpoint,
        quantization=quantization,
        device=device,
        feature_folder=features_folder() if keeps_features else None,
        progress=progress,
    )
    return CogVLM2Engine(reader, checkpoint.resolve().name, quantization, seconds)


def features_folder() -> Path:
    """Where image features are kept: with the user's other caches."""
    named = os.environ.get("XDG_CACHE_HOME")
    system = "~/Library/Caches" if sys.platform == "darwin" else "~/.cache"
    return Path(named or system).expanduser() / "cogdoc" / "features"
