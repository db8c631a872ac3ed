"""Detects, during generation, that a model has fallen into a loop and will not stop by itself.

Pages repeat themselves too: leader dots, rows of "0.00", the rules of Markdown tables, lists whose items begin alike,
refrains. So n-grams are not forbidden; the guard waits until more has been repeated than a page would repeat. It cannot
distinguish a loop from a table of forty equal rows, so its verdict leads to a retry and never discards the text.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence

import numpy as np

LONGEST_PERIOD = 160
"""Tokens of the longest block that is checked for repetition, about ten lines."""

REPEATED_TOKENS = 192
"""Tokens that must equal the token one period before. A printed line has at most a hundred dots, one token each, and
a rule |---|---| of twenty columns has sixty tokens. A loop of short blocks costs this many tokens, some seconds."""

REPEATED_BLOCKS = 5
"""The least number of times that a long block must occur: a form prints its box two to four times on a page."""

NEARLY_REPEATED_TOKENS = 640
NEARLY_REPEATED_BLOCKS = 16
"""The same limits if a few tokens of each block differ, as in "Item 1: none, Item 2: none, ...". Tables of equal rows
with running numbers look the same, hence the higher limits: 640 tokens are more than sixty such rows of ten tokens."""

DIFFERING = 4
MOST_DIFFERING = 3
"""Within any stretch of one period, one token in DIFFERING may differ, at most MOST_DIFFERING and at least one (from a
period of two tokens on): a running number or two. Rows of a table of figures differ in every third token, and long
leaders are interrupted by more tokens than that."""


class RepetitionGuard:
    """A `cogdoc.engines.vision.vision_model.StopCondition`: True once the tokens have fallen into a loop.

    For each period it counts for how long the tokens have equalled those one period before. Each token costs a few
    array operations (about 25 µs), regardless of how many came before it.
    """

    def __init__(self) -> None:
        periods = np.arange(1, LONGEST_PERIOD + 1)
        self._periods = periods
        self._enough = np.maximum(REPEATED_TOKENS, (REPEATED_BLOCKS - 1) * periods)
        self._nearly_enough = np.maximum(NEARLY_REPEATED_TOKENS, (NEARLY_REPEATED_BLOCKS - 1) * periods)
        # A block of one token has no other token that could differ.
        self._may_differ = np.where(periods > 1, np.clip(periods // DIFFERING, 1, MOST_DIFFERING), 0)
        self._start()

    def _start(self) -> None:
        self._count = 0
        """Tokens seen so far."""
        self._ids: dict[Hashable, int] = {}
        """An id for each distinct token, for fast comparison."""
        self._tail = np.full(LONGEST_PERIOD, -1)
        """The latest tokens, newest first."""
        self._equal = np.zeros(LONGEST_PERIOD, int)
        """By period: how many tokens in a row equalled the one a period before."""
        self._nearly_equal = np.zeros(LONGEST_PERIOD, int)
        """By period: how many tokens there were since the stretches of a period last differed too much."""
        self._differences = np.zeros(LONGEST_PERIOD, int)
        """By period: how many of the latest tokens, one period of them, differed from the token one period before."""
        self._history = np.zeros((LONGEST_PERIOD, LONGEST_PERIOD), bool)
        """(token, period): which of the latest tokens differed; a ring buffer, indexed by the token's index."""

    def __call__(self, tokens: Sequence[Hashable]) -> bool:
        """`tokens` are all tokens of one answer so far; fewer than in the last call begin a new answer."""
        if len(tokens) < self._count:
            self._start()
        looping = False
        for token in tokens[self._count :]:
            looping = self._add(self._ids.setdefault(token, len(self._ids))) or looping
        return looping

    def _add(self, token: int) -> bool:
        index = self._count
        self._count += 1
        differs = self._tail != token
        self._tail[1:] = self._tail[:-1]
        self._tail[0] = token
        self._equal = np.where(differs, 0, self._equal + 1)
        # The window of each period moves on by one token: the oldest leaves, the new one enters.
        leaving = self._history[(index - self._periods) % LONGEST_PERIOD, self._periods - 1]
        self._differences += differs.astype(int) - leaving
        self._history[index % LONGEST_PERIOD] = differs
        self._nearly_equal = np.where(self._differences > self._may_differ, 0, self._nearly_equal + 1)
        return bool((self._equal >= self._enough).any() or (self._nearly_equal >= self._nearly_enough).any())
