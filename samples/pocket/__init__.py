"""The pocket checkpoint, a CogVLM2 of a few megabytes that reads small forms, and the forms to try it on."""

from pathlib import Path

MODEL = Path(__file__).parent / "model"
