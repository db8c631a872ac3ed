"""Files attached to a PDF as a whole, or by annotations of its pages, are listed by their names."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pymupdf

from cogdoc.documents.attachments import MAX_ATTACHMENTS, attachment_names


def reopened(file: pymupdf.Document) -> pymupdf.Document:
    return pymupdf.open(stream=file.tobytes(), filetype="pdf")


def pages(count: int) -> pymupdf.Document:
    file = pymupdf.open()
    for _ in range(count):
        file.new_page()
    return file


def test_files_attached_to_pages_follow_those_of_the_document() -> None:
    file = pages(3)
    file[2].add_file_annot((50, 50), b"b", "sales.csv")
    file[0].add_file_annot((50, 50), b"a", "plan.dwg", ufilename="Pläne  2026\n.dwg")
    file.embfile_add("data", b"<x/>", filename="factur-x.xml")
    assert attachment_names(reopened(file)) == ("factur-x.xml", "Pläne 2026 .dwg", "sales.csv")


def test_a_file_that_is_attached_repeatedly_is_listed_once() -> None:
    file = pages(2)
    for page in file:
        page.add_file_annot((50, 50), b"a", "terms.pdf")
    file.embfile_add("terms", b"a", filename="terms.pdf")
    assert attachment_names(reopened(file)) == ("terms.pdf",)


def test_annotations_without_a_file_are_passed_over() -> None:
    file = pages(1)
    page = file[0]
    page.add_text_annot((50, 50), "a note")
    external = page.add_file_annot((50, 100), b"", "elsewhere.pdf")
    file.xref_set_key(external.xref, "FS", "<</Type/Filespec/F(elsewhere.pdf)>>")
    broken = page.add_file_annot((50, 150), b"", "broken.pdf")
    file.xref_set_key(broken.xref, "FS", "99999 0 R")
    page.add_file_annot((50, 200), b"", "here.pdf")
    assert attachment_names(reopened(file)) == ("here.pdf",)


def test_the_number_of_attachments_is_bounded() -> None:
    file = pages(1)
    first = file[0].add_file_annot((50, 50), b"a", "x.bin").xref
    spec = "<</F(%d.bin)/EF<</F 1 0 R>>>>"
    annotations = " ".join(f"<</Subtype/FileAttachment/FS{spec % number}>>" for number in range(2 * MAX_ATTACHMENTS))
    file.xref_set_key(file[0].xref, "Annots", f"[{first} 0 R {annotations}]")
    names = attachment_names(reopened(file))
    assert names == ("x.bin", *(f"{number}.bin" for number in range(MAX_ATTACHMENTS - 1)))


def test_an_opened_document_lists_the_files_of_its_pages(tmp_path: Path, open_file: Any) -> None:
    file = pages(2)
    file[1].add_file_annot((50, 50), b"a", "sales.csv")
    file.save(tmp_path / "report.pdf")
    assert open_file(tmp_path / "report.pdf").attachments == ("sales.csv",)
