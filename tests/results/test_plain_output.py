"""Text and CSV output: bare answers for scripts, rows that parse back, no terminal control codes."""

from __future__ import annotations

import csv
import io
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cogdoc.results.output_formats import FORMATS, OutputFormat, make_renderer
from cogdoc.results.printable import printable, well_formed
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
)
from cogdoc.results.tables.spreadsheet_cells import spreadsheet_cell

ENGINE = EngineInfo(name="builtin", version="0")
UNSAFE = "\x00\x07\x08\x0b\x0d\x1b\x7f\x80\x85\x9b\u202e\u2066"


def answered(text: str | None, question: str = "total?", path: str = "a.pdf", confidence: float = 0.6) -> AnswerRecord:
    evidence = (Evidence(page=3, label="iii", box=(0, 0, 1, 1), text="line"),) if text is not None else ()
    own = confidence if text is not None else None
    answer = Answer(question=question, text=text, confidence=own, p_answerable=0.25, evidence=evidence)
    return AnswerRecord(source=SourceInfo(path=path), engine=ENGINE, question=answer.question, answer=answer)


def charted(path: str = "a.png") -> ChartRecord:
    series = tuple(
        ChartSeries(name=name, values=tuple(ChartValue(value=value, confidence=1) for value in values))
        for name, values in {"2023": (1.0, None), "2024, new": (2.5, 1e7)}.items()
    )
    chart = Chart(kind=ChartKind.BAR, categories=('a "b"', "c"), series=series, measured=False, confidence=1)
    return ChartRecord(source=SourceInfo(path=path), engine=ENGINE, chart=chart)


def paged(text: str, number: int = 1, path: str = "a.pdf") -> PageRecord:
    page = PageInfo(number=number, label=str(number), width=1, height=1)
    return PageRecord(source=SourceInfo(path=path), engine=ENGINE, page=page, text=text)


def written(output: OutputFormat, task: str, *sources: list[AnyRecord], several_questions: bool = False) -> str:
    stream = io.StringIO(newline="")
    renderer = make_renderer(output, stream, several_sources=len(sources) > 1, several_questions=several_questions)
    for records in sources:
        renderer.begin(task, records[0].source)
        for record in records:
            renderer.write(record)
        renderer.end(None)
    renderer.close()
    return stream.getvalue()


def test_one_answer_is_printed_alone() -> None:
    assert written(FORMATS["text"], "ask", [answered("48.54")]) == "48.54\n"


def test_answer_that_is_not_found_prints_nothing() -> None:
    assert written(FORMATS["text"], "ask", [answered(None)]) == ""


def test_answers_from_several_sources_begin_with_path_and_page() -> None:
    shown = written(FORMATS["text"], "ask", [answered("1", path="a.pdf")], [answered("2", path="b.pdf")])
    assert shown == "a.pdf:3:1\nb.pdf:3:2\n"


def test_several_answers_begin_with_their_questions_even_if_not_found() -> None:
    shown = written(FORMATS["text"], "ask", [answered("1", "one?"), answered(None, "two?")], several_questions=True)
    assert shown == "one?\t1\ntwo?\t\n"


def test_pages_and_sources_are_separated_and_a_source_without_text_is_omitted() -> None:
    first, none, second = [paged("x"), paged("y", 2)], [paged("", path="none.pdf")], [paged("z", path="b.pdf")]
    shown = written(FORMATS["text"], "ocr", first, none, second)
    assert shown == "==> a.pdf <==\n\nx\n\ny\n\n==> b.pdf <==\n\nz\n"
    assert written(FORMATS["text"], "ocr", first) == "x\n\ny\n"


fields = st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\0"))


@given(st.lists(fields, min_size=1, max_size=4))
def test_csv_of_answers_parses_back_with_control_chars_and_formulas_escaped(texts: list[str]) -> None:
    shown = written(FORMATS["csv"], "ask", [answered(text, question=text) for text in texts])
    header, *rows = csv.reader(io.StringIO(shown, newline=""))
    assert header == [
        "source", "question", "answer", "value", "unit", "page", "confidence", "found", "p_answerable",
    ]  # fmt: skip
    escaped_texts = [spreadsheet_cell(printable(text, keep_newlines=True)) for text in texts]
    assert rows == [["a.pdf", text, text, "", "", "3", "0.600", "true", "0.250"] for text in escaped_texts]


def test_csv_of_a_chart_parses_back() -> None:
    rows = list(csv.reader(io.StringIO(written(FORMATS["csv"], "chart", [charted()]), newline="")))
    assert rows == [["category", "2023", "2024, new"], ['a "b"', "1", "2.5"], ["c", "", "10000000"]]


def test_csv_of_charts_from_several_sources_has_a_source_column() -> None:
    shown = written(FORMATS["csv"], "chart", [charted("a.png")], [charted("b.png")])
    rows = [row for row in csv.reader(io.StringIO(shown, newline="")) if row]
    assert [row[0] for row in rows] == ["a.png"] * 3 + ["b.png"] * 3


def is_harmless(char: str) -> bool:
    return unicodedata.category(char) not in ("Cc", "Cs") and char not in UNSAFE


@given(st.text(st.one_of(st.characters(), st.sampled_from(UNSAFE))))
def test_printable_escapes_every_control_character(text: str) -> None:
    assert all(map(is_harmless, printable(text)))
    assert all(is_harmless(char) or char in "\n\t" for char in printable(text, keep_newlines=True))


@given(st.text(st.characters(categories=("L", "N", "P", "S", "Zs"))))
def test_printable_keeps_harmless_text(text: str) -> None:
    assert printable(text) == text


def test_control_chars_are_escaped_with_their_code() -> None:
    assert printable("a\x1b[31mb\n\u202e") == "a\\x1b[31mb\\x0a\\u202e"


@given(st.binary())
def test_any_file_name_becomes_valid_utf8(name: bytes) -> None:
    text = well_formed(name.decode("utf-8", "surrogateescape"))
    assert text.encode().decode() == text
    assert text == name.decode("utf-8", "replace")


@pytest.mark.parametrize("output", [FORMATS["text"], FORMATS["md"]])
def test_terminal_codes_in_documents_questions_and_paths_are_escaped(output: OutputFormat) -> None:
    attack = "\x1b]0;owned\x07"
    ask = written(output, "ask", [answered(attack, question=attack, path=attack)], [answered(attack, path=attack)])
    ocr = written(output, "ocr", [paged(attack, path=attack)], [paged(attack, path=attack)])
    assert "\x1b" not in ask + ocr
    assert "\x07" not in ask + ocr
