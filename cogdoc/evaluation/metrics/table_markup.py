"""Parses HTML fragments into trees, and tables in HTML or Markdown into cells that know their neighbors."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import NamedTuple

_VOID_TAGS = frozenset({"br", "hr", "img", "input", "col", "wbr", "meta", "link"})
_CLOSED_BY = {
    "td": frozenset({"td", "th", "tr", "thead", "tbody", "tfoot"}),
    "th": frozenset({"td", "th", "tr", "thead", "tbody", "tfoot"}),
    "tr": frozenset({"tr", "thead", "tbody", "tfoot"}),
    "thead": frozenset({"tbody", "tfoot"}),
    "tbody": frozenset({"tbody", "tfoot"}),
}


@dataclass
class Node:
    """An HTML element; its children are elements and pieces of text, in order."""

    tag: str
    attributes: dict[str, str] = field(default_factory=dict)
    children: list[Node | str] = field(default_factory=list)

    @property
    def elements(self) -> list[Node]:
        return [child for child in self.children if isinstance(child, Node)]

    @property
    def text(self) -> str:
        """All text inside the element, line breaks as "\\n"."""
        if self.tag == "br":
            return "\n"
        return "".join(child.text if isinstance(child, Node) else child for child in self.children)

    def descendants(self) -> Iterator[Node]:
        """All elements inside, in document order."""
        for element in self.elements:
            yield element
            yield from element.descendants()

    def find_all(self, *tags: str) -> list[Node]:
        return [node for node in self.descendants() if node.tag in tags]

    def span(self, name: str) -> int:
        """The attribute `colspan` or `rowspan`; 1 if it is missing or not a positive integer."""
        value = self.attributes.get(name, "1").strip()
        return max(1, int(value)) if value.isdecimal() else 1


class _TreeBuilder(HTMLParser):
    def __init__(self, ignored: frozenset[str]) -> None:
        super().__init__(convert_charrefs=True)
        self.root = Node("")
        self._open = [self.root]
        self._ignored = ignored

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in self._ignored:
            return
        while tag in _CLOSED_BY.get(self._open[-1].tag, ()):
            self._open.pop()
        node = Node(tag, {name: value or "" for name, value in attrs})
        self._open[-1].children.append(node)
        if tag not in _VOID_TAGS:
            self._open.append(node)

    def handle_endtag(self, tag: str) -> None:
        if any(node.tag == tag for node in self._open[1:]):
            while self._open.pop().tag != tag:
                pass

    def handle_data(self, data: str) -> None:
        self._open[-1].children.append(data)


def parse_html(source: str, ignored: frozenset[str] = frozenset()) -> Node:
    """The tree of `source` under a root without a name. Tags in `ignored` are dropped, but not their content.

    End tags of cells, rows and row groups may be missing, as HTML allows.
    """
    builder = _TreeBuilder(ignored)
    builder.feed(source)
    builder.close()
    return builder.root


_CELL_END = re.compile(r"(?<!\\)\|")
_SEPARATOR_CHARACTERS = frozenset("-: |")


class GridCell(NamedTuple):
    """A cell, and the number of rows and columns it spans."""

    text: str
    heading: bool = False
    rowspan: int = 1
    colspan: int = 1


@dataclass(frozen=True)
class TableGrid:
    """The cells of a table, and for each slot of its grid the index of the cell that covers it, or None."""

    cells: tuple[GridCell, ...]
    slots: tuple[tuple[int | None, ...], ...]

    def neighbors(self, cell: int, down: int, right: int) -> set[int]:
        """The nearest cells in one direction; (down, right) is (-1, 0), (1, 0), (0, -1) or (0, 1)."""
        found = set()
        for row, column in self._slots_of(cell):
            r, c = row + down, column + right
            while 0 <= r < len(self.slots) and 0 <= c < len(self.slots[r]):
                neighbor = self.slots[r][c]
                if neighbor is not None:
                    if neighbor != cell:
                        found.add(neighbor)
                    break
                r, c = r + down, c + right
        return found

    def headings(self, cell: int, down: int, right: int) -> set[int]:
        """All heading cells in one direction; if there are none, the last cells in that direction."""
        headings: set[int] = set()
        ends: set[int] = set()
        seen: set[int] = set()
        to_visit = {cell}
        while to_visit:
            current = to_visit.pop()
            seen.add(current)
            if self.cells[current].heading:
                headings.add(current)
            following = self.neighbors(current, down, right)
            if not following:
                ends.add(current)
            to_visit |= following - seen
        return (headings - {cell}) or (ends - {cell})

    def texts(self) -> list[list[str]]:
        """The text of each slot; the text of a spanning cell is in its first slot, the others are empty."""
        shown: set[int] = set()
        rows = []
        for slots in self.slots:
            row = []
            for cell in slots:
                row.append("" if cell is None or cell in shown else self.cells[cell].text)
                if cell is not None:
                    shown.add(cell)
            rows.append(row)
        return rows

    def _slots_of(self, cell: int) -> list[tuple[int, int]]:
        return [(r, c) for r, row in enumerate(self.slots) for c, filled in enumerate(row) if filled == cell]


def grid_of_rows(rows: Sequence[Sequence[GridCell]]) -> TableGrid:
    """Lay out rows of cells as HTML does: a cell takes the next free slots of its row."""
    cells: list[GridCell] = []
    filled: dict[tuple[int, int], int] = {}
    for row_index, row in enumerate(rows):
        column = 0
        for cell in row:
            while (row_index, column) in filled:
                column += 1
            for r in range(row_index, min(row_index + cell.rowspan, len(rows))):
                for c in range(column, column + cell.colspan):
                    filled.setdefault((r, c), len(cells))
            cells.append(cell)
            column += cell.colspan
    width = 1 + max((column for _, column in filled), default=-1)
    slots = tuple(tuple(filled.get((r, c)) for c in range(width)) for r in range(len(rows)))
    return TableGrid(tuple(cells), slots)


def find_tables(text: str) -> list[TableGrid]:
    """The tables of a Markdown text: first pipe tables, then HTML tables."""
    return [*markdown_tables(text), *html_tables(text)]


def markdown_tables(text: str) -> list[TableGrid]:
    """Runs of at least two lines with pipes; the first row and the first column are headings."""
    tables = []
    run: list[str] = []
    for line in [*text.splitlines(), ""]:
        if "|" in line:
            run.append(line)
            continue
        if len(run) >= 2:
            rows = [_row_cells(table_line) for table_line in run if not _is_separator(table_line)]
            tables.append(_with_headings(row for row in rows if row))
        run = []
    return [table for table in tables if table.cells]


def _is_separator(line: str) -> bool:
    return _SEPARATOR_CHARACTERS.issuperset(line.strip())


def _row_cells(line: str) -> list[str]:
    inner = line.strip().removeprefix("|")
    if inner.endswith("|") and not inner.endswith("\\|"):
        inner = inner[:-1]
    return [cell.strip().replace("\\|", "|") for cell in _CELL_END.split(inner)]


def _with_headings(rows: Iterable[list[str]]) -> TableGrid:
    return grid_of_rows(
        [
            [GridCell(text, heading=row_index == 0 or column == 0) for column, text in enumerate(row)]
            for row_index, row in enumerate(rows)
        ]
    )


def html_tables(text: str) -> list[TableGrid]:
    """The HTML tables; headings are `th` cells, cells in a `thead`, and the first row and column."""
    tables = [_html_table(table) for table in parse_html(text).find_all("table")] if "<table" in text else []
    return [table for table in tables if table.cells]


def _html_table(table: Node) -> TableGrid:
    head_rows = {id(row) for head in table.find_all("thead") for row in head.find_all("tr")}
    rows = []
    for row_index, row in enumerate(table.find_all("tr")):
        cells = [node for node in row.elements if node.tag in ("td", "th")]
        rows.append(
            [
                GridCell(
                    cell.text.strip(),
                    heading=cell.tag == "th" or id(row) in head_rows or row_index == 0 or column == 0,
                    rowspan=cell.span("rowspan"),
                    colspan=cell.span("colspan"),
                )
                for column, cell in enumerate(cells)
            ]
        )
    return grid_of_rows(rows)
