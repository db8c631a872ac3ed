"""Charts that a model generated: what counts as a table, what is refused, and how the page's labels confirm values."""

from __future__ import annotations

from pathlib import Path

import pytest
from random_sessions import random_session
from written_pages import line_at, page_of, reply_lines

from cogdoc.documents.document import open_path
from cogdoc.documents.sandbox import Sandbox
from cogdoc.engines.cogvlm2.cogvlm2_model import CogVLM2Model
from cogdoc.engines.vision.chart_tables import parse_chart, read_chart, to_chart
from cogdoc.engines.vision.vision_model import PageImage
from cogdoc.parsing.page import Page
from cogdoc.results.chart_rows import chart_to_rows
from cogdoc.results.markdown.blocks import chart_to_markdown
from cogdoc.results.records import Chart, ChartKind

NO_WORDS = page_of()
PLAIN = "Sales by quarter\n\n| Quarter | 2023 | 2024 |\n|---|---|---|\n| Q1 | 12.5 | 14 |\n| Q2 | 13 | - |"

WRITTEN = {
    "plain": PLAIN,
    "no rule": "Sales by quarter\n| Quarter | 2023 | 2024 |\n| Q1 | 12.5 | 14 |\n| Q2 | 13 | - |",
    "no outer bars": "Sales by quarter\nQuarter | 2023 | 2024\n--- | --- | ---\nQ1 | 12.5 | 14\nQ2 | 13 | n/a",
    "with talk around it": f"Sure!\n\n## Title: {PLAIN}\n\nThe bars rise, from 12 to 14, in spring.",
    "with a phrase between": "**Sales by quarter**\nHere is the table:\n```markdown\n"
    + PLAIN.partition("\n\n")[2]
    + "\n```",
    "commas": "Sales by quarter\nQuarter, 2023, 2024\nQ1, 12.5, 14\nQ2, 13, -",
    "about": PLAIN.replace("12.5", "~12.5").replace("14", "**14**"),
}

REFUSED = {
    "nothing": "",
    "prose": "This picture shows a cat, a dog, and a bird.\nIt was taken in spring.",
    "a row too short": PLAIN.replace(" | - |", " |"),
    "a row too long": PLAIN.replace("| 14 |", "| 14 | 15 |"),
    "a value that is none": PLAIN.replace("12.5", "high"),
    "no values": PLAIN.replace("12.5", "-").replace("14", "-").replace("13", "-"),
    "one column": "| Q1 |\n|---|\n| 3 |",
    "a header alone": "| Quarter | 2023 |\n|---|---|",
}  # fmt: skip


def table_of(chart: Chart | None) -> list[list[float | None]]:
    assert chart is not None
    return [[value.value for value in series.values] for series in chart.series]


@pytest.mark.parametrize("name", WRITTEN)
def test_tables_are_understood_however_they_are_written(name: str) -> None:
    chart = to_chart(reply_lines(WRITTEN[name]), NO_WORDS)
    assert chart is not None
    assert chart.title == "Sales by quarter"
    assert chart.categories == ("Q1", "Q2")
    assert [series.name for series in chart.series] == ["2023", "2024"]
    assert table_of(chart) == [[12.5, 13], [14, None]]
    assert chart.x_title == "Quarter"


@pytest.mark.parametrize("name", REFUSED)
def test_a_table_that_cannot_be_right_is_refused(name: str) -> None:
    assert parse_chart(reply_lines(REFUSED[name])) is None


@pytest.mark.parametrize("line", ["标题：季度销售额", "Title: 季度销售额", "## 标题: 季度销售额"])
def test_the_word_title_in_front_of_a_title_is_left_out(line: str) -> None:
    chart = to_chart(reply_lines(f"{line}\n\n| 季度 | 2023 |\n|---|---|\n| 一 | 3 |\n| 二 | 4 |"), NO_WORDS)
    assert chart is not None
    assert chart.title == "季度销售额"


def test_rows_without_a_header_and_a_title_are_one_nameless_series() -> None:
    chart = to_chart(reply_lines("Apples, 12%\nPears, 88%"), NO_WORDS)
    assert table_of(chart) == [[12, 88]]
    assert chart is not None
    assert (chart.title, chart.unit, chart.series[0].name) == (None, "%", "")


def test_the_kind_is_unknown_unless_the_reply_or_the_page_names_it() -> None:
    unknown = to_chart(reply_lines(PLAIN), NO_WORDS)
    assert unknown is not None
    assert unknown.kind is ChartKind.UNKNOWN
    assert "chart" not in chart_to_markdown(unknown)
    pie = to_chart(reply_lines(f"A pie chart.\n\n{PLAIN}"), NO_WORDS)
    assert pie is not None
    assert pie.kind is ChartKind.PIE
    across = to_chart(reply_lines(f"This horizontal bar chart has:\n\n{PLAIN}"), NO_WORDS)
    assert across is not None
    assert across.kind is ChartKind.HORIZONTAL_BAR
    assert chart_to_rows(across)[0] == ["Quarter", "2023", "2024"]


def test_values_have_the_confidence_of_their_tokens_where_the_page_has_no_numbers() -> None:
    chart = to_chart(reply_lines(PLAIN, confidence=0.6), page_of(line_at("Sales by quarter", 50, 50)))
    assert chart is not None
    assert {value.confidence for series in chart.series for value in series.values} == {0.6}
    assert chart.confidence == 0.6


def test_labels_on_the_page_raise_the_confidence_of_values_and_their_absence_lowers_it() -> None:
    page = page_of(line_at("12.5 13", 100, 300), line_at("Sales by quarter", 50, 50))
    chart = to_chart(reply_lines(PLAIN, confidence=0.6), page)
    assert chart is not None
    confirmed, doubted = chart.series
    assert [value.text for value in confirmed.values] == ["12.5", "13"]
    assert [value.confidence for value in confirmed.values] == [0.8, 0.8]
    assert confirmed.values[0].box == (100, 300, 124, 310)
    assert (doubted.values[0].text, doubted.values[0].confidence) == (None, 0.3)


def test_a_label_confirms_one_value_only() -> None:
    chart = to_chart(reply_lines("| | n |\n|---|---|\n| a | 7 |\n| b | 7 |"), page_of(line_at("7", 100, 300)))
    assert chart is not None
    assert [value.text for value in chart.series[0].values] == ["7", None]


def test_a_scale_word_may_be_missing_on_one_side() -> None:
    reply = reply_lines("| Year | bn |\n|---|---|\n| 2023 | 3.2 |")
    chart = to_chart(reply, page_of(line_at("$3.2bn", 100, 300)))
    assert chart is not None
    assert chart.series[0].values[0].text == "$3.2bn"


@pytest.mark.slow
def test_a_model_that_generates_nonsense_gives_no_chart(samples: Path) -> None:
    """With random weights it loops at first, and then generates text that is not a table."""
    with Sandbox(1) as sandbox:
        page = Page(open_path(samples / "report.pdf", sandbox), 5)
        model = CogVLM2Model(random_session(0))
        assert read_chart(PageImage(page.picture()), page.text(), model, time_limit=120) is None
