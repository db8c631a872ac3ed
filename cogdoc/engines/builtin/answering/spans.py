"""Spans of a sentence that may answer a question, each with the features that rank it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from cogdoc.engines.builtin.answering.phrases import phrase_features
from cogdoc.engines.builtin.answering.running_text import QuestionTerms, Sentence, TextWord, ending_pattern
from cogdoc.query.fitted_model import Features
from cogdoc.query.terms import fold_case
from cogdoc.query.typed_values import ValueKind, find_values
from cogdoc.text import text_width

MAX_WORDS = 14
MAX_LISTED_WORDS = 3
"""Most words between two commas that a span may go beyond: the items of a list."""

LONG = 60
"""Width of a span whose feature `text-length` is 1, in Latin letters."""

EXPLAINED = ("reason", "manner")
"""What questions ask for that a clause answers, up to the end of its sentence."""

MANY = 4
"""A word that the pages contain more often than this is common."""

OPENING, CLOSING = tuple('([{（「『《“"«„‘'), tuple(')]}）」』》”"»“’')

SAME = 0.6
"""A span that shares this share of its characters with a value is that value."""


@dataclass(frozen=True, slots=True)
class Span:
    """A slice of a passage."""

    start: int
    end: int
    fit: float
    """How well it is a value of the kinds asked for, 0 to 1."""
    kind: ValueKind
    distance: float
    features: Features


def propose_spans(
    text: str,
    sentence: Sentence,
    terms: QuestionTerms,
    weights: Sequence[float],
    kinds: Sequence[ValueKind],
    counts: Mapping[str, int],
) -> Iterator[Span]:
    """The phrases of a sentence that say something that the question does not; `counts` are those of the words."""
    words = sentence.words
    typed = [
        (kind, sentence.start + value.start, sentence.start + value.end, value.fit)
        for kind in kinds
        for value in find_values(kind, text[sentence.start : sentence.end])
    ]
    strength = [sum(weights[index] * value for index, value in word.hits) for word in words]
    hit_indices = [index for index, value in enumerate(strength) if value]
    bounds = [_is_boundary(text, before, after) for before, after in pairwise(words)]
    explains = terms.asks in EXPLAINED
    ranges = [*_ranges(words, [True, *bounds, True])]
    if explains:
        ranges += [(first, len(words) - 1) for first in range(1, len(words)) if bounds[first - 1]]
    for first, last in dict.fromkeys(ranges):
        inside = words[first : last + 1]
        if all(word.is_function or word.hits for word in inside):
            continue
        start, end = inside[0].start, inside[-1].end
        outside = [index for index in hit_indices if not first <= index <= last]
        if not outside:
            continue
        start, end, kind, fit = _snapped(typed, kinds, start, end)
        features = {
            **_position(words, strength, outside, first, last),
            **_slot(words, terms, outside, first, last),
            **_form(text, words, first, last),
            **phrase_features(text, sentence, terms, strength, (first, last)),
            "text-common": _commonness(inside, counts),
            "text-enclosed": float(text[start - 1 : start] in OPENING and text[end : end + 1] in CLOSING),
            "text-cause": float(
                explains and ending_pattern("cause").search(fold_case(text[sentence.start : start])) is not None
            ),
            "text-explains": float(explains and last == len(words) - 1),
            "text-untyped": float(kinds[0] is not ValueKind.TEXT and not fit),
            "text-number": float(kinds[0] is ValueKind.TEXT and any(char.isdigit() for char in text[start:end])),
        }
        gap = min(first - index if index < first else index - last for index in outside)
        yield Span(start, end, fit, kind, float(gap), features)


def _commonness(words: Sequence[TextWord], counts: Mapping[str, int]) -> float:
    """How often the pages contain the words of a span, 0 to 1: what is asked for is seldom said twice."""
    repeated = [counts.get(word.norm, 1) - 1 for word in words if not word.is_function]
    return min(1.0, sum(repeated) / (MANY * len(repeated)))


def _is_boundary(text: str, before: TextWord, after: TextWord) -> bool:
    """Whether a phrase may end between two words."""
    return (
        before.is_function
        or after.is_function
        or before.clause != after.clause
        or bool(before.hits) != bool(after.hits)
        or text[before.start].isupper() != text[after.start].isupper()
        or text[before.start].isdigit() != text[after.start].isdigit()
    )


def _ranges(words: Sequence[TextWord], bounds: Sequence[bool]) -> Iterator[tuple[int, int]]:
    for first, word in enumerate(words):
        if word.is_function or not bounds[first]:
            continue
        since_break = 0
        for last in range(first, min(first + MAX_WORDS, len(words))):
            if last > first and words[last].clause != words[last - 1].clause:
                if since_break > MAX_LISTED_WORDS:
                    break
                since_break = 0
            since_break += 1
            if bounds[last + 1] and not words[last].is_function:
                yield first, last


def _snapped(
    typed: Sequence[tuple[ValueKind, int, int, float]], kinds: Sequence[ValueKind], start: int, end: int
) -> tuple[int, int, ValueKind, float]:
    """A span with the kind of value that it is, and how well it fits; with the value's own edges if they are near."""
    best = (start, end, ValueKind.TEXT if ValueKind.TEXT in kinds else kinds[0], 0.0)
    for kind, value_start, value_end, fit in typed:
        shared = max(0, min(end, value_end) - max(start, value_start))
        share = shared / (max(end, value_end) - min(start, value_start))
        if share >= SAME:
            share, edges = 1.0, (value_start, value_end)
        else:
            edges = (start, end)
        if fit * share > best[3]:
            best = (*edges, kind, fit * share)
    return best


def _position(
    words: Sequence[TextWord], strength: Sequence[float], outside: Sequence[int], first: int, last: int
) -> dict[str, float]:
    """Where the words of the question are, relative to the span."""
    rarest = max(outside, key=lambda index: strength[index])
    clauses = {words[first].clause, words[last].clause}
    total = sum(strength[index] for index in outside)

    def gap(index: int) -> int:
        return first - index if index < first else index - last

    mean = sum(strength[index] * gap(index) for index in outside) / total
    return {
        "text-near": 1 / min(map(gap, outside)),
        "text-near-rare": 1 / gap(rarest),
        "text-near-mean": 1 / (1 + mean / 4),
        "text-after-rare": float(rarest < first),
        "text-clause": sum(strength[index] for index in outside if words[index].clause in clauses) / total,
    }


def _slot(
    words: Sequence[TextWord], terms: QuestionTerms, outside: Sequence[int], first: int, last: int
) -> dict[str, float]:
    """Whether the span is next to the words that are next to the interrogative in the question."""
    begin, end = terms.slot
    before = max((index for index, start in enumerate(terms.starts) if start < begin), default=-1)
    after = next((index for index, start in enumerate(terms.starts) if start >= end), -1)
    left = next((words[index].hits for index in reversed(outside) if index < first), ())
    right = next((words[index].hits for index in outside if index > last), ())
    own = {index for word in words[first : last + 1] for index, _ in word.hits}
    return {
        "text-slot-before": float(end > 0 and any(index == before for index, _ in left)),
        "text-slot-after": float(end > 0 and any(index == after for index, _ in right)),
        "text-head": float(end > 0 and after in own),
    }


def _form(text: str, words: Sequence[TextWord], first: int, last: int) -> dict[str, float]:
    """The span's own shape and its edges."""
    inside = words[first : last + 1]
    count = len(inside)
    before = words[first - 1] if first else None
    after = words[last + 1] if last + 1 < len(words) else None
    content = [word for word in inside if not word.is_function]
    return {
        "text-length": min(1.0, text_width(text[inside[0].start : inside[-1].end]) / LONG),
        "text-one-word": float(count == 1),
        "text-starts-clause": float(before is None or before.clause != inside[0].clause),
        "text-ends-clause": float(after is None or after.clause != inside[-1].clause),
        "text-after-function": float(before is not None and before.is_function),
        "text-breaks": min(1.0, (inside[-1].clause - inside[0].clause) / 3),
        "text-capitals": sum(text[word.start].isupper() for word in content) / len(content) if first else 0.0,
        "text-repeats": sum(bool(word.hits) for word in content) / len(content),
        "text-functions": 1 - len(content) / count,
    }
