"""What the model wrote line by line, each with how sure it was, and two overlapping pieces of it made one."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

from rapidfuzz import fuzz

from cogdoc.cogvlm2.tokenizer import TextStream, Tokenizer
from cogdoc.engines.cogvlm2.vision_model import Said
from cogdoc.text import comparison_key

ALIKE = 80.0
"""Similarity of 0 to 100 from which two lines are taken for the same line, read twice."""

OVERLAP_LINES = 8
"""Lines of one piece that may stand in the next one as well."""

TORN_LINES = 2
"""Lines at a cut that may have been read from half their height, and stand whole in the other piece."""

SHARED_WORDS = 3
OVERLAP_WORDS = 80
"""So many words in a row show that a paragraph written as one line goes on in the next piece; looked for in so many."""


@dataclass(frozen=True, slots=True)
class GeneratedLine:
    """A line as the model wrote it, Markdown and all; empty between paragraphs."""

    text: str
    confidence: float
    """Geometric mean of its tokens' probabilities, 0 to 1."""


def generated_lines(said: Said, tokenizer: Tokenizer) -> list[GeneratedLine]:
    """The lines of an answer. A token that holds a line's end and the next one's start counts for the earlier line."""
    stream = TextStream(tokenizer)
    lines: list[GeneratedLine] = []
    text, logprobs = "", list[float]()
    for token, logprob in zip(said.token_ids, said.logprobs, strict=True):
        logprobs.append(logprob)
        *ended, text = (text + stream.push(token)).split("\n")
        for line in ended:
            lines.append(_line(line, logprobs))
            logprobs = []
    lines.append(_line(text + stream.finish(), logprobs))
    while lines and not lines[-1].text:
        lines.pop()
    while lines and not lines[0].text:
        lines.pop(0)
    return lines


def _line(text: str, logprobs: Sequence[float]) -> GeneratedLine:
    mean = sum(logprobs) / len(logprobs) if logprobs else 0.0
    return GeneratedLine(" ".join(text.split()), min(1.0, math.exp(mean)))


def merge(before: Sequence[GeneratedLine], after: Sequence[GeneratedLine]) -> list[GeneratedLine]:
    """Two pieces of a text of which the end of one may be the start of the other; what both have is kept once."""
    return _merge_lines(before, after) or _merge_paragraph(before, after) or [*before, *after]


def _merge_lines(before: Sequence[GeneratedLine], after: Sequence[GeneratedLine]) -> list[GeneratedLine] | None:
    """Lay the last lines of `before` over the first of `after` so that most characters agree."""
    ends = [place for place, line in enumerate(before) if line.text][-OVERLAP_LINES - TORN_LINES :]
    starts = [place for place, line in enumerate(after) if line.text][: OVERLAP_LINES + TORN_LINES]
    best: tuple[int, int, int] | None = None
    for torn_end in range(min(TORN_LINES, len(ends) - 1) + 1):
        for torn_start in range(min(TORN_LINES, len(starts) - 1) + 1):
            for count in range(1, min(len(ends) - torn_end, len(starts) - torn_start, OVERLAP_LINES) + 1):
                last = ends[len(ends) - torn_end - count : len(ends) - torn_end]
                first = starts[torn_start : torn_start + count]
                pairs = [
                    (comparison_key(before[i].text), comparison_key(after[j].text))
                    for i, j in zip(last, first, strict=True)
                ]
                if all(fuzz.ratio(one, two) >= ALIKE for one, two in pairs):
                    shared = sum(len(one) for one, _ in pairs)
                    if best is None or shared > best[0]:
                        best = shared, last[-1], first[-1]
    return None if best is None else [*before[: best[1] + 1], *after[best[2] + 1 :]]


def _merge_paragraph(before: Sequence[GeneratedLine], after: Sequence[GeneratedLine]) -> list[GeneratedLine] | None:
    """Join the last line of one and the first of the other where they are pieces of one paragraph."""
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
    kept = left[: len(left) - len(tail) + run.a]
    joined = GeneratedLine(" ".join([*kept, *right[run.b :]]), min(before[-1].confidence, after[0].confidence))
    return [*before[:-1], joined, *after[1:]]
