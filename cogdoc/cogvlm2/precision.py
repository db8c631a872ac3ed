"""How precisely parts of the model compute. Imports no torch."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, get_args

VisionPrecision = Literal["bf16", "quantized"]
"""The linear layers of the vision tower, transformer and adapter, where those of the language side are quantized.

`bf16` leaves them in 16 bits, which is fp16 on cards without bf16. `quantized` treats them as the language side. The
visual experts are part of the language side. Without quantization both mean the same.
"""
VISION_PRECISIONS = get_args(VisionPrecision)

VISION_TOWER = "model.vision"
"""The module that `VisionPrecision` is about, as `llm_int8_skip_modules` in a checkpoint's config.json names it."""


def stored_vision_precision(raw: Mapping[str, Any]) -> VisionPrecision | None:
    """The precision of the vision tower that the `quantization_config` in a config.json states; None without one."""
    settings = raw.get("quantization_config")
    if not isinstance(settings, dict):
        return None
    skipped = settings.get("llm_int8_skip_modules")
    return "bf16" if isinstance(skipped, list) and VISION_TOWER in skipped else "quantized"
