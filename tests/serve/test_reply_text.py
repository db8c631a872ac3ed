"""Text is shown as soon as nothing can take it back, and stop strings end it wherever they are split."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cogdoc.serve.chat.reply_text import ReplyText


def shown(pieces: list[str], *stop: str) -> tuple[list[str], ReplyText]:
    text = ReplyText(stop)
    parts = [text.push(piece) for piece in pieces]
    return [*parts, text.finish()], text


def test_pieces_are_shown_as_they_come_without_white_space_at_the_ends() -> None:
    assert shown([" 84", ".04", " EUR", " \n"])[0] == ["84", ".04", " EUR", "", ""]


def test_a_stop_string_that_is_split_over_pieces_is_never_shown() -> None:
    parts, text = shown(["one EN", "D two"], "END")
    assert ("".join(parts), text.stopped) == ("one", True)
    parts, text = shown(["one EN", "X"], "END")
    assert ("".join(parts), text.stopped) == ("one ENX", False)


@pytest.mark.parametrize(("stop", "left"), [(("b", "a"), ""), (("bc",), "a"), (("x",), "abc")])
def test_the_first_stop_string_counts(stop: tuple[str, ...], left: str) -> None:
    assert shown(["ab", "c"], *stop)[1].text == left


@given(
    st.lists(st.text("ab \n", max_size=4), max_size=12), st.lists(st.text("ab ", min_size=1, max_size=3), max_size=2)
)
def test_what_is_shown_is_the_text_up_to_the_first_stop_string(pieces: list[str], stop: list[str]) -> None:
    whole = "".join(pieces).lstrip()
    ends = [end for each in stop if (end := whole.find(each)) >= 0]
    parts, text = shown(pieces, *stop)
    assert "".join(parts) == text.text == whole[: min(ends, default=len(whole))].rstrip()
