"""`--pages` selects the same pages as a naive parser."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pymupdf
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cogdoc.documents.page_selection import PageSelection, limit_pages, parse_page_selection
from cogdoc.errors import UsageError

PAGES = 12
numbers = st.integers(1, PAGES)
single = numbers.map(str)
closed = st.tuples(numbers, numbers).map(lambda ends: f"{min(ends)}-{max(ends)}")
open_ended = numbers.map(lambda first: f"{first}-")
open_start = numbers.map(lambda last: f"-{last}")
selections = st.lists(st.one_of(single, closed, open_ended, open_start), min_size=1, max_size=6).map(",".join)


def naively_selected(selection: str) -> list[int]:
    chosen = set()
    for part in selection.split(","):
        first, dash, last = part.partition("-")
        ends = range(int(first or 1), int((last or PAGES) if dash else first) + 1)
        chosen.update(ends)
    return sorted(chosen)


@pytest.mark.slow
@given(selections)
def test_selection_equals_that_of_a_naive_parser(selection: str) -> None:
    assert list(parse_page_selection(selection).page_numbers(PAGES)) == naively_selected(selection)


def test_default_selection_is_all_pages() -> None:
    assert list(PageSelection().page_numbers(3)) == [1, 2, 3]
    assert list(PageSelection().page_numbers(0)) == []


def test_spaces_are_allowed_and_no_page_repeats() -> None:
    assert list(parse_page_selection(" 3 - 5 , 4-6, 1").page_numbers(9)) == [1, 3, 4, 5, 6]


@pytest.mark.parametrize("selection", ["", ",", "1-2-3", "1,,2", "-", "1.5", "+1", "١", "9" * 5000, "a" * 5000])
def test_invalid_selection_is_a_usage_error(selection: str) -> None:
    with pytest.raises(UsageError, match="is not a page or a range"):
        parse_page_selection(selection)


@pytest.mark.parametrize(("selection", "message"), [("0", "from 1"), ("0-3", "from 1"), ("5-2", "runs backwards")])
def test_impossible_ranges_are_usage_errors(selection: str, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        parse_page_selection(selection)


@pytest.mark.parametrize(
    ("selection", "numbers"),
    [("2-4", [2, 3]), ("-4", [1, 2, 3]), ("3-900", [3]), ("1,3-8", [1, 3]), ("2-9,1-5", [1, 2, 3])],
)
def test_a_range_that_ends_beyond_the_document_selects_what_there_is(selection: str, numbers: list[int]) -> None:
    parsed = parse_page_selection(selection)
    assert list(parsed.page_numbers(3)) == numbers
    assert parsed.count(3) == len(numbers)


LABELS = {"i": 1, "ii": 2, "iii": 3, "1": 4, "A-1": 5, "A-2": 6, "A-3": 7, "B": 8}


@pytest.mark.parametrize(
    ("selection", "numbers"),
    [
        *(("iii", [3]), ("ii-iii", [2, 3]), ("A-2", [6]), ("A-1-A-3", [5, 6, 7]), ("iii-A-1", [3, 4, 5])),
        *(("-ii", [1, 2]), ("A-3-", [7, 8]), ("B, 1", [1, 8]), ("2-B", [2, 3, 4, 5, 6, 7, 8]), ("ii - 3", [2, 3])),
    ],
)
def test_printed_labels_select_pages(selection: str, numbers: list[int]) -> None:
    assert list(parse_page_selection(selection).with_labels(LABELS).page_numbers(8)) == numbers


@pytest.mark.parametrize(
    ("selection", "message"),
    [
        ("iv", "no page has the label 'iv': its labels are i to B"),
        ("i-x", "no page has the label 'i-x'"),
        ("A-9", "no page has the label 'A-9'"),
        ("iii-i", "'iii-i' runs backwards"),
    ],
)
def test_labels_that_select_nothing_are_usage_errors(selection: str, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        parse_page_selection(selection).with_labels(LABELS)


def test_a_document_with_labels_is_read_by_them(tmp_path: Path, open_file: Any) -> None:
    with pymupdf.open() as file:
        for _ in range(5):
            file.new_page()
        file.set_page_labels(
            [{"startpage": 0, "prefix": "", "style": "r"}, {"startpage": 3, "prefix": "A-", "style": "D"}]
        )
        file.save(tmp_path / "labelled.pdf")
    document = open_file(tmp_path / "labelled.pdf")
    assert document.select(parse_page_selection("ii-iii,A-2")).numbers == (2, 3, 5)
    assert document.count_pages(parse_page_selection("ii-")) == 4
    with pytest.raises(UsageError, match="its labels are i to A-2"):
        document.select(parse_page_selection("A-3"))


@pytest.mark.parametrize("selection", ["4", "4-7", "4-", "1,9"])
def test_error_names_the_page_beyond_the_end(selection: str) -> None:
    with pytest.raises(UsageError, match=r"page [49] is out of range: the document has 3 pages"):
        list(parse_page_selection(selection).page_numbers(3))


@given(selections, st.integers(1, PAGES + 1))
def test_limit_reads_the_first_pages_and_has_one_error_for_the_others(selection: str, limit: int) -> None:
    expected = naively_selected(selection)
    pages = limit_pages(parse_page_selection(selection), PAGES, limit, "pages")
    assert pages.numbers == tuple(expected[:limit])
    assert pages.count == len(expected)
    assert pages.items == tuple(expected[: limit + 1])
    assert list(pages.left_out) == expected[limit : limit + 1]


@given(st.sets(st.integers(1, PAGES), min_size=1), st.integers(1, PAGES))
def test_some_of_the_items_are_exactly_these(items: set[int], limit: int) -> None:
    pages = limit_pages(PageSelection(), PAGES, limit, "pages").only(items)
    assert pages.items == tuple(sorted(number for number in items if number <= limit + 1))


def test_a_billion_pages_are_limited_without_counting_them() -> None:
    pages = limit_pages(PageSelection(), 2**31, 3, "pages")
    assert (pages.numbers, pages.count) == ((1, 2, 3), 2**31)
    assert "with 2147483644 more" in pages.left_out[4].message
