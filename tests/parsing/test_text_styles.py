"""Words of a text layer carry the looks that stand out on their page, and links to web pages and mailboxes only."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pymupdf
import pytest

from cogdoc.parsing.page_text import PageText
from cogdoc.parsing.text_layer.fonts import font_styles
from cogdoc.parsing.text_spans import web_link

Part = tuple[str, str]
"""A text and the name of one of PDF's own fonts."""

PROSE: tuple[Part, ...] = (("The harbour master counted forty small boats on the quay before noon, ", "helv"),)


def draw(page: pymupdf.Page, y: float, parts: tuple[Part, ...]) -> list[pymupdf.Rect]:
    """Write parts side by side; the boxes of each."""
    boxes, x = [], 50.0
    for text, font in parts:
        page.insert_text((x, y), text, fontname=font, fontsize=11)
        width = pymupdf.get_text_length(text, fontname=font, fontsize=11)
        boxes.append(pymupdf.Rect(x, y - 9, x + width, y + 2))
        x += width
    return boxes


def looks(page_text: PageText) -> list[tuple[str, tuple[str, ...], str | None]]:
    return [
        (line.text[span.start : span.end], tuple(map(str, span.styles)), span.link)
        for line in page_text.lines
        for span in line.spans
    ]


@pytest.mark.parametrize("rotation", [0, 90])
def test_emphasis_is_read_by_letters(tmp_path: Path, read_file: Any, rotation: int) -> None:
    file = pymupdf.open()
    page = file.new_page()
    draw(page, 80, PROSE)
    draw(
        page,
        100,
        (("and ", "helv"), ("nearly all", "hebo"), (" of the ", "helv"), ("Wild Boar", "heit"), (".", "helv")),
    )
    draw(page, 120, (("re", "hebo"), ("counted with ", "helv"), ("wc -l", "cour"), (" and ", "helv"), ("luck", "hebi")))
    draw(page, 140, PROSE)
    page.set_rotation(rotation)
    file.save(tmp_path / "styles.pdf")
    assert looks(read_file(tmp_path / "styles.pdf")) == [
        ("nearly all", ("bold",), None),
        ("Wild Boar", ("italic",), None),
        ("re", ("bold",), None),
        ("wc -l", ("monospace",), None),
        ("luck", ("bold", "italic"), None),
    ]


def test_the_usual_look_of_a_page_is_no_emphasis(tmp_path: Path, read_file: Any) -> None:
    file = pymupdf.open()
    page = file.new_page()
    draw(page, 80, ((PROSE[0][0], "hebo"),))
    draw(page, 100, (("all of it bold, but ", "hebo"), ("not this", "hebi")))
    file.save(tmp_path / "bold.pdf")
    assert looks(read_file(tmp_path / "bold.pdf")) == [("not this", ("italic",), None)]


def test_links_to_web_pages_and_mailboxes_are_kept(tmp_path: Path, read_file: Any) -> None:
    file = pymupdf.open()
    file.new_page()
    page = file.new_page(0)
    addresses = (
        "https://example.org/a b?x=(1)",
        "mailto:quay@example.org",
        "javascript:alert(1)",
        "file:///etc/passwd",
        "data:text/html,x",
    )
    draw(page, 80, PROSE)
    for row, address in enumerate(addresses):
        boxes = draw(page, 100 + 20 * row, (("see ", "helv"), (f"place {row}", "helv"), (".", "helv")))
        page.insert_link({"kind": pymupdf.LINK_URI, "from": boxes[1], "uri": address})
    boxes = draw(page, 300, (("chapter two", "helv"),))
    page.insert_link({"kind": pymupdf.LINK_GOTO, "from": boxes[0], "page": 1})
    page.insert_link({"kind": pymupdf.LINK_URI, "from": page.rect, "uri": "https://example.org/advertisement"})
    file.save(tmp_path / "links.pdf")
    assert looks(read_file(tmp_path / "links.pdf")) == [
        ("place 0", (), "https://example.org/a%20b?x=(1)"),
        ("place 1", (), "mailto:quay@example.org"),
    ]


def test_a_line_through_words_strikes_them_and_no_other_line_does(tmp_path: Path, read_file: Any) -> None:
    file = pymupdf.open()
    page = file.new_page()
    draw(page, 80, PROSE)
    old, _ = draw(page, 100, (("forty boats", "helv"), (" fifty boats", "helv")))
    page.draw_line((old.x0, 96.5), (old.x1, 96.5))
    (under,) = draw(page, 120, (("underlined words", "helv"),))
    page.draw_line((under.x0, 122), (under.x1, 122))
    draw(page, 140, (("beside a grid line", "helv"),))
    page.draw_line((20, 136.5), (500, 136.5))
    file.save(tmp_path / "struck.pdf")
    assert looks(read_file(tmp_path / "struck.pdf")) == [("forty boats", ("strikethrough",), None)]


@pytest.mark.parametrize(
    ("name", "styles"),
    [
        ("NimbusRomNo9L-Medi", ("bold",)),
        ("NimbusRomNo9L-MediItal", ("bold", "italic")),
        ("ABCDEF+CMBX10", ("bold",)),
        ("CMTI8", ("italic",)),
        ("CMMI10", ()),
        ("CourierNewPSMT", ("monospace",)),
        ("MyriadPro-BoldIt", ("bold", "italic")),
        ("HelveticaNeue-Medium", ()),
        ("STIXMath-Italic", ()),
        ("Monotype Corsiva", ()),
    ],
)
def test_fonts_are_known_by_their_names(name: str, styles: tuple[str, ...]) -> None:
    assert font_styles(name, 0) == styles


@pytest.mark.parametrize("address", ["javascript:x", "JAVASCRIPT:x", "file:///x", "//host", "#page=2", "data:x", ""])
def test_other_addresses_are_no_links(address: str) -> None:
    assert web_link(address) is None
