"""Where the page's own text contains an answer, or that it does not."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cogdoc.documents.geometry import Box
from cogdoc.engines.vision.grounding import find_evidence
from cogdoc.parsing.page_text import Line, PageText, TextOrigin, Word


def page(*lines: str) -> PageText:
    """Words of ten points per character, lines twenty points apart."""
    placed = []
    for row, line in enumerate(lines):
        words, x = [], 0
        for text in line.split():
            words.append(Word(text, Box(x, 20 * row, x + 10 * len(text), 20 * row + 10), 1.0))
            x += 10 * len(text) + 10
        placed.append(Line(tuple(words)))
    return PageText(3, "iii", 600, 800, 0, TextOrigin.TEXT_LAYER, tuple(placed))


REPORT = page(
    "Total revenue 1,234.50 EUR",
    "Chair of the board: Tobias Renquist, since 2019",
    "Growth was 12.5% and 1500 people worked here.",
    "合同由 王小明 于2024年签署",
)


@pytest.mark.parametrize(
    ("answer", "box"),
    [
        ("Tobias Renquist", (210, 20, 370, 30)),
        ("tobias  RENQUIST", (210, 20, 370, 30)),
        ("1,234.50", (140, 0, 220, 10)),
        ("1234.5", (140, 0, 220, 10)),
        ("1,234.50 EUR", (140, 0, 260, 10)),
        ("12.5%", (110, 40, 160, 50)),
        ("王小明", (40, 60, 70, 70)),
        ("revenue 1,234.50 EUR Chair", (60, 0, 260, 30)),
        ("Tobias Renqu1st", (210, 20, 370, 30)),
    ],
)
def test_an_answer_is_found_where_the_page_has_it(answer: str, box: tuple[float, ...]) -> None:
    found = find_evidence(answer, REPORT)
    if "Renqu1st" in answer:  # with a digit in it, it could be a misread number
        assert found == ()
        return
    assert found, answer
    assert found[0].page == 3
    assert found[0].label == "iii"
    left, top, right, bottom = box
    assert found[0].box[1] == top
    if "Chair" not in answer:
        assert found[0].box == pytest.approx((left, top, right, bottom), abs=60)


@pytest.mark.parametrize("answer", ["50", "234", "1,234.51", "1235", "Renq", "小红", "", "revenue 2,000", "150"])
def test_text_that_the_page_does_not_have_is_not_found(answer: str) -> None:
    assert find_evidence(answer, REPORT) == ()


def test_a_slightly_misread_text_is_found_and_a_misread_number_is_not() -> None:
    assert find_evidence("Tobias Renquisst", REPORT)[0].text.startswith("Chair of the board")
    assert find_evidence("1,284.50", REPORT) == ()


@given(line=st.integers(0, 3), start=st.integers(0, 5), length=st.integers(1, 4))
def test_any_run_of_words_is_found_in_its_own_line(line: int, start: int, length: int) -> None:
    words = REPORT.lines[line].words[start : start + length]
    if words:
        found = find_evidence(" ".join(word.text for word in words), REPORT)
        assert any(evidence.box[1] == 20 * line for evidence in found)
