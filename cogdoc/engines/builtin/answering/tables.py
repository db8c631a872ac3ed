"""Values where a row and a column meet, in tables that the layout found and in rows that merely line up."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from cogdoc.documents.geometry import Box
from cogdoc.engines.builtin.answering.candidates import Proposal, Relation
from cogdoc.engines.builtin.answering.labels import Matcher
from cogdoc.engines.builtin.answering.segments import PageView, Segment, Slice
from cogdoc.engines.builtin.answering.terms import tokenize
from cogdoc.engines.builtin.answering.values import NUMERIC, ValueKind, find_values, fit
from cogdoc.words.types import Table, Word

HEADER_ROWS = 3
MIN_RECALL = 0.3


@dataclass(frozen=True, slots=True)
class Grid:
    """A table as texts; cells of all rows under one header."""

    cells: tuple[tuple[Segment | None, ...], ...]
    header_rows: int
    box: Box

    @property
    def width(self) -> int:
        return len(self.cells[0]) if self.cells else 0

    def text(self, row: int, column: int) -> str:
        cell = self.cells[row][column]
        return cell.text if cell is not None else ""

    def header(self, column: int) -> str:
        return " ".join(self.text(row, column) for row in range(self.header_rows)).strip()

    def label(self, row: int) -> str:
        """The first cell of the row that says anything."""
        return next((cell.text for cell in self.cells[row] if cell is not None and cell.text), "")

    def row_text(self, row: int) -> str:
        return " | ".join(cell.text for cell in self.cells[row] if cell is not None and cell.text)


def grids(page: PageView) -> list[Grid]:
    """The page's tables with at least two rows and columns."""
    return [grid for table in page.tables if (grid := _grid(table)).width >= 2 and len(grid.cells) >= 2]


def _grid(table: Table) -> Grid:
    rows = tuple(
        tuple(
            _as_segment(cell.text, cell.box) if cell.box is not None and cell.text.strip() else None
            for cell in row
        )
        for row in table.rows
    )
    numeric = [sum(_is_numeric(cell.text) for cell in row if cell is not None) for row in rows]
    header = 0
    for row, count in zip(rows[:HEADER_ROWS], numeric, strict=False):
        filled = sum(cell is not None for cell in row)
        years = sum(bool(find_values(ValueKind.YEAR, cell.text)) for cell in row if cell is not None)
        if filled and count - years <= 0.3 * filled and (header == 0 or count or any(numeric[header:])):
            header += 1
        else:
            break
    header = header if header < len(rows) else 1
    if header > 1 and not any(numeric[:header]) and not any(numeric):
        header = 1
    return Grid(rows, max(1, header), table.box)


def _as_segment(text: str, box: Box) -> Segment:
    """A cell as a segment, its words set side by side over the width of the cell."""
    words = text.split()
    length = len(" ".join(words))
    placed, offset = [], 0
    for word in words:
        left, right = box.x0 + box.width * offset / length, box.x0 + box.width * (offset + len(word)) / length
        placed.append(Word(word, Box(left, box.y0, right, box.y1), 1.0))
        offset += len(word) + 1
    return Segment(-1, -1, tuple(placed), " ".join(words), box, text)


def _is_numeric(text: str) -> bool:
    return fit(ValueKind.NUMBER, text) >= 0.3 or fit(ValueKind.AMOUNT, text) >= 0.5 or text.strip() in "-–—"


def propose_cells(matcher: Matcher, page: PageView) -> Iterator[Proposal]:
    """Cells whose row and column together hold the question's words."""
    for grid in grids(page):
        yield from _grid_cells(matcher, page, grid)
    yield from _aligned_cells(matcher, page)


def _grid_cells(matcher: Matcher, page: PageView, grid: Grid) -> Iterator[Proposal]:
    headers = [matcher.covered(tokenize(grid.header(column))) for column in range(grid.width)]
    section = ""
    for row in range(grid.header_rows, len(grid.cells)):
        filled = [cell for cell in grid.cells[row] if cell is not None]
        if len(filled) == 1:
            section = filled[0].text
            continue
        coverings = [matcher.covered(cell.tokens) if cell is not None else {} for cell in grid.cells[row]]
        for column, cell in enumerate(grid.cells[row]):
            if cell is None:
                continue
            others = [covering for place, covering in enumerate(coverings) if place != column]
            recall = matcher.recall(headers[column], *others)
            if recall < MIN_RECALL or matcher.recall(*others) == 0:
                continue
            section_recall = matcher.recall(headers[column], *others, matcher.covered(tokenize(section)))
            said = [
                c
                for place, c in enumerate(grid.cells[row])
                if c is not None and place != column and coverings[place]
            ]
            tokens = [token for c in said[:2] for token in c.tokens]
            header = tokenize(grid.header(column)) if headers[column] else ()
            yield from _cell(
                matcher, page, cell, max(recall, section_recall), matcher.precision([*tokens, *header]),
                grid.row_text(row), column,
            )  # fmt: skip


def _cell(
    matcher: Matcher,
    page: PageView,
    cell: Segment,
    recall: float,
    precision: float,
    evidence: str,
    column: int,
) -> Iterator[Proposal]:
    own = matcher.recall(matcher.covered(cell.tokens))
    for kind in matcher.question.kinds:
        if kind is ValueKind.TEXT:
            fitting, part = 0.7 if matcher.question.kinds[0] is kind else 0.2, Slice(cell, 0, len(cell.text))
        else:
            fitting = fit(kind, cell.text)
            values = find_values(kind, cell.text)
            if not values or fitting < 0.2:
                continue
            value = max(values, key=lambda value: value.fit)
            part = Slice(cell, 0, len(cell.text)) if fitting > 0.6 else Slice(cell, value.start, value.end)
        yield Proposal(
            page=page, text=part.text.strip(), slices=(part,), relation=Relation.CELL, kind=kind,
            recall=max(0.0, recall - 0.5 * own), precision=precision, fit=fitting * (1 - 0.6 * min(1.0, own)),
            distance=0.3 * max(0, column - 1), evidence=evidence,
        )  # fmt: skip


def _aligned_cells(matcher: Matcher, page: PageView) -> Iterator[Proposal]:
    """Numbers whose row, by the words on their left, and column, by the words above, hold the question's words."""
    kind = matcher.question.kinds[0]
    if kind not in NUMERIC:
        return
    for row in page.rows:
        covering = matcher.covered(token for segment in row for token in segment.tokens)
        if not covering or len(row) < 2:
            continue
        for segment in row[1:]:
            values = find_values(kind, segment.text)
            if not values or fit(kind, segment.text) < 0.45:
                continue
            labels = [other for other in page.left_of(segment) if fit(kind, other.text) < 0.45]
            label = matcher.covered(token for other in labels for token in other.tokens)
            above = [
                other for other in page.above(segment)[:30] if fit(kind, other.text) < 0.45 or _is_year(other)
            ]
            header = [token for other in above[:2] for token in other.tokens]
            head = matcher.covered(header)
            recall = matcher.recall(label, head)
            if recall < MIN_RECALL or not label or not head:
                continue
            said = [token for other in labels for token in other.tokens]
            yield Proposal(
                page=page, text=segment.text.strip(), slices=(Slice(segment, 0, len(segment.text)),),
                relation=Relation.CELL, kind=kind, recall=recall, precision=matcher.precision(said),
                fit=values[0].fit, distance=1.0, evidence=page.row_text(segment),
            )  # fmt: skip


def _is_year(segment: Segment) -> bool:
    return bool(find_values(ValueKind.YEAR, segment.text)) and len(segment.text) < 24
