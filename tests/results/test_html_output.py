"""`--out html` says what records say: in words, in tables, in drawings, and in one file that loads nothing."""

from __future__ import annotations

import base64
import hashlib
import re
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path

import pytest
from html_pages import page_of_records

import cogdoc.serve
from cogdoc.results.failures import ErrorInfo, UnreadPage
from cogdoc.results.field_result import FieldResult, HowFound, Missing, OtherReading
from cogdoc.results.flags import Flag
from cogdoc.results.html.chart_drawing import draw_chart
from cogdoc.results.html.chart_scale import scale_for
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
    TextSpan,
)
from cogdoc.results.wording import FLAG_TEXTS

SOURCE = SourceInfo(path="in/report.pdf", sha256="ab" * 32, page_count=9)
ENGINE = EngineInfo(name="builtin", version="1")
PAGE = PageInfo(number=3, label="iii", width=600, height=800)
BOX = (10.0, 20.0, 110.0, 32.0)


class Elements(HTMLParser):
    """The elements of a page with their attributes, and its text."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.all: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.all.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data

    def named(self, name: str) -> list[dict[str, str | None]]:
        return [attributes for tag, attributes in self.all if tag == name]


def answered(text: str | None = "412,860", confidence: float | None = 0.97, **more: object) -> AnswerRecord:
    evidence = (Evidence(page=3, label="iii", box=BOX, text="Total revenue | 412,860"),) if text else ()
    settings = {"evidence": evidence, **more}
    answer = Answer.model_validate({"question": "Revenue?", "text": text, "confidence": confidence, **settings})
    return AnswerRecord(source=SOURCE, engine=ENGINE, question="Revenue?", answer=answer)


def read(*blocks: TextBlock, **more: object) -> PageRecord:
    settings = {"source": SOURCE, "engine": ENGINE, "page": PAGE, "blocks": blocks, "origin": "ocr", **more}
    return PageRecord.model_validate(settings)


def charted(chart: Chart | None) -> ChartRecord:
    return ChartRecord(source=SOURCE, engine=ENGINE, page=PAGE, chart=chart)


def chart_of(kind: ChartKind, *series: tuple[float | None, ...], confidence: float = 0.9) -> Chart:
    values = [tuple(ChartValue(value=value, confidence=confidence, box=BOX) for value in one) for one in series]
    return Chart(
        kind=kind,
        title="Rain",
        box=(0, 0, 300, 200),
        categories=tuple("abcdefgh"[: len(series[0])]),
        series=tuple(ChartSeries(name=f"s{index}", values=one) for index, one in enumerate(values)),
        measured=False,
        confidence=confidence,
    )


@pytest.mark.parametrize("record", [answered(), read(), charted(chart_of(ChartKind.BAR, (1.0, 2.0)))])
def test_page_is_one_file_whose_policy_allows_its_own_script_and_style_and_no_address(record: AnyRecord) -> None:
    page = page_of_records([record])
    elements = Elements(page)
    policy = next(one["content"] or "" for one in elements.named("meta") if "http-equiv" in one)
    for name in ("script", "style"):
        (text,) = re.findall(f"<{name}>(.*?)</{name}>", page, re.DOTALL)
        digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        assert f"{name}-src 'sha256-{digest}'" in policy
    assert policy.startswith("default-src 'none'; img-src data:;")
    assert "unsafe" not in policy
    assert page.index("http-equiv") < page.index("<style")
    addresses = [value or "" for _, one in elements.all for key, value in one.items() if key in ("src", "href")]
    assert addresses
    assert all(address.startswith(("#", "data:image/webp;base64,")) for address in addresses)
    assert not any("style" in one or any(key.startswith("on") for key in one) for _, one in elements.all)


def test_every_link_leads_somewhere_and_no_id_is_given_twice() -> None:
    table = TableResult(rows=((TableCell(text="a", box=BOX),), (TableCell(text="1", box=BOX),)))
    block = TextBlock(kind="table", box=BOX, text="a", table=table)
    other = Candidate(text="9", confidence=0.2, evidence=Evidence(page=7, label="7", box=BOX, text="9"))
    for records in (
        [answered(alternatives=(other,)), answered(None, None, alternatives=(other,))],
        [read(block), read(block)],
        [charted(chart_of(ChartKind.LINE, (1.0, None), (2.0, 3.0)))],
    ):
        for pictures in (True, False):
            elements = Elements(page_of_records(records, pictures=pictures))
            ids = [one["id"] for _, one in elements.all if "id" in one]
            assert len(ids) == len(set(ids))
            if pictures:
                assert {one["href"] for _, one in elements.all if "href" in one} <= {f"#{name}" for name in ids}


def test_answer_is_said_with_its_value_its_place_and_how_sure_it_is() -> None:
    value = PrintedValue(kind="money", number=412860000, currency="EUR", scale=1000)
    elements = Elements(page_of_records([answered(value=value)]))
    for text in ("€412,860 thousand", "412860000 EUR", "Sure, 97%", "Page 3, printed “iii”", "Total revenue ·"):
        assert text in elements.text
    (mark,) = [one for one in elements.named("a") if "mark" in (one["class"] or "")]
    assert mark["class"] == "mark found"
    (place,) = [one for one in elements.named("a") if one["class"] == "place"]
    assert place["href"] == f"#{mark['id']}"
    assert (elements.named("rect")[-1]["x"], elements.named("rect")[-1]["width"]) == ("10", "100")
    assert "report.pdf" in elements.text


def test_computed_answer_shows_its_formula_and_operands() -> None:
    operands = tuple(
        AnswerOperand(label=f"Revenue, {year}", text=text, page=3, box=box)
        for year, text, box in ((2024, "412", BOX), (2023, "368", (120.0, 20.0, 220.0, 32.0)))
    )
    page = page_of_records([answered("44", formula="412 − 368", operands=operands)])
    assert "How it was worked out" in page
    assert "412 − 368" in page
    assert "Revenue, 2023: 368" in page
    assert page.count('class="mark operand"') == 2


def test_missing_and_doubtful_answers_say_so_and_show_other_candidates_on_their_pages() -> None:
    other = Candidate(text="99", confidence=0.2, evidence=Evidence(page=7, label="7", box=BOX, text="99"))
    absent = Elements(page_of_records([answered(None, None, alternatives=(other,))]))
    assert "The document does not say." in absent.text
    assert "99" in absent.text
    assert [one["alt"] for one in absent.named("img")] == ["Page 7"]
    doubtful = Elements(page_of_records([answered(confidence=0.31, flags=(Flag.LOW_CONFIDENCE.value,))]))
    assert "Unsure, 31%: check it on the page" in doubtful.text
    assert FLAG_TEXTS[Flag.LOW_CONFIDENCE] in doubtful.text
    sure = Elements(page_of_records([answered(alternatives=(other,))]))
    assert [one["alt"] for one in sure.named("img")] == ["Page 3"]


def test_what_failed_is_said() -> None:
    failure = ErrorInfo(kind="damaged", message="damaged file", hint="repair it", exit_code=4)
    unread = answered().model_copy(update={"unread_pages": (UnreadPage(page=5, message="too large"),)})
    assert "Page 5 was not read: too large" in page_of_records([unread])
    failed = read(error=failure)
    assert "damaged file" in page_of_records([failed])
    assert "repair it" in page_of_records([read()], error=failure)


def test_tables_have_headers_spans_and_amounts_at_the_right() -> None:
    money = PrintedValue(kind="number", number=1.0)
    cells = (
        (
            TableCell(text="Region", box=(0, 0, 10, 10)),
            TableCell(text="Sales", box=(10, 0, 40, 10)),
            TableCell(text=""),
        ),
        (
            TableCell(text="North", box=(0, 10, 10, 20)),
            TableCell(text="1", box=(10, 10, 20, 20), value=money),
            TableCell(text="1", box=(30, 10, 40, 20), value=money),
        ),
    )
    block = TextBlock(kind="table", box=(0, 0, 40, 20), text="", table=TableResult(rows=cells))
    elements = Elements(page_of_records([read(block.model_copy(update={"text": "Region"}))]))
    heads = [(one["scope"], one.get("colspan")) for one in elements.named("th")]
    assert heads == [("col", None), ("colgroup", "2"), ("row", None)]
    assert [one["class"] for one in elements.named("td")] == ["amount", "amount"]


def test_lines_are_joined_to_paragraphs_and_doubtful_ones_are_marked() -> None:
    lines = (
        TextLine(text="The annual instru-", box=(0, 0, 100, 10), confidence=0.99),
        TextLine(text="ments are rrady", box=(0, 12, 95, 22), confidence=0.31),
        TextLine(text="today.", box=(0, 24, 30, 34), confidence=0.99),
    )
    page = page_of_records([read(TextBlock(kind="text", box=(0, 0, 100, 34), text="x", lines=lines), confidence=0.6)])
    assert 'The annual instru<mark title="Doubtful, 31%">ments are rrady</mark> today.' in page
    assert "Confidence 60%" in page


def test_words_keep_their_looks_and_open_only_addresses_of_the_web() -> None:
    sound = "https://example.org/?a=1&b=2"
    spans = (
        TextSpan(start=0, end=4, styles=("bold", "italic")),
        TextSpan(start=5, end=9, link=sound),
        TextSpan(start=10, end=14, link="javascript:alert(1)"),
    )
    line = TextLine(text="Read this here.", box=BOX, confidence=1.0, spans=spans)
    page = page_of_records([read(TextBlock(kind="text", box=BOX, text="x", lines=(line,)))])
    assert "<b><i>Read</i></b> <a href=" in page
    assert [one["href"] for one in Elements(page).named("a") if one.get("rel")] == [sound]


def test_withheld_answers_and_refusals_say_how_likely_they_are() -> None:
    evidence = Evidence(page=7, label="7", box=BOX, text="Total 99")
    withheld = Candidate(text="99", confidence=0.4, evidence=evidence)
    page = Elements(page_of_records([answered(None, None, withheld=withheld, p_answerable=0.34)]))
    for text in ("99", "40% sure", "less sure than was asked for", "that the document does is 34% likely"):
        assert text in page.text
    assert [one["alt"] for one in page.named("img")] == ["Page 7"]


def test_fields_are_shown_with_their_places_and_missing_ones_with_the_reason() -> None:
    amount = PrintedValue(kind="money", number=98.76, currency="USD")
    cell = FieldResult(
        name="qty", type="number", text="4", value=4, typed=PrintedValue(kind="number", number=4), page=3, box=BOX
    )
    other = OtherReading(how=HowFound.EMBEDDED_XML, text="99.00", value="99.00", agrees=False)
    fields = (
        FieldResult(
            name="seller.total",
            type="money",
            text="$98.76",
            value="98.76",
            typed=amount,
            confidence=0.95,
            how=HowFound.LABEL,
            page=3,
            label="iii",
            box=BOX,
            others=(other,),
        ),
        FieldResult(name="captain", type="text", reason=Missing.NOT_FOUND, message="the document does not print it"),
        FieldResult(name="lines", type="table", value=[{"qty": 4}], rows=((cell,),)),
        FieldResult(
            name="tags", type="list", value=["a"], items=(FieldResult(name="tags", type="text", text="a", value="a"),)
        ),
    )
    page = page_of_records(
        [ExtractRecord(source=SOURCE, engine=ENGINE, fields=fields, problems=("total is too large",))]
    )
    elements = Elements(page)
    for text in ("seller › total", "$98.76", "98.76 USD", "Sure, 95%", "beside its label", "Page 3, printed “iii”"):
        assert text in elements.text
    for text in (
        "Another value from the data inside the file: 99.00",
        "The document does not print it",
        "total is too large",
    ):
        assert text in elements.text
    assert [one["alt"] for one in elements.named("img")] == ["Page 3"]
    marks = {one["data-at"] for one in elements.named("a") if "mark" in (one.get("class") or "")}
    assert marks == {"d1-r1-f0", "d1-r1-f2-0-0"}
    assert [(one["class"], one["data-at"]) for one in elements.named("td")] == [("amount", "d1-r1-f2-0-0")]


def test_flags_are_explained_as_on_the_page_of_the_server() -> None:
    words = (Path(cogdoc.serve.__file__).parent / "page" / "files" / "words_en.js").read_text(encoding="utf-8")
    assert {*FLAG_TEXTS} == {*Flag}
    for flag, text in FLAG_TEXTS.items():
        assert f'"flag {flag.value}": "{text}"' in words


@pytest.mark.parametrize("kind", list(ChartKind))
def test_charts_are_drawn_with_a_mark_for_each_value_and_a_cell_beside_it(kind: ChartKind) -> None:
    chart = chart_of(kind, (1.0, 2.5, None), *(() if kind is ChartKind.PIE else ((3.0, -1.0, 4.0),)))
    elements = Elements(page_of_records([charted(chart)]))
    drawn = [one for _, one in elements.all if "mark-drawn" in (one.get("class") or "")]
    assert len(drawn) == (2 if kind is ChartKind.PIE else 5)
    cells = {one["data-at"] for one in elements.named("td")}
    assert {one["data-at"] for one in drawn} <= cells
    assert elements.named("img")[0]["alt"] == "Rain, on page 3"


def test_bars_are_as_high_as_their_values_and_stacks_add_up() -> None:
    def heights(kind: ChartKind) -> list[float]:
        svg = draw_chart(chart_of(kind, (10.0, 20.0), (30.0, 40.0)), "c")
        side = "width" if "horizontal" in kind else "height"
        return [float(x) for x in re.findall(rf'<rect [^>]*{side}="([\d.]+)"[^>]*mark-drawn', str(svg))]

    for kind in (ChartKind.BAR, ChartKind.STACKED_BAR, ChartKind.HORIZONTAL_BAR, ChartKind.STACKED_HORIZONTAL_BAR):
        ten, thirty, twenty, forty = heights(kind)
        assert thirty / ten == pytest.approx(3, rel=0.02)
        assert forty / twenty == pytest.approx(2, rel=0.02)
    stacked = draw_chart(chart_of(ChartKind.STACKED_BAR, (10.0,), (30.0,)), "c")
    (top, _), (second_top, height) = re.findall(r'y="([\d.]+)"[^>]*height="([\d.]+)"[^>]*mark-drawn', str(stacked))
    assert float(second_top) + float(height) == pytest.approx(float(top), abs=0.2)


@pytest.mark.parametrize("values", [(0.0,), (1e300, -1e300), (5e-324, 1.0), (1.7e308, 1.7e308), (-3.0, -1.0), ()])
def test_axes_have_round_ticks_around_any_values(values: tuple[float, ...]) -> None:
    scale = scale_for(values, from_zero=True)
    assert scale.low < scale.high
    assert 2 <= len(scale.ticks) <= 12
    assert all(one < two for one, two in pairwise(scale.ticks))
    assert all(0 <= scale.share(value) <= 1 for value in values)
    for kind in ChartKind:
        if values:
            draw_chart(chart_of(kind, values), "c")


def test_doubtful_values_of_a_chart_are_marked() -> None:
    page = page_of_records([charted(chart_of(ChartKind.BAR, (1.0, 2.0), confidence=0.2))])
    assert page.count("mark-drawn doubtful") == 2
    assert page.count("Doubtful, 20%") == 2
    assert "(doubtful)</title>" in page
