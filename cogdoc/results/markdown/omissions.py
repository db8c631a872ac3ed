"""Compare what Markdown contains with the blocks that it is written from."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator

from cogdoc.results.flags import Flag
from cogdoc.results.paragraphs import OMITTED_KINDS
from cogdoc.results.records import TextBlock

_ADDRESS = re.compile(r"(?<=\])\(\S*\)")
"""Of a link; text that is lost may not hide in it."""

_RAISED = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹", "0123456789")
"""Raised numbers, which are plain ones in the labels of notes."""


def omission_flags(blocks: Iterable[TextBlock], markdown: str) -> Iterator[str]:
    """The flags of a page whose Markdown omits running headers and footers, or lacks other letters and digits."""
    written: list[TextBlock] = []
    omitted: list[TextBlock] = []
    for block in blocks:
        (omitted if block.kind in OMITTED_KINDS else written).append(block)
    if any(map(_letters, omitted)):
        yield Flag.LINES_OMITTED.value
    if sum(map(_letters, written), Counter()) - _count(_ADDRESS.sub("", markdown)):
        yield Flag.LINES_LOST.value


def _letters(block: TextBlock) -> Counter[str]:
    return _count(block.text)


def _count(text: str) -> Counter[str]:
    return Counter(filter(str.isalnum, text.translate(_RAISED)))
