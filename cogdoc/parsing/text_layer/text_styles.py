"""Give the words of a page their spans: what is bold, italic, monospaced, struck through, or a link.

A style that most of a page's letters have is that of its text and emphasizes nothing, so it is left out.
"""

from __future__ import annotations

import itertools
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from cogdoc.documents.geometry import Box
from cogdoc.parsing.page_text import Line, Word
from cogdoc.parsing.text_layer.fonts import font_styles
from cogdoc.parsing.text_layer.links import PageLink
from cogdoc.parsing.text_layer.page_frame import PageFrame
from cogdoc.parsing.text_layer.spans import INVISIBLE
from cogdoc.parsing.text_spans import Span, TextStyle

MAX_SHARE = 0.5
"""Share of a page's letters up to which a style emphasizes."""

MAX_SIZE = 3.0
"""Heights of a word; larger letters over it are those of a watermark."""

MIN_REACH = 0.35
"""Font sizes from a word's middle within which a letter's middle is, since the box of a dash is flat."""

MAX_RULES = 300
"""Thin level lines of a page; with more, they are those of a table or a drawing."""

MAX_THICKNESS = 2.0
"""Points of a line that strikes a text through."""

MIDDLE = (0.3, 0.72)
"""Heights of a word, from its top, between which a line strikes it through."""

MIN_STRUCK = 0.85
"""Share of a line that is over the words that it strikes through, and of a word that is under it."""

MIN_STRUCK_LETTERS = 3

AHEAD = 4
"""Letters of the file that are skipped to find the next one of a word."""

Style = tuple[TextStyle, ...]
Floats = npt.NDArray[np.float64]


class _Letter(NamedTuple):
    text: str
    style: Style
    x: float
    y: float


@dataclass(frozen=True, slots=True)
class _Letters:
    """Letters of a page, with their middles on the page as displayed."""

    texts: list[str]
    styles: list[Style]
    places: Floats
    """(letters, 2)"""
    sizes: Floats
    """(letters,), in points"""


def with_spans(
    lines: Sequence[Line],
    trace: Sequence[Mapping[str, Any]],
    frame: PageFrame,
    links: Sequence[PageLink],
    paths: Iterable[Box],
) -> list[Line]:
    """`lines`, whose words have spans.

    Args:
        trace: what `Page.get_texttrace` has.
        paths: the page's drawn shapes; some may strike text through.
    """
    styles = _emphasis(trace)
    words = [word for line in lines for word in line.words]
    starts = [0, *itertools.accumulate(len(line.words) for line in lines)]
    boxes = np.array([word.box for word in words], np.float64).reshape(-1, 4)
    struck = _struck_words(words, boxes, paths)
    if not words or not (any(styles) or links or struck):
        return list(lines)
    marked = _letters(trace, styles, frame, marked_only=True)
    found = _letters_of_words(marked, boxes, starts)
    linked = _linked_words(links, boxes)
    every: _Letters | None = None
    every_found: dict[int, list[int]] = {}
    spans: dict[int, tuple[Span, ...]] = {}
    for index in found.keys() | linked.keys() | struck:
        word, link = words[index], linked.get(index)
        own = [marked.styles[number] for number in found.get(index, ())]
        struck_style: Style = (TextStyle.STRIKETHROUGH,) if index in struck else ()
        is_whole = not own or (len(own) >= len(word.text.replace(" ", "")) and len(set(own)) == 1)
        if is_whole and (link is None or _holds(link.box, word.box)):
            style = (own[0] if own else ()) + struck_style
            spans[index] = (Span(0, len(word.text), style, link.address if link else None),)
            continue
        if every is None:
            every = _letters(trace, styles, frame, marked_only=False)
            every_found = _letters_of_words(every, boxes, starts)
        letters = [
            _Letter(every.texts[number], every.styles[number], *every.places[number])
            for number in every_found.get(index, ())
        ]
        if parts := tuple(_spans_of_parts(word, letters, link, struck_style)):
            spans[index] = parts
    numbers = itertools.count()
    return [_with_spans(line, spans, numbers) for line in lines] if spans else list(lines)


def _with_spans(line: Line, spans: Mapping[int, tuple[Span, ...]], numbers: Iterator[int]) -> Line:
    own = [spans.get(number) for number in itertools.islice(numbers, len(line.words))]
    if not any(own):
        return line
    pairs = zip(line.words, own, strict=True)
    return replace(line, words=tuple(replace(word, spans=parts) if parts else word for word, parts in pairs))


def _emphasis(trace: Sequence[Mapping[str, Any]]) -> list[Style]:
    """The style of each text operation of a page, without those that most of its letters have."""
    looks = [() if span["type"] == INVISIBLE else font_styles(span["font"], span["flags"]) for span in trace]
    counts: Counter[Style] = Counter()
    for span, look in zip(trace, looks, strict=True):
        counts[look] += len(span["chars"])
    usual = {
        style
        for style in TextStyle
        if sum(count for look, count in counts.items() if style in look) > MAX_SHARE * counts.total()
    }
    return [tuple(style for style in look if style not in usual) for look in looks] if usual else looks


def _letters(
    trace: Sequence[Mapping[str, Any]], styles: Sequence[Style], frame: PageFrame, *, marked_only: bool
) -> _Letters:
    chars = [
        (char, span["size"], style)
        for span, style in zip(trace, styles, strict=True)
        if style or not marked_only
        for char in span["chars"]
        if char[0] > 32 and char[0] != 0xA0
    ]
    boxes = np.array([char[3] for char, _, _ in chars], np.float64).reshape(-1, 4)
    a, b, c, d, e, f = frame.matrix
    x, y = (boxes[:, 0] + boxes[:, 2]) / 2, (boxes[:, 1] + boxes[:, 3]) / 2
    places = np.stack([a * x + c * y + e - frame.left, b * x + d * y + f - frame.top], axis=1)
    return _Letters(
        texts=[chr(char[0]) for char, _, _ in chars],
        styles=[style for _, _, style in chars],
        places=places,
        sizes=np.array([size for _, size, _ in chars], np.float64),
    )


def _letters_of_words(letters: _Letters, boxes: Floats, starts: Sequence[int]) -> dict[int, list[int]]:
    """The indices of the letters in each word that has some.

    Args:
        boxes: (words, 4), line by line.
        starts: the index of the first word of each line, and the number of words.
    """
    found: dict[int, list[int]] = {}
    if not len(letters.texts) or not len(boxes):
        return found
    order = np.argsort(letters.places[:, 1])
    (x, y), sizes = letters.places[order].T, letters.sizes[order]
    first = np.searchsorted(y, np.minimum.reduceat(boxes[:, 1], starts[:-1]))
    last = np.searchsorted(y, np.maximum.reduceat(boxes[:, 3], starts[:-1]))
    for line in np.flatnonzero(last > first).tolist():
        level = slice(first[line], last[line])
        left, top, right, bottom = boxes[starts[line] : starts[line + 1]].T[:, :, None]
        inside = (x[level] > left) & (x[level] < right)
        if not inside.any():
            continue
        sides = np.maximum(bottom - top, right - left)
        reach = np.maximum((bottom - top) / 2, MIN_REACH * np.minimum(sizes[level], sides))
        inside &= (np.abs(y[level] - (top + bottom) / 2) <= reach) & (sizes[level] <= MAX_SIZE * sides)
        for word, letter in np.argwhere(inside).tolist():
            found.setdefault(starts[line] + word, []).append(int(order[first[line] + letter]))
    return found


def _spans_of_parts(word: Word, letters: Sequence[_Letter], link: PageLink | None, struck: Style) -> Iterator[Span]:
    """The spans of a word that is not of one look; letters that the file has otherwise look like the one before."""
    axis = {0: lambda letter: letter.x, 90: lambda letter: letter.y, 180: lambda letter: -letter.x}
    ordered = sorted(letters, key=axis.get(word.direction, lambda letter: -letter.y))
    parts = [(part, letter) for letter in ordered for part in unicodedata.normalize("NFKC", letter.text)]
    looks: list[tuple[Style, str | None]] = []
    position = 0
    for char in word.text:
        plain = unicodedata.normalize("NFKC", char)[:1]
        ahead = parts[position : position + AHEAD]
        step = next((step for step, (part, _) in enumerate(ahead) if part == plain), None)
        if step is None:
            looks.append(looks[-1] if looks else (struck, None))
            continue
        letter = parts[position + step][1]
        position += step + 1
        is_linked = link is not None and link.box.contains_point(letter.x, letter.y)
        looks.append((letter.style + struck, link.address if link and is_linked else None))
    for (style, address), group in itertools.groupby(enumerate(looks), key=lambda pair: pair[1]):
        indices = [index for index, _ in group]
        if style or address:
            yield Span(indices[0], indices[-1] + 1, style, address)


def _linked_words(links: Sequence[PageLink], boxes: Floats) -> dict[int, PageLink]:
    linked: dict[int, PageLink] = {}
    left, top, right, bottom = boxes.T
    middle = (top + bottom) / 2
    for link in links:
        x0, y0, x1, y1 = link.box
        shared = np.minimum(right, x1) - np.maximum(left, x0)
        for index in np.flatnonzero((middle > y0) & (middle < y1) & (shared > 0)).tolist():
            linked.setdefault(index, link)
    return linked


def _holds(outer: Box, box: Box) -> bool:
    """Whether a link covers a word but for its edges."""
    return min(outer.x1, box.x1) - max(outer.x0, box.x0) >= 0.95 * box.width


def _struck_words(words: Sequence[Word], boxes: Floats, paths: Iterable[Box]) -> set[int]:
    """The words through whose middle a line goes that is as long as they are."""
    rules = {box for box in paths if box.height <= MAX_THICKNESS and box.width >= 4 * max(1.0, box.height)}
    if not words or len(rules) > MAX_RULES:
        return set()
    left, top, right, bottom = boxes.T
    struck: set[int] = set()
    for rule in rules:
        level = (rule.center[1] - top) / np.maximum(1e-6, bottom - top)
        shared = np.minimum(right, rule.x1) - np.maximum(left, rule.x0)
        hit = np.flatnonzero(
            (level > MIDDLE[0]) & (level < MIDDLE[1]) & (shared >= MIN_STRUCK * (right - left)) & (shared > 0)
        )
        if not len(hit):
            continue
        letters = sum(char.isalnum() for index in hit.tolist() for char in words[index].text)
        extent = float(right[hit].max() - left[hit].min())
        if letters >= MIN_STRUCK_LETTERS and extent >= MIN_STRUCK * rule.width:
            struck.update(hit.tolist())
    return struck
