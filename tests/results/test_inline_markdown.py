"""Spans become Markdown that CommonMark reads as the same text, with each letter in its own look."""

from __future__ import annotations

import itertools
import re

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from cogdoc.results.markdown.inline import inline_markdown
from cogdoc.results.markdown.marked_text import MarkedText
from cogdoc.results.records import TextSpan

Look = tuple[frozenset[str], str | None]

STYLES = ("bold", "italic", "strikethrough", "monospace")
LINKS = ("https://example.org/a_(b)?x=1&copy;=*_~[2]", "mailto:a@example.org")
TAGS = {"strong": "bold", "em": "italic", "s": "strikethrough", "del": "strikethrough", "code": "monospace"}
CHARS = st.sampled_from("\\`*_{}[]()<>#+-.,!|~=&:;\"'$^/@ aZ09é中文「」，。！€→☐\u00a0")


@st.composite
def marked_texts(draw: st.DrawFn) -> MarkedText:
    text = "".join(draw(st.lists(CHARS, min_size=1, max_size=24)))
    cuts = sorted(draw(st.sets(st.integers(0, len(text)), max_size=6)))
    looks = st.tuples(st.sets(st.sampled_from(STYLES), max_size=3), st.sampled_from((None, None, *LINKS)))
    spans = []
    for start, end in itertools.pairwise(cuts):
        styles, link = draw(looks)
        if styles or link:
            spans.append(TextSpan(start=start, end=end, styles=tuple(sorted(styles)), link=link))
    return MarkedText(text, tuple(spans))


def displayed(markdown: str) -> list[tuple[str, Look]]:
    """The characters that a viewer displays, with their looks."""
    tokens = MarkdownIt("gfm-like", {"linkify": False}).parse(markdown)
    assert [token.type for token in tokens] in ([], ["paragraph_open", "inline", "paragraph_close"]), markdown
    chars: list[tuple[str, Look]] = []
    styles: list[str] = []
    link: str | None = None
    for child in (tokens[1].children or ()) if tokens else ():
        text = ""
        if child.type in ("text", "text_special"):
            text = child.content
        elif child.type == "code_inline":
            chars += [(char, (frozenset((*styles, "monospace")), link)) for char in child.content]
        elif child.type == "link_open":
            link = str(child.attrs["href"])
        elif child.type == "link_close":
            link = None
        else:
            tag = child.content.strip("</>") if child.type == "html_inline" else child.tag
            is_end = child.type.endswith("_close") or child.content.startswith("</")
            assert tag in TAGS, (child.type, markdown)
            styles.remove(TAGS[tag]) if is_end else styles.append(TAGS[tag])
        chars += [(char, (frozenset(styles), link)) for char in text]
    assert not styles
    return chars


def expected(marked: MarkedText) -> list[tuple[str, Look]]:
    looks: list[Look] = [(frozenset(), None)] * len(marked.text)
    for span in marked.spans:
        looks[span.start : span.end] = [(frozenset(span.styles), span.link)] * (span.end - span.start)
    return list(zip(marked.text, looks, strict=True))


def destination(link: str | None) -> str | None:
    return link and link.replace("(", "%28").replace(")", "%29").replace("[", "%5B").replace("]", "%5D")


def shown(chars: list[tuple[str, Look]]) -> str:
    text = "".join(char for char, _ in chars).replace("[ ]", "☐")
    return " ".join(text.split())


@given(marked_texts())
@example(MarkedText("中文强调中文", (TextSpan(start=2, end=4, styles=("bold",)),)))
@example(MarkedText("中文「强调」中文", (TextSpan(start=2, end=6, styles=("bold",)),)))
@example(MarkedText("注意：请", (TextSpan(start=0, end=3, styles=("bold",)),)))
@example(MarkedText("ab", (TextSpan(start=0, end=1, styles=("bold",)), TextSpan(start=1, end=2, styles=("italic",)))))
@example(MarkedText("!a", (TextSpan(start=1, end=2, link=LINKS[0]),)))
@example(MarkedText("1. a", (TextSpan(start=3, end=4, styles=("bold",)),)))
@example(MarkedText("a``b", (TextSpan(start=0, end=4, styles=("monospace",)),)))
def test_every_letter_is_displayed_in_its_own_look(marked: MarkedText) -> None:
    assume(not re.search(r"(\s?\.){5}", marked.text))  # leaders are shortened
    found = displayed(inline_markdown(marked))
    assert shown(found) == shown(expected(marked))
    letters = [(char, look) for char, look in found if char.isalnum()]
    assert letters == [
        (char, (styles, destination(link))) for char, (styles, link) in expected(marked) if char.isalnum()
    ]


@pytest.mark.parametrize(
    ("marked", "markdown"),
    [
        (MarkedText("The Wild Boar sank.", (TextSpan(start=4, end=13, styles=("italic",)),)), "The *Wild Boar* sank."),
        (MarkedText("a bold word", (TextSpan(start=1, end=7, styles=("bold",)),)), "a **bold** word"),
        (MarkedText("both", (TextSpan(start=0, end=4, styles=("bold", "italic")),)), "***both***"),
        (MarkedText("call f(*x)", (TextSpan(start=5, end=10, styles=("monospace",)),)), "call `f(*x)`"),
        (MarkedText("was 5 now 4", (TextSpan(start=4, end=5, styles=("strikethrough",)),)), "was ~~5~~ now 4"),
        (
            MarkedText("see here.", (TextSpan(start=4, end=8, styles=("bold",), link="https://a.org/b(c)"),)),
            "see [**here**](https://a.org/b%28c%29).",
        ),
        (MarkedText("☐ Paid", (TextSpan(start=0, end=6, styles=("bold",)),)), "[ ] **Paid**"),
        (MarkedText("a — b", (TextSpan(start=2, end=3, styles=("bold",)),)), "a — b"),
    ],
)
def test_spans_are_written_as_people_write_them(marked: MarkedText, markdown: str) -> None:
    assert inline_markdown(marked) == markdown
