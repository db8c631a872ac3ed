"""Chinese text is recognized, measured and compared in one way everywhere."""

from __future__ import annotations

import pytest

from cogdoc.text import comparison_key, count_han, has_han, text_width


@pytest.mark.parametrize(("text", "count"), [("发票 No. 7", 2), ("㐀豈", 2), ("カタカナ、。ＡＢ", 0), ("", 0)])
def test_chinese_characters_are_counted_without_kana_and_punctuation(text: str, count: int) -> None:
    assert count_han(text) == count
    assert has_han(text) is (count > 0)


def test_east_asian_characters_are_two_latin_letters_wide() -> None:
    assert text_width("Total 合计：") == len("Total ") + 2 * len("合计：")


def test_comparison_key_ignores_case_width_and_white_space() -> None:
    assert comparison_key("Ｔｏｔａｌ ： 12\u00a0") == comparison_key("total:12")
    assert comparison_key("Straße") == comparison_key("STRASSE")
