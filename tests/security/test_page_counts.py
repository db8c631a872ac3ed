"""PDF files that lie about their pages, or number them absurdly, give the pages that they contain, and say so."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from itertools import accumulate
from pathlib import Path

import pytest

from cogdoc.documents.document import Document, open_path
from cogdoc.documents.page_selection import COUNTED_PAGES, MAX_PAGES, PageSelection, parse_page_selection
from cogdoc.documents.sandbox import Sandbox
from cogdoc.engines.builtin.engine import BuiltinEngine
from cogdoc.errors import DamagedError, TooLargeError
from cogdoc.parsing.page import Page
from cogdoc.tasks.ask import answer_questions
from cogdoc.tasks.chart import ChartTask
from cogdoc.tasks.ocr import OcrTask

Opened = Callable[[bytes], Document]


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(timeout=30) as sandbox:
        yield sandbox


@pytest.fixture
def opened(tmp_path: Path, sandbox: Sandbox) -> Opened:
    """Opens a file with these bytes."""

    def open_bytes(data: bytes) -> Document:
        path = tmp_path / "document.pdf"
        path.write_bytes(data)
        return open_path(path, sandbox)

    return open_bytes


FIRST = 4
"""Object number of the first page."""


def pdf(pages: int, *, count: int | None = None, kids: str | None = None, catalog: str = "", nodes: str = "") -> bytes:
    """A PDF whose page N has the text "Page N".

    Args:
        count: the number of pages that it states.
        kids: the children of the root of the page tree; by default the pages.
        nodes: another object, whose number is 3.
    """
    numbers = range(FIRST, FIRST + 2 * pages, 2)
    kids = " ".join(f"{number} 0 R" for number in numbers) if kids is None else kids
    stated = f"/Count {pages if count is None else count}"
    objects = [
        f"<</Type/Catalog/Pages 2 0 R{catalog}>>",
        f"<</Type/Pages/MediaBox[0 0 200 100]/Kids[{kids}]{stated}"
        "/Resources<</Font<</F<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>>>>>>>",
        nodes or "null",
    ]
    for page, number in enumerate(numbers, 1):
        text = f"BT /F 20 Tf 30 40 Td (Page {page}) Tj ET"
        objects.append(f"<</Type/Page/Parent 2 0 R/Contents {number + 1} 0 R>>")
        objects.append(f"<</Length {len(text)}>>stream\n{text}\nendstream")
    parts = [f"{number} 0 obj\n{content}\nendobj\n".encode() for number, content in enumerate(objects, 1)]
    starts = list(accumulate(map(len, parts), initial=9))
    table = b"".join(b"%010d 00000 n \n" % start for start in starts[:-1])
    trailer = b"trailer<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n" % (len(starts), starts[-1])
    return b"%PDF-1.7\n" + b"".join(parts) + b"xref\n0 %d\n0000000000 65535 f \n" % len(starts) + table + trailer


def texts(document: Document) -> list[str]:
    return [Page(document, number).text().text for number in range(1, document.page_count + 1)]


def is_repaired(document: Document) -> bool:
    return "repaired-file" in Page(document, 1).text().flags


@pytest.mark.parametrize("count", [-3, 0, 1, 2, 4, 9, 2**31 - 1, 2**31, 2**40])
def test_stated_number_of_pages_is_corrected(opened: Opened, count: int) -> None:
    document = opened(pdf(3, count=count))
    assert texts(document) == ["Page 1", "Page 2", "Page 3"]
    assert is_repaired(document)


def test_sound_file_is_not_repaired(opened: Opened) -> None:
    document = opened(pdf(3))
    assert texts(document) == ["Page 1", "Page 2", "Page 3"]
    assert not is_repaired(document)


@pytest.mark.parametrize(
    ("kids", "nodes"),
    [
        ("4 0 R 2 0 R 6 0 R", ""),
        ("4 0 R 3 0 R 6 0 R", "<</Type/Pages/Parent 2 0 R/Kids[2 0 R 3 0 R]/Count 5>>"),
        ("4 0 R 3 0 R 3 0 R", "<</Type/Pages/Parent 2 0 R/Kids[6 0 R 3 0 R]/Count 5>>"),
        ("4 0 R 99 0 R null (text) 1 0 R 6 0 R", ""),
    ],
)
def test_loops_and_missing_pages_leave_the_other_pages(opened: Opened, kids: str, nodes: str) -> None:
    document = opened(pdf(2, count=5, kids=kids, nodes=nodes))
    assert texts(document) == ["Page 1", "Page 2"]
    assert is_repaired(document)


def test_page_that_is_listed_very_often_is_read_once(opened: Opened) -> None:
    document = opened(pdf(1, count=100_000, kids="4 0 R " * 100_000))
    assert texts(document) == ["Page 1"]
    assert is_repaired(document)


def test_file_without_any_page_is_damaged(opened: Opened) -> None:
    with pytest.raises(DamagedError, match=r"has no pages|number of pages"):
        opened(pdf(0, count=2**31))


@pytest.mark.slow
def test_page_tree_with_more_entries_than_are_counted_is_refused(opened: Opened) -> None:
    with pytest.raises((TooLargeError, DamagedError), match=r"pages"):
        opened(pdf(1, count=COUNTED_PAGES + 100, kids="4 0 R " * (COUNTED_PAGES + 100)))


@pytest.mark.slow
def test_five_thousand_pages_are_read_without_options_and_twelve_thousand_in_part(opened: Opened) -> None:
    long = opened(pdf(5_000))
    assert long.page_count == 5_000
    assert not long.select(PageSelection()).left_out
    assert Page(long, 5_000).text().text == "Page 5000"
    longer = opened(pdf(12_000)).select(PageSelection())
    assert longer.numbers == tuple(range(1, MAX_PAGES + 1))
    assert "with 1999 more: cogdoc reads 10000 pages by default" in longer.left_out[MAX_PAGES + 1].message


@pytest.mark.parametrize(
    ("labels", "expected"),
    [
        ("<</Nums[0<</S/r>>2<</S/D/P(A-)>>]>>", ["i", "ii", "A-1"]),
        ("<</Nums[2<</S/R/St 1999>>0<</S/A/St 27>>]>>", ["AA", "AB", "MCMXCIX"]),
        ("<</Nums[0<</S/R/St 2000000000>>]>>", ["1", "2", "3"]),
        ("<</Nums[0<</S/D/P(" + "x" * 100_000 + ")>>]>>", ["1", "2", "3"]),
        ("<</Nums[0<</S/D/St(no number)>>]>>", ["1", "2", "3"]),
        ("<</Kids[1 0 R 2 0 R 1 0 R]>>", ["1", "2", "3"]),
        ("<</Nums[" + "0<</S/D>>" * 30_000 + "]>>", ["1", "2", "3"]),
    ],
    ids=["plain", "unordered", "huge number", "huge prefix", "no number", "loop", "many rules"],
)
def test_absurd_labels_are_replaced_by_page_numbers(opened: Opened, labels: str, expected: list[str]) -> None:
    document = opened(pdf(3, catalog=f"/PageLabels{labels}"))
    assert [Page(document, number).text().label for number in (1, 2, 3)] == expected


@pytest.mark.slow
def test_pages_beyond_the_limit_are_named_in_every_result(opened: Opened, sandbox: Sandbox) -> None:
    whole, engine = opened(pdf(5)), BuiltinEngine()
    document = Document(whole.source, whole.request, sandbox, max_pages=2)

    ocr = OcrTask(PageSelection())
    items = ocr.items(document)
    assert list(items) == [1, 2, 3]
    records = [record for (record,) in ocr.run(document, engine, items)]
    assert [record.text for record in records] == ["Page 1", "Page 2", ""]
    assert records[2].error is not None
    assert (records[2].error.kind, records[2].error.exit_code) == ("too-large", 4)
    assert "left out with 2 more" in records[2].error.message
    # A run that resumes has the same results.
    for item, expected in zip(items, records, strict=True):
        ((record,),) = ocr.run(document, engine, [item])
        assert record.model_copy(update={"timings": {}}) == expected.model_copy(update={"timings": {}})

    charts = [record for (record,) in ChartTask(PageSelection()).run(document, engine, items)]
    assert [record.error is None for record in charts] == [True, True, False]
    (answer,) = answer_questions(document, engine, ["page 5?"], PageSelection())
    assert [unread.page for unread in answer.unread_pages] == [3]
    assert "pages-failed" in answer.flags
    (answer,) = answer_questions(document, engine, ["page 5?"], parse_page_selection("4-"))
    assert answer.unread_pages == ()


@pytest.mark.slow
def test_limit_of_the_command_counts_selected_pages(tmp_path: Path) -> None:
    (tmp_path / "long.pdf").write_bytes(pdf(MAX_PAGES + 7))

    def run(*options: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "cogdoc", "ocr", "long.pdf", *options]
        return subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False)

    refused = run("--max-pages", "100")
    assert (refused.returncode, refused.stdout) == (4, "")
    assert "10007 pages are more than --max-pages 100" in refused.stderr
    selected = run("--pages", "10006-")
    assert (selected.returncode, selected.stderr) == (0, "")
    assert "Page 10007" in selected.stdout
