"""Similarity of two tables: TEDS, which compares HTML trees, and F1 of cell adjacency, which compares texts.

Zhong, ShafieiBavani, Jimeno Yepes, "Image-based table recognition: data, model, and evaluation", ECCV 2020, defines
TEDS; the costs are those of its published implementation (PubTabNet 8ffde902). The tree edit distance is that of Zhang
and Shasha, "Simple fast algorithms for the editing distance between trees", SIAM J. Computing 18(6), 1989.

Göbel, Hassan, Oro, Orsi, "A methodology for evaluating algorithms for table understanding in PDF documents", DocEng
2012, defines cell adjacency, the metric of the ICDAR 2013 table competition: each cell with text is paired with the
nearest cell with text to its right and below. It needs no spans and ignores added empty rows and columns.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from rapidfuzz.distance import Levenshtein

from cogdoc.evaluation.metrics.table_markup import Node, parse_html


@dataclass(frozen=True, slots=True)
class _Label:
    """What two nodes are compared by; `tokens` are the tags and characters inside a cell."""

    tag: str
    spans: tuple[int, int]
    tokens: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _PostOrder:
    """A tree in post-order: labels, the index of each node's leftmost leaf, and the key roots in ascending order."""

    labels: list[_Label]
    leftmost: list[int]
    key_roots: list[int]


def teds(
    prediction: str,
    answer: str,
    *,
    structure_only: bool = False,
    ignored_tags: frozenset[str] = frozenset(),
) -> float:
    """TEDS: 1 minus the edit distance of the two tables' trees over the larger number of nodes, 0 to 1.

    Inserting or deleting a node costs 1, as does changing its tag or span; changing the text of a cell costs the
    normalized edit distance, where a tag inside the cell is one token. The first table of each side counts; 0 if
    there is none.

    Args:
        structure_only: ignore the text (TEDS-Struct).
        ignored_tags: tags dropped from both tables, but not their content.
    """
    predicted, expected = (parse_html(source, ignored_tags).find_all("table") for source in (prediction, answer))
    if not predicted or not expected:
        return 0.0
    nodes = max(sum(1 for _ in table.descendants()) for table in (predicted[0], expected[0]))
    trees = [_post_order(table, structure_only) for table in (predicted[0], expected[0])]
    return max(0.0, 1.0 - _tree_distance(*trees) / max(1, nodes))


def _post_order(table: Node, structure_only: bool) -> _PostOrder:
    labels: list[_Label] = []
    leftmost: list[int] = []

    def visit(node: Node) -> int:
        children = [] if node.tag == "td" else node.elements
        first_leaf = min((visit(child) for child in children), default=len(labels))
        labels.append(_label(node, structure_only))
        leftmost.append(first_leaf)
        return first_leaf

    visit(table)
    last_with_leaf = {leaf: index for index, leaf in enumerate(leftmost)}
    return _PostOrder(labels, leftmost, sorted(last_with_leaf.values()))


def _label(node: Node, structure_only: bool) -> _Label:
    if node.tag != "td":
        return _Label(node.tag, (0, 0), ())
    tokens = () if structure_only else tuple(_cell_tokens(node))
    return _Label("td", (node.span("colspan"), node.span("rowspan")), tokens)


def _cell_tokens(cell: Node) -> list[str]:
    tokens: list[str] = []
    for child in cell.children:
        if isinstance(child, str):
            tokens.extend(child)
        else:
            tokens.extend((f"<{child.tag}>", *_cell_tokens(child), f"</{child.tag}>"))
    return tokens


def _rename_cost(left: _Label, right: _Label) -> float:
    if left.tag != right.tag or left.spans != right.spans:
        return 1.0
    return Levenshtein.normalized_distance(left.tokens, right.tokens)


def _tree_distance(left: _PostOrder, right: _PostOrder) -> float:
    distance = [[0.0] * len(right.labels) for _ in left.labels]
    for left_root in left.key_roots:
        for right_root in right.key_roots:
            _forest_distances(left, right, left_root, right_root, distance)
    return distance[-1][-1]


def _forest_distances(
    left: _PostOrder, right: _PostOrder, left_root: int, right_root: int, distance: list[list[float]]
) -> None:
    """Fill `distance` for all pairs of subtrees on the leftmost paths of the two roots."""
    left_start, right_start = left.leftmost[left_root], right.leftmost[right_root]
    rows, columns = left_root - left_start + 2, right_root - right_start + 2
    forest = [[float(row + column) for column in range(columns)] for row in range(rows)]
    for row in range(1, rows):
        i = left_start + row - 1
        for column in range(1, columns):
            j = right_start + column - 1
            edit = min(forest[row - 1][column], forest[row][column - 1]) + 1.0
            if left.leftmost[i] == left_start and right.leftmost[j] == right_start:
                rename = forest[row - 1][column - 1] + _rename_cost(left.labels[i], right.labels[j])
                forest[row][column] = distance[i][j] = min(edit, rename)
            else:
                before = forest[left.leftmost[i] - left_start][right.leftmost[j] - right_start]
                forest[row][column] = min(edit, before + distance[i][j])


Relation = tuple[str, str, str]
"""Two texts, and "right" or "below"."""


def adjacency_f1(prediction: Sequence[Sequence[str]], answer: Sequence[Sequence[str]]) -> float:
    """F1 of the adjacency relations, 0 to 1; 1 if neither table has any."""
    predicted, expected = adjacency_relations(prediction), adjacency_relations(answer)
    total = predicted.total() + expected.total()
    return 2 * (predicted & expected).total() / total if total else 1.0


def adjacency_relations(rows: Sequence[Sequence[str]]) -> Counter[Relation]:
    """The relations of a grid of texts; white space and case are ignored."""
    grid = [["".join(text.split()).casefold() for text in row] for row in rows]
    columns = [
        [row[column] if column < len(row) else "" for row in grid] for column in range(max(map(len, grid), default=0))
    ]
    return Counter(
        (first, second, direction)
        for direction, sequences in (("right", grid), ("below", columns))
        for sequence in sequences
        for first, second in _adjacent_pairs(sequence)
    )


def _adjacent_pairs(sequence: Sequence[str]) -> list[tuple[str, str]]:
    filled = [text for text in sequence if text]
    return list(pairwise(filled))
