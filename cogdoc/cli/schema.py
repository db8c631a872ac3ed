"""`cogdoc schema`: prints the JSON Schema of the output."""

from __future__ import annotations

import json
import sys

HELP = """Print the JSON Schema of the output.

\b
  cogdoc schema > cogdoc.schema.json
"""


def schema() -> None:
    from cogdoc.results.json_schema import json_schema

    sys.stdout.write(json.dumps(json_schema(), indent=2, ensure_ascii=False) + "\n")
