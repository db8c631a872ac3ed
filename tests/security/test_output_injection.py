"""Nothing that a document, a file name or a model folder says becomes markup, a row, or a command to a terminal."""

from __future__ import annotations

import io
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import pytest

from cogdoc.batch.run_record import RunRecord
from cogdoc.results.output_formats import FORMATS, make_renderer
from cogdoc.results.printable import printable, printable_json
from cogdoc.results.records import (
    Answer,
    AnswerRecord,
    AnyRecord,
    Chart,
    ChartKind,
    ChartRecord,
    ChartSeries,
    ChartValue,
    EngineInfo,
    Evidence,
    PageInfo,
    PageRecord,
    SourceInfo,
    TableCell,
    TableResult,
    TextBlock,
)
from cogdoc.results.tables.html import table_html

ENGINE = EngineInfo(name="builtin", version="1")
MARKUP = (
    "[pay](javascript:alert(1))",
    "![pixel](https://evil.example/p.png)",
    "![pixel](data:image/svg+xml;base64,PHN2Zz4=)",
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "<https://evil.example/>",
    "[x]: javascript:alert(1)",
    "</td></tr></table><script>alert(1)</script>",
    "--> <script>alert(1)</script> <!--",
    "--!> <script>alert(1)</script>",
    "&#60;script&#62;alert(1)&#60;/script&#62;",
    "`</code><script>`",
    "\\[x](javascript:alert(1))",
    "a | b | c",
    "total\n# Grand total 9999",
    "total\n\n| a | b |\n|---|---|\n| c | d |",
    "total\n===",
    "total\n- item",
    "total\n    code",
    "total\u2028# Grand total",
)
CONTROLS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")
TERMINAL = (
    "\x1b[31mred",
    "\x1b]0;title\x07",
    "\x1b]8;;https://evil.example\x1b\\link",
    "\x1b]52;c;cm0=\x07",
    "\x9b31m",
    "\rover",
    "back\x08\x08",
    "\u202efdp.exe",
    "\u2066x\u2069",
    "two\u2028lines",
)


def page(text: str, kind: str = "text", table: TableResult | None = None) -> PageRecord:
    from cogdoc.results.records import TextLine

    line = TextLine(text=text, box=(0, 0, 100, 10), confidence=1)
    block = TextBlock(kind=kind, box=(0, 0, 100, 10), text=text, lines=(line,), table=table)
    info = PageInfo(number=1, label=text, width=1, height=1)
    return PageRecord(source=SourceInfo(path=text, page_count=2), engine=ENGINE, page=info, text=text, blocks=(block,))


def answer(text: str) -> AnswerRecord:
    evidence = Evidence(page=1, label=text, box=(0, 0, 1, 1), text=text)
    found = Answer(question=text, text=text, confidence=0.5, evidence=(evidence,))
    return AnswerRecord(source=SourceInfo(path=text), engine=ENGINE, question=text, answer=found)


def chart(text: str) -> ChartRecord:
    series = ChartSeries(name=text, values=(ChartValue(value=1, text=text, confidence=1),))
    plotted = Chart(
        kind=ChartKind.BAR,
        title=text,
        x_title=text,
        y_title=text,
        unit=text,
        categories=(text,),
        series=(series,),
        measured=False,
        confidence=1,
    )
    answers = (Answer(question=text, text=text, confidence=1),)
    return ChartRecord(source=SourceInfo(path=text), engine=ENGINE, chart=plotted, answers=answers)


def records(text: str) -> Iterator[AnyRecord]:
    yield answer(text)
    yield chart(text)
    cells = TableResult(rows=((TableCell(text=text), TableCell(text="b")), (TableCell(text=text), TableCell(text="d"))))
    for kind in ("text", "title", "heading", "list-item", "caption", "footnote", "picture"):
        yield page(text.replace("\n", " "), kind)
    yield page(text, "table", cells)


def written(output: str, record: AnyRecord) -> str:
    stream = io.StringIO(newline="")
    renderer = make_renderer(FORMATS[output], stream, several_sources=True, several_questions=True)
    renderer.begin(record.task, record.source)
    renderer.write(record)
    renderer.end(None)
    renderer.close()
    return stream.getvalue()


def rendered(markdown: str) -> str:
    """The Markdown as a common renderer with raw HTML, tables and links shows it."""
    parser = pytest.importorskip("markdown_it").MarkdownIt("commonmark", {"html": True}).enable(["table"])
    return str(parser.render(markdown))


class Elements(HTMLParser):
    """The elements of an HTML text, and its comments."""

    def __init__(self) -> None:
        super().__init__()
        self.names: list[str] = []
        self.urls: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.names.append(tag)
        self.urls += [value or "" for name, value in attrs if name in ("href", "src") or name.startswith("on")]


@pytest.mark.parametrize("text", MARKUP)
def test_markdown_of_hostile_text_has_no_links_pictures_or_elements_of_its_own(text: str) -> None:
    for record in records(text):
        elements, harmless = Elements(), Elements()
        elements.feed(rendered(written("md", record)))
        plain = written("md", record.model_validate_json(record.model_dump_json().replace("\\n", " ")))
        harmless.feed(rendered(plain))
        assert elements.urls == []
        assert not {"script", "img", "a"} & {*elements.names}
        assert elements.names == harmless.names


@pytest.mark.parametrize("text", MARKUP)
def test_html_of_a_table_has_no_elements_but_its_own(text: str) -> None:
    table = TableResult(rows=((TableCell(text=text), TableCell(text="b")), (TableCell(text="c"), TableCell(text=text))))
    elements = Elements()
    elements.feed(table_html(table))
    assert {*elements.names} <= {"table", "thead", "tbody", "tr", "td"}
    assert elements.names.count("td") == 4


@pytest.mark.parametrize("text", TERMINAL)
@pytest.mark.parametrize("output", sorted(name for name, output in FORMATS.items() if not output.binary))
def test_no_output_controls_the_terminal(output: str, text: str) -> None:
    for record in records(text):
        if record.task in FORMATS[output].tasks:
            assert CONTROLS.findall(written(output, record).replace("\r\n", "\n")) == []


def test_text_of_answers_and_charts_begins_no_other_row_or_cell() -> None:
    attack = "5\nother.pdf:1:total\t9999"
    assert written("text", answer(attack)).count("\n") == 1
    rows = written("text", chart(attack)).splitlines()[2:]
    assert [row.count("\t") for row in rows] == [1, 1, 1]


def test_record_of_a_run_has_no_control_characters(tmp_path: Path) -> None:
    with RunRecord(tmp_path / "run.jsonl", "ask\x1b[31m\u202e\x9b", ENGINE, "1/1") as record:
        assert record.wall_seconds >= 0
    text = (tmp_path / "run.jsonl").read_text(encoding="utf-8")
    assert CONTROLS.findall(text) == []
    assert "\\u202e" in text


@pytest.mark.parametrize("text", TERMINAL)
def test_messages_and_json_escape_what_controls_a_terminal(text: str) -> None:
    assert CONTROLS.findall(printable(text)) == []
    assert CONTROLS.findall(printable_json(f'"{text}"').replace("\\n", "")) == [
        c for c in text if c in "\r\x1b\x07\x08"
    ]


@pytest.mark.slow
def test_model_folder_and_its_provenance_do_not_control_the_terminal(tmp_path: Path) -> None:
    folder = tmp_path / "model\x1b[31m\u202e"
    folder.mkdir()
    (folder / "config.json").write_text('{"model_type": "\\u001b[31m\\u202e"}')
    for command in ("show", "verify"):
        run = subprocess.run(
            [sys.executable, "-c", "from cogdoc.cli.app import main; main()", "model", command, str(folder)],
            env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
            capture_output=True,
            text=True,
            check=False,
        )
        assert CONTROLS.findall(run.stdout + run.stderr) == []
        assert run.returncode != 0
