"""Tell blocks of program code, and write them with their indentation.

Code is printed in a font whose characters are equally wide, has lines that are indented by whole characters, and more
brackets and operators than prose has.
"""

from __future__ import annotations

import statistics

from cogdoc.results.plain_text import rows_of
from cogdoc.results.records import TextBlock

MIN_LINES = 4
"""With fewer lines, any font may seem to have characters of equal width."""

MAX_MISS = 1.2
"""Characters by which a line may be wider or narrower than its number of characters says."""

MIN_INDENT = 1.5
"""Characters of the deepest indentation."""

SYMBOLS = frozenset("(){}[]=;<>_+*/\\|&%$#@\"'`")
MIN_SYMBOLS = 0.06
"""Share of a block's characters that are symbols; prose and lists of names have less than half of that."""


def code_lines(block: TextBlock) -> list[str] | None:
    """The lines of a block of code with their indentation; None if the block is something else."""
    lines = block.lines
    chars = "".join("".join(line.text.split()) for line in lines)
    if (
        block.kind != "text"
        or len(lines) < MIN_LINES
        or sum(char in SYMBOLS for char in chars) < MIN_SYMBOLS * len(chars)
    ):
        return None
    if any(len(row) > 1 for row in rows_of(lines)):
        return None
    counts, widths = [len(line.text) for line in lines], [line.box[2] - line.box[0] for line in lines]
    if len(set(counts)) < 2:
        return None
    char_width, offset = statistics.linear_regression(counts, widths)
    if char_width <= 0 or any(
        abs(width - offset - char_width * count) > MAX_MISS * char_width
        for count, width in zip(counts, widths, strict=True)
    ):
        return None
    left = min(line.box[0] for line in lines)
    indents = [(line.box[0] - left) / char_width for line in lines]
    if max(indents) < MIN_INDENT:
        return None
    return [" " * round(indent) + line.text for indent, line in zip(indents, lines, strict=True)]
