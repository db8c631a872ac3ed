"""Keeps what is in the table or figure that a question names, "in Table 3", where a page has it with its caption."""

from __future__ import annotations

from collections.abc import Sequence

from cogdoc.documents.geometry import Box
from cogdoc.engines.builtin.answering.proposals import Proposal, Relation
from cogdoc.query.document_outline import CAPTIONED
from cogdoc.query.document_places import Reference, asked_references, find_references
from cogdoc.query.question import Question
from cogdoc.query.segments import PageView
from cogdoc.query.table import DataTable
from cogdoc.query.table_captions import captioned_blocks


def named_tables(question: Question, tables: Sequence[DataTable]) -> Sequence[DataTable]:
    """The tables whose titles have a number that the question names; all of them if none has."""
    asked = _asked(question)
    named = [table for table in tables if any(one.reference in asked for one in find_references(table.title))]
    return named or tables


def in_named_places(question: Question, pages: Sequence[PageView], proposals: list[Proposal]) -> list[Proposal]:
    """The proposals from what the question names by number; all of them if it names nothing that the pages have.

    Cells and results come before labels and values that are merely beside each other; titles stay.
    """
    asked = _asked(question)
    if not asked:
        return proposals
    boxes = [(page.number, block.box) for page in pages for block in captioned_blocks(page.layout.blocks, asked)]
    inside = [one for one in proposals if "numbered-title" not in one.features and _is_inside(one, boxes)]
    found = [one for one in inside if one.relation in (Relation.CELL, Relation.COMPUTED)] or inside
    titles = [one for one in proposals if "numbered-title" in one.features]
    return [*found, *titles] if found else proposals


def _asked(question: Question) -> list[Reference]:
    return [reference for reference in asked_references(question.text) if reference[0] in CAPTIONED]


def _is_inside(proposal: Proposal, boxes: Sequence[tuple[int, Box]]) -> bool:
    """Whether everything that a proposal consists of is in one of the boxes; by the page for what has no place."""
    places: list[tuple[int, Box | None]] = [(proposal.page.number, part.box) for part in proposal.slices] or [
        (operand.cell.page, operand.cell.box) for operand in proposal.operands
    ]
    return bool(places) and all(
        any(number == page and (box is None or outer.overlap(box) > 0) for page, outer in boxes)
        for number, box in places
    )
