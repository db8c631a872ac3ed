"""Where the lines that the model wrote stand on the page: found among its literal lines.

The model may run several literal lines together, or part one, and reads some differently; so lines are paired by
likeness first, then by what is contained in what. A line without a counterpart is given the place between its
neighbours, or the page.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from rapidfuzz import fuzz, process
from rapidfuzz.distance import Levenshtein

from cogdoc.documents.geometry import Box, bounding_box
from cogdoc.parsing.page_text import Line, PageText, Word
from cogdoc.text import comparison_key

ALIKE = 75.0
"""Similarity of 0 to 100 from which a line and a literal line are the same."""

RELATED = 40.0
"""The same for a line that stands between the same neighbours as the literal one: a misread date is still that date."""

CONTAINED = 85.0
"""Similarity of the shorter to its place in the longer from which one is a part of the other."""

SHORT = 4
"""Characters below which a literal line is found again only as a whole word: "5" is in every date."""

ROOM = 3.0
"""Points of height below which there is no place for a line between its neighbours."""


@dataclass(frozen=True, slots=True)
class PlacedLine:
    """A line's words with boxes; `found` says of each whether the page literally has something there."""

    words: tuple[Word, ...]
    found: tuple[bool, ...]

    @property
    def line(self) -> Line:
        return Line(self.words)

    @property
    def is_found(self) -> bool:
        return any(self.found)


def place_lines(texts: Sequence[str], confidences: Sequence[float], page: PageText) -> list[PlacedLine]:
    """Give the words of each line of `texts` (none of them blank) a box on `page`."""
    owned = _assign(texts, page.lines)
    placed = [
        _place(text, confidence, [page.lines[i] for i in indices]) if indices else None
        for text, confidence, indices in zip(texts, confidences, owned, strict=True)
    ]
    start = 0
    while start < len(placed):
        end = start
        while end < len(placed) and placed[end] is None:
            end += 1
        if end > start:
            before = placed[start - 1] if start else None
            after = placed[end] if end < len(placed) else None
            boxes = _between(before, after, end - start, page)
            for place, box in zip(range(start, end), boxes, strict=True):
                words = _spread(texts[place], confidences[place], box)
                placed[place] = PlacedLine(words, (False,) * len(words))
        start = end + 1
    return [line for line in placed if line is not None]


def _assign(texts: Sequence[str], lines: Sequence[Line]) -> list[list[int]]:
    """For each text the literal lines that say it, in their order."""
    said = [comparison_key(text) for text in texts]
    literal = [comparison_key(line.text) for line in lines]
    owned: list[list[int]] = [[] for _ in texts]
    if not said or not literal:
        return owned
    free = set(range(len(literal)))
    for place, index in _alike(said, literal):
        if not owned[place] and index in free:
            owned[place].append(index)
            free.remove(index)
    open_places = [place for place in range(len(said)) if not owned[place]]
    for index in sorted(free, key=lambda index: -len(literal[index])):
        holders = [place for place in open_places if _holds(texts[place], said[place], literal[index])]
        if holders:
            box = lines[index].box
            beside = [p for p in holders if any(lines[i].box.vertical_overlap(box) > 0.5 for i in owned[p])]
            nearest = min(beside or holders, key=lambda place: abs(place / len(said) - index / len(literal)))
            owned[nearest].append(index)
    _pair_what_is_left(said, literal, owned)
    for place in open_places:
        owned[place].sort()
        if not owned[place] and len(said[place]) >= SHORT:
            whole = process.extractOne(said[place], literal, scorer=_part_ratio, score_cutoff=CONTAINED)
            owned[place] = [whole[2]] if whole is not None else []
    return owned


def _pair_what_is_left(said: Sequence[str], literal: Sequence[str], owned: list[list[int]]) -> None:
    """Between the same neighbours, as many texts as literal lines are these lines, if they have something in common."""
    taken = {index for indices in owned for index in indices}
    start = 0
    while start < len(said):
        end = start
        while end < len(said) and not owned[end]:
            end += 1
        first = max(owned[start - 1]) + 1 if start else 0
        last = min(owned[end]) if end < len(said) else len(literal)
        left = [index for index in range(first, last) if index not in taken]
        if len(left) == end - start:
            for place, index in zip(range(start, end), left, strict=True):
                if fuzz.ratio(said[place], literal[index]) >= RELATED:
                    owned[place].append(index)
        start = end + 1


def _alike(said: Sequence[str], literal: Sequence[str]) -> list[tuple[int, int]]:
    """Pairs of likeness, the most alike first, and of equal ones those whose order agrees."""
    scores = process.cdist(said, literal, scorer=fuzz.ratio, score_cutoff=ALIKE)
    pairs = [(int(place), int(index)) for place, index in zip(*scores.nonzero(), strict=True)]

    def rank(pair: tuple[int, int]) -> tuple[float, float]:
        place, index = pair
        return -float(scores[place, index]), abs(place / len(said) - index / len(literal))

    return sorted(pairs, key=rank)


def _holds(text: str, said: str, literal: str) -> bool:
    """Whether a text says a literal line among other things."""
    if len(literal) < SHORT:
        return literal in map(comparison_key, text.split())
    return _part_ratio(literal, said) >= CONTAINED


def _part_ratio(part: str, whole: str, score_cutoff: float | None = None, **_: object) -> float:
    """Likeness of `part` to the place in `whole` that is most like it; 0 where `whole` is the shorter one."""
    return fuzz.partial_ratio(part, whole, score_cutoff=score_cutoff) if len(part) <= len(whole) else 0.0


def _place(line: str, confidence: float, lines: Sequence[Line]) -> PlacedLine:
    """Word by word: the boxes of equal words, of what stands instead, or of the nearest word that has one."""
    spoken = line.split()
    literal = [word for one in lines for word in one.words]
    boxes: list[Box | None] = [None] * len(spoken)
    edits = Levenshtein.opcodes(
        [comparison_key(word.text) for word in literal], [comparison_key(word) for word in spoken]
    )
    for edit in edits:
        there, here = literal[edit.src_start : edit.src_end], range(edit.dest_start, edit.dest_end)
        if len(there) == len(here):
            for place, word in zip(here, there, strict=True):
                boxes[place] = word.box
        elif there:
            for place in here:
                boxes[place] = bounding_box(word.box for word in there)
    known = [place for place, box in enumerate(boxes) if box is not None]
    around = bounding_box(one.box for one in lines)
    words = []
    for place, text in enumerate(spoken):
        nearest = min(((abs(other - place), other) for other in known), default=None)
        words.append(Word(text, (boxes[nearest[1]] if nearest else None) or around, confidence))
    return PlacedLine(tuple(words), tuple(box is not None or not known for box in boxes))


def _between(before: PlacedLine | None, after: PlacedLine | None, count: int, page: PageText) -> list[Box]:
    """Places for `count` lines between two, one of them or the page's edge: below each other, or all around both."""
    neighbours = [line.line.box for line in (before, after) if line is not None]
    around = bounding_box(neighbours or [Box(0, 0, page.width, page.height)])
    top = before.line.box.y1 if before is not None else 0.0
    bottom = after.line.box.y0 if after is not None else page.height
    height = (bottom - top) / count
    if height < ROOM:
        return [around] * count
    return [Box(around.x0, top + place * height, around.x1, top + (place + 1) * height) for place in range(count)]


def _spread(text: str, confidence: float, box: Box) -> tuple[Word, ...]:
    """The words of a text side by side in a box, as wide as they have characters."""
    words, start = [], 0
    for word in text.split():
        left, right = (box.x0 + box.width * at / len(text) for at in (start, start + len(word)))
        words.append(Word(word, Box(left, box.y0, right, box.y1), confidence))
        start += len(word) + 1
    return tuple(words)


def cell_boxes(placed: PlacedLine, cells: Iterable[str]) -> list[Box | None]:
    """The boxes of a table row's cells, whose words one after the other are the placed line's."""
    boxes: list[Box | None] = []
    start = 0
    for cell in cells:
        end = start + len(cell.split())
        found = [placed.words[place].box for place in range(start, end) if placed.found[place]]
        boxes.append(bounding_box(found) if found else None)
        start = end
    return boxes
