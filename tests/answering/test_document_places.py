"""Pages, figures and sections are found under any of the names that questions use for them."""

from __future__ import annotations

from dataclasses import replace

import pytest
from placed_pages import page, paragraph

from cogdoc.engines.builtin.answering.answer import pages_to_search
from cogdoc.parsing.page_text import PageText
from cogdoc.query.document_places import asked_references, find_references
from cogdoc.query.page_ranking import find_named_pages, find_page_evidence, rank_pages
from cogdoc.query.question_parser import parse_question

FILLER = "The report describes the business, its markets and the risks that it runs in ordinary years."


@pytest.mark.parametrize(
    ("question", "reference"),
    [
        ("What does Fig. 3 show?", ("figure", "3")),
        ("Was zeigt Abbildung 3?", ("figure", "3")),
        ("Que montre le tableau 2.1 ?", ("table", "2.1")),
        ("How many points are in Appendix C?", ("appendix", "C")),
        ("What is the topic of UNIT VIII?", ("unit", "VIII")),
        ("表3显示了什么？", ("table", "3")),
        ("What is Item 7A called?", ("item", "7A")),
    ],
)
def test_a_numbered_thing_is_the_same_under_all_its_names(question: str, reference: tuple[str, str]) -> None:
    assert [mention.reference for mention in find_references(question)] == [reference]


def test_quantities_are_no_references() -> None:
    assert not list(find_references("Who scored more than 30 goals in 12 games on page 4?"))


def test_the_end_of_a_word_is_no_number() -> None:
    assert not list(find_references("AUTO and macOS"))


@pytest.mark.parametrize(
    ("question", "numbers"),
    [
        ("What are the titles of Tables 2 and 3?", ["2", "3"]),
        ("What are Unit 1, Unit 2 and Unit 4 in Semester 1 called?", ["1", "2", "4"]),
        ("Wie heißen die Abbildungen 2.1, 2.2 und 2.4?", ["2.1", "2.2", "2.4"]),
    ],
)
def test_several_numbers_of_one_kind_are_named_together(question: str, numbers: list[str]) -> None:
    assert [number for _, number in asked_references(question)] == numbers


def numbered(first_printed: int, count: int = 6) -> list[PageText]:
    """Pages that print numbers which differ from their positions."""
    return [page(FILLER, str(first_printed + n), number=n + 1).page_text for n in range(count)]


def test_a_page_is_found_by_the_label_of_the_file() -> None:
    labels = ("i", "ii", "1", "2", "3", "4")
    pages = [replace(text, label=label) for text, label in zip(numbered(9), labels, strict=True)]
    assert rank_pages("What is on page 2?", pages)[0].number == 4
    assert rank_pages("What is on page ii?", pages)[0].number == 2
    assert find_named_pages(parse_question("What is on page 2?"), pages, last=6) == {4}


def test_a_printed_page_number_comes_right_after_the_position() -> None:
    pages = numbered(3)
    assert [found.number for found in rank_pages("What is on page 5?", pages)[:2]] == [5, 3]
    assert find_named_pages(parse_question("What does page 8 say?"), pages, last=6) == {6}


def test_evidence_says_what_no_page_contains() -> None:
    pages = [
        paragraph(f"{FILLER} Wave {name} sampled 4{n} districts.", number=n).page_text
        for n, name in enumerate(("I", "II", "III"), 1)
    ]
    printed = find_page_evidence(parse_question("How many districts were sampled in Wave II?"), pages)
    absent = find_page_evidence(parse_question("How many districts were sampled in Wave VII in 2031?"), pages)
    assert printed.places_nowhere == printed.numbers_nowhere == 0.0
    assert absent.places_nowhere == absent.numbers_nowhere == 1.0
    assert absent.words_nowhere > printed.words_nowhere
    coded = find_page_evidence(
        parse_question("Which market is AR03?"), [page("AR01|Little Rock", "TX03|Austin").page_text]
    )
    assert coded.codes_nowhere == 1.0
    assert find_page_evidence(parse_question("What is on page 40?"), pages).places_nowhere == 1.0


def test_the_pages_of_all_things_that_are_named_come_first() -> None:
    texts = [page(f"UNIT {n}: Part {n} of the course", FILLER, number=n).page_text for n in range(1, 7)]
    texts.append(page("Names of Unit 1 and Unit 5, and what units are for", FILLER, number=7).page_text)
    assert {found.number for found in rank_pages("What are the names of Unit 1 and Unit 5?", texts)[:2]} == {1, 5}


def test_the_title_of_a_document_is_on_its_first_page() -> None:
    cover, inner = page("Tides of the northern coast", number=1), page("Measuring the tides", FILLER, number=2)
    assert pages_to_search("What is the title of the document?", [inner, cover], 2) == [cover]
    assert pages_to_search("What is the title of Table 2?", [inner, cover], 2) == [inner, cover]
    assert pages_to_search("What is the title of the document?", [inner], 2) == [inner]
