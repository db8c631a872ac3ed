"""JSON output follows the published schema and is valid even if sources fail; JSON Lines have a record on each line."""

from __future__ import annotations

import io
import json
from typing import Any

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cogdoc.results.failures import ErrorInfo
from cogdoc.results.json_schema import json_schema
from cogdoc.results.output_formats import FORMATS, OutputFormat, make_renderer
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
    PageInfo,
    PageRecord,
    SourceInfo,
    TableCell,
    TableResult,
    TextBlock,
    TextLine,
)
from cogdoc.results.usage_counts import Usage

BOX = (1.0, 2.0, 3.0, 4.5)
SOURCE = SourceInfo(path="a/b c.pdf", sha256="0" * 64, page_count=3)
ENGINE = EngineInfo(name="builtin", version="0")
ERROR = ErrorInfo(kind="damaged", message="damaged file", exit_code=4)
PAGE = PageInfo(number=2, label="ii", width=595.0, height=842.0)
EVIDENCE = Evidence(page=2, label="ii", box=BOX, text="Total 7")
CHART = Chart(
    kind=ChartKind.BAR,
    title="Sales",
    categories=("a", "b"),
    series=(
        ChartSeries(
            name="2024", values=(ChartValue(value=1.5, confidence=1, box=BOX), ChartValue(value=None, confidence=0))
        ),
    ),
    measured=True,
    confidence=0.5,
)
BLOCK = TextBlock(
    kind="table",
    box=BOX,
    text="x",
    lines=(TextLine(text="x", box=BOX, confidence=1),),
    table=TableResult(rows=((TableCell(text="x", box=BOX), TableCell(text="")),)),
)
RECORDS: dict[str, list[AnyRecord]] = {
    "ask": [
        AnswerRecord(source=SOURCE, engine=ENGINE, question="total?", error=ERROR),
        AnswerRecord(
            question="total?",
            source=SOURCE,
            engine=ENGINE,
            timings={"read": 0.5},
            usage=Usage(
                generations=1,
                passes=3,
                pictures={"read": 1},
                seconds={"decoding": 0.5},
                cache_hits=1,
                peak_memory={"process": 9},
            ),
            flags=("low-confidence",),
            answer=Answer(
                question="total?",
                text="7",
                confidence=0.3,
                evidence=(EVIDENCE,),
                alternatives=(Candidate(text="8", confidence=0.1),),
                query={"operation": "difference", "left": {"operation": "select", "words": "a", "where": ["2024"]}},
                operands=(AnswerOperand(label="a, 2024", text="9", page=2, box=BOX),),
                formula="9 − 2",
            ),
        ),
    ],
    "ocr": [
        PageRecord(source=SOURCE, engine=ENGINE, page=PAGE, error=ERROR),
        PageRecord(source=SOURCE, engine=ENGINE, page=PAGE, origin="ocr", text="x", markdown="x", blocks=(BLOCK,)),
    ],
    "chart": [
        ChartRecord(source=SOURCE, engine=ENGINE, page=PAGE, flags=("not-a-chart",)),
        ChartRecord(
            source=SOURCE,
            engine=ENGINE,
            page=PAGE,
            chart=CHART,
            answers=(Answer(question="?", text=None, p_answerable=0.2, withheld=Candidate(text="8", confidence=0.4)),),
        ),
    ],
}


def test_every_field_of_the_schema_is_described() -> None:
    undescribed = [
        f"{name}.{field}"
        for name, definition in json_schema()["$defs"].items()
        for field, described in definition.get("properties", {}).items()
        if not described.get("description")
    ]
    assert undescribed == []
    named = {name for name, definition in json_schema()["$defs"].items() if not definition.get("description")}
    assert named <= {"JsonValue"}, "any JSON"


@pytest.mark.parametrize("task", sorted(RECORDS))
def test_each_command_has_a_schema_of_its_own(task: str) -> None:
    follows = jsonschema.Draft202012Validator(json_schema(task)).is_valid
    others = [records for name, records in RECORDS.items() if name != task]
    assert all(follows(json.loads(record.model_dump_json())) for record in RECORDS[task])
    assert not any(follows(json.loads(record.model_dump_json())) for records in others for record in records)


@pytest.fixture(scope="module")
def validate() -> Any:
    schema = json_schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(schema).validate


def written(
    output: OutputFormat, task: str, sources: list[tuple[list[AnyRecord], ErrorInfo | None]], several: bool
) -> str:
    stream = io.StringIO()
    renderer = make_renderer(output, stream, several_sources=several)
    for records, error in sources:
        renderer.begin(task, SOURCE)
        for record in records:
            renderer.write(record)
        renderer.end(error)
    renderer.close()
    return stream.getvalue()


@pytest.mark.parametrize("task", RECORDS)
def test_json_of_one_source_is_an_object_that_follows_the_schema(validate: Any, task: str) -> None:
    result = json.loads(written(FORMATS["json"], task, [(RECORDS[task], None)], several=False))
    validate(result)
    assert (result["schema"], result["task"], len(result["records"])) == ("cogdoc/1", task, 2)
    assert all(record["schema"] == "cogdoc/1" for record in result["records"])


@pytest.mark.parametrize("task", RECORDS)
def test_json_of_several_sources_is_an_array_even_if_some_fail(validate: Any, task: str) -> None:
    results = json.loads(
        written(FORMATS["json"], task, [([], ERROR), (RECORDS[task], None), (RECORDS[task], ERROR)], several=True)
    )
    validate(results)
    assert [len(result["records"]) for result in results] == [0, 2, 2]
    assert [result["error"] is None for result in results] == [False, True, False]


def test_json_of_no_source_is_an_empty_array() -> None:
    assert json.loads(written(FORMATS["json"], "ask", [], several=True)) == []


@pytest.mark.parametrize("task", RECORDS)
def test_every_json_line_is_a_record_or_a_failure_that_follows_the_schema(validate: Any, task: str) -> None:
    lines = written(FORMATS["jsonl"], task, [(RECORDS[task], None), (RECORDS[task], ERROR)], several=True).splitlines()
    assert len(lines) == 5
    for line in lines:
        validate(json.loads(line))
    assert json.loads(lines[-1])["error"] == ERROR.model_dump(mode="json")


def test_every_json_line_is_flushed() -> None:
    class Stream(io.StringIO):
        flushed = 0

        def flush(self) -> None:
            Stream.flushed += 1

    renderer = make_renderer(FORMATS["jsonl"], Stream())
    renderer.begin("ask", SOURCE)
    for count, record in enumerate(RECORDS["ask"], 1):
        renderer.write(record)
        assert Stream.flushed == count


@pytest.mark.parametrize("task", RECORDS)
def test_records_survive_serialization(task: str) -> None:
    for record in RECORDS[task]:
        assert type(record).model_validate_json(record.model_dump_json()) == record


@pytest.mark.parametrize(
    "other",
    [
        {"task": "ask"},
        [{"schema": "cogdoc/1"}],
        {"schema": "cogdoc/2", "task": "ocr", "source": {"path": "x"}, "records": [], "error": None},
        {"schema": "cogdoc/1", "task": "ocr", "source": {"path": "x"}, "records": [], "error": None, "extra": 1},
    ],
)
def test_schema_rejects_other_json(validate: Any, other: object) -> None:
    with pytest.raises(jsonschema.ValidationError):
        validate(other)


@given(st.text(st.characters(exclude_categories=("Cs",))))
def test_any_text_survives_json(text: str) -> None:
    record = AnswerRecord(
        source=SOURCE, engine=ENGINE, question=text, answer=Answer(question=text, text=text, confidence=1)
    )
    (line,) = written(FORMATS["jsonl"], "ask", [([record], None)], several=False).split("\n")[:-1]
    assert json.loads(line)["answer"]["text"] == text
