"""Tables in generated Markdown answer the same queries as printed ones."""

from __future__ import annotations

from cogdoc.engines.vision.markdown_data import markdown_tables
from cogdoc.query.execution import run
from cogdoc.query.tree import Extreme, Growth, Select

MARKDOWN = """
# Annual report

**Sales by region (in thousands)**

| Region | 2023 | 2024 |
|---|--:|--:|
| North | 1,200 | 1,500 |
| South | 2,400 | 2,160 |
| **Total** | 3,600 | 3,660 |

Text | with a bar.
"""


def test_markdown_tables_have_title_headers_and_values() -> None:
    (table,) = markdown_tables(MARKDOWN, page=3)
    assert table.title == "Sales by region (in thousands)"
    assert table.columns == (("Region",), ("2023",), ("2024",))
    assert [row[-1] for row in table.rows] == ["North", "South", "Total"]
    cell = table.cells[0][1]
    assert cell is not None
    assert (cell.page, cell.box) == (3, None)
    assert cell.quantity is not None
    assert cell.quantity.number == 1_200_000


def test_queries_run_on_markdown_tables() -> None:
    tables = list(markdown_tables(MARKDOWN, page=1))
    assert run(Extreme(Select("region", by="sales 2024"), highest=True), tables)[0].text == "South"
    growth = run(Growth(Select("North"), "2023", "2024"), tables)[0]
    assert (growth.text, growth.formula) == ("25.0%", "(1,500 − 1,200) / 1,200")
