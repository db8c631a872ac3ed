"""Drafts follow the text, come back to it after a difference, repeat the answer's own rows, and get shorter in vain."""

from __future__ import annotations

from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from cogdoc.engines.cogvlm2.drafting import FEWEST_DRAFTED, MOST_DRAFTED, TextDraft

TEXT = list(range(100, 200))


def passes(draft: TextDraft, truth: Sequence[int]) -> int:
    """Forward passes that greedy decoding of `truth` takes with drafts."""
    answer: list[int] = []
    count = 0
    while len(answer) < len(truth):
        proposed = list(draft(answer)) if answer else []
        count += 1
        for token in proposed:
            if len(answer) < len(truth) and token == truth[len(answer)]:
                answer.append(token)
            else:
                break
        answer.extend(truth[len(answer) : len(answer) + 1])
    return count


def test_a_text_that_the_answer_repeats_saves_most_passes() -> None:
    assert passes(TextDraft(TEXT), TEXT) <= 10


def test_after_a_difference_the_draft_goes_on_where_the_answer_does() -> None:
    truth = [*TEXT[:20], 1, 2, *TEXT[30:60], 3, *TEXT[60:]]
    assert passes(TextDraft(TEXT), truth) <= 25


def test_rows_that_the_answer_repeats_are_drafted_from_itself() -> None:
    row = [1, 2, 3, 4, 5, 6]
    assert passes(TextDraft([]), row * 12) <= 20


def test_the_draft_gets_shorter_in_vain_and_longer_again() -> None:
    draft = TextDraft(TEXT)
    assert len(draft(TEXT[:3])) == MOST_DRAFTED
    wrong = TEXT[:3]
    for _ in range(5):
        wrong = [*wrong, 1, *TEXT[:3]]
        proposed = draft(wrong)
    assert len(proposed) == FEWEST_DRAFTED
    answer = TEXT[:10]
    for _ in range(4):
        answer = [*answer, *draft(answer)]
    assert len(draft(answer)) == MOST_DRAFTED


@given(st.lists(st.integers(0, 5)), st.lists(st.integers(0, 5), max_size=60))
def test_any_text_and_answer_end_in_at_most_one_pass_a_token(text: list[int], truth: list[int]) -> None:
    assert passes(TextDraft(text), truth) <= len(truth)
