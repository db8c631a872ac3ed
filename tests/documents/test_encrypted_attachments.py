"""PDFs that encrypt nothing but their attachments are read without a password."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from cogdoc.errors import EncryptedError
from cogdoc.parsing.page import Page


def save_encrypted(path: Path, *, streams: str) -> Path:
    """A PDF of one line with an encryption dictionary whose password nobody knows."""
    content = "BT /F1 12 Tf 72 720 Td (Total 312.40 EUR) Tj ET"
    objects = [
        "<</Type/Catalog/Pages 2 0 R>>",
        "<</Type/Pages/Kids[3 0 R]/Count 1>>",
        "<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents 4 0 R/Resources<</Font<</F1 5 0 R>>>>>>",
        f"<</Length {len(content)}>>\nstream\n{content}\nendstream",
        "<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
    ]
    output, offsets = "%PDF-1.7\n", []
    for number, text in enumerate(objects, 1):
        offsets.append(len(output))
        output += f"{number} 0 obj\n{text}\nendobj\n"
    start = len(output)
    output += f"xref\n0 {len(objects) + 1}\n0000000000 65535 f \n" + "".join(f"{at:010} 00000 n \n" for at in offsets)
    encryption = (
        f"/Encrypt<</Filter/Standard/V 4/R 4/Length 128/P -4/O<{'41' * 32}>/U<{'42' * 32}>"
        f"/CF<</StdCF<</CFM/AESV2/AuthEvent/EFOpen/Length 16>>>>{streams}/EFF/StdCF>>"
    )
    identifier = "00112233445566778899aabbccddeeff"
    output += f"trailer\n<</Size {len(objects) + 1}/Root 1 0 R/ID[<{identifier}><{identifier}>]{encryption}>>\n"
    path.write_bytes(f"{output}startxref\n{start}\n%%EOF\n".encode())
    return path


@pytest.mark.parametrize("streams", ["/StmF/Identity/StrF/Identity", ""])
def test_pages_are_read_if_only_attachments_are_encrypted(tmp_path: Path, open_file: Any, streams: str) -> None:
    document = open_file(save_encrypted(tmp_path / "attached.pdf", streams=streams))
    assert Page(document, 1).text().text == "Total 312.40 EUR"


def test_a_password_is_needed_if_pages_are_encrypted_too(tmp_path: Path, open_file: Any) -> None:
    with pytest.raises(EncryptedError, match="needs a password"):
        open_file(save_encrypted(tmp_path / "closed.pdf", streams="/StmF/StdCF/StrF/StdCF"))
