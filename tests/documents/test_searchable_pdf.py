"""Invisible text in PDF files: other programs find every word in its place, and nothing else changes."""

from __future__ import annotations

import math
from pathlib import Path

import pymupdf
import pypdfium2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import ImageFont
from searchable_files import LINE, Lines, check, document_of, layer_for, scan, scan_page, text_of

from cogdoc.documents.open_request import OpenRequest
from cogdoc.documents.sandbox import Sandbox
from cogdoc.documents.searchable_pdf.fonts import FONT_PROGRAM
from cogdoc.documents.searchable_pdf.layer_content import PlacedWord, draw_layer
from cogdoc.documents.searchable_pdf.pdf_update import make_update
from cogdoc.documents.searchable_pdf.pieces import SharedObjects


def with_text(path: Path, lines: Lines, number: int = 1, password: str | None = None) -> Path:
    """The file with lines on a page, in `<name>.out.pdf`."""
    with pymupdf.open(path) as file:
        if password is not None:
            file.authenticate(password)
        size = (file[number - 1].rect.width, file[number - 1].rect.height)
    update = make_update(OpenRequest(path, password), [draw_layer(number, size, lines)], SharedObjects())
    assert not update.damaged
    result = path.with_suffix(".out.pdf")
    result.write_bytes(path.read_bytes() + update.data)
    return result


def test_every_byte_of_the_file_stays(tmp_path: Path) -> None:
    path = scan(tmp_path / "scan.pdf")
    result = with_text(path, LINE)
    assert result.read_bytes().startswith(path.read_bytes())
    assert text_of(result) == "Invisible ink"
    assert result.stat().st_size - path.stat().st_size < 5000, "a small font, and the words"
    check(result)


def test_the_text_is_invisible(tmp_path: Path) -> None:
    path = scan(tmp_path / "scan.pdf")
    result = with_text(path, LINE)
    with pymupdf.open(path) as before, pymupdf.open(result) as after:
        assert before[0].get_pixmap(dpi=72).samples == after[0].get_pixmap(dpi=72).samples


def test_the_same_text_gives_the_same_bytes(tmp_path: Path) -> None:
    path = scan(tmp_path / "scan.pdf")
    first = with_text(path, LINE).read_bytes()
    assert with_text(path, LINE).read_bytes() == first


@pytest.mark.parametrize("rotation", [0, 90, 180, 270])
@pytest.mark.parametrize("unit", [1, 2.5])
def test_words_are_where_they_are_shown_on_rotated_cropped_and_scaled_pages(
    tmp_path: Path, rotation: int, unit: float
) -> None:
    path = tmp_path / "page.pdf"
    with pymupdf.open() as file:
        page = scan_page(file)
        page.set_cropbox(pymupdf.Rect(10, 20, 290, 380))
        page.set_rotation(rotation)
        file.xref_set_key(page.xref, "UserUnit", str(unit))
        file.save(path)
    result = with_text(path, LINE)
    check(result)
    assert text_of(result) == "Invisible ink"
    for index, (left, width) in ((0, (50, 60)), (10, (115, 20))):
        letters = "Invisible" if index == 0 else "ink"
        boxes = [char_box(result, index + offset) for offset in range(len(letters))]
        found = (min(box[0] for box in boxes), min(box[1] for box in boxes))
        found += (max(box[2] for box in boxes), max(box[3] for box in boxes))
        (x0, y0), (x1, y1) = (content_point(x / unit, y / unit, rotation) for x, y in ((left, 100), (left + width, 88)))
        assert found == pytest.approx((min(x0, x1), min(y0, y1), max(x0, x1), max(y0, y1)), abs=0.3)


def content_point(x: float, y: float, rotation: int) -> tuple[float, float]:
    """A point of the page as displayed, in the coordinates of its content: its crop box is [10 20 290 380]."""
    return {0: (10 + x, 380 - y), 90: (10 + y, 20 + x), 180: (290 - x, 20 + y), 270: (290 - y, 380 - x)}[rotation]


def char_box(path: Path, index: int) -> tuple[float, float, float, float]:
    """Left, bottom, right and top of a character of the first page, as pdfium finds it."""
    file = pypdfium2.PdfDocument(path)
    try:
        return file[0].get_textpage().get_charbox(index)
    finally:
        file.close()


TEXTS = {
    "Chinese": "第三季度 营业收入",
    "Japanese": "カタカナ ひらがな",
    "Korean": "한국어 문서",
    "Cyrillic and Greek": "Съешь Ωμέγα",
    "Devanagari": "हिन्दी पाठ",
    "Thai": "ภาษาไทย",
    "beyond U+FFFF": "𠀀𠮷 😀x",
    "signs": "<a(b)\\c> €1.234,56",
    "accents": "naïve Größe",
}


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_every_script_is_extracted(tmp_path: Path, text: str) -> None:
    words = [PlacedWord(word, (20 + 100 * index, 50), (90, 0), 12) for index, word in enumerate(text.split())]
    result = with_text(scan(tmp_path / "scan.pdf"), [words])
    check(result)
    assert text_of(result) == text


def test_right_to_left_text_is_extracted_in_reading_order(tmp_path: Path) -> None:
    words = [
        PlacedWord("שלום", (200, 50), (60, 0), 12),
        PlacedWord("2024", (150, 50), (40, 0), 12),
        PlacedWord("עולם", (80, 50), (60, 0), 12),
    ]
    assert text_of(with_text(scan(tmp_path / "scan.pdf"), [words])) == "שלום 2024 עולם"


def test_lines_and_columns_come_in_their_order(tmp_path: Path) -> None:
    lines = [
        [PlacedWord(f"{column}{row}", (20 + 150 * column, 50 + 20 * row), (20, 0), 10)]
        for column in range(2)
        for row in range(3)
    ]
    assert text_of(with_text(scan(tmp_path / "scan.pdf"), lines)).split() == ["00", "01", "02", "10", "11", "12"]


def test_vertical_text_runs_down(tmp_path: Path) -> None:
    result = with_text(scan(tmp_path / "scan.pdf"), [[PlacedWord("竖排文字", (100, 50), (0, 80), 14)]])
    assert text_of(result).split() == ["竖排文字"]
    with pymupdf.open(result) as file:
        ((x0, y0, x1, y1, *_),) = file[0].get_text("words")
    assert (x0, y0, x1, y1) == pytest.approx((100, 50, 114, 130), abs=0.1)


angles = st.floats(-180, 180)
positions = st.tuples(st.floats(0, 300), st.floats(0, 400))


@given(
    angle=angles,
    start=positions,
    stretch=st.floats(0.2, 3),
    height=st.floats(3, 60),
    text=st.text("abcÄ文", min_size=1),
)
@settings(max_examples=25, deadline=None)
def test_a_word_fills_its_box_and_no_more_however_it_is_turned(
    angle: float,
    start: tuple[float, float],
    stretch: float,
    height: float,
    text: str,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    across = math.cos(math.radians(angle)), math.sin(math.radians(angle))
    up = across[1], -across[0]
    width = stretch * height * len(text)
    word = PlacedWord(text, start, (across[0] * width, across[1] * width), height)
    path = scan(tmp_path_factory.mktemp("turned") / "scan.pdf")
    with pymupdf.open(with_text(path, [[word]])) as file:
        chars = [
            char
            for block in file[0].get_text("rawdict", clip=pymupdf.INFINITE_RECT())["blocks"]
            for line in block.get("lines", ())
            for span in line["spans"]
            for char in span["chars"]
        ]
    assert "".join(char["c"] for char in chars) == text
    corners = [
        (
            start[0] + across[0] * along * width + up[0] * above * height,
            start[1] + across[1] * along * width + up[1] * above * height,
        )
        for along in (0, 1)
        for above in (0, 1)
    ]
    box = pymupdf.Rect(*map(min, zip(*corners, strict=True)), *map(max, zip(*corners, strict=True)))
    drawn = pymupdf.Rect(chars[0]["bbox"])
    for char in chars:
        drawn |= pymupdf.Rect(char["bbox"])
    assert tuple(drawn) == pytest.approx(tuple(box), abs=0.2 + 0.01 * height)


def test_pages_that_share_their_resources_keep_them(tmp_path: Path) -> None:
    path = tmp_path / "shared.pdf"
    with pymupdf.open() as file:
        for _ in range(2):
            scan_page(file)
        pages = [file[number].xref for number in range(2)]
        resources = file.get_new_xref()
        image = file[0].get_images()[0][0]
        file.update_object(resources, f"<</XObject<</{file[0].get_images()[0][7]} {image} 0 R>>>>")
        parent = int(file.xref_get_key(pages[0], "Parent")[1].split()[0])
        file.xref_set_key(parent, "Resources", f"{resources} 0 R")
        for page in pages:
            file.xref_set_key(page, "Resources", "null")
        file.save(path)
    result = with_text(path, LINE, number=2)
    check(result)
    with pymupdf.open(result) as file:
        assert "Cogdoc" not in file.xref_object(resources)
        assert [page.get_text().split() for page in file] == [[], ["Invisible", "ink"]]
        assert len(file[1].get_images()) == 1


def test_text_is_added_to_a_file_that_has_such_text(tmp_path: Path) -> None:
    once = with_text(scan(tmp_path / "scan.pdf"), [[PlacedWord("𠀀", (50, 50), (10, 0), 10)]])
    twice = with_text(once, [[PlacedWord("𠀁", (50, 80), (10, 0), 10)]])
    check(twice)
    assert {"𠀀", "𠀁"} <= set(text_of(twice))


def test_what_a_file_has_besides_pages_stays(tmp_path: Path) -> None:
    path = tmp_path / "rich.pdf"
    with pymupdf.open() as file:
        scan_page(file)
        page = scan_page(file)
        file.set_toc([[1, "Chapter", 2]])
        file.set_metadata({"title": "A title"})
        file.set_xml_metadata("<x:xmpmeta xmlns:x='adobe:ns:meta/'>pdfaid part 2</x:xmpmeta>")
        file.set_page_labels([{"startpage": 0, "prefix": "A-", "style": "D"}])
        file.embfile_add("data.txt", b"attached")
        page.add_text_annot((50, 50), "A note")
        field = pymupdf.Widget()
        field.field_name, field.field_type, field.field_value = "name", pymupdf.PDF_WIDGET_TYPE_TEXT, "Ada"
        field.rect = pymupdf.Rect(10, 10, 100, 30)
        page.add_widget(field)
        page.insert_link({"kind": pymupdf.LINK_URI, "from": pymupdf.Rect(0, 0, 9, 9), "uri": "https://example.org"})
        file.save(path)
    result = with_text(path, LINE, number=2)
    check(result)
    with pymupdf.open(path) as before, pymupdf.open(result) as after:
        assert after.get_toc() == before.get_toc()
        assert after.metadata == before.metadata
        assert after.get_xml_metadata() == before.get_xml_metadata()
        assert after.get_page_labels() == before.get_page_labels()
        assert after.embfile_get("data.txt") == b"attached"
        assert [annotation.info["content"] for annotation in after[1].annots()] == ["A note"]
        assert [field.field_value for field in after[1].widgets()] == ["Ada"]
        assert [link["uri"] for link in after[1].get_links()] == ["https://example.org"]


def test_tags_stay_and_the_text_is_none_of_them(tmp_path: Path) -> None:
    path = scan(tmp_path / "tagged.pdf")
    with pymupdf.open(path) as file:
        tree = file.get_new_xref()
        file.update_object(tree, "<</Type/StructTreeRoot>>")
        file.xref_set_key(file.pdf_catalog(), "StructTreeRoot", f"{tree} 0 R")
        file.xref_set_key(file.pdf_catalog(), "MarkInfo", "<</Marked true>>")
        file.saveIncr()
    result = with_text(path, LINE)
    check(result)
    assert text_of(result) == "Invisible ink"
    with pymupdf.open(result) as file:
        assert file.xref_stream(file[0].get_contents()[0]).startswith(b"/Artifact BMC\nq ")
        assert file.xref_get_key(file.pdf_catalog(), "StructTreeRoot") == ("xref", f"{tree} 0 R")


@pytest.mark.parametrize(
    "method", [pymupdf.PDF_ENCRYPT_RC4_128, pymupdf.PDF_ENCRYPT_AES_128, pymupdf.PDF_ENCRYPT_AES_256]
)
def test_an_encrypted_file_stays_encrypted(tmp_path: Path, method: int) -> None:
    path = scan(tmp_path / "secret.pdf", encryption=method, user_pw="open", owner_pw="own")
    result = with_text(path, LINE, password="open")
    assert result.read_bytes().startswith(path.read_bytes())
    check(result, "--password=open")
    assert text_of(result, password="open") == "Invisible ink"
    with pymupdf.open(result) as file:
        assert file.needs_pass


@pytest.mark.parametrize("options", [{}, {"use_objstms": 1}], ids=["tables", "streams"])
def test_many_pages_get_text_in_several_updates(
    tmp_path: Path, sandbox: Sandbox, options: dict[str, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cogdoc.documents.searchable_pdf.pdf_file.LAYERS_AT_A_TIME", 2)
    path = scan(tmp_path / "many.pdf", pages=6, **options)
    layers = {
        number: layer_for(path, number, [[PlacedWord(f"page{number}", (50, 50), (40, 0), 10)]])
        for number in (1, 2, 3, 5, 6)
    }
    written = document_of(path, sandbox, layers)
    assert written.startswith(path.read_bytes())
    result = tmp_path / "out.pdf"
    result.write_bytes(written)
    check(result)
    assert [text_of(result, number) for number in range(1, 7)] == ["page1", "page2", "page3", "", "page5", "page6"]
    assert written.count(b"/Glyphless/Encoding") == 1, "one font for all"


def test_a_file_without_new_text_is_copied(tmp_path: Path, sandbox: Sandbox) -> None:
    path = scan(tmp_path / "text.pdf")
    assert document_of(path, sandbox, {}) == path.read_bytes()


def test_a_damaged_file_is_repaired_first(tmp_path: Path, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cogdoc.documents.searchable_pdf.pdf_file.MAX_GROWTH", 4)
    path = scan(tmp_path / "scan.pdf", pages=2)
    layer = layer_for(path)
    broken = tmp_path / "broken.pdf"
    broken.write_bytes(path.read_bytes().replace(b"startxref", b"startxxxx")[:-30])
    written = document_of(broken, sandbox, {1: layer})
    result = tmp_path / "out.pdf"
    result.write_bytes(written)
    check(result)
    assert text_of(result) == "Invisible ink"
    assert document_of(broken, sandbox, {1: layer}) == written
    with pymupdf.open(result) as file:
        assert (file.page_count, file.is_repaired) == (2, False)


def test_the_font_says_what_pdf_a_asks_for(tmp_path: Path) -> None:
    """ISO 19005-2, 6.2.11: embedded, with the widths and the glyphs of its program, and Unicode values."""
    result = with_text(scan(tmp_path / "scan.pdf"), [[PlacedWord("a文", (50, 100), (60, 0), 12)]])
    with pymupdf.open(result) as file:
        ((number, kind, subtype, name, *_),) = file[0].get_fonts()
        assert (kind, subtype, name) == ("ttf", "Type0", "Glyphless")
        assert file.xref_get_key(number, "Encoding")[1] == "/Identity-H"
        assert file.xref_stream(int(file.xref_get_key(number, "ToUnicode")[1].split()[0]))
        cid_font = int(file.xref_get_key(number, "DescendantFonts")[1].strip("[]").split()[0])
        glyphs = file.xref_stream(int(file.xref_get_key(cid_font, "CIDToGIDMap")[1].split()[0]))
        widths = file.xref_get_key(cid_font, "W")[1].strip("[]").split()
    program = ImageFont.truetype(FONT_PROGRAM, 1000)
    half, full = (program.getlength(char) for char in (" ", "\u3000"))
    stated = [range(int(start), int(end) + 1) for start, end in zip(widths[::3], widths[1::3], strict=True)]
    for char in "a文カ한ｱé, \u3000":
        glyph = int.from_bytes(glyphs[2 * ord(char) : 2 * ord(char) + 2])
        width = 1000 if any(ord(char) in wide for wide in stated) else 500
        assert width == {1: half, 2: full}[glyph]
