"""`--out html` in a real browser: places and results point at each other, and nothing that a document says acts."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pymupdf
import pytest
from browsing import chromium
from html_pages import page_of_document, page_of_documents
from small_pdfs import save_pdf

from cogdoc.documents.page_selection import PageSelection
from cogdoc.documents.sandbox import Sandbox
from cogdoc.results.failures import ErrorInfo, UnreadPage
from cogdoc.results.field_result import FieldResult, Missing
from cogdoc.results.printable import printable
from cogdoc.results.printed_value import PrintedValue
from cogdoc.results.records import (
    Answer,
    AnswerOperand,
    AnswerRecord,
    AnyRecord,
    Candidate,
    Chart,
    ChartKind,
    ChartRecord,
    ChartSeries,
    ChartValue,
    EngineInfo,
    Evidence,
    ExtractRecord,
    PageInfo,
    PageRecord,
    SourceInfo,
    TableCell,
    TableResult,
    TextBlock,
    TextLine,
)
from cogdoc.tasks.ask import AskTask
from cogdoc.tasks.chart import ChartTask
from cogdoc.tasks.ocr import OcrTask

SAMPLES = Path(__file__).parents[2] / "samples"
ALL = PageSelection()
QUESTIONS = ("What is the total due?", "Who is the captain of the ship?")
HOSTILE = (
    "<img src=x onerror=alert(1)>",
    "</script><script>alert(1)</script>",
    "</style><style>*{display:none}</style>",
    "</title><script>alert(1)</script>",
    '" onmouseover="alert(1)" x="',
    "'><svg onload=alert(1)>",
    "javascript:alert(1)",
    "{{ 7 * 7 }}{% raw %}",
    "&lt;b&gt; &#60;script&#62;",
    "https://evil.example/pixel.png",
    "\u202eevil\u0000\x1b[31m\u2028",
)

Open = Callable[..., Any]


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with chromium() as browser:
        yield browser


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The pages that `ask` and `ocr` write of a bill, and `chart` of a chart."""
    folder = tmp_path_factory.mktemp("html")
    bill = save_pdf(folder / "bill.pdf", "Harbour Chandlery\nTotal due: $98.76", "Thank you\nfor your custom")
    with Sandbox(jobs=1) as sandbox:
        return {
            "ask": page_of_document(bill, AskTask(QUESTIONS, ALL), sandbox),
            "ocr": page_of_document(bill, OcrTask(ALL), sandbox),
            "chart": page_of_document(SAMPLES / "charts" / "bar.png", ChartTask(ALL), sandbox),
        }


@pytest.fixture
def show(browser: Any, tmp_path: Path) -> Iterator[Open]:
    """Opens pages as files. Each must have asked for nothing, and have had no error and no dialog."""
    contexts, wrong = [], []

    def open_page(text: str, **settings: Any) -> Any:
        settings = {"viewport": {"width": 1280, "height": 900}, "reduced_motion": "reduce"} | settings
        contexts.append(browser.new_context(**settings))
        page = contexts[-1].new_page()
        path = tmp_path / f"{len(contexts)}.html"
        path.write_text(text, encoding="utf-8", newline="")
        page.on("request", lambda request: request.url.startswith(("file:", "data:")) or wrong.append(request.url))
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on("console", lambda line: wrong.append(line.text))
        page.on("dialog", lambda dialog: (wrong.append(dialog.message), dialog.dismiss()))
        page.goto(path.as_uri())
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert wrong == []


def overlap(page: Any, selector: str, sheet: str, box: tuple[float, float, float, float]) -> float:
    """The share of `box`, in points of an A4 page, that an element covers."""
    mark, paper = page.locator(selector).bounding_box(), page.locator(sheet).bounding_box()
    scale = paper["width"] / 595
    left, top = (mark["x"] - paper["x"]) / scale, (mark["y"] - paper["y"]) / scale
    right, bottom = left + mark["width"] / scale, top + mark["height"] / scale
    width, height = min(right, box[2]) - max(left, box[0]), min(bottom, box[3]) - max(top, box[1])
    return max(0.0, width) * max(0.0, height) / ((box[2] - box[0]) * (box[3] - box[1]))


def test_answer_is_marked_on_its_page_and_lit_from_both_sides(show: Open, pages: dict[str, str]) -> None:
    page = show(pages["ask"])
    assert page.locator(".answer").all_inner_texts() == ["$98.76", "The document does not say."]
    assert page.locator(".pages img").evaluate_all("all => all.map(one => [one.alt, one.naturalHeight])") == [
        ["Page 1", 1400]
    ]
    # "Total due: $98.76" is printed at 72 points from the left, with its baseline at 96.
    assert overlap(page, ".mark.found > rect", ".sheet img", (135, 88, 165, 97)) > 0.8
    mark, pane = page.locator(".mark.found > rect >> nth=0").bounding_box(), page.locator(".pages").bounding_box()
    assert pane["y"] < mark["y"] < 900
    page.hover(".place")
    assert page.locator(".mark.lit").count() == 1
    page.mouse.move(5, 5)
    assert page.locator(".mark.lit").count() == 0
    page.hover(".mark.found > rect >> nth=0")
    assert page.locator(".place.lit").count() == 1
    page.mouse.move(5, 5)
    page.focus(".place")
    assert page.locator(".mark.lit").count() == 1


def test_text_and_page_point_at_each_other_by_pointer_keyboard_and_click(show: Open, pages: dict[str, str]) -> None:
    page = show(pages["ocr"])
    block = page.locator(".block", has_text="Total due")
    block.hover()
    assert overlap(page, ".mark.lit > rect", "#d1-r1 .sheet img", (72, 88, 165, 97)) > 0.8
    page.locator(".mark.area").last.hover()
    assert "for your custom" in page.locator(".block.lit").inner_text()
    page.mouse.move(5, 5)
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.locator(".block .to").first.focus()
    assert page.locator(".mark.lit").count() == 1
    page.evaluate("scrollTo(0, 0)")
    page.locator(".block", has_text="for your custom").click()
    top = page.locator(".mark.area").last.bounding_box()["y"]
    assert 0 <= top <= 900
    page.locator("#d1-r1 .sheet").hover()
    page.locator("#d1-r1 .larger").click()
    assert page.locator("#d1-r1 .sheet img").bounding_box()["width"] > 1000


def test_values_of_a_chart_are_lit_in_the_table_the_drawing_and_the_original(show: Open, pages: dict[str, str]) -> None:
    page = show(pages["chart"])
    page.hover("td >> nth=2")
    assert [page.locator(f"{each}.lit").count() for each in ("td", ".mark-drawn", ".mark.value")] == [1, 1, 1]
    mark, paper = page.locator(".mark.lit > rect").bounding_box(), page.locator(".sheet img").bounding_box()
    assert paper["y"] < mark["y"] < mark["y"] + mark["height"] < paper["y"] + paper["height"]
    page.mouse.move(5, 5)
    page.hover(".mark-drawn >> nth=3")
    assert page.locator("td.lit").inner_text() == page.locator("td >> nth=3").inner_text()


@pytest.mark.parametrize("task", ["ask", "ocr", "chart"])
def test_pages_are_readable_without_javascript_narrow_dark_and_printed(
    show: Open, pages: dict[str, str], task: str
) -> None:
    page = show(pages[task], java_script_enabled=False, color_scheme="dark", viewport={"width": 390, "height": 780})
    expected = {"ask": "$98.76", "ocr": "Total due: $98.76", "chart": "Library visits"}
    assert page.get_by_text(expected[task]).first.is_visible()
    assert page.locator(".larger").count() == 0
    page.emulate_media(media="print")
    assert page.get_by_text(expected[task]).first.is_visible()
    with pymupdf.open(stream=page.pdf(), filetype="pdf") as printed:
        assert sum(len(sheet.get_images()) for sheet in printed) == {"ask": 1, "ocr": 2, "chart": 1}[task]


def test_links_work_without_javascript(show: Open, pages: dict[str, str]) -> None:
    page = show(pages["ask"], java_script_enabled=False)
    page.click(".place")
    assert page.url.endswith("#m-d1-r1-e0")
    page.click(".mark.found > rect >> nth=0")
    assert page.url.endswith("#d1-r1")


def test_pages_have_names_landmarks_and_readable_colors(show: Open, pages: dict[str, str]) -> None:
    for scheme in ("light", "dark"):
        page = show(pages["ocr"], color_scheme=scheme)
        assert page.get_by_role("article").count() == 1
        assert page.get_by_role("region").count() == 2
        assert page.get_by_role("navigation", name="Pages").count() == 1
        assert page.get_by_role("heading", level=1).inner_text() == "bill.pdf"
        assert page.get_by_role("img", name="Page 1").count() == 1
        for selector in ("h1", ".about", ".facts", ".foot", ".block p"):
            assert page.locator(selector).first.evaluate(CONTRAST) >= 4.5, (scheme, selector)


CONTRAST = """element => {
    const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
    const light = (color) => {
        canvas.clearRect(0, 0, 1, 1);
        canvas.fillStyle = color;
        canvas.fillRect(0, 0, 1, 1);
        const part = (x) => (x /= 255) <= 0.04045 ? x / 12.92 : ((x + 0.055) / 1.055) ** 2.4;
        const [r, g, b] = canvas.getImageData(0, 0, 1, 1).data;
        return 0.2126 * part(r) + 0.7152 * part(g) + 0.0722 * part(b);
    };
    const pair = [getComputedStyle(element).color, getComputedStyle(document.body).backgroundColor].map(light);
    return (Math.max(...pair) + 0.05) / (Math.min(...pair) + 0.05);
}"""


def hostile_records(text: str) -> Iterator[list[AnyRecord]]:
    """Records in which every text is `text`."""
    source = SourceInfo(path=f"{text}", sha256="ab" * 32, page_count=3, attachments=(text,))
    engine = EngineInfo(name=text, version=text, checkpoint=text, server=text)
    page, box = PageInfo(number=1, label=text, width=600, height=800), (10.0, 20.0, 110.0, 40.0)
    evidence = Evidence(page=1, label=text, box=box, text=text)
    value = PrintedValue(kind="number", number=1, unit=text, other_reading=text)
    answer = Answer(
        question=text,
        text=text,
        value=value,
        confidence=0.3,
        evidence=(evidence,),
        alternatives=(Candidate(text=text, confidence=0.1, evidence=evidence),),
        operands=(AnswerOperand(label=text, text=text, page=1, box=(10, 50, 110, 70)),),
        formula=text,
        flags=(text,),
    )
    unread = (UnreadPage(page=2, message=text),)
    error = ErrorInfo(kind=text, message=text, hint=text, exit_code=1)
    common: dict[str, Any] = {"source": source, "engine": engine}
    asked = {"question": text, "flags": (text,), "unread_pages": unread}
    yield [AnswerRecord(**common, **asked, answer=answer), AnswerRecord(**common, question=text, error=error)]
    cell = TableCell(text=text, box=box, value=value)
    line = TextLine(text=text, box=box, confidence=0.1)
    kinds = ("title", "heading", "text", "list-item", "picture", "comment", text)
    blocks = [TextBlock(kind=kind, box=box, text=text, lines=(line,)) for kind in kinds]
    table = TextBlock(kind="table", box=box, text=text, table=TableResult(rows=((cell, cell), (cell, cell))))
    yield [PageRecord(**common, page=page, blocks=(*blocks, table), flags=(text,), origin="ocr", confidence=0.4)]
    fields = [
        FieldResult(
            name=text, type="text", text=text, value=text, typed=value, confidence=0.3, page=1, label=text, box=box
        ),
        FieldResult(name=text, type="text", reason=Missing.NOT_FOUND, message=text, flags=(text,)),
    ]
    fields.append(FieldResult(name=text, type="table", value=[text], rows=(tuple(fields),)))
    fields.append(FieldResult(name=text, type="list", value=[text], items=tuple(fields[:2])))
    yield [ExtractRecord(**common, fields=tuple(fields), problems=(text,), unread_pages=unread, flags=(text,))]
    series = ChartSeries(name=text, values=(ChartValue(value=1, text=text, confidence=0.1, box=box),))
    for kind in (ChartKind.BAR, ChartKind.PIE, ChartKind.LINE):
        chart = Chart(
            kind=kind,
            title=text,
            x_title=text,
            y_title=text,
            unit=text,
            categories=(text,),
            series=(series, series),
            measured=True,
            confidence=0.3,
        )
        yield [ChartRecord(**common, page=page, chart=chart, answers=(answer,), flags=(text,))]


COUNTS = """() => {
    const all = [...document.querySelectorAll("*")];
    const counts = {};
    for (const { localName: name } of all) if (!NAMES.includes(name)) counts[name] = (counts[name] ?? 0) + 1;
    const acting = all.filter((each) => [...each.attributes].some(({ name }) => /^on|^style$|^srcdoc$/.test(name)));
    const address = (each) => each.getAttribute("href") ?? each.getAttribute("src") ?? "#";
    const elsewhere = all.filter((each) => !/^(#|data:image\\/webp)/.test(address(each)));
    return [counts, acting.length, elsewhere.length];
}""".replace("NAMES", '["text"]')
"""How many elements of each kind a page has, except labels in drawings, which depend on their width."""


def test_nothing_that_a_document_says_acts_on_the_page(show: Open) -> None:
    counts = []
    for text in ("x", *HOSTILE):
        error = ErrorInfo(kind=text, message=text, hint=text, exit_code=1)
        page = show(page_of_documents([(records, error) for records in hostile_records(text)]))
        counts.append(page.evaluate(COUNTS))
        assert " ".join(printable(text).split()) in " ".join(page.inner_text("body").split())
        page.context.close()
    assert counts[0][1:] == [0, 0]
    assert all(each == counts[0] for each in counts)
