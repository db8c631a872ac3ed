"""Finds drawn checkboxes in a page's picture, and puts "☒" or "☐" in front of their labels.

Text recognition leaves out small drawn squares, or reads them as some letter.
"""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import replace

import cv2
import numpy as np
import numpy.typing as npt

from cogdoc.documents.geometry import Box
from cogdoc.documents.pictures import Picture
from cogdoc.parsing.ocr.ocr_lines import OcrLine, OcrWord
from cogdoc.text import has_han

TICKED, BLANK = "☒", "☐"

FINE = 32.0
"""Pixels of line height below which a picture is enlarged: the strokes of a box and of its mark must not touch."""

SIDE = (0.5, 1.5)
"""The sides of a checkbox in line heights."""

MAX_RATIO = 1.25
"""Longer by shorter side."""

OUTLINE, INSIDE = 0.15, 0.2
"""Shares of the side: by the first, the edges may be out of line; beyond the second, only the mark is inside."""

MIN_OUTLINE = 0.8
"""Share of the left and right edges that is inked."""

MIN_CORNER = 0.15
"""Share of ink in each corner; round letters have none there."""

MIN_MARK = 0.04
"""Share of ink within the outline from which a box is ticked."""

MAX_MARK = 0.6
"""Above this share it is a filled square, such as a bullet."""

STROKE = 0.4
"""Line heights of the shortest stroke of a box; those of letters are shorter."""

MARGIN = 0.12
"""Share of the side that is white beside a box; letters are closer to one another."""

MAX_SPECKS = 0.08
"""Share of ink in that white space: the specks of a scan."""

MIN_BOXES = 2
"""Checkboxes of a page; a single square may be anything."""

SAME_SIDE = 1.25
"""Ratio of the sides of boxes that belong together."""

REACH = 1.5
"""Line heights between a box and its label."""

ADJACENT = 1.3
"""Line heights between the centers of two characters without a space between them."""

SAME_PLACE = 0.6
"""Widths of a box between its center and that of a character that is recognized in its place."""

LIKE_TICKED = "区凶网冈匹"
"""Chinese characters that text recognition makes of ticked boxes, apart from those in `_READ_AS`."""

LIKE_BLANK = "口囗回"
"""The same for blank boxes."""

MAX_HAN = 0.01
"""Share of Chinese characters up to which a page is in another script, and what looks like a box is one."""

OPENING = (
    "港出进入窗人户端接路门胸伤借关缺海湖河渡井道可刀创裂瓶开封插领袖亲张改渠進戶門關張開",
    "岸味腔径号头令供碑頭徑號",
)
"""Characters before and after "口" in Chinese and Japanese words; squares before labels look the same."""

_READ_AS = "☐☑☒□■口ロ囗回✓√vVxX×[]|()°OD0"
"""What text recognition makes of checkboxes."""


def mark_checkboxes(picture: Picture, lines: Sequence[OcrLine]) -> list[OcrLine]:
    """`lines` with the marks of the checkboxes beside their words as words of their own."""
    if not lines:
        return []
    height = statistics.median(min(line.height, line.width) for line in lines)
    scale = 1 if height >= FINE else 2
    enlarged = cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_LINEAR)
    found: list[tuple[Box, str, int | None]] = []
    for enlarged_box, mark in _find_boxes(np.asarray(enlarged, np.uint8), scale * height):
        box = Box(*(side / scale for side in enlarged_box))
        index = _line_of(box, lines, height)
        if index is None or not _is_character(box, lines[index]):
            found.append((box, mark, index))
    recognized = _from_characters(lines, [box for box, _, _ in found])
    found += recognized
    if len(found) < MIN_BOXES and not any(mark == TICKED for _, mark, _ in recognized):
        return list(lines)
    marks: dict[int, list[OcrWord]] = {}
    for box, mark, index in found:
        if index is not None:
            corners = ((box.x0, box.y0), (box.x1, box.y0), (box.x1, box.y1), (box.x0, box.y1))
            marks.setdefault(index, []).append(OcrWord(mark, np.array(corners), 1.0))
    return [_with_marks(line, marks[index]) if index in marks else line for index, line in enumerate(lines)]


def _from_characters(lines: Sequence[OcrLine], known: Sequence[Box]) -> list[tuple[Box, str, int | None]]:
    """Boxes that are recognized as single Chinese characters on a page in another script, but for those known."""
    letters = [char for line in lines for char in line.text if char.isalpha()]
    others = [char for char in letters if has_han(char) and char not in LIKE_TICKED + LIKE_BLANK]
    if len(others) > MAX_HAN * len(letters):
        return []
    return [
        (box, TICKED if word.text in LIKE_TICKED else BLANK, index)
        for index, line in enumerate(lines)
        for word in line.words
        if len(word.text) == 1 and word.text in LIKE_TICKED + LIKE_BLANK
        for box in [_extent(word.quad)]
        if all(abs(other.center[0] - box.center[0]) > other.width or not other.overlap(box) for other in known)
    ]


def _find_boxes(picture: Picture, height: float) -> list[tuple[Box, str]]:
    """Outlines of squares of about `height` pixels, each with its mark.

    A ticked box counts only if the page has a blank one of the same size, and a blank one only beside others: letters
    and Chinese characters may look like squares.
    """
    gray = cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY) if picture.ndim == 3 else picture
    window = 2 * int(height) + 1
    ink = cv2.adaptiveThreshold(gray, 1, cv2.ADAPTIVE_THRESH_MEAN_C, cv2.THRESH_BINARY_INV, window, 15)
    length = max(3, round(STROKE * height))
    thick = cv2.dilate(ink, np.ones((3, 3), np.uint8))  # by a pixel, so that a slight slope does not cut strokes
    upright: npt.NDArray[np.uint8] | None = None
    _, _, stats, _ = cv2.connectedComponentsWithStats(_strokes(thick, (1, length)), connectivity=8)
    edges = [
        edge
        for edge in sorted(stats[1:, :4].tolist(), key=lambda edge: edge[1])
        if SIDE[0] * height <= edge[2] <= SIDE[1] * height
    ]
    tops = np.array([edge[1] for edge in edges])
    boxes = []
    for x, top, width, _ in edges:
        first, last = np.searchsorted(tops, (top + width / MAX_RATIO - height / 2, top + width * MAX_RATIO))
        for x_below, y_below, width_below, thickness in edges[first:last]:
            tall = y_below + thickness - top
            aligned = max(abs(x - x_below), abs(x + width - x_below - width_below)) <= OUTLINE * width
            if not aligned or not 1 / MAX_RATIO <= tall / width <= MAX_RATIO:
                continue
            if upright is None:  # most pages have no box, and need no upright strokes
                upright = _strokes(thick, (length, 1))
            edge = max(3, round(INSIDE * width))
            sides = (upright[top : top + tall, start : start + edge] for start in (x, x + width - edge))
            share = float(ink[top + edge : top + tall - edge, x + edge : x + width - edge].mean())
            is_box = all(side.any(1).mean() >= MIN_OUTLINE for side in sides) and _stands_alone(
                ink, x, top, width, tall
            )
            if is_box and share <= MAX_MARK:
                box = Box(float(x), float(top), float(x + width), float(top + tall))
                boxes.append((box, TICKED if share >= MIN_MARK else BLANK))
    blank = [box.width for box, mark in boxes if mark == BLANK]
    marks = [pair for pair in boxes if any(1 / SAME_SIDE <= pair[0].width / side <= SAME_SIDE for side in blank)]
    return marks if len(marks) >= MIN_BOXES else []


def _stands_alone(ink: npt.NDArray[np.uint8], x: int, y: int, width: int, tall: int) -> bool:
    """Whether a square has ink in all corners and none beside it; to the right and above, a tick may reach out."""
    corner, margin = max(3, round(OUTLINE * width)), max(2, round(MARGIN * width))
    corners = (
        ink[top : top + corner, left : left + corner]
        for top in (y, y + tall - corner)
        for left in (x, x + width - corner)
    )
    lower = slice(y + tall // 2, y + tall)
    beside = ink[y : y + tall, max(0, x - margin) : x], ink[lower, x + width : x + width + margin]
    return all(part.mean() >= MIN_CORNER for part in corners) and all(
        part.mean() <= MAX_SPECKS for part in beside if part.size
    )


def _strokes(ink: cv2.typing.MatLike, shape: tuple[int, int]) -> npt.NDArray[np.uint8]:
    """Strokes at least as high and wide as `shape`."""
    return np.asarray(cv2.morphologyEx(ink, cv2.MORPH_OPEN, np.ones(shape, np.uint8)), np.uint8)


def _extent(quad: npt.NDArray[np.float64]) -> Box:
    return Box(float(quad[:, 0].min()), float(quad[:, 1].min()), float(quad[:, 0].max()), float(quad[:, 1].max()))


def _line_of(box: Box, lines: Sequence[OcrLine], height: float) -> int | None:
    """The line that a box is in, or the one that begins right after it."""
    found = None
    for index, line in enumerate(lines):
        extent = _extent(line.quad)
        is_level = extent.y0 < box.center[1] < extent.y1
        if is_level and extent.x0 <= box.center[0] <= extent.x1:
            return index
        if is_level and 0 <= extent.x0 - box.center[0] <= REACH * height:
            found = index
    return found


def _is_character(box: Box, line: OcrLine) -> bool:
    """Whether a box is a part of a Chinese character that was recognized there, such as its frame."""
    beside = [
        index
        for index, word in enumerate(line.words)
        if abs(_extent(word.quad).center[0] - box.center[0]) < SAME_PLACE * box.width
    ]
    texts = [line.words[index].text for index in beside]
    if any(has_han(text) and text[0] not in _READ_AS + LIKE_TICKED for text in texts):
        return True
    return any(text == "口" and _opens(line.words, index) for text, index in zip(texts, beside, strict=True))


def _opens(words: Sequence[OcrWord], index: int) -> bool:
    """Whether the "口" at an index is part of a word with the character right before or after it."""
    before, after = OPENING
    extent = _extent(words[index].quad)
    return any(
        0 <= neighbour < len(words)
        and words[neighbour].text in chars
        and abs(_extent(words[neighbour].quad).center[0] - extent.center[0]) < ADJACENT * extent.height
        for neighbour, chars in ((index - 1, before), (index + 1, after))
    )


def _with_marks(line: OcrLine, marks: Sequence[OcrWord]) -> OcrLine:
    """The line with `marks` in place of what was read there."""
    words = line.words or (OcrWord(line.text, line.quad, line.confidence),)
    pieces: list[tuple[float, bool, OcrWord]] = [(_extent(mark.quad).x0, True, mark) for mark in marks]
    offset = 0
    for word in words:
        start = line.text.find(word.text, offset)
        spaced = start > offset or start < 0
        offset = max(offset, start + len(word.text))
        if (text := _without_mark(word, marks)) is not None:
            pieces.append((_extent(word.quad).x0, spaced, replace(word, text=text)))
    pieces.sort(key=lambda piece: piece[0])
    parts: list[str] = []
    for _, spaced, word in pieces:
        after_mark = bool(parts) and parts[-1] in (TICKED, BLANK)
        parts += [" ", word.text] if parts and (spaced or after_mark) else [word.text]
    boxes = [_extent(word.quad) for _, _, word in pieces]
    left, right = min(box.x0 for box in boxes), max(box.x1 for box in boxes)
    quad = line.quad.copy()
    quad[[0, 3], 0], quad[[1, 2], 0] = np.minimum(quad[[0, 3], 0], left), np.maximum(quad[[1, 2], 0], right)
    return replace(line, text="".join(parts), quad=quad, words=tuple(word for _, _, word in pieces), ctc=None)


def _without_mark(word: OcrWord, marks: Sequence[OcrWord]) -> str | None:
    """A word without what was read for a mark at its beginning; None if nothing remains."""
    extent = _extent(word.quad)
    for mark in marks:
        box = _extent(mark.quad)
        if extent.x0 - box.width / 2 <= box.center[0] <= extent.x1:
            inside = box.x0 <= extent.center[0] <= box.x1 or (len(word.text) == 1 and word.text in _READ_AS)
            text = word.text.lstrip(_READ_AS) if box.center[0] < extent.x0 + box.width else word.text
            return None if (inside and len(word.text) <= 2) or not text else text
    return word.text
