"""The text of searchable PDF files is stored with the results of pages, so that a resumed run reads no page again."""

from __future__ import annotations

from pathlib import Path

import pypdfium2
import pytest
from PIL import Image

from cogdoc.batch.items import FinishedDocument, ItemResult, run_items_and_finish
from cogdoc.batch.journal import Journal
from cogdoc.documents.document import open_path
from cogdoc.documents.page_selection import PageSelection
from cogdoc.documents.sandbox import Sandbox
from cogdoc.documents.searchable_pdf.layer_content import PlacedWord, draw_layer
from cogdoc.engines.builtin.engine import BuiltinEngine
from cogdoc.results.output.folders import open_private_folder
from cogdoc.results.records import EngineInfo, PageInfo, PageRecord
from cogdoc.tasks.describe import describe_source
from cogdoc.tasks.ocr import OcrTask


def test_a_resumed_run_writes_the_text_that_an_earlier_run_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "scan.png"
    Image.new("L", (300, 200), 255).save(path)
    layer = draw_layer(1, (300, 200), [[PlacedWord("Stored", (10, 50), (60, 0), 12)]])
    with Sandbox() as sandbox, open_private_folder(tmp_path / ".cogdoc") as folder:
        document = open_path(path, sandbox)
        record = PageRecord(
            source=describe_source(document),
            engine=EngineInfo(name="builtin", version="1"),
            page=PageInfo(number=1, label="1", width=300, height=200),
            text="Stored",
            text_layer=layer,
        )
        assert "text_layer" not in record.model_dump()
        journal = Journal(folder, "journal", "key", tmp_path, restart=False, retry_failed=False)
        journal.store(record.source, ItemResult(1, (record,)))
        monkeypatch.setattr(BuiltinEngine, "transcribe", None)
        task = OcrTask(PageSelection(), text_layers=True)
        result, finished = run_items_and_finish(document, task, BuiltinEngine(), journal)
        assert isinstance(result, ItemResult)
        assert result.records == (record,)
        journal.close()
        assert isinstance(finished, FinishedDocument)
        with finished.file as file:
            written = pypdfium2.PdfDocument(file.read())
        assert written[0].get_textpage().get_text_range() == "Stored"
        written.close()
