"""Features of a phrase in its sentence: what kind of phrase it is for what is asked, and how it fits the question.

A question and the sentence that answers it mostly have the same order: in "who built the bridge" the answer comes
before "built", in "what did the board decide" after "decided". Words before a phrase say what it is: "by" the one who
does something, "in" a place, "in order to" a purpose.
"""

from __future__ import annotations

from collections.abc import Sequence

from cogdoc.engines.builtin.answering.running_text import QuestionTerms, Sentence, TextWord, ending_pattern
from cogdoc.query.fitted_model import Features
from cogdoc.query.terms import fold_case

WINDOW = 8
"""Words on either side of a phrase that are its surroundings."""

BEFORE = 24
"""Characters before a phrase that may be a preposition or conjunction."""

ASKED = ("person", "place", "which", "what", "reason", "manner", "count", "list")
"""What questions ask for, by the names of the lexicon; phrases that answer others are alike."""

INTRODUCED = {"agent": ("person", "what", "which"), "locative": ("place",), "purpose": ("reason", "manner")}
"""The lists of words before a phrase, with the questions that it answers then."""

LONG_PHRASE = 8
MANY_FUNCTION_WORDS = 3


def phrase_features(
    text: str, sentence: Sentence, terms: QuestionTerms, strength: Sequence[float], edges: tuple[int, int]
) -> Features:
    """The features of the words from one index to another, both included; `strength` is that of each word's match."""
    words = sentence.words
    return {
        **_kind(text, words, terms.asks if terms.asks in ASKED else "other", *edges),
        **_order(words, terms, strength, *edges),
        **_introduction(text[max(sentence.start, words[edges[0]].start - BEFORE) : words[edges[0]].start], terms.asks),
    }


def _kind(text: str, words: Sequence[TextWord], asked: str, first: int, last: int) -> Features:
    """Names, numbers and long phrases, by what is asked for; and whether the phrase is whole."""
    inside = words[first : last + 1]
    content = [word for word in inside if not word.is_function]
    is_name = all(text[word.start].isupper() for word in content)
    opens = first == 0 or words[first - 1].is_function or bool(words[first - 1].hits)
    closes = last == len(words) - 1 or words[last + 1].is_function or bool(words[last + 1].hits)
    opens |= first > 0 and words[first - 1].clause != words[first].clause
    closes |= last < len(words) - 1 and words[last + 1].clause != words[last].clause
    functions = len(inside) - len(content)
    return {
        f"text-{asked}-name": float(is_name),
        f"text-{asked}-digits": float(any(char.isdigit() for char in text[inside[0].start : inside[-1].end])),
        f"text-{asked}-words": min(1.0, len(inside) / LONG_PHRASE),
        f"text-{asked}-functions": min(1.0, functions / MANY_FUNCTION_WORDS),
        "text-whole": float(opens and closes),
        "text-two-words": float(len(inside) == 2),
        "text-three-words": float(len(inside) == 3),
        "text-begins-shared": float(bool(inside[0].hits)),
        "text-ends-shared": float(bool(inside[-1].hits)),
    }


def _order(
    words: Sequence[TextWord], terms: QuestionTerms, strength: Sequence[float], first: int, last: int
) -> Features:
    """Which words of the question are next to the phrase, and how near."""
    left = next((index for index in range(first - 1, -1, -1) if strength[index]), None)
    right = next((index for index in range(last + 1, len(words)) if strength[index]), None)
    after = next((index for index, start in enumerate(terms.starts) if start >= terms.slot[1]), -1)
    final = len(terms.norms) - 1
    on_left = {index for index, _ in words[left].hits} if left is not None else set()
    on_right = {index for index, _ in words[right].hits} if right is not None else set()
    near = range(max(0, first - WINDOW), min(len(words), last + 1 + WINDOW))
    covered = sum(strength[index] for index in near if not first <= index <= last)
    outside = sum(strength) - sum(strength[first : last + 1])
    return {
        "text-gap-left": 1 / (first - left) if left is not None else 0.0,
        "text-gap-right": 1 / (right - last) if right is not None else 0.0,
        "text-left-final": float(final in on_left),
        "text-right-second": float(terms.slot[1] > 0 and after + 1 in on_right),
        "text-left-second": float(terms.slot[1] > 0 and after + 1 in on_left),
        "text-right-final": float(final in on_right),
        "text-head-beside": float(
            terms.slot[1] > 0 and ((after in on_left and left is not None and first - left <= 2) or after in on_right)
        ),
        "text-window": covered / outside if outside else 0.0,
    }


def _introduction(before: str, asks: str) -> Features:
    low = fold_case(before)
    return {
        f"text-{name}{'' if asks in asked else '-other'}": 1.0
        for name, asked in INTRODUCED.items()
        if ending_pattern(name).search(low)
    }
