"""Gives each generated line a box on the page, by matching it with the lines of the page's own text.

The model may join several lines of the page, split one, or read some differently. So lines are paired by similarity
first, then by whether one contains the other. A line without a match gets the space between its neighbors, or the page.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from rapidfuzz import fuzz, process
from rapidfuzz.distance import Levenshtein

from cogdoc.documents.geometry import Box, bounding_box
from cogdoc.parsing.page_text import Line, PageText, Word
from cogdoc.text import comparison_key

SIMILAR = 75.0
"""Similarity, 0 to 100, from which a generated line and a literal line count as the same."""

RELATED = 40.0
"""Lower limit for a line whose neighbors match those of the literal line: a misread date is still that date."""

CONTAINED = 85.0
"""Similarity of the shorter line to the best matching part of the longer one, from which it counts as contained."""

SHORT = 4
"""Characters below which a literal line is only found as a whole word: "5" is in every date."""

MIN_HEIGHT = 3.0
"""Points of height below which a line does not fit between its neighbors."""


@dataclass(frozen=True, slots=True)
class PlacedLine:
    """A line's words with boxes; `matched` is True for each word whose box has text on the page."""

    words: tuple[Word, ...]
    matched: tuple[bool, ...]

    @property
    def line(self) -> Line:
        return Line(self.words)

    @property
    def is_matched(self) -> bool:
        return any(self.matched)


def place_lines(texts: Sequence[str], confidences: Sequence[float], page: PageText) -> list[PlacedLine]:
    """Give the words of each line of `texts` (none of them blank) a box on `page`."""
    matches = _match_lines(texts, page.lines)
    placed = [
        _place(text, confidence, [page.lines[i] for i in indices]) if indices else None
        for text, confidence, indices in zip(texts, confidences, matches, strict=True)
    ]
    start = 0
    while start < len(placed):
        end = start
        while end < len(placed) and placed[end] is None:
            end += 1
        if end > start:
            before = placed[start - 1] if start else None
            after = placed[end] if end < len(placed) else None
            boxes = _boxes_between(before, after, end - start, page)
            for index, box in zip(range(start, end), boxes, strict=True):
                words = _spread(texts[index], confidences[index], box)
                placed[index] = PlacedLine(words, (False,) * len(words))
        start = end + 1
    return [line for line in placed if line is not None]


def _match_lines(texts: Sequence[str], lines: Sequence[Line]) -> list[list[int]]:
    """For each text the indices of the literal lines with its content, in ascending order."""
    keys = [comparison_key(text) for text in texts]
    literal = [comparison_key(line.text) for line in lines]
    matches: list[list[int]] = [[] for _ in texts]
    if not keys or not literal:
        return matches
    free = set(range(len(literal)))
    for index, line_index in _similar_pairs(keys, literal):
        if not matches[index] and line_index in free:
            matches[index].append(line_index)
            free.remove(line_index)
    unmatched = [index for index in range(len(keys)) if not matches[index]]
    for line_index in sorted(free, key=lambda line_index: -len(literal[line_index])):
        containing = [index for index in unmatched if _contains(texts[index], keys[index], literal[line_index])]
        if containing:
            box = lines[line_index].box
            beside = [
                index for index in containing if any(lines[i].box.vertical_overlap(box) > 0.5 for i in matches[index])
            ]
            nearest = min(beside or containing, key=lambda index: abs(index / len(keys) - line_index / len(literal)))
            matches[nearest].append(line_index)
    _match_between_neighbors(keys, literal, matches)
    for index in unmatched:
        matches[index].sort()
        if not matches[index] and len(keys[index]) >= SHORT:
            whole = process.extractOne(keys[index], literal, scorer=_part_ratio, score_cutoff=CONTAINED)
            matches[index] = [whole[2]] if whole is not None else []
    return matches


def _match_between_neighbors(keys: Sequence[str], literal: Sequence[str], matches: list[list[int]]) -> None:
    """Between two matches, pair the remaining texts and literal lines if they are equally many and related."""
    taken = {line_index for indices in matches for line_index in indices}
    start = 0
    while start < len(keys):
        end = start
        while end < len(keys) and not matches[end]:
            end += 1
        first = max(matches[start - 1]) + 1 if start else 0
        last = min(matches[end]) if end < len(keys) else len(literal)
        left = [line_index for line_index in range(first, last) if line_index not in taken]
        if len(left) == end - start:
            for index, line_index in zip(range(start, end), left, strict=True):
                if fuzz.ratio(keys[index], literal[line_index]) >= RELATED:
                    matches[index].append(line_index)
        start = end + 1


def _similar_pairs(keys: Sequence[str], literal: Sequence[str]) -> list[tuple[int, int]]:
    """Index pairs of similar texts and lines, the most similar first; ties are broken by relative position."""
    scores = process.cdist(keys, literal, scorer=fuzz.ratio, score_cutoff=SIMILAR)
    pairs = [(int(index), int(line_index)) for index, line_index in zip(*scores.nonzero(), strict=True)]

    def rank(pair: tuple[int, int]) -> tuple[float, float]:
        index, line_index = pair
        return -float(scores[index, line_index]), abs(index / len(keys) - line_index / len(literal))

    return sorted(pairs, key=rank)


def _contains(text: str, key: str, literal: str) -> bool:
    """Whether `text`, whose comparison key is `key`, contains a literal line among other words."""
    if len(literal) < SHORT:
        return literal in map(comparison_key, text.split())
    return _part_ratio(literal, key) >= CONTAINED


def _part_ratio(part: str, whole: str, score_cutoff: float | None = None, **_: object) -> float:
    """Similarity of `part` to the best matching part of `whole`, 0 to 100; 0 if `whole` is the shorter one."""
    return fuzz.partial_ratio(part, whole, score_cutoff=score_cutoff) if len(part) <= len(whole) else 0.0


def _place(line: str, confidence: float, lines: Sequence[Line]) -> PlacedLine:
    """Give each word the box of the equal literal word, of the words that it replaces, or of its nearest neighbor."""
    generated = line.split()
    literal = [word for one in lines for word in one.words]
    boxes: list[Box | None] = [None] * len(generated)
    edits = Levenshtein.opcodes(
        [comparison_key(word.text) for word in literal], [comparison_key(word) for word in generated]
    )
    for edit in edits:
        sources, indices = literal[edit.src_start : edit.src_end], range(edit.dest_start, edit.dest_end)
        if len(sources) == len(indices):
            for index, word in zip(indices, sources, strict=True):
                boxes[index] = word.box
        elif sources:
            for index in indices:
                boxes[index] = bounding_box(word.box for word in sources)
    with_box = [index for index, box in enumerate(boxes) if box is not None]
    around = bounding_box(one.box for one in lines)
    words = []
    for index, text in enumerate(generated):
        nearest = min(((abs(other - index), other) for other in with_box), default=None)
        words.append(Word(text, (boxes[nearest[1]] if nearest else None) or around, confidence))
    return PlacedLine(tuple(words), tuple(box is not None or not with_box for box in boxes))


def _boxes_between(before: PlacedLine | None, after: PlacedLine | None, count: int, page: PageText) -> list[Box]:
    """Boxes for `count` lines between two lines or the page's edges, below each other. If there is no room, each gets
    the box around both neighbors."""
    neighbors = [line.line.box for line in (before, after) if line is not None]
    around = bounding_box(neighbors or [Box(0, 0, page.width, page.height)])
    top = before.line.box.y1 if before is not None else 0.0
    bottom = after.line.box.y0 if after is not None else page.height
    height = (bottom - top) / count
    if height < MIN_HEIGHT:
        return [around] * count
    return [Box(around.x0, top + index * height, around.x1, top + (index + 1) * height) for index in range(count)]


def _spread(text: str, confidence: float, box: Box) -> tuple[Word, ...]:
    """The words of a text side by side in a box, each as wide as its share of the characters."""
    words, start = [], 0
    for word in text.split():
        left, right = (box.x0 + box.width * at / len(text) for at in (start, start + len(word)))
        words.append(Word(word, Box(left, box.y0, right, box.y1), confidence))
        start += len(word) + 1
    return tuple(words)


def cell_boxes(placed: PlacedLine, cells: Iterable[str]) -> list[Box | None]:
    """The boxes of a table row's cells, whose words in order are the words of the placed line."""
    boxes: list[Box | None] = []
    start = 0
    for cell in cells:
        end = start + len(cell.split())
        matched = [placed.words[index].box for index in range(start, end) if placed.matched[index]]
        boxes.append(bounding_box(matched) if matched else None)
        start = end
    return boxes
