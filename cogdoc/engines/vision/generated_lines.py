"""Splits generated text into lines with confidences, and merges the lines of two overlapping tiles."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

from rapidfuzz import fuzz

from cogdoc.engines.vision.vision_model import UNKNOWN_CONFIDENCE, Generation
from cogdoc.text import comparison_key

SAME_LINE = 80.0
"""Similarity of 0 to 100 from which two lines count as the same line, read twice."""

OVERLAP_LINES = 8
"""Lines at the end of one tile that the next tile may repeat."""

CUT_LINES = 2
"""Lines at a tile's edge that may be misread because the edge cuts them; the other tile shows them in full."""

SHARED_WORDS = 3
OVERLAP_WORDS = 80
"""A paragraph generated as one line continues in the next tile if SHARED_WORDS words in a row occur in both, among the
OVERLAP_WORDS words at either edge."""


@dataclass(frozen=True, slots=True)
class GeneratedLine:
    """A line as the model generated it, Markdown included; empty between paragraphs."""

    text: str
    confidence: float
    """Geometric mean of its tokens' probabilities, 0 to 1."""


def generated_lines(generation: Generation) -> list[GeneratedLine]:
    """The lines of a generation, without empty ones at either end.

    A token that contains the end of one line and the start of the next counts for the earlier line.
    """
    if generation.tokens:
        lines = _lines_of_tokens(generation)
    else:
        lines = [GeneratedLine(_one_line(text), UNKNOWN_CONFIDENCE) for text in generation.text.split("\n")]
    while lines and not lines[-1].text:
        lines.pop()
    while lines and not lines[0].text:
        lines.pop(0)
    return lines


def _lines_of_tokens(generation: Generation) -> list[GeneratedLine]:
    lines: list[GeneratedLine] = []
    text, logprobs = "", list[float]()
    for token in generation.tokens:
        logprobs.append(token.logprob)
        *complete, text = (text + token.text).split("\n")
        for line in complete:
            lines.append(_line(line, logprobs))
            logprobs = []
    lines.append(_line(text, logprobs))
    return lines


def _line(text: str, logprobs: Sequence[float]) -> GeneratedLine:
    mean = sum(logprobs) / len(logprobs) if logprobs else 0.0
    return GeneratedLine(_one_line(text), min(1.0, math.exp(mean)))


def _one_line(text: str) -> str:
    return " ".join(text.split())


def merge(before: Sequence[GeneratedLine], after: Sequence[GeneratedLine]) -> list[GeneratedLine]:
    """Join the lines of two tiles without duplicates; the end of `before` may be the start of `after`."""
    return _merge_lines(before, after) or _merge_paragraph(before, after) or [*before, *after]


def _merge_lines(before: Sequence[GeneratedLine], after: Sequence[GeneratedLine]) -> list[GeneratedLine] | None:
    """Align the last lines of `before` with the first of `after` so that the most characters agree."""
    ends = [index for index, line in enumerate(before) if line.text][-OVERLAP_LINES - CUT_LINES :]
    starts = [index for index, line in enumerate(after) if line.text][: OVERLAP_LINES + CUT_LINES]
    best: tuple[int, int, int] | None = None
    for cut_at_end in range(min(CUT_LINES, len(ends) - 1) + 1):
        for cut_at_start in range(min(CUT_LINES, len(starts) - 1) + 1):
            for count in range(1, min(len(ends) - cut_at_end, len(starts) - cut_at_start, OVERLAP_LINES) + 1):
                last = ends[len(ends) - cut_at_end - count : len(ends) - cut_at_end]
                first = starts[cut_at_start : cut_at_start + count]
                pairs = [
                    (comparison_key(before[i].text), comparison_key(after[j].text))
                    for i, j in zip(last, first, strict=True)
                ]
                if all(fuzz.ratio(one, two) >= SAME_LINE for one, two in pairs):
                    shared = sum(len(one) for one, _ in pairs)
                    if best is None or shared > best[0]:
                        best = shared, last[-1], first[-1]
    return None if best is None else [*before[: best[1] + 1], *after[best[2] + 1 :]]


def _merge_paragraph(before: Sequence[GeneratedLine], after: Sequence[GeneratedLine]) -> list[GeneratedLine] | None:
    """Join the last line of `before` and the first of `after` if they overlap as parts of one paragraph."""
    if not before or not after:
        return None
    left, right = before[-1].text.split(), after[0].text.split()
    tail, head = left[-OVERLAP_WORDS:], right[:OVERLAP_WORDS]
    matcher = SequenceMatcher(
        None, [comparison_key(word) for word in tail], [comparison_key(word) for word in head], autojunk=False
    )
    run = matcher.find_longest_match()
    if run.size < SHARED_WORDS:
        return None
    left_until_run = left[: len(left) - len(tail) + run.a]
    joined = GeneratedLine(
        " ".join([*left_until_run, *right[run.b :]]), min(before[-1].confidence, after[0].confidence)
    )
    return [*before[:-1], joined, *after[1:]]
