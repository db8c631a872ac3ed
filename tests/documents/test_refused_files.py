"""Files that cannot be read, or only in part: each has its own error, exit code and hint."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pymupdf
import pytest

from cogdoc.documents.document import Document
from cogdoc.errors import CogdocError, DamagedError, EncryptedError, ExitCode, InputError
from cogdoc.parsing.page import Page

Open = Callable[..., Document]


def test_encrypted_file_opens_with_its_password(samples: Path, facts: dict[str, Any], open_file: Open) -> None:
    document = open_file(samples / "encrypted.pdf", facts["encrypted.pdf"]["password"])
    (known,) = facts["encrypted.pdf"]["text"]
    assert known in " ".join(Page(document, 1).text().text.split())


@pytest.mark.parametrize(
    ("password", "message"), [(None, "needs a password"), ("wrong", "password is wrong"), ("", "password is wrong")]
)
def test_encrypted_file_without_its_password_is_an_encrypted_error(
    samples: Path, open_file: Open, password: str | None, message: str
) -> None:
    with pytest.raises(EncryptedError, match=message) as caught:
        open_file(samples / "encrypted.pdf", password)
    assert caught.value.exit_code is ExitCode.ENCRYPTED
    assert "--password-file" in (caught.value.hint or "")


def test_password_opens_in_either_unicode_form(tmp_path: Path, open_file: Open) -> None:
    file = pymupdf.open()
    file.new_page()
    file.save(tmp_path / "cafe.pdf", encryption=pymupdf.PDF_ENCRYPT_AES_256, user_pw="caf\u00e9", owner_pw="x")
    assert open_file(tmp_path / "cafe.pdf", "cafe\u0301").page_count == 1


def test_file_with_only_an_owner_password_opens(tmp_path: Path, open_file: Open) -> None:
    file = pymupdf.open()
    file.new_page().insert_text((72, 72), "free to read")
    file.save(tmp_path / "owned.pdf", encryption=pymupdf.PDF_ENCRYPT_AES_256, owner_pw="secret", permissions=0)
    assert Page(open_file(tmp_path / "owned.pdf"), 1).text().text == "free to read"


def test_truncated_pdf_is_repaired_and_flagged(tmp_path: Path, open_file: Open) -> None:
    file = pymupdf.open()
    for number in range(20):
        file.new_page().insert_text((72, 72), f"This is page {number + 1}")
    whole = file.tobytes()
    (tmp_path / "cut.pdf").write_bytes(whole[: whole.index(b"endobj", len(whole) // 2)])
    document = open_file(tmp_path / "cut.pdf")
    words = Page(document, 1).text()
    assert (words.text, words.flags) == ("This is page 1", ("repaired-file",))


def test_pdf_truncated_before_its_page_tree_has_no_pages(tmp_path: Path, samples: Path, open_file: Open) -> None:
    whole = (samples / "report.pdf").read_bytes()
    (tmp_path / "cut.pdf").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(DamagedError, match="it has no pages"):
        open_file(tmp_path / "cut.pdf")


def test_truncated_picture_is_decoded_partly_and_flagged(tmp_path: Path, samples: Path, open_file: Open) -> None:
    whole = (samples / "receipt.jpg").read_bytes()
    (tmp_path / "cut.jpg").write_bytes(whole[: len(whole) // 2])
    picture = open_file(tmp_path / "cut.jpg").picture(1).result()
    upper, lower = picture[: picture.shape[0] // 4], picture[-picture.shape[0] // 4 :]
    assert upper.std() > 5, "the upper part is there"
    assert lower.std() < 5, "the lower part is not"


def pdf_without_pages() -> bytes:
    return (
        b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Kids[]/Count 0>>endobj\n"
        b"trailer<</Root 1 0 R>>\n%%EOF\n"
    )


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("empty.pdf", b""),
        ("garbage.pdf", b"%PDF-1.7\n" + bytes(range(256)) * 40),
        ("header-only.pdf", b"%PDF-1.7\n"),
        ("no-pages.pdf", pdf_without_pages()),
        ("garbage.png", b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 4),
        ("garbage.jpg", b"\xff\xd8\xff" + bytes(range(256)) * 4),
        ("garbage.gif", b"GIF89a"),
        ("garbage.tiff", b"II*\x00\xff\xff\xff\xff"),
        ("garbage.webp", b"RIFF\x00\x00\x00\x00WEBPVP8 "),
        ("garbage.epub", b"PK\x03\x04" + b"\0" * 100),
    ],
)
def test_damaged_file_is_a_one_line_error(tmp_path: Path, open_file: Open, name: str, content: bytes) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(DamagedError) as caught:
        open_file(tmp_path / name)
    assert caught.value.exit_code is ExitCode.NO_INPUT
    assert "\n" not in caught.value.message
    assert len(caught.value.message) < 200


def test_missing_file_and_folder_have_different_errors(tmp_path: Path, open_file: Open) -> None:
    with pytest.raises(InputError, match="no such file"):
        open_file(tmp_path / "gone.pdf")
    with pytest.raises(InputError, match="is a folder"):
        open_file(tmp_path)


def test_changed_file_is_read_again(tmp_path: Path, open_file: Open) -> None:
    path = tmp_path / "changing.pdf"
    for pages in (1, 2):
        file = pymupdf.open()
        for _ in range(pages):
            file.new_page()
        file.save(path)
        assert open_file(path).page_count == pages


def test_every_error_can_be_pickled() -> None:
    import pickle

    def subclasses(kind: type[CogdocError]) -> list[type[CogdocError]]:
        return [kind, *(found for child in kind.__subclasses__() for found in subclasses(child))]

    for kind in subclasses(CogdocError):
        copy = pickle.loads(pickle.dumps(kind("message", "hint")))
        assert (type(copy), copy.message, copy.hint, str(copy)) == (kind, "message", "hint", "message")
