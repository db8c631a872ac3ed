"""Settings for all tests of the model."""

from __future__ import annotations

import logging

# Some tests import bitsandbytes before cogdoc does, which silences it: it logs that an optional download is missing.
logging.getLogger("bitsandbytes").setLevel(logging.ERROR)
