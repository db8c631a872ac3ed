"""Settings for all tests of the model."""

from __future__ import annotations

import logging

import torch

# The models are tiny and tests run in parallel, so more threads would only wait for each other.
torch.set_num_threads(1)

# Some tests import bitsandbytes before cogdoc does, which silences it: it logs that an optional download is missing.
logging.getLogger("bitsandbytes").setLevel(logging.ERROR)
