"""Hyphens at line ends are undone in divided words and kept in compounds."""

from __future__ import annotations

import pytest
from paragraph_lines import join_lines

from cogdoc.results.hyphenation import words_of
from cogdoc.results.markdown.blocks import blocks_to_markdown
from cogdoc.results.records import TextBlock, TextLine


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        (["the re-", "port of"], "the report of"),
        (["a long-", "term plan"], "a long-term plan"),
        (["a cost-", "effective way"], "a cost-effective way"),
        (["on-", "line, another"], "online, another"),
        (["die Haus-", "verwaltung teilt"], "die Hausverwaltung teilt"),
        (["die Vor-", "und Nachteile"], "die Vor- und Nachteile"),
        (["l'impor-", "tance de"], "l'importance de"),
        (["c'est-à-", "dire avant"], "c'est-à-dire avant"),
        (["an up-to-", "date list"], "an up-to-date list"),
        (["a well-estab-", "lished rule"], "a well-established rule"),
        (["COVID-", "19 tests"], "COVID-19 tests"),
        (["Müller-", "Lüdenscheidt"], "Müller-Lüdenscheidt"),
        (["the re\u2010", "port of"], "the report of"),
        (["in Washing\u00ad", "ton"], "in Washington"),
        (["4.77-", "next"], "4.77- next"),
        (["a dash -", "and more"], "a dash - and more"),
    ],
)
def test_hyphens_at_line_ends(lines: list[str], expected: str) -> None:
    assert join_lines(lines) == expected


@pytest.mark.parametrize(("elsewhere", "expected"), [("The e-mail came", "an e-mail"), ("The email came", "an email")])
def test_document_shows_how_it_writes_a_word(elsewhere: str, expected: str) -> None:
    assert join_lines(["an e-", "mail"], words_of([elsewhere])) == expected


def test_words_of_other_paragraphs_count() -> None:
    def block(*texts: str, top: float) -> TextBlock:
        lines = tuple(
            TextLine(text=text, box=(0, top + i, 90, top + i + 1), confidence=1) for i, text in enumerate(texts)
        )
        return TextBlock(kind="text", box=(0, top, 90, top + len(texts)), text="\n".join(texts), lines=lines)

    blocks = [block("The Elms-brook runs south.", top=0), block("On the banks of the Elms-", "brook there are", top=5)]
    assert "banks of the Elms-brook there" in blocks_to_markdown(blocks)
