"""Cell adjacency: how many pairs of neighbouring cells two tables share.

Göbel, Hassan, Oro, Orsi, "A methodology for evaluating algorithms for table understanding in PDF documents",
DocEng 2012, the measure of the ICDAR 2013 table competition: each cell with text is paired with the nearest
cell with text to its right and below. It needs no knowledge of spans and forgives added empty rows and
columns.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from itertools import pairwise

Relation = tuple[str, str, str]
"""The two texts, and "right" or "below"."""


def adjacency_f1(prediction: Sequence[Sequence[str]], answer: Sequence[Sequence[str]]) -> float:
    """Harmonic mean of precision and recall of the relations, 0 to 1; 1 where neither table has any."""
    predicted, expected = adjacency_relations(prediction), adjacency_relations(answer)
    total = predicted.total() + expected.total()
    return 2 * (predicted & expected).total() / total if total else 1.0


def adjacency_relations(rows: Sequence[Sequence[str]]) -> Counter[Relation]:
    """The relations of a grid of texts; white space and case in them do not count."""
    grid = [["".join(text.split()).casefold() for text in row] for row in rows]
    columns = [
        [row[column] if column < len(row) else "" for row in grid] for column in range(max(map(len, grid), default=0))
    ]
    return Counter(
        (first, second, direction)
        for direction, sequences in (("right", grid), ("below", columns))
        for sequence in sequences
        for first, second in _neighbours(sequence)
    )


def _neighbours(sequence: Sequence[str]) -> list[tuple[str, str]]:
    filled = [text for text in sequence if text]
    return list(pairwise(filled))
