"""Finds the text of a page that a reader cannot see: transparent, tiny, covered, clipped, or colored as its background.

Most text is black on white with nothing over it. Cheap attributes tell which text may be hidden; only that is compared
with the page's pixels.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from cogdoc.documents.geometry import Box, bounding_box
from cogdoc.documents.mupdf import pymupdf
from cogdoc.parsing.text_layer.characters import Char, Entry, Place, group_by_word, place_of, read_chars
from cogdoc.parsing.text_layer.glyph_pixels import (
    CLIP_TEXT,
    MIN_CONTRAST,
    Glyph,
    color_difference,
    compare_with_pixels,
    lab,
)
from cogdoc.parsing.text_layer.page_frame import PageFrame
from cogdoc.parsing.text_layer.paint_log import PaintedArea, PaintLog
from cogdoc.parsing.text_layer.spans import Span, min_size, read_spans

MIN_OUTLINE = 0.375
"""Share of the smallest size that small letters without ascenders reach."""

MIN_WIDTH = 0.05
"""Points; the second letter of a ligature has no width of its own."""

SAFE_CONTRAST = 25.0
"""The difference of colors, as in `glyph_pixels`, from which text on a background is certainly visible."""

MIN_OVERLAP = 0.4
"""Letter heights by which an area overlaps text, in both directions, if it hides a letter."""

BIG_LETTER = 16.0
"""Points; a letter of this size, such as a full block, can hide other text like a filled path."""

COVERED = 0.8
"""Share of a word's width and height that is covered by what is painted over it."""

WHOLLY = 0.5
"""Share of a line's letters that are covered by those of a stamp, if the line is hidden."""

SAME_PLACE = 0.05
"""Points within which two drawings, such as fill and stroke, are of one character."""

STACKED_DISTANCE = 2.0
"""Points within which the centers of two letters are one above the other."""

_NEIGHBORS = tuple(itertools.product((0, -1, 1), repeat=2))
"""A place and those around it, from `_place`."""

COMPARED_AT_ONCE = 1_000_000
"""Pairs of an area and a run of text; they take 50 bytes each."""

PICTURE_SHARE = 0.5
"""A word is over a picture if the picture covers this share of its box."""


@dataclass(frozen=True, slots=True)
class ReadableText:
    """The words of a page without hidden text."""

    entries: list[Entry]
    overlays: frozenset[int]
    """The word numbers, unique on these pages, of hidden text over a picture that shows something in its place. OCR
    programs write such text; whether it is what the picture shows has to be checked."""
    hidden_share: float
    """Share of the page's characters that are hidden, overlays included."""
    leaves_out: bool
    """Whether text was left out."""
    covered: bool = False
    """Whether some of it is only covered by what is painted later, as by a black box that was meant to redact it."""
    chars: list[list[Char]] | None = None
    """The characters of each word, where they had to be read."""


UNKNOWN = ReadableText([], frozenset(), 1.0, leaves_out=True)
"""For pages whose text and paint do not match; OCR tells what they show."""


def readable_text(
    page: pymupdf.Page,
    frame: PageFrame,
    entries: Sequence[Entry],
    flags: int,
    log: PaintLog,
    trace: Sequence[Mapping[str, Any]],
    pictures: Sequence[Box],
    overlaid: Collection[Place] = (),
) -> ReadableText:
    """Leave hidden characters out of `entries`.

    Args:
        trace: what `Page.get_texttrace` has.
        pictures: boxes of the page as displayed.
        overlaid: letters that are likely those of watermarks.
    """
    least = MIN_OUTLINE * min_size(frame)
    squeezed = [_is_squeezed(entry, least) for entry in entries]
    spans = read_spans(trace, frame, overlaid)
    if any(span.operation >= len(log.texts) for span in spans):
        return UNKNOWN
    leaves_out = any(_is_beyond(span, frame, log) for span in spans)
    watermarks = frozenset(index for index, span in enumerate(spans) if span.is_overlaid)
    solid = [area for area in log.areas if not area.has_gaps]
    suspects = _find_suspects(frame, spans, log, solid, watermarks)
    is_stamped = bool(watermarks) or len(solid) < len(log.areas)
    beneath = (_find_suspects(frame, spans, log, log.areas) if is_stamped else suspects) - watermarks - suspects
    if not suspects and not beneath and not log.has_clip_text and not any(squeezed):
        return ReadableText(list(entries), frozenset(), 0.0, leaves_out)
    chars = read_chars(page, entries, flags)
    if len(chars) != sum(len(entry[4]) for entry in entries):
        return UNKNOWN
    hidden, inked = _judge(page, frame, chars, spans, suspects)
    if beneath:
        hidden |= _wholly_hidden(_judge(page, frame, chars, spans, beneath)[0], chars, entries, overlaid)
    hidden |= np.array([squeezed[char.word] for char in chars], np.bool_)
    if not hidden.any():
        return ReadableText(list(entries), frozenset(), 0.0, leaves_out, chars=group_by_word(chars, entries))
    kept: list[Entry] = []
    kept_chars: list[list[Char]] = []
    overlays: set[int] = set()
    left_out: list[Box] = []
    for _, word in itertools.groupby(zip(chars, hidden, inked, strict=True), key=lambda item: item[0].word):
        for is_hidden, group in itertools.groupby(word, key=lambda item: bool(item[1])):
            part = list(group)
            letters = [char for char, _, _ in part]
            entry = _make_entry(letters, entries[part[0][0].word], len(kept))
            shows = any(shown for _, _, shown in part) and not squeezed[part[0][0].word]
            if is_hidden and not (shows and _is_over_picture(frame, entry, pictures)):
                left_out.append(frame.display(Box(*entry[:4])))
                continue
            kept.append(entry)
            kept_chars.append(letters)
            if is_hidden:
                overlays.add(len(kept) - 1)
    covered = _are_covered(left_out, spans, log)
    return ReadableText(
        kept, frozenset(overlays), float(hidden.mean()), leaves_out or bool(left_out), covered, kept_chars
    )


def _are_covered(words: Sequence[Box], spans: Sequence[Span], log: PaintLog) -> bool:
    """Whether something is painted over one of the words that would be visible without it."""
    visible = [span for span in spans if not (span.is_invisible or span.is_faint or span.is_tiny)]
    if not words or not visible or not log.areas:
        return False
    areas = np.array([area.box for area in log.areas])
    orders = np.array([area.order for area in log.areas])
    for box in words:
        first = min((log.texts[span.operation].order for span in visible if span.box.overlap(box) > 0), default=None)
        if first is None:
            continue
        width, height = (np.minimum(areas[:, 2:], box[2:]) - np.maximum(areas[:, :2], box[:2])).T
        covering = (width > 0) & (height > COVERED * box.height) & (orders > first)
        if width[covering].sum() > COVERED * box.width:
            return True
    return False


def _is_squeezed(entry: Entry, least: float) -> bool:
    """Whether the outlines of a word's letters are too low or too narrow to be legible, whatever the font size is."""
    x0, y0, x1, y1, text = entry[:5]
    if x1 - x0 >= least and y1 - y0 >= least:
        return False
    sides = (x1 - x0, y1 - y0)
    letters = sum(char.isalnum() for char in text)
    return letters > 0 and (min(sides) if letters > 1 else max(sides)) < least


def _is_beyond(span: Span, frame: PageFrame, log: PaintLog) -> bool:
    """Whether a span is completely outside the page or its clip; MuPDF does not extract such text."""
    clip = log.texts[span.operation].clip if span.operation < len(log.texts) else span.box
    return any(
        min(span.box.x1, area.x1) <= max(span.box.x0, area.x0) or min(span.box.y1, area.y1) <= max(span.box.y0, area.y0)
        for area in (clip, frame.box)
    )


def _wholly_hidden(
    hidden: npt.NDArray[np.bool_], chars: Sequence[Char], entries: Sequence[Entry], overlaid: Collection[Place]
) -> npt.NDArray[np.bool_]:
    """`hidden` where most letters of a line are: people read a line whose letters a stamp covers in some places."""
    lines = {line: number for number, line in enumerate(dict.fromkeys(entry[5:7] for entry in entries))}
    line_of = np.array([lines[entries[char.word][5:7]] for char in chars])
    beneath = np.array([place_of(char.text, char.origin) not in overlaid for char in chars], np.float64)
    share = np.bincount(line_of, hidden) / np.maximum(np.bincount(line_of, beneath), 1)
    return np.asarray(hidden & (share[line_of] >= WHOLLY))


def _find_suspects(
    frame: PageFrame,
    spans: Sequence[Span],
    log: PaintLog,
    painted: Sequence[PaintedArea],
    watermarks: frozenset[int] = frozenset(),
) -> set[int]:
    """The indices of the spans that may be hidden.

    Args:
        painted: the areas of `log` that may hide them.
        watermarks: the indices of spans that hide no others, and that can be seen if they are not too pale.
    """
    if not spans:
        return set()
    boxes = np.array([span.box for span in spans])
    orders = np.array([log.texts[span.operation].order for span in spans])
    colors = lab([span.color for span in spans])
    reach = MIN_OVERLAP * np.array([span.size for span in spans])
    pale = color_difference(lab([span.shade for span in spans]) - lab([(1.0, 1.0, 1.0)]))
    suspect = color_difference(colors - lab([(1.0, 1.0, 1.0)])) < SAFE_CONTRAST
    for index in watermarks:
        suspect[index] = pale[index] < MIN_CONTRAST
    for index, span in enumerate(spans):
        operation = log.texts[span.operation]
        shown, box = intersection(operation.clip, frame.box), span.box
        exceeds = max(shown.x0 - box.x0, shown.y0 - box.y0, box.x1 - shown.x1, box.y1 - shown.y1)
        suspect[index] |= (
            span.is_invisible
            or (span.is_faint and index not in watermarks)
            or span.is_tiny
            or operation.veiled
            or exceeds > reach[index]
        )
    areas = [(area.box, area.order, area.color) for area in painted]
    areas += [
        (span.box, log.texts[span.operation].order, span.color)
        for index, span in enumerate(spans)
        if span.size > BIG_LETTER and index not in watermarks
    ]
    for box, order, color in (areas[index] for index in _near_any([area[0] for area in areas], boxes)):
        overlap = np.minimum(boxes[:, 2:], box[2:]) - np.maximum(boxes[:, :2], box[:2])
        touches = (overlap > reach[:, None]).all(axis=1) & (orders != order)
        if touches.any():
            alike = color is None or color_difference(colors - lab([color])) < SAFE_CONTRAST
            suspect |= touches & ((orders < order) | alike)
    return {*map(int, np.flatnonzero(suspect))} | _stacked(spans, watermarks)


def _near_any(areas: Sequence[Box], boxes: npt.NDArray[np.float64]) -> list[int]:
    """The indices of the areas that overlap one of the boxes; drawings have tens of thousands of areas beside text."""
    near: list[int] = []
    corners = np.array(areas).reshape(-1, 4)
    step = max(1, COMPARED_AT_ONCE // len(boxes))
    for start in range(0, len(corners), step):
        part = corners[start : start + step, None]
        overlaps = (part[..., :2] < boxes[:, 2:]).all(axis=-1) & (part[..., 2:] > boxes[:, :2]).all(axis=-1)
        near += (start + np.flatnonzero(overlaps.any(axis=-1))).tolist()
    return near


def _stacked(spans: Sequence[Span], without: frozenset[int]) -> set[int]:
    """The indices of the spans that have letters at the place of other letters of another operation."""
    operations = np.array([span.operation for span in spans])
    near = _near_another(np.array([span.centers for span in spans]), operations)
    near = [index for index in near if index not in without]
    inked = [[char[3] for char in spans[index].chars if char[0] > 32] for index in near]
    if not inked:
        return set()
    boxes = np.array(list(itertools.chain.from_iterable(inked)))
    owners = np.repeat(np.array(near), [len(chars) for chars in inked])
    centers = (boxes[:, :2] + boxes[:, 2:]) / 2
    stacked: set[int] = set()
    for shift in (0.0, 0.5):  # letters on both sides of a line of one grid share a cell of the other
        columns, rows = np.floor(centers / STACKED_DISTANCE + shift).T
        order = np.lexsort((rows, columns))
        starts = np.flatnonzero(np.r_[True, (np.diff(columns[order]) != 0) | (np.diff(rows[order]) != 0)])
        sorted_operations = operations[owners[order]]
        first, last = np.minimum.reduceat(sorted_operations, starts), np.maximum.reduceat(sorted_operations, starts)
        counts = np.diff(np.r_[starts, len(order)])
        stacked |= {*owners[order[np.repeat(first != last, counts)]].tolist()}
    return stacked


def _near_another(centers: npt.NDArray[np.float64], operations: npt.NDArray[np.int_]) -> list[int]:
    """The indices of the spans whose letters' centers come near those of another operation: most lines do not."""
    low, high = centers[:, :2] - STACKED_DISTANCE, centers[:, 2:]
    near: list[int] = []
    step = max(1, COMPARED_AT_ONCE // len(centers))
    for start in range(0, len(centers), step):
        part = slice(start, start + step)
        touches = operations[part, None] != operations
        for axis in (1, 0):
            touches &= (low[part, None, axis] <= high[:, axis]) & (low[:, axis] <= high[part, None, axis])
        near += (start + np.flatnonzero(touches.any(axis=1))).tolist()
    return near


def _judge(
    page: pymupdf.Page, frame: PageFrame, chars: Sequence[Char], spans: Sequence[Span], suspects: set[int]
) -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.bool_]]:
    """Whether each character is hidden, and whether the page shows anything in its place."""
    hidden = np.zeros(len(chars), np.bool_)
    inked = np.ones(len(chars), np.bool_)
    glyphs: list[Glyph] = []
    numbers: dict[tuple[int, Box], int] = {}
    links: list[tuple[int, int, bool]] = []
    """A character, one of its glyphs, and whether that cannot be visible."""
    followers: list[int] = []
    pieces: dict[tuple[int, int], int] = {}
    drawings = _find_drawings(chars, spans)
    for index, (char, drawing) in enumerate(zip(chars, drawings, strict=True)):
        if char.box.width < MIN_WIDTH or (drawing and all(glyph < 0 for _, glyph in drawing)):
            followers.append(index)
            continue
        if any(span_index not in suspects for span_index, _ in drawing):
            continue
        hidden[index] = True
        box = frame.display(char.box)
        for span in [spans[span_index] for span_index, _ in drawing] or (None,):
            operation = span.operation if span else CLIP_TEXT
            piece = pieces.setdefault((char.word, operation), len(pieces))
            number = numbers.setdefault((operation, box), len(glyphs))
            if number == len(glyphs):
                glyphs.append(Glyph(operation, box, span.color if span else None, piece))
            links.append((index, number, span is not None and (span.is_tiny or span.is_invisible)))
    if glyphs:
        visibility = compare_with_pixels(page, glyphs)
        for index, number, cannot in links:
            hidden[index] &= cannot or not visibility.visible[number]
            inked[index] = visibility.inked[number]
    for index in followers:  # the second letter of a ligature has no glyph of its own
        hidden[index], inked[index] = (hidden[index - 1], inked[index - 1]) if index else (False, True)
    return hidden, inked


def _find_drawings(chars: Sequence[Char], spans: Sequence[Span]) -> list[list[tuple[int, int]]]:
    """The span and glyph that draw each character: several if it is filled and stroked, none if it is only a clip."""
    places: dict[tuple[int, int], list[tuple[str, tuple[float, float], tuple[int, int]]]] = {}
    for index, span in enumerate(spans):
        for code, glyph, origin, _ in span.chars:
            places.setdefault(_place(origin), []).append((chr(max(0, code)), origin, (index, glyph)))
    drawings: list[list[tuple[int, int]]] = []
    for char in chars:
        x, y = _place(char.origin)
        near = [hit for dx, dy in _NEIGHBORS if (x + dx, y + dy) in places for hit in places[x + dx, y + dy]]
        if len(near) == 1:
            drawings.append([near[0][2]])
            continue
        hits = [hit for hit in near if hit[0] == char.text] or near
        distances = [math.dist(hit[1], char.origin) for hit in hits]
        nearest = min(distances, default=0.0)
        close = (hit[2] for hit, distance in zip(hits, distances, strict=True) if distance < nearest + SAME_PLACE)
        drawings.append(list(dict.fromkeys(close)))
    return drawings


def _place(origin: tuple[float, float]) -> tuple[int, int]:
    """Quarters of a point."""
    return round(4 * origin[0]), round(4 * origin[1])


def _make_entry(chars: Sequence[Char], word: Entry, number: int) -> Entry:
    """A word of some of the characters of `word`."""
    text = "".join(char.text for char in chars)
    box = Box(*word[:4]) if text == word[4] else bounding_box(char.box for char in chars)
    return (*box, text, word[5], word[6], number)


def _is_over_picture(frame: PageFrame, entry: Entry, pictures: Sequence[Box]) -> bool:
    box = frame.display(Box(*entry[:4]))
    return any(picture.overlap(box) >= PICTURE_SHARE * box.area for picture in pictures)


def intersection(one: Box, two: Box) -> Box:
    return Box(max(one.x0, two.x0), max(one.y0, two.y0), min(one.x1, two.x1), min(one.y1, two.y1))
