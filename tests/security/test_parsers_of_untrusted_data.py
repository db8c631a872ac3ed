"""What the main process reads from worker processes, hubs, model folders and lists ends in a result or an error.

A worker process that was taken over sends values of the right types with any content: boxes that are not finite or lie
backwards, confidences of 10^300, page numbers that were not asked for. The commands must fail the page, never the run.
"""

from __future__ import annotations

import io
import json
import math
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from contextlib import suppress
from itertools import islice
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cogdoc import errors
from cogdoc.documents.document import DocumentFacts, draw_page, open_path, read_facts
from cogdoc.documents.file_lists import read_file_list
from cogdoc.documents.geometry import Box
from cogdoc.documents.page_selection import PageSelection, parse_page_selection
from cogdoc.documents.worker_replies import Reply, ReplyError, ReplyKind, encode_result, receive_reply, send_reply
from cogdoc.engines.builtin.engine import BuiltinEngine, charts_of
from cogdoc.errors import CogdocError, DamagedError, UsageError
from cogdoc.parsing.numbers import find_numbers, parse_number
from cogdoc.parsing.page import layout_of, text_of
from cogdoc.parsing.page_text import Block, BlockKind, Cell, Line, PageLayout, PageText, Table, TextOrigin, Word
from cogdoc.query.question_parser import parse_question
from cogdoc.results.output_formats import FORMATS, make_renderer
from cogdoc.results.records import AnyRecord, Chart, ChartKind, ChartSeries, ChartValue
from cogdoc.tasks.ask import answer_questions
from cogdoc.tasks.chart import read_charts
from cogdoc.tasks.ocr import transcribe

P = ParamSpec("P")
T = TypeVar("T")

CALL = bytes(16)
QUESTIONS = ("What is the total?", "Which category has the highest value?", "How many in 2021?")
EXTREMES = [0.0, -0.0, -1.0, 1e-320, 1e12, -1e12]
IMPOSSIBLE = [1e13, 1e300, -1e300, math.inf, -math.inf, math.nan]

texts = st.one_of(
    st.sampled_from(
        ["Total", "$9.95", "12%", "2021", "", " ", "=1+1", "合计", "\x1b[2J", "\u202e", "|", "<b>", "-" * 400]
    ),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=12),
)


def layouts_of(numbers: st.SearchStrategy[float], counts: st.SearchStrategy[int], fewest: int) -> Any:
    """Layouts with these numbers; lines have at least `fewest` words, rows of a table are equally long if it is 1."""
    boxes = st.builds(Box, numbers, numbers, numbers, numbers)
    shares = numbers if fewest == 0 else st.floats(0, 1)
    words = st.builds(Word, texts, boxes, shares)
    lines = st.builds(Line, st.lists(words, min_size=fewest, max_size=4).map(tuple))
    pages = st.builds(
        PageText,
        number=st.just(1) if fewest else counts,
        label=texts,
        width=numbers,
        height=numbers,
        turned=st.sampled_from([0, 90, 180, 270]) if fewest else counts,
        origin=st.sampled_from(TextOrigin),
        lines=st.lists(lines, max_size=6).map(tuple),
        skew=st.floats(-360, 360) if fewest else numbers,
        resolution=st.none() | numbers,
        flags=st.lists(texts, max_size=2).map(tuple),
    )
    cells = st.builds(Cell, texts, st.none() | boxes)
    widths = st.integers(0, 4).flatmap(lambda width: st.lists(row_of(cells, width), max_size=4))
    ragged = st.lists(st.lists(cells, max_size=3).map(tuple), max_size=3)
    tables = st.builds(Table, boxes, (widths if fewest else ragged).map(tuple))
    blocks = st.builds(
        Block, st.sampled_from(BlockKind), boxes, st.lists(lines, max_size=2).map(tuple), counts, st.none() | tables
    )
    return st.builds(PageLayout, pages, st.lists(blocks, max_size=4).map(tuple))


def row_of(cells: st.SearchStrategy[Cell], width: int) -> Any:
    return st.lists(cells, min_size=width, max_size=width).map(tuple)


def charts_of_numbers(numbers: st.SearchStrategy[float], colors: st.SearchStrategy[str], whole: bool) -> Any:
    """Charts with these numbers; if `whole`, each series has a value for each category."""
    values = st.builds(
        ChartValue.model_construct,
        value=st.none() | numbers,
        text=st.none() | texts,
        confidence=st.floats(0, 1),
        box=st.none() | st.tuples(numbers, numbers, numbers, numbers),
        color=st.none() | colors,
    )

    def chart_of(width: int) -> Any:
        series = st.builds(
            ChartSeries.model_construct,
            name=texts,
            color=st.none() | colors,
            values=row_of(values, width) if whole else st.lists(values, max_size=3).map(tuple),
        )
        return st.builds(
            Chart.model_construct,
            kind=st.sampled_from(ChartKind),
            title=st.none() | texts,
            x_title=st.none() | texts,
            y_title=st.none() | texts,
            unit=st.none() | texts,
            categories=row_of(texts, width),
            series=st.lists(series, max_size=3).map(tuple),
            measured=st.booleans(),
            confidence=st.floats(0, 1),
        )

    return st.integers(0, 3).flatmap(chart_of)


coordinates = st.one_of(st.floats(0, 600), st.floats(0, 600), st.sampled_from(EXTREMES))
layouts = layouts_of(coordinates, st.integers(0, 6), fewest=1)
charts = charts_of_numbers(st.floats(allow_nan=False, allow_infinity=False), st.just("#12ab3f"), whole=True)

anything = st.one_of(st.floats(0, 600), st.sampled_from([*EXTREMES, *IMPOSSIBLE]), st.floats())
odd_counts = st.one_of(st.integers(0, 3), st.sampled_from([-1, 2**31, 2**63, 10**30]))
impossible_layouts = layouts_of(anything, odd_counts, fewest=0)
impossible_charts = charts_of_numbers(anything, texts, whole=False)


class HostileWorkers:
    """A worker pool whose replies are chosen by the attacker, and pass through the parent's own parser."""

    jobs = 1

    def __init__(self, facts: DocumentFacts, layout: PageLayout, charts: tuple[Chart, ...]) -> None:
        self._replies: dict[Any, Any] = {
            read_facts: facts,
            text_of: layout.page_text,
            layout_of: layout,
            charts_of: charts,
        }

    def submit(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        future: Future[T] = Future()
        try:
            future.set_result(self.run(function, *args, **kwargs))
        except CogdocError as error:
            future.set_exception(error)
        return future

    def run(self, function: Callable[P, T], *_args: P.args, **_kwargs: P.kwargs) -> T:
        stream = io.BytesIO()
        send_reply(stream, CALL, encode_result(function, self._replies[function]))
        stream.seek(0)
        try:
            return receive_reply(stream, CALL, function)  # type: ignore[no-any-return]
        except ReplyError:
            raise DamagedError("the worker process sent something other than a result") from None

    def expect(self, calls: int) -> None:
        pass

    def close(self) -> None:
        pass


def read_everything(
    facts: DocumentFacts, layout: PageLayout, charts: tuple[Chart, ...], folder: Path
) -> list[AnyRecord]:
    """The records of all tasks on a document whose pages are all alike."""
    path = folder / "file.pdf"
    path.write_bytes(b"%PDF-1.7")
    workers = HostileWorkers(facts, layout, charts)
    engine, selection = BuiltinEngine(), PageSelection(((1, None),))
    records: list[AnyRecord] = []
    records += islice(transcribe(open_path(path, workers), engine, selection), 3)
    records += islice(read_charts(open_path(path, workers), engine, selection, QUESTIONS), 3)
    if facts.page_count <= 3:  # the text of all pages is read first
        records += answer_questions(open_path(path, workers), engine, QUESTIONS, selection)
    return records


def check_output(records: Sequence[AnyRecord]) -> None:
    for name, output in FORMATS.items():
        written = io.BytesIO()
        stream = io.TextIOWrapper(written, encoding="utf-8", newline="")
        for record in records:
            if record.task in output.tasks:
                renderer = make_renderer(output, stream, several_questions=True)
                renderer.begin(record.task, record.source)
                renderer.write(record)
                renderer.end(None)
                renderer.close()
        stream.flush()
        text = written.getvalue().decode()
        assert "\x1b" not in text
        if name == "jsonl":
            for line in text.splitlines():
                json.loads(line, parse_constant=refuse)


@pytest.mark.slow
@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(layout=layouts, chart=charts, page_count=st.integers(1, 3))
def test_possible_values_from_a_worker_process_become_records_in_every_format(
    layout: PageLayout, chart: Chart, page_count: int, tmp_path: Path
) -> None:
    records = read_everything(DocumentFacts(page_count), layout, (chart,), tmp_path)
    assert records[0].error is None  # the page that was asked for
    check_output(records)


@pytest.mark.slow
@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(layout=impossible_layouts, chart=impossible_charts, page_count=odd_counts)
def test_impossible_values_from_a_worker_process_fail_their_page(
    layout: PageLayout, chart: Chart, page_count: int, tmp_path: Path
) -> None:
    with suppress(CogdocError):
        check_output(read_everything(DocumentFacts(page_count), layout, (chart,), tmp_path))


@settings(max_examples=300, deadline=None)
@given(kind=st.sampled_from(sorted(name for name in vars(errors) if name.endswith("Error"))) | texts, message=texts)
def test_worker_process_reports_only_errors_that_a_document_can_cause(kind: str, message: str) -> None:
    body = json.dumps([{"kind": kind, "message": message, "hint": None}]).encode()
    stream = io.BytesIO()
    send_reply(stream, CALL, Reply(ReplyKind.ERROR, (body,)))
    stream.seek(0)
    with pytest.raises(CogdocError) as raised:
        receive_reply(stream, CALL, text_of)
    assert not isinstance(raised.value, errors.OutputError)
    assert raised.value.exit_code != errors.ExitCode.BUG


@settings(max_examples=500, deadline=None)
@given(function=st.sampled_from([read_facts, text_of, layout_of, charts_of, draw_page]), body=st.binary(max_size=200))
def test_any_bytes_from_a_worker_process_are_refused_or_a_result(function: Callable[..., Any], body: bytes) -> None:
    for content in (body, CALL + body, CALL + bytes([ReplyKind.JSON]) + len(body).to_bytes(8, "little") + body):
        with suppress(ReplyError, EOFError, CogdocError):
            receive_reply(io.BytesIO(content), CALL, function)


@settings(max_examples=300, deadline=None)
@given(st.text(max_size=200) | st.from_regex(r"[-0-9, ]{0,40}", fullmatch=True))
def test_any_page_selection_is_parsed_or_a_usage_error(text: str) -> None:
    try:
        selection = parse_page_selection(text)
        assert len(list(selection.page_numbers(20))) <= 20
    except UsageError:
        pass


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=300), st.booleans())
def test_any_list_of_files_is_split_into_paths(content: bytes, nul_separated: bool) -> None:
    for path in read_file_list(io.BufferedReader(io.BytesIO(content)), nul_separated=nul_separated):
        assert path


@settings(max_examples=300, deadline=None)
@given(st.text(max_size=80) | st.text("0123456789.,-+()$%kM ’'", max_size=400))
def test_any_text_has_numbers_or_none(text: str) -> None:
    parse_number(text)
    for number in find_numbers(text):
        assert math.isfinite(number.value)


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=200))
def test_any_question_is_analysed(question: str) -> None:
    parse_question(question)


def refuse(constant: str) -> None:
    raise AssertionError(f"{constant} is not JSON")
