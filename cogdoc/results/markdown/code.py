"""Tell blocks of program code, and write them with their indentation.

Code is printed in a font whose characters are equally wide, has lines that are indented by whole characters, and more
brackets and operators than prose has.
"""

from __future__ import annotations

import itertools
import statistics
from collections.abc import Iterator, Sequence

from cogdoc.results.plain_text import rows_of
from cogdoc.results.records import TextBlock, TextLine

MIN_LINES = 4
"""With fewer lines, any font may seem to have characters of equal width."""

MAX_MISS = 1.2
"""Characters by which a line may be wider or narrower than its number of characters says."""

MAX_EMPTY_LINES = 2
"""Empty lines that are kept between two others."""

MIN_STEP = 0.8
"""Heights of a line from one to the next: boxes of OCR are higher than lines are apart."""

MAX_MISSES = 0.15
"""Share of the lines that may be wider or narrower: OCR reads some with a character too many or too few."""

MIN_INDENT = 1.5
"""Characters of the deepest indentation."""

SYMBOLS = frozenset("(){}[]=;<>_+*/\\|&%$#@\"'`")
MIN_SYMBOLS = 0.06
"""Share of a block's characters that are symbols; prose and lists of names have less than half of that."""


def code_lines(block: TextBlock) -> list[str] | None:
    """The lines of a block of code with their indentation; None if the block is something else."""
    return lines_of_code(block.lines) if block.kind == "text" else None


def lines_of_code(lines: Sequence[TextLine]) -> list[str] | None:
    """The lines of program code, one for each row, with their indentation; None if they are something else."""
    if len(lines) < MIN_LINES or symbols_share("".join(line.text for line in lines)) < MIN_SYMBOLS:
        return None
    rows = [sorted(row, key=lambda line: line.box[0]) for row in rows_of(lines)]
    if len(rows) < MIN_LINES or (char_width := _char_width(lines)) is None:
        return None
    left = min(line.box[0] for line in lines)
    indents = [(row[0].box[0] - left) / char_width for row in rows]
    if max(indents) < MIN_INDENT:
        return None
    texts = [" " * round(indent) + _text(row, char_width) for indent, row in zip(indents, rows, strict=True)]
    heights = [line.box[3] - line.box[1] for line in lines]
    return list(_with_empty_lines(texts, [row[0].box[1] for row in rows], MIN_STEP * statistics.median(heights)))


def symbols_share(text: str) -> float:
    """The share of its characters that are brackets, operators and other symbols of code."""
    chars = "".join(text.split())
    return sum(char in SYMBOLS for char in chars) / max(1, len(chars))


def _char_width(lines: Sequence[TextLine]) -> float | None:
    """The width of each character of lines in a font that has only one; None if they are in another font."""
    sizes = [(len(line.text), line.box[2] - line.box[0]) for line in lines]
    slopes = [(b - a) / (m - n) for (n, a), (m, b) in itertools.combinations(sizes, 2) if m != n]
    if not slopes or (char_width := statistics.median(slopes)) <= 0:  # the Theil-Sen estimator
        return None
    offset = statistics.median(width - char_width * count for count, width in sizes)
    misses = sum(abs(width - offset - char_width * count) > MAX_MISS * char_width for count, width in sizes)
    return char_width if misses <= MAX_MISSES * len(sizes) else None


def _with_empty_lines(texts: Sequence[str], tops: Sequence[float], height: float) -> Iterator[str]:
    steps = [after - before for before, after in itertools.pairwise(tops)]
    step = max(height, min(steps))
    for text, following in zip(texts, [*steps, step], strict=True):
        yield text
        yield from [""] * min(MAX_EMPTY_LINES, round(following / step) - 1)


def _text(row: Sequence[TextLine], char_width: float) -> str:
    """The texts of a row with as many spaces between them as characters would fill."""
    text = row[0].text
    for before, line in itertools.pairwise(row):
        text += " " * max(1, round((line.box[0] - before.box[2]) / char_width)) + line.text
    return text
