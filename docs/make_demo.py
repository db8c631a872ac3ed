"""Draw `docs/demo.svg`, the picture in the README: real commands on the samples, with their real output.

Run as `python docs/make_demo.py` from the project's root, with cogdoc installed beside that Python.
"""

from __future__ import annotations

import io
import os
import re
import subprocess
import sys
from pathlib import Path

from rich.console import Console
from rich.text import Text

COMMANDS = (
    'cogdoc ask samples/report.pdf "What was net income in 2023?"',
    'cogdoc ask samples/receipt.jpg samples/letter.pdf "What is the date?"',
    'cogdoc ask samples/invoice-zh.png "发票号码是多少？"',
    "cogdoc ocr samples/receipt.jpg | tail -n 12",
    "cogdoc chart samples/charts/pie.png",
)
WIDTH = 92


def main() -> None:
    """Run the commands and write the picture."""
    environment = os.environ | {"PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
    console = Console(record=True, width=WIDTH, file=io.StringIO(), force_terminal=True)
    for command in COMMANDS:
        console.print(Text("$ ", style="bold green") + Text(command, style="bold"))
        done = subprocess.run(command, shell=True, env=environment, capture_output=True, text=True, check=True)
        console.print(Text(done.stdout.rstrip("\n")))
        console.print()
    # Without web fonts, so that a browser that shows the picture fetches nothing.
    picture = re.sub(r"@font-face \{.*?\}\s*", "", console.export_svg(title="cogdoc"), flags=re.DOTALL)
    Path("docs/demo.svg").write_text(picture, encoding="utf-8")


if __name__ == "__main__":
    main()
