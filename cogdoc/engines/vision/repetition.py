"""Notices while CogVLM2 decodes that it repeats itself and will not stop by itself.

Pages repeat themselves too: leader dots, rows of "0.00", the rules of Markdown tables, lists whose items begin alike,
refrains. So n-grams are not forbidden; the guard waits until more has been repeated than a page would. What it cannot
tell apart is a table of forty rows that are really equal; that is why its word leads to other attempts, not to a loss.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

LONGEST_PERIOD = 160
"""Tokens of the longest block that is watched, about ten lines."""

REPEATED_TOKENS = 192
"""Tokens that must repeat what stands one period before. A line of print has at most a hundred dots, at a token each,
and a rule |---|---| of twenty columns has sixty tokens; a loop of short blocks costs this many tokens, some seconds."""

REPEATED_BLOCKS = 5
"""How often a long block must stand there at least: a form prints its box two to four times on a page."""

NEARLY_REPEATED_TOKENS = 640
NEARLY_REPEATED_BLOCKS = 16
"""The same where a few tokens of each block differ, as in "Item 1: none, Item 2: none, ...". Tables of equal rows with
running numbers look just so, hence the patience: 640 tokens are more than sixty such rows of ten tokens."""

DIFFERING = 4
MOST_DIFFERING = 3
"""Within any stretch of a period one token in DIFFERING may differ, MOST_DIFFERING at most and one at least (from a
period of two tokens on): a running number or two. Rows of a table of figures differ in every third token, and long
leaders are broken by more tokens than that."""


class RepetitionGuard:
    """Given the tokens so far, says whether they have fallen into a loop; to be asked again as tokens come.

    For each period it counts how long the tokens have equalled those one period before. A token costs the same few
    array operations (some 25 µs) however many came before it.
    """

    def __init__(self) -> None:
        periods = np.arange(1, LONGEST_PERIOD + 1)
        self._periods = periods
        self._enough = np.maximum(REPEATED_TOKENS, (REPEATED_BLOCKS - 1) * periods)
        self._nearly_enough = np.maximum(NEARLY_REPEATED_TOKENS, (NEARLY_REPEATED_BLOCKS - 1) * periods)
        # A block of one token has none that could differ.
        self._may_differ = np.where(periods > 1, np.clip(periods // DIFFERING, 1, MOST_DIFFERING), 0)
        self._start()

    def _start(self) -> None:
        self._seen = 0
        self._tail = np.full(LONGEST_PERIOD, -1)
        """The latest tokens, newest first."""
        self._equal = np.zeros(LONGEST_PERIOD, int)
        """By period: how many tokens in a row equalled the one a period before."""
        self._nearly_equal = np.zeros(LONGEST_PERIOD, int)
        """By period: how many tokens there were since the stretches of a period last differed too much."""
        self._differences = np.zeros(LONGEST_PERIOD, int)
        """By period: tokens that differed among the latest so many."""
        self._history = np.zeros((LONGEST_PERIOD, LONGEST_PERIOD), bool)
        """(token, period): which of the latest tokens differed; a ring, by the token's number."""

    def __call__(self, token_ids: Sequence[int]) -> bool:
        """`token_ids` are all tokens of one answer so far; fewer than last time begin a new answer."""
        if len(token_ids) < self._seen:
            self._start()
        looping = False
        for token in token_ids[self._seen :]:
            looping = self._take(token) or looping
        return looping

    def _take(self, token: int) -> bool:
        number = self._seen
        self._seen += 1
        differs = self._tail != token
        self._tail[1:] = self._tail[:-1]
        self._tail[0] = token
        self._equal = np.where(differs, 0, self._equal + 1)
        # Of the stretch of a period that ended one token ago, the oldest leaves and the new one enters.
        leaving = self._history[(number - self._periods) % LONGEST_PERIOD, self._periods - 1]
        self._differences += differs.astype(int) - leaving
        self._history[number % LONGEST_PERIOD] = differs
        self._nearly_equal = np.where(self._differences > self._may_differ, 0, self._nearly_equal + 1)
        return bool((self._equal >= self._enough).any() or (self._nearly_equal >= self._nearly_enough).any())
