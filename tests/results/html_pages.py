"""Makes pages of `--out html` from documents and from records, without the command line."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from io import BytesIO, StringIO
from pathlib import Path

from PIL import Image

from cogdoc.batch.items import run_items
from cogdoc.documents.document import open_path
from cogdoc.documents.sandbox import Sandbox
from cogdoc.engines.builtin.engine import BuiltinEngine
from cogdoc.results.failures import ErrorInfo
from cogdoc.results.html.pictures_shown import areas_of
from cogdoc.results.output_formats import FORMATS, make_renderer
from cogdoc.results.page_picture import PagePicture
from cogdoc.results.records import AnyRecord
from cogdoc.tasks.describe import describe_source
from cogdoc.tasks.task import Task


def page_of_document(path: Path, task: Task, sandbox: Sandbox) -> str:
    """The page that a run of the task on the document writes."""
    stream = StringIO(newline="")
    document = open_path(path, sandbox)
    renderer = make_renderer(FORMATS["html"], stream, several_questions=len(task.questions) > 1)
    renderer.begin(task.name, describe_source(document))
    for item in run_items(document, task, BuiltinEngine(), None, areas_of):
        renderer.add_pictures(item.pictures)
        for record in item.records:
            renderer.write(record)
    renderer.end(None)
    renderer.close()
    return stream.getvalue()


def page_of_records(records: Sequence[AnyRecord], *, error: ErrorInfo | None = None, pictures: bool = True) -> str:
    """The page with these records of one document; its pages' pictures are blank."""
    return page_of_documents([(records, error)], pictures=pictures)


def page_of_documents(
    documents: Sequence[tuple[Sequence[AnyRecord], ErrorInfo | None]], *, pictures: bool = True
) -> str:
    """As `page_of_records`, for the records of several documents, and the error of each."""
    stream = StringIO(newline="")
    several = any(len(records) > 1 for records, _ in documents)
    renderer = make_renderer(FORMATS["html"], stream, several_sources=len(documents) > 1, several_questions=several)
    for records, error in documents:
        renderer.begin(records[0].task, records[0].source)
        for record in records:
            renderer.add_pictures(blank_pictures(record) if pictures else ())
            renderer.write(record)
        renderer.end(error)
    renderer.close()
    return stream.getvalue()


def blank_pictures(record: AnyRecord) -> Iterable[PagePicture]:
    content = BytesIO()
    Image.new("RGB", (60, 80), "white").save(content, "WEBP")
    for area in areas_of(record):
        yield PagePicture(area, area.box or (0.0, 0.0, 600.0, 800.0), 60, 80, content.getvalue())
