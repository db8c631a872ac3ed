"""Settings for all tests of the model."""

from __future__ import annotations

import torch
from hypothesis import settings

# The models are tiny, and tests run in parallel already: more threads would only wait for each other.
torch.set_num_threads(1)

# How long an example takes says nothing on a machine that others use too.
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")
