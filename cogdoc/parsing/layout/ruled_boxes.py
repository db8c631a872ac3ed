"""Find the boxes that the rules of a page's picture enclose: the fields of forms, and the cells of ruled tables."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import cv2
import numpy as np
import numpy.typing as npt

from cogdoc.documents.geometry import Box
from cogdoc.documents.pictures import Picture

CONTRAST = 12
"""Gray levels by which a rule is darker than what surrounds it."""

MIN_RULE = 1.6
"""Line heights of the shortest rule: strokes of letters are shorter."""

MIN_PIECE = 0.4
"""Line heights of the shortest piece of a broken rule."""

MAX_BREAK = 0.25
"""Line heights between two pieces of a broken rule; stems of letters in lines one below the other are further apart."""

MIN_BROKEN_RULE = 3.0
"""Line heights of the shortest broken rule: bars of letters side by side do not make a longer one."""

MIN_GAIN = 1.5
"""How many times as many boxes broken rules must enclose as whole ones do at the same place."""

MAX_THICKNESS = 0.5
"""Line heights of the thickest rule; what is thicker is a bar or a tinted area."""

SAME_LINE = 0.4
"""Line heights by which the parts of one line of a grid may be apart: scans are never quite level."""

GAP = 1.0
"""Line heights by which a rule may miss the one that it meets, or be interrupted."""

MAX_RULES = 2000
"""Rules of a page; more are a drawing."""

MAX_ROUNDS = 8
"""How often strokes that end nowhere are taken off; what they met may end nowhere then."""

DRAWN = 0.75
"""Share of a side of a box that must be drawn: scanned rules have gaps."""

FULL = 0.85
"""Share of its rectangle that a box fills; strokes of watermarks enclose the rest."""

DARKEST = 10
"""Percentile of the gray levels of ink that is the level of print."""

PALE = 110
"""Gray levels above that of print from which ink is that of a watermark."""

MAX_LINES = 120
"""Lines of a grid in each direction; more are a drawing."""


Ink = npt.NDArray[np.uint8]
"""1 where a pixel is ink."""


class _Rule(NamedTuple):
    """A straight line of ink: its position across its direction, its start and its end, in points."""

    at: float
    start: float
    end: float


@dataclass(frozen=True, slots=True)
class RuledBox:
    """A box and its place in the grid that all lines of its frame make; the ends are exclusive."""

    box: Box
    first_row: int
    end_row: int
    first_column: int
    end_column: int


@dataclass(frozen=True, slots=True)
class Frame:
    """Boxes that rules connect."""

    column_lines: tuple[float, ...]
    row_lines: tuple[float, ...]
    boxes: tuple[RuledBox, ...]
    """By rows, each from left to right."""

    @property
    def box(self) -> Box:
        return Box(self.column_lines[0], self.row_lines[0], self.column_lines[-1], self.row_lines[-1])


def find_frames(
    picture: Picture, scale: float, line_height: float, *, is_scan: bool = False, has_watermarks: bool = False
) -> list[Frame]:
    """The frames of a page's picture (`scale` pixels per point), in points.

    Args:
        line_height: that of the page's lines of text, in points.
        is_scan: whether rules may be broken into pieces.
        has_watermarks: whether large letters are laid over the rules.
    """
    gray = cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY)
    pixels = scale * line_height
    window = 2 * max(5, int(pixels)) + 1
    ink = cv2.adaptiveThreshold(gray, 1, cv2.ADAPTIVE_THRESH_MEAN_C, cv2.THRESH_BINARY_INV, window, CONTRAST)
    if has_watermarks and ink.any():
        ink[gray > np.percentile(gray[ink > 0], DARKEST) + PALE] = 0
    # Thickened by a pixel across its direction, so that a slight slope does not cut a rule.
    level = cv2.dilate(ink, np.ones((3, 1), np.uint8))
    upright = cv2.dilate(np.ascontiguousarray(ink.T), np.ones((3, 1), np.uint8))
    whole = _frames(_whole_rules(level, pixels), _whole_rules(upright, pixels), scale, line_height)
    if not is_scan:
        return whole
    return _with_broken(
        whole, _frames(_broken_rules(level, pixels), _broken_rules(upright, pixels), scale, line_height)
    )


def _with_broken(whole: Sequence[Frame], broken: Sequence[Frame]) -> list[Frame]:
    """The frames of whole rules, or in place of some that of broken ones that has many more boxes or fills its grid."""
    frames = list(whole)
    for frame in broken:
        known = [other for other in whole if other.box.overlap(frame.box) > 0]
        count = sum(len(other.boxes) for other in known)
        fills_grid = len(known) == 1 and len(frame.boxes) == (len(frame.column_lines) - 1) * (len(frame.row_lines) - 1)
        if len(frame.boxes) >= MIN_GAIN * count or (fills_grid and len(frame.boxes) > count):
            frames = [*(other for other in frames if other not in known), frame]
    return frames


def _whole_rules(ink: Ink, line_height: float) -> Ink:
    return _opened(ink, max(8, round(MIN_RULE * line_height)))


def _broken_rules(ink: Ink, line_height: float) -> Ink:
    """The pixels of rules with their gaps, beside those of whole rules."""
    pieces = _opened(ink, max(3, round(MIN_PIECE * line_height)))
    gap = np.ones((1, round(MAX_BREAK * line_height) + 1), np.uint8)
    joined = np.asarray(cv2.morphologyEx(pieces, cv2.MORPH_CLOSE, gap), np.uint8)
    return np.asarray(
        _whole_rules(ink, line_height) | _opened(joined, max(8, round(MIN_BROKEN_RULE * line_height))), np.uint8
    )


def _opened(ink: Ink, length: int) -> Ink:
    """The horizontal strokes of inked pixels that are at least as long."""
    return np.asarray(cv2.morphologyEx(ink, cv2.MORPH_OPEN, np.ones((1, length), np.uint8)), np.uint8)


def _frames(level: Ink, upright: Ink, scale: float, line_height: float) -> list[Frame]:
    """The frames of strokes that run across and down the page, the latter transposed; in points."""
    across, down = (
        [_Rule(*(position / scale for position in rule)) for rule in _rules(strokes, scale * line_height)]
        for strokes in (level, upright)
    )
    if len(across) + len(down) > MAX_RULES:
        return []
    reach, gap = SAME_LINE * line_height, GAP * line_height
    for _ in range(MAX_ROUNDS):
        before = across, down
        across = _between_crossings(across, down, reach, gap)
        down = _between_crossings(down, across, reach, gap)
        if (across, down) == before:
            break
    return [frame for rows, columns in _connected(across, down, reach) if (frame := _frame(rows, columns, reach))]


def _rules(strokes: Ink, line_height: float) -> list[_Rule]:
    """The horizontal rules among strokes; all in pixels."""
    length, thickness = max(8, round(MIN_RULE * line_height)), max(3, round(MAX_THICKNESS * line_height))
    outlines, _ = cv2.findContours(strokes, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
    rules: list[_Rule] = []
    for outline in outlines:
        x, y, width, height = cv2.boundingRect(outline)
        if cv2.contourArea(outline) > (thickness + 2) * width:
            continue
        # A sloping rule is several, each where it is.
        for start in range(x, x + width, 4 * length):
            end = min(start + 4 * length, x + width)
            rows = np.flatnonzero(strokes[y : y + height, start:end].any(axis=1))
            if len(rows) and rows[-1] - rows[0] <= thickness + 2:
                rules.append(_Rule(y + float(rows[0] + rows[-1]) / 2, start, end))
    return rules


def _between_crossings(rules: list[_Rule], others: list[_Rule], reach: float, gap: float) -> list[_Rule]:
    """The rules from their first to their last crossing with `others`; strokes of large letters have no two of them."""
    own, crossing = np.array(rules).reshape(-1, 3), np.array(others).reshape(-1, 3)
    kept: list[_Rule] = []
    for rule in rules:
        level = np.abs(own[:, 0] - rule.at) <= reach
        goes_before = level & (own[:, 1] < rule.start) & (own[:, 2] >= rule.start - gap)
        goes_on = level & (own[:, 2] > rule.end) & (own[:, 1] <= rule.end + gap)
        crosses = (crossing[:, 1] - reach <= rule.at) & (crossing[:, 2] + reach >= rule.at)
        crosses &= (crossing[:, 0] >= rule.start - gap) & (crossing[:, 0] <= rule.end + gap)
        places = crossing[crosses, 0]
        if not len(places) and not (goes_before.any() and goes_on.any()):
            continue
        start = rule.start if goes_before.any() else max(rule.start, float(places.min()))
        end = rule.end if goes_on.any() else min(rule.end, float(places.max()))
        if end - start > reach:
            kept.append(_Rule(rule.at, start, end))
    return kept


def _connected(
    across: Sequence[_Rule], down: Sequence[_Rule], reach: float
) -> Iterator[tuple[list[_Rule], list[_Rule]]]:
    """The rules of each frame: those that meet."""
    if not across or not down:
        return
    parents = list(range(len(across) + len(down)))

    def root(index: int) -> int:
        while parents[index] != index:
            parents[index] = parents[parents[index]]
            index = parents[index]
        return index

    rows = np.array(across)
    for index, (x, top, bottom) in enumerate(down, start=len(across)):
        meets = (rows[:, 0] >= top - reach) & (rows[:, 0] <= bottom + reach)
        meets &= (rows[:, 1] <= x + reach) & (rows[:, 2] >= x - reach)
        for other in np.flatnonzero(meets).tolist():
            parents[root(index)] = root(other)
    for rules in (across, down):
        offset = 0 if rules is across else len(across)
        parts = np.array(rules)
        for index, (at, _, end) in enumerate(rules):
            goes_on = (np.abs(parts[:, 0] - at) <= reach) & (np.abs(parts[:, 1] - end) <= reach)
            for other in np.flatnonzero(goes_on).tolist():
                parents[root(offset + index)] = root(offset + other)
    groups: dict[int, tuple[list[_Rule], list[_Rule]]] = {}
    for index in range(len(parents)):
        group = groups.setdefault(root(index), ([], []))
        group[index >= len(across)].append((*across, *down)[index])
    yield from groups.values()


def _frame(across: Sequence[_Rule], down: Sequence[_Rule], reach: float) -> Frame | None:
    """The boxes of rules that meet; None if there are fewer than two."""
    row_lines, column_lines = _lines(across, reach), _lines(down, reach)
    if not (2 <= len(row_lines) <= MAX_LINES and 2 <= len(column_lines) <= MAX_LINES):
        return None
    above = _drawn(across, row_lines, column_lines, reach)  # (row lines, columns)
    beside = _drawn(down, column_lines, row_lines, reach).T  # (rows, column lines)
    boxes = list(_closed_boxes(above, beside, np.outer(np.diff(row_lines), np.diff(column_lines))))
    if len(boxes) < 2:
        return None
    return Frame(
        tuple(column_lines),
        tuple(row_lines),
        tuple(
            RuledBox(Box(column_lines[left], row_lines[top], column_lines[right], row_lines[bottom]), *place)
            for place in boxes
            for top, bottom, left, right in [place]
        ),
    )


def _lines(rules: Sequence[_Rule], reach: float) -> list[float]:
    """The positions of the grid's lines: rules at almost the same position, or that continue each other, are one."""
    lines: list[list[float]] = []
    for rule in sorted(rules):
        if lines and rule.at - lines[-1][-1] <= reach:
            lines[-1].append(rule.at)
        else:
            lines.append([rule.at])
    return [(line[0] + line[-1]) / 2 for line in lines]


def _drawn(
    rules: Sequence[_Rule], lines: Sequence[float], bounds: Sequence[float], reach: float
) -> npt.NDArray[np.bool_]:
    """Which parts of `lines`, between two of `bounds` each, are drawn. (lines, parts)"""
    covered = np.zeros((len(lines), len(bounds) - 1))
    for rule in rules:
        line = int(np.argmin([abs(rule.at - line) for line in lines]))
        for part, (low, high) in enumerate(itertools.pairwise(bounds)):
            covered[line, part] += max(0.0, min(high, rule.end + reach) - max(low, rule.start - reach))
    return np.asarray(covered >= DRAWN * np.diff(bounds))


def _closed_boxes(
    above: npt.NDArray[np.bool_], beside: npt.NDArray[np.bool_], areas: npt.NDArray[np.float64]
) -> Iterator[tuple[int, int, int, int]]:
    """First and end row, first and end column of each rectangle with four drawn sides and none inside, by rows.

    Args:
        areas: those of the slots of the grid. (rows, columns)
    """
    rows, columns = len(above) - 1, len(beside[0]) - 1
    seen = np.zeros((rows, columns), bool)
    for row in range(rows):
        for column in range(columns):
            if seen[row, column]:
                continue
            slots, is_open = _reachable(row, column, above, beside)
            for slot in slots:
                seen[slot] = True
            bottom, right = max(r for r, _ in slots) + 1, max(c for _, c in slots) + 1
            left = min(c for _, c in slots)
            area = sum(areas[slot] for slot in slots)
            if is_open or area < FULL * areas[row:bottom, left:right].sum():
                continue
            seen[row:bottom, left:right] = True
            yield row, bottom, left, right


def _reachable(
    row: int, column: int, above: npt.NDArray[np.bool_], beside: npt.NDArray[np.bool_]
) -> tuple[set[tuple[int, int]], bool]:
    """The slots of the grid that no rule parts from one, and whether they are open to the outside."""
    rows, columns = len(above) - 1, len(beside[0]) - 1
    slots, pending, is_open = {(row, column)}, [(row, column)], False
    while pending:
        r, c = pending.pop()
        sides = (
            (above[r, c], r - 1, c),
            (above[r + 1, c], r + 1, c),
            (beside[r, c], r, c - 1),
            (beside[r, c + 1], r, c + 1),
        )
        for is_drawn, next_row, next_column in sides:
            if is_drawn:
                continue
            if not (0 <= next_row < rows and 0 <= next_column < columns):
                is_open = True
            elif (next_row, next_column) not in slots:
                slots.add((next_row, next_column))
                pending.append((next_row, next_column))
    return slots, is_open
