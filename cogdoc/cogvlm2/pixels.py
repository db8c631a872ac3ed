"""Turns an image into the exact tensor that the vision transformer was trained on."""

from __future__ import annotations

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from cogdoc.cogvlm2.configuration import VisionConfig

# CLIP's mean and standard deviation per RGB channel, for values in 0 .. 1.
MEAN = (0.48145466, 0.4578275, 0.40821073)
STD = (0.26862954, 0.26130258, 0.27577711)


def to_pixels(image: Image.Image, config: VisionConfig) -> Tensor:
    """Turn an image of any size and mode into pixels (3, image_size, image_size), see `square_pixels`."""
    return square_pixels(image, config.image_size)


def square_pixels(image: Image.Image, side: int) -> Tensor:
    """Turn an image of any size and mode into normalized fp32 pixels (3, side, side).

    The resize is bicubic with antialiasing and ignores the aspect ratio. It is Pillow's, as in the published transform,
    so that the result is bit-identical.
    """
    square = image.convert("RGB").resize((side, side), Image.Resampling.BICUBIC)
    values = torch.from_numpy(np.array(square)).permute(2, 0, 1).float() / 255
    mean, std = (torch.tensor(numbers)[:, None, None] for numbers in (MEAN, STD))
    return ((values - mean) / std).contiguous()
