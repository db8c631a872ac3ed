"""The pocket checkpoint: a CogVLM2 of a few megabytes that reads small forms, and all that it takes to train it."""

from pathlib import Path

MODEL = Path(__file__).parent / "model"
