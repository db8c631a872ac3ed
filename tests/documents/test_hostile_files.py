"""Files made to crash, hang or exhaust a worker process give pages or one error, and the next file is read."""

from __future__ import annotations

import json
import struct
import sys
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pymupdf
import pytest

from cogdoc.documents.document import Document, open_path
from cogdoc.documents.open_request import OpenRequest
from cogdoc.documents.rendering import PixelSize
from cogdoc.documents.sandbox import Sandbox
from cogdoc.documents.sources import Source
from cogdoc.errors import CogdocError, EncryptedError, ResourceError, TimeLimitError, TooLargeError
from cogdoc.parsing.page import Page

pytestmark = pytest.mark.slow

ROWS = Path(__file__).parents[2] / "../shared/data/core/hostile.jsonl"
SLOW = ("pdf_double_flate_bomb.pdf",)
"""Takes seconds to render; the benchmark reads it."""

SMALL = PixelSize(64, 64)


@pytest.fixture(scope="module")
def confined() -> Iterator[Sandbox]:
    with Sandbox(timeout=60) as shared:
        yield shared


def rows() -> list[Any]:
    if not ROWS.exists():
        return [pytest.param({}, marks=pytest.mark.skip(reason="needs the evaluation data"))]
    known = [json.loads(line) for line in ROWS.read_text(encoding="utf-8").splitlines()]
    return [pytest.param(row, id=Path(row["file"]).name) for row in known if not row["file"].endswith(SLOW)]


def draw(path: Path, sandbox: Sandbox, password: str | None = None) -> None:
    assert open_path(path, sandbox, password).picture(1, SMALL).result().shape == (64, 64, 3)


def failure_of(path: Path, sandbox: Sandbox) -> CogdocError | None:
    try:
        draw(path, sandbox)
    except CogdocError as error:
        return error
    return None


@pytest.mark.parametrize("row", rows())
def test_every_hostile_file_has_the_expected_outcome(row: dict[str, Any], confined: Sandbox) -> None:
    path = ROWS.parent / row["file"]
    if "password" in row:
        with pytest.raises(EncryptedError, match="needs a password"):
            draw(path, confined)
    elif row["expect"].startswith("should work"):
        draw(path, confined)
    elif (error := failure_of(path, confined)) is not None:
        assert "\n" not in error.message
        assert "crashed" not in error.message


def test_sandbox_still_works_after_all_hostile_files(confined: Sandbox, samples: Path) -> None:
    assert "Annual Report" in Page(open_path(samples / "report.pdf", confined), 1).text().text


def png_of_zeros(path: Path, width: int, height: int) -> Path:
    packer = zlib.compressobj(1)
    row = bytes(1 + 3 * width)
    body = b"".join(packer.compress(row) for _ in range(height)) + packer.flush()
    chunks = [(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)), (b"IDAT", body), (b"IEND", b"")]
    path.write_bytes(
        b"\x89PNG\r\n\x1a\n"
        + b"".join(struct.pack(">I", len(d)) + kind + d + struct.pack(">I", zlib.crc32(kind + d)) for kind, d in chunks)
    )
    return path


def open_picture(path: Path, sandbox: Sandbox, max_megapixels: float) -> Document:
    request = OpenRequest(path.resolve(), None, max_megapixels)
    return Document(Source(path, path.name, Path(path.name)), request, sandbox)


@pytest.mark.skipif(sys.platform != "linux", reason="needs a limit on memory")
def test_allowed_picture_that_needs_too_much_memory_names_the_limit(tmp_path: Path, samples: Path) -> None:
    path = png_of_zeros(tmp_path / "large.png", 12000, 10000)
    with Sandbox(memory=400 * 2**20) as sandbox:
        with pytest.raises(TooLargeError, match="larger than 100 megapixels"):
            open_picture(path, sandbox, max_megapixels=100)
        with pytest.raises(ResourceError, match="needs more than 400 MB of memory"):
            open_picture(path, sandbox, max_megapixels=300).picture(1, SMALL).result()
        draw(samples / "report.pdf", sandbox)


def pdf_of_nested_forms(path: Path) -> Path:
    """Forms that each draw the next form ten times: 10^12 in all."""
    file = pymupdf.open()
    page = file.new_page()
    forms = [file.get_new_xref() for _ in range(12)]
    for form, inner in zip(forms, [*forms[1:], 0], strict=True):
        resources = f"/Resources<</XObject<</F {inner} 0 R>>>>" if inner else ""
        file.update_object(form, f"<</Type/XObject/Subtype/Form/BBox[0 0 9 9]{resources}>>")
        file.update_stream(form, b"/F Do " * 10 if inner else b"0 0 9 9 re f")
    content = file.get_new_xref()
    file.update_object(content, "<<>>")
    file.update_stream(content, b"/F Do")
    file.xref_set_key(page.xref, "Resources", f"<</XObject<</F {forms[0]} 0 R>>>>")
    file.xref_set_key(page.xref, "Contents", f"{content} 0 R")
    file.save(path)
    return path


def test_page_that_never_finishes_reaches_the_time_limit(tmp_path: Path, samples: Path) -> None:
    with Sandbox(timeout=6) as sandbox:
        document = open_path(pdf_of_nested_forms(tmp_path / "endless.pdf"), sandbox)
        with pytest.raises(TimeLimitError, match="took longer than 6 s"):
            document.picture(1, SMALL).result()
        draw(samples / "report.pdf", sandbox)
