"""The repetition guard: it stops every loop, and nothing that pages really repeat."""

from __future__ import annotations

import random
import re
from collections.abc import Sequence
from zlib import crc32

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cogdoc.engines.vision.repetition import (
    LONGEST_PERIOD,
    NEARLY_REPEATED_BLOCKS,
    NEARLY_REPEATED_TOKENS,
    REPEATED_BLOCKS,
    REPEATED_TOKENS,
    RepetitionGuard,
)

SEEDS = st.integers(0, 2**32)


def stopped_at(tokens: Sequence[int]) -> int | None:
    """After how many tokens, fed one by one, the guard stops; None where it never does."""
    guard = RepetitionGuard()
    return next((count for count in range(1, len(tokens) + 1) if guard(tokens[:count])), None)


def tokens_of(text: str) -> list[int]:
    """Words, runs of up to three digits and single characters: finer than Llama 3's tokens, so repeats are longer."""
    pieces = re.findall(r" ?[^\W\d_]+|\d{1,3}|[\W_]", text)
    return [crc32(piece.encode()) for piece in pieces]


@pytest.mark.slow
@settings(deadline=None, max_examples=40)
@given(seed=SEEDS, vocabulary=st.integers(2, 50_000))
def test_random_text_never_stops(seed: int, vocabulary: int) -> None:
    draw = random.Random(seed)
    assert stopped_at([draw.randrange(vocabulary) for _ in range(2048)]) is None


@pytest.mark.slow
@settings(deadline=None, max_examples=40)
@given(seed=SEEDS, period=st.integers(1, LONGEST_PERIOD), before=st.integers(0, 300))
def test_a_repeated_block_of_any_period_stops_in_time(seed: int, period: int, before: int) -> None:
    draw = random.Random(seed)
    block = [draw.randrange(1000) for _ in range(period)]
    text = [1000 + draw.randrange(1000) for _ in range(before)]
    allowed = before + max(REPEATED_TOKENS + period, REPEATED_BLOCKS * period)
    stop = stopped_at(text + block * (allowed // period + 1))
    assert stop is not None
    assert before + min(REPEATED_TOKENS, REPEATED_BLOCKS) < stop <= allowed


@pytest.mark.slow
@settings(deadline=None, max_examples=25)
@given(seed=SEEDS, period=st.integers(2, 60))
def test_a_block_with_a_running_number_stops(seed: int, period: int) -> None:
    draw = random.Random(seed)
    block = [draw.randrange(1000) for _ in range(period - 1)]
    allowed = max(NEARLY_REPEATED_TOKENS + 2 * period, (NEARLY_REPEATED_BLOCKS + 1) * period)
    counted = [token for number in range(allowed // period + 1) for token in (5000 + number, *block)]
    stop = stopped_at(counted)
    assert stop is not None
    assert NEARLY_REPEATED_TOKENS <= stop <= allowed


PRINTED = {
    "leaders": "\n".join(f"Chapter {n} {'.' * (90 + n % 7)} {n * 7}" for n in range(1, 12)),
    "spaced leaders": "\n".join(f"{name} {'. ' * 45}{n}" for n, name in enumerate(("Intro", "Method", "Results"))),
    "a rule": "|" + " --- |" * 20 + "\n",
    "rows of zeros": "\n".join(
        f"| {name} |" + " 0.00 |" * 8 for name in ("Rent", "Light and heat", "Staff", "Food, drinks", "Travel", "Other")
    ),
    "months of figures": "\n".join(f"| {2001 + n} | {n * 37 % 97}.{n % 10} | {n * 53 % 89} |" for n in range(60)),
    "a column of figures": "\n".join(str(n * n * 7919 % 997) for n in range(150)),
    "numbered items that begin alike": "\n".join(
        f"{n}. The tenant shall {verb} the {thing}."
        for n, (verb, thing) in enumerate(
            [(verb, thing) for verb in ("clean", "keep", "not paint") for thing in ("hall", "back garden", "windows")]
            * 4
        )
    ),
    "an empty form": "\n".join(f"{n}. Name: ______ Date: ______" for n in range(1, 16)),
    "a refrain": "\n".join(
        f"{' '.join(random.Random(n).choices(['sea', 'wind', 'a', 'the', 'sail', 'sang', 'low'], k=40))}\n"
        "And it's home, boys, home, home I would like to be,\nhome for a while in the old country."
        for n in range(10)
    ),
    "hallelujah": "Hallelujah, " * 40,
}


@pytest.mark.parametrize("name", PRINTED)
def test_what_pages_repeat_does_not_stop(name: str) -> None:
    assert stopped_at(tokens_of(PRINTED[name])) is None


def test_a_loop_after_leaders_is_still_detected() -> None:
    assert stopped_at(tokens_of(PRINTED["leaders"] + "\nthe end of the page" * 80)) is not None


def test_the_verdict_is_the_same_token_by_token_and_at_once() -> None:
    loop = tokens_of("a page " * 150)
    stop = stopped_at(loop)
    assert stop is not None
    assert RepetitionGuard()(loop[:stop])
    assert not RepetitionGuard()(loop[: stop - 1])


def test_one_guard_serves_one_answer_after_another() -> None:
    guard = RepetitionGuard()
    assert guard([7] * 300)
    assert not guard([7] * 100)


def test_tokens_may_be_ids_or_pieces_of_text() -> None:
    pieces = re.findall(r" ?[^\W\d_]+|\d{1,3}|[\W_]", PRINTED["leaders"] + "\nthe end of the page" * 80)
    guard = RepetitionGuard()
    stop = next(count for count in range(1, len(pieces) + 1) if guard(pieces[:count]))
    assert stop == stopped_at(tokens_of("".join(pieces)))
