"""Lines of a paragraph without marks, as Markdown joins them."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from cogdoc.results.markdown.marked_text import MarkedText, join_marked


def join_lines(lines: Iterable[str], known: Collection[str] = ()) -> str:
    """The lines as one line.

    Args:
        known: words of the page, which tell compounds from words that a line end divides.
    """
    return join_marked(map(MarkedText, lines), known).text
