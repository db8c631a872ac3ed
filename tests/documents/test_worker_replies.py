"""The parent accepts only the requested result from a worker process: no code, no other types, no flood."""

from __future__ import annotations

import io
import json
import math
import pickle
import struct
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import worker_functions as worker
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cogdoc import errors
from cogdoc.documents.document import DocumentFacts, draw_page, read_facts, read_page_size
from cogdoc.documents.geometry import LARGEST_COORDINATE, Box
from cogdoc.documents.sandbox import Sandbox
from cogdoc.documents.worker_replies import ReplyError, encode_error, encode_result, receive_reply, send_reply
from cogdoc.engines.builtin.engine import charts_of
from cogdoc.errors import CogdocError, DamagedError, TooLargeError
from cogdoc.parsing.page import layout_of, text_of
from cogdoc.parsing.page_text import (
    Block,
    BlockKind,
    Cell,
    Comment,
    Line,
    PageLayout,
    PageText,
    Table,
    TextOrigin,
    Word,
)
from cogdoc.results.records import Chart, ChartKind, ChartSeries, ChartValue

Function = Callable[..., Any]

ID = bytes(range(16))

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
numbers = st.floats()
shares = st.floats(0, 1)
coordinates = st.floats(-LARGEST_COORDINATE, LARGEST_COORDINATE)
boxes = st.builds(Box, coordinates, coordinates, coordinates, coordinates)
words = st.builds(Word, texts, boxes, shares)
lines = st.builds(Line, st.lists(words, min_size=1, max_size=4).map(tuple))
pages = st.builds(
    PageText,
    st.integers(1, 10**9),
    texts,
    coordinates,
    coordinates,
    st.sampled_from([0, 90, 180, 270]),
    st.sampled_from(TextOrigin),
    st.lists(lines, max_size=4).map(tuple),
    st.floats(-360, 360),
    st.none() | st.tuples(*[st.floats(-1, 1)] * 4),
    st.none() | coordinates,
    flags=st.lists(texts, max_size=2).map(tuple),
    comments=st.lists(st.builds(Comment, texts, boxes, texts), max_size=2).map(tuple),
)
cells = st.builds(Cell, texts, st.none() | boxes)
grids = st.integers(1, 3).flatmap(
    lambda columns: st.lists(st.lists(cells, min_size=columns, max_size=columns).map(tuple), max_size=3).map(tuple)
)
tables = st.builds(Table, boxes, grids)
blocks = st.builds(
    Block,
    st.sampled_from(BlockKind),
    boxes,
    st.lists(lines, max_size=2).map(tuple),
    st.integers(0, 6),
    st.none() | tables,
)
layouts = st.builds(PageLayout, pages, st.lists(blocks, max_size=3).map(tuple))
points = st.floats(-1e6, 1e6)
values = st.builds(
    ChartValue,
    value=st.none() | st.floats(allow_nan=False, allow_infinity=False),
    text=st.none() | texts,
    confidence=shares,
    box=st.none() | st.tuples(points, points, points, points),
)


def charts_with(categories: int) -> st.SearchStrategy[Chart]:
    """Charts with a value of each series for each category."""
    series = st.builds(
        ChartSeries, name=texts, values=st.lists(values, min_size=categories, max_size=categories).map(tuple)
    )
    return st.builds(
        Chart,
        kind=st.sampled_from(ChartKind),
        title=st.none() | texts,
        categories=st.lists(texts, min_size=categories, max_size=categories).map(tuple),
        series=st.lists(series, max_size=2).map(tuple),
        measured=st.booleans(),
        confidence=shares,
    )


charts = st.integers(0, 3).flatmap(charts_with)
results = st.one_of(
    st.tuples(st.just(read_facts), st.builds(DocumentFacts, st.integers(0, 10**9))),
    st.tuples(st.just(read_page_size), st.tuples(numbers, numbers)),
    st.tuples(st.just(text_of), pages),
    st.tuples(st.just(layout_of), layouts),
    st.tuples(st.just(charts_of), st.lists(charts, max_size=2).map(tuple)),
    st.tuples(st.just(worker.echo), texts),
)
called = st.sampled_from(
    [read_facts, read_page_size, text_of, layout_of, charts_of, draw_page, worker.echo, worker.die]
)

kinds_of_error = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, CogdocError)]
run_errors = [kind for kind in kinds_of_error if kind is CogdocError or issubclass(kind, errors.OutputError)]

slow_machine = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])


def through(function: Function, value: Any) -> Any:
    stream = io.BytesIO()
    send_reply(stream, ID, encode_result(function, value))
    stream.seek(0)
    return receive_reply(stream, ID, function)


def message(form: int, body: bytes, length: int | None = None) -> io.BytesIO:
    return io.BytesIO(ID + struct.pack("<BQ", form, len(body) if length is None else length) + body)


@slow_machine
@given(results)
def test_results_are_transferred_unchanged(result: tuple[Function, Any]) -> None:
    function, value = result
    assert repr(through(function, value)) == repr(value)


@slow_machine
@given(st.integers(1, 40), st.integers(1, 40), st.booleans())
def test_pictures_are_transferred_unchanged(height: int, width: int, turned: bool) -> None:
    picture = worker.make_picture(height, width)
    picture = np.rot90(picture) if turned else picture
    copy = through(draw_page, picture)
    assert copy.dtype == np.uint8
    assert np.array_equal(copy, picture)


@slow_machine
@given(
    st.sampled_from([kind for kind in kinds_of_error if kind not in run_errors]),
    texts,
    st.none() | texts,
)
def test_errors_are_transferred_unchanged(kind: type[CogdocError], text: str, hint: str | None) -> None:
    stream = io.BytesIO()
    send_reply(stream, ID, encode_error(kind(text, hint)))
    stream.seek(0)
    with pytest.raises(CogdocError) as caught:
        receive_reply(stream, ID, read_facts)
    assert (type(caught.value), caught.value.message, caught.value.hint) == (kind, text, hint)


class Harmful:
    """Prints when it is unpickled; a real attack would do worse."""

    def __init__(self, function: Function, arguments: tuple[Any, ...]) -> None:
        self.call = (function, arguments)

    def __reduce__(self) -> tuple[Function, tuple[Any, ...]]:
        return self.call


harmful = st.one_of(
    st.tuples(st.just(print), st.tuples(st.just("unpickled"))),
    st.tuples(st.just(eval), st.tuples(st.just("print('unpickled')"))),
    st.tuples(st.just(Word), st.tuples(texts, boxes, numbers)),
).map(lambda call: pickle.dumps(Harmful(*call)))


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(called, st.integers(0, 255), harmful | st.binary(max_size=200), st.none() | st.integers(0, 2**64 - 1))
def test_other_messages_are_refused_and_never_unpickled(
    capfd: pytest.CaptureFixture[str], function: Function, form: int, body: bytes, length: int | None
) -> None:
    with pytest.raises((ReplyError, EOFError)):
        receive_reply(message(form, body, length), ID, function)
    assert capfd.readouterr().out == ""


@pytest.mark.parametrize(
    ("function", "body"),
    [
        (read_facts, b'[{"page_count": "7"}]'),
        (read_facts, b'[{"page_count": 7, "path": "/etc"}]'),
        (read_facts, b"[{}]"),
        (read_facts, b'["7"]'),
        (read_facts, b"[[[[[[" * 10**5),
        (read_page_size, b"[[1.0]]"),
        (text_of, b'[{"number": 1}]'),
        (layout_of, b"[null]"),
        (worker.die, b"[0]"),
    ],
)
def test_json_of_another_type_is_refused(function: Function, body: bytes) -> None:
    with pytest.raises(ReplyError):
        receive_reply(message(1, body), ID, function)


@pytest.mark.parametrize("form", [1, 2, 3])
def test_huge_lengths_are_refused_before_anything_is_allocated(form: int) -> None:
    body = struct.pack("<QQ", 2**31, 2**31)
    with pytest.raises(ReplyError):
        receive_reply(message(form, body, len(body) + 3 * 2**62), ID, draw_page)


def test_reply_to_another_call_is_refused() -> None:
    stream = io.BytesIO()
    send_reply(stream, bytes(16), encode_result(read_page_size, (1.0, 2.0)))
    stream.seek(0)
    with pytest.raises(ReplyError):
        receive_reply(stream, ID, read_page_size)


@pytest.mark.parametrize("kind", [kind.__name__ for kind in run_errors])
def test_worker_cannot_end_the_whole_run(kind: str) -> None:
    """Such as PlaceLostError, which says that the disk is full."""
    body = json.dumps([{"kind": kind, "message": "stop", "hint": None}]).encode()
    with pytest.raises(DamagedError, match="stop"):
        receive_reply(message(3, body), ID, read_facts)


def test_unknown_error_becomes_a_damaged_error_with_a_limited_message() -> None:
    body = b'[{"kind": "SystemExit", "message": "' + b"x" * 10**6 + b'", "hint": null}]'
    with pytest.raises(DamagedError) as caught:
        receive_reply(message(3, body), ID, read_facts)
    assert len(caught.value.message) == 1000


def test_infinite_numbers_are_transferred_unchanged() -> None:
    assert through(read_page_size, (math.inf, -math.inf)) == (math.inf, -math.inf)


@pytest.mark.parametrize("sent", [pickle.dumps(0), b"\x01" + b"\xff" * 8, b"\x07" + bytes(8), b"\x02" + bytes(8)])
def test_worker_that_sends_something_else_fails_only_its_own_call(fresh_sandbox: Sandbox, sent: bytes) -> None:
    with pytest.raises(DamagedError, match="something other than a result"):
        fresh_sandbox.run(worker.send_instead, sent)
    assert fresh_sandbox.run(worker.add, 2, 3) == 5


def test_worker_that_floods_the_channel_fails_only_its_own_call(fresh_sandbox: Sandbox) -> None:
    with pytest.raises(DamagedError):
        fresh_sandbox.run(worker.flood_channel)
    assert fresh_sandbox.run(worker.add, 2, 3) == 5


def test_invalid_unicode_fails_only_its_own_call(fresh_sandbox: Sandbox) -> None:
    with pytest.raises(DamagedError, match="cannot be read"):
        fresh_sandbox.run(worker.echo, "\ud800")
    assert fresh_sandbox.run(worker.echo, "all well") == "all well"


def test_result_larger_than_the_limit_is_too_large(fresh_sandbox: Sandbox) -> None:
    with pytest.raises(TooLargeError, match="more than 64 MB"):
        fresh_sandbox.run(worker.long_text, 70 * 2**20)
    assert fresh_sandbox.run(worker.add, 2, 3) == 5
