"""Unit tests of a page's Markdown as in olmOCR-bench: whether it contains a text, an order of texts, a table cell.

Poznanski et al., "olmOCR", 2025; same behaviour as the published test classes (olmocr f7cfe4c2), but for formulas,
which those render in a browser and `formulas` compares as text. All other comparisons use `normalized` texts.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from typing import Any, NamedTuple

from rapidfuzz import fuzz

from cogdoc.evaluation.metrics.formulas import contains_formula
from cogdoc.evaluation.metrics.table_markup import TableGrid, find_tables

_PLAIN_PUNCTUATION = str.maketrans("‘’‚“”„＿–—‑‒−µ", "'''\"\"\"_-----μ")
_DIRECTIONS = {"up": (-1, 0), "down": (1, 0), "left": (0, -1), "right": (0, 1)}
_HEADINGS = {"top_heading": (-1, 0), "left_heading": (0, -1)}
_IMAGE = re.compile(r"!\[.*?\]\(.*?\)")
# The ranges of olmOCR-bench's own test, which differ from cogdoc.text's.
_FOREIGN_TO_ENGLISH = re.compile(
    "[\u4e00-\u9fff\u3040-\u30ff\U0001f600-\U0001f64f\U0001f300-\U0001f5ff\U0001f680-\U0001f6ff\U0001f1e0-\U0001f1ff]"
)


def passes(test: Mapping[str, Any], markdown: str) -> bool:
    """Whether `markdown` passes a test, given in the form of the benchmark's files.

    Raises:
        ValueError: the test's `type` is unknown.
    """
    match test["type"]:
        case "present" | "absent" as kind:
            return text_found(test, markdown) is (kind == "present")
        case "order":
            return in_order(test["before"], test["after"], markdown, test.get("max_diffs", 0))
        case "table":
            return has_cell(test, markdown)
        case "baseline":
            return is_sound(test, markdown)
        case "math":
            return contains_formula(test["math"], markdown, dollars=not test.get("ignore_dollar_delimited", False))
        case kind:
            raise ValueError(f"unknown kind of test {kind!r}")


def normalized(text: str) -> str:
    """`text` without bold and italics, with single spaces, composed characters (NFC) and ASCII punctuation."""
    bare = re.sub(r"<br/?>", " ", text)
    bare = re.sub(r"</?[bi]>", "", bare)
    bare = re.sub(r"(\*\*|__)(.*?)\1", r"\2", bare)
    bare = re.sub(r"([*_])(.*?)\1", r"\2", bare)
    bare = re.sub(r"\s+", " ", bare)
    return unicodedata.normalize("NFC", bare).translate(_PLAIN_PUNCTUATION)


def text_found(test: Mapping[str, Any], markdown: str) -> bool:
    """Whether the page contains the test's `text` with at most `max_diffs` differences.

    `case_sensitive` defaults to true; `first_n` and `last_n` restrict the search to that many characters at the ends. A
    page shorter than the text never contains it, although a partial ratio may be high.
    """
    pattern, page = normalized(test["text"]), normalized(markdown)
    if not test.get("case_sensitive", True):
        pattern, page = pattern.lower(), page.lower()
    first, last = test.get("first_n"), test.get("last_n")
    if first or last:
        page = (page[:first] if first else "") + (page[-last:] if last else "")
    differences = test.get("max_diffs", 0)
    if len(page) < len(pattern) - differences:
        return False
    return bool(fuzz.partial_ratio(pattern, page) / 100 >= _threshold(pattern, differences))


def in_order(before: str, after: str, markdown: str, max_diffs: int = 0) -> bool:
    """Whether some occurrence of `before` starts ahead of some occurrence of `after`."""
    page = normalized(markdown)
    earlier = near_matches(normalized(before), page, max_diffs)
    later = near_matches(normalized(after), page, max_diffs)
    return bool(earlier and later) and earlier[0].start < later[-1].start


def has_cell(test: Mapping[str, Any], markdown: str) -> bool:
    """Whether some table has a cell with the text `cell`, and with the neighbors and headings that the test names."""
    return any(
        _similar(test["cell"], cell.text, test) and _surroundings_fit(table, index, test)
        for table in find_tables(markdown)
        for index, cell in enumerate(table.cells)
    )


def _surroundings_fit(table: TableGrid, cell: int, test: Mapping[str, Any]) -> bool:
    around = [(test.get(name), table.neighbors(cell, *step)) for name, step in _DIRECTIONS.items()]
    around += [(test.get(name), table.headings(cell, *step)) for name, step in _HEADINGS.items()]
    return all(
        any(_similar(expected, table.cells[other].text, test) for other in others)
        for expected, others in around
        if expected
    )


def _similar(expected: str, text: str, test: Mapping[str, Any]) -> bool:
    pattern = normalized(expected)
    limit = max(0.5, _threshold(pattern, test.get("max_diffs", 0)))
    return bool(fuzz.ratio(pattern, normalized(text)) / 100 >= limit)


def _threshold(pattern: str, max_diffs: int) -> float:
    return 1.0 - max_diffs / max(1, len(pattern))


def is_sound(test: Mapping[str, Any], markdown: str) -> bool:
    """Whether a page has any text, does not end in a repetition, and has no characters foreign to an English page.

    With `max_length` the page should be blank, with at most that many letters and digits, not counting those of
    descriptions of pictures if `max_length_skips_image_alt_tags`.
    """
    counted = _IMAGE.sub("", markdown) if test.get("max_length_skips_image_alt_tags") else markdown
    length = sum(char.isalnum() for char in counted)
    if (limit := test.get("max_length")) is not None:
        return length <= int(limit)
    if not length or _repeats_at_end(markdown) > int(test.get("max_repeats", 30)):
        return False
    english = test.get("check_disallowed_characters", True)
    return not (english and _FOREIGN_TO_ENGLISH.search(markdown))


def _repeats_at_end(text: str, longest: int = 5) -> int:
    """How often `text` repeats its last 1 to `longest` characters at its end; the highest count."""
    most = 0
    for size in range(1, min(longest, len(text)) + 1):
        tail, count = text[-size:], 1
        while text.endswith(tail, 0, len(text) - count * size):
            count += 1
        most = max(most, count)
    return most


class Match(NamedTuple):
    """`text[start:end]` is `distance` edits away from the pattern."""

    start: int
    end: int
    distance: int


def near_matches(pattern: str, text: str, max_distance: int) -> list[Match]:
    """The parts of `text` within `max_distance` edits of `pattern`, in order.

    Of overlapping matches only the nearest is returned, and of equally near ones the leftmost.

    Sellers, "The theory and computation of evolutionary distances: pattern recognition", J. Algorithms 1(4),
    1980. Time grows with the product of the two lengths.
    """
    candidates = _exact_matches(pattern, text) if max_distance == 0 else _sellers(pattern, text, max_distance)
    chosen: list[Match] = []
    for match in sorted(candidates, key=lambda match: (match.distance, match.start)):
        if all(match.end <= other.start or other.end <= match.start for other in chosen):
            chosen.append(match)
    return sorted(chosen)


def _exact_matches(pattern: str, text: str) -> list[Match]:
    starts = (start for start in range(len(text) - len(pattern) + 1) if text.startswith(pattern, start))
    return [Match(start, start + len(pattern), 0) for start in starts]


def _sellers(pattern: str, text: str, max_distance: int) -> list[Match]:
    found = []
    distances = list(range(len(pattern) + 1))
    starts = [0] * (len(pattern) + 1)
    for end, char in enumerate(text, start=1):
        new_distances, new_starts = [0], [end]
        for row, expected in enumerate(pattern, start=1):
            substituted = distances[row - 1] + (expected != char)
            inserted, deleted = distances[row] + 1, new_distances[row - 1] + 1
            best = min(substituted, inserted, deleted)
            new_distances.append(best)
            if best == substituted:
                new_starts.append(starts[row - 1])
            else:
                new_starts.append(starts[row] if best == inserted else new_starts[row - 1])
        distances, starts = new_distances, new_starts
        if distances[-1] <= max_distance:
            found.append(Match(starts[-1], end, distances[-1]))
    return found
