"""Judge whether the rows at the top and bottom of a single page run through a publication that it was taken from.

A page alone cannot show what repeats from page to page. Many small signs together tell it: what the layout models see,
small type, the distance to the text, a page number, the names of a publication's parts, and prose that fills the page.
The weights of the signs are fitted by `training.margin_rows`, which says how well they carry over.
"""

from __future__ import annotations

import json
import math
import re
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from cogdoc.documents.geometry import Box, bounding_box
from cogdoc.parsing.page_text import Block, BlockKind, PageText, mean_line_width

MODEL_PATH = Path(__file__).with_name("margin_rows.json")

ZONE = 0.15
"""Share of the page's height at its top and bottom that has such rows."""

MAX_ROWS = 3
"""Rows at each end of a page that may be running."""

MIN_PROBABILITY = 0.85
"""From which a row is left out of Markdown: a loss is worse than a header too many."""

PARAGRAPH_LINES = 3
PARAGRAPH_WIDTH = 30
"""Lines, and their mean width, of a paragraph."""

FULL_LINE = 0.85
"""Share of a paragraph's width that its last line fills if the paragraph continues on the next page."""

PAGE_LINES = 40
"""Lines of prose that fill a page."""

MAX_FOLIO = 1500
"""Higher numbers in the margin are years."""

_ENDS = {True: BlockKind.HEADER, False: BlockKind.FOOTER}
_HEADINGS = (BlockKind.TITLE, BlockKind.HEADING)
_PARTS = (BlockKind.LIST_ITEM, BlockKind.CAPTION, BlockKind.FOOTNOTE, BlockKind.TABLE, BlockKind.FORMULA)
_FOLIO = re.compile(
    r"\W*(?:(?:pages?|pág(?:ina)?|pagina|seite|side|sida|strona|str|s|p|pp)\b\W*)?"
    r"(?:(\d{1,4})(?:\W{0,3}(?:/|\||of|von|de|di|sur|van|av|z)\W{0,3}\d{1,4})?|[ivxlc]{1,7})\W*|第?\s*(\d{1,4})\s*[页頁].*",
    re.IGNORECASE,
)
_PUBLICATION = re.compile(
    r"\b(?:(?:vol(?:ume|umen|\.)?|issue|version|draft|chapter|kapitel|chapitre|capítulo)(?=\W{0,2}[\dIVX])|issn|isbn|doi|"
    r"arxiv|open access|download(?:ed)?|heruntergeladen|téléchargé|descargado|rev(?:ision|\.)(?=\W{0,2}\w)|p/n|"
    r"proceedings|journal|review|creative commons)|第.{1,4}[卷期章]|下载|©",
    re.IGNORECASE,
)
_WEB = re.compile(r"https?:|www\.|\.(?:org|com|net|edu|gov|info)\b", re.IGNORECASE)
_CONTACT = re.compile(r"@|\b(?:tel|telefon|fax|phone|iban|bic|vat|ust|siret|cnpj)\b|\+\d{2}", re.IGNORECASE)
_AMOUNT = re.compile(r"[$€£¥₹]|\d[.,]\d\d(?![\d.])|\b(?:EUR|USD|GBP|CHF|BRL|PLN)\b")
_NOTE = re.compile(
    r"[*∗†‡§¹²³]|(?:table|tabelle|tableau|tabla|tab|figure|fig|abb|abbildung)\b|[表图圖]\s*\d", re.IGNORECASE
)
_LABEL = re.compile(r"\w[^:]{0,40}:(?!//)")


@dataclass(frozen=True, slots=True)
class MarginRow:
    """Blocks side by side at one end of a page."""

    blocks: tuple[Block, ...]
    kind: BlockKind
    """Header or footer."""
    features: Mapping[str, float]

    @property
    def probability(self) -> float:
        """That it runs through a publication, 0 to 1."""
        model = _model()
        score = model["bias"] + sum(model["weights"][name] * value for name, value in self.features.items())
        return float(1 / (1 + math.exp(-score)))


@dataclass(frozen=True, slots=True)
class _Row:
    blocks: list[Block]
    box: Box
    gap: float
    """Points of white space to the rest of the page."""
    at_top: bool
    is_outermost: bool


def margin_rows(blocks: Sequence[Block], page_text: PageText) -> list[MarginRow]:
    """The rows at the top and bottom of a page that may be running, those at the edges first."""
    rows = [*_end_rows(blocks, page_text.height, at_top=True), *_end_rows(blocks, page_text.height, at_top=False)]
    on_page = _page_features(blocks, rows)
    height = statistics.median(line.box.height for block in blocks for line in block.lines) if rows else 0.0
    return [
        MarginRow(tuple(row.blocks), _ENDS[row.at_top], _row_features(row, on_page, height, page_text.height))
        for row in rows
    ]


def _end_rows(blocks: Sequence[Block], page_height: float, *, at_top: bool) -> list[_Row]:
    """Rows in the zone at one end of a page, as long as the rest of the page is on their inner side."""
    with_text = [block for block in blocks if _text([block]) and not _is_sideways(block)]
    zone = [
        block
        for block in with_text
        if (block.box.y1 <= ZONE * page_height if at_top else block.box.y0 >= (1 - ZONE) * page_height)
    ]
    rows: list[list[Block]] = []
    for block in sorted(zone, key=lambda block: block.box.y0 if at_top else -block.box.y1):
        beside = next((row for row in rows if any(b.box.vertical_overlap(block.box) > 0.5 for b in row)), None)
        if beside is None:
            rows.append([block])
        else:
            beside.append(block)
    found: list[_Row] = []
    rest = with_text
    for blocks_of_row in rows[:MAX_ROWS]:
        rest = [block for block in rest if block not in blocks_of_row]
        box = bounding_box(block.box for block in blocks_of_row)
        if not rest:
            break
        body = bounding_box(block.box for block in rest)
        gap = body.y0 - box.y1 if at_top else box.y0 - body.y1
        if gap < -box.height / 2:
            break
        found.append(_Row(blocks_of_row, box, gap, at_top, not found))
    return found


def _is_sideways(block: Block) -> bool:
    return all(line.box.height > line.box.width for line in block.lines)


def _page_features(blocks: Sequence[Block], rows: Sequence[_Row]) -> dict[str, float]:
    """How much the page looks like one of a longer text."""
    in_rows = [block for row in rows for block in row.blocks]
    paragraphs = [
        block
        for block in blocks
        if block.kind is BlockKind.TEXT
        and block not in in_rows
        and len(block.lines) >= PARAGRAPH_LINES
        and mean_line_width(block.lines) >= PARAGRAPH_WIDTH
    ]
    letters, all_letters = (
        sum(len(line.text) for block in part for line in block.lines) for part in (paragraphs, blocks)
    )
    columns = any(
        one.box.x1 <= two.box.x0 and one.box.vertical_overlap(two.box) > 0 for one in paragraphs for two in paragraphs
    )
    return {
        "prose": letters / max(1, all_letters),
        "prose_lines": min(1.0, sum(len(block.lines) for block in paragraphs) / PAGE_LINES),
        "starts_inside": float(bool(paragraphs) and paragraphs[0].lines[0].text[:1].islower()),
        "goes_on": float(bool(paragraphs) and _is_unfinished(paragraphs[-1])),
        "columns": float(columns),
        "later_page": float(any(1 < folio <= MAX_FOLIO for row in rows for folio in _folios(row.blocks))),
    }


def _is_unfinished(paragraph: Block) -> bool:
    """Whether a paragraph ends in the middle of a sentence, with a full line."""
    last = paragraph.lines[-1]
    is_full = last.box.x1 >= paragraph.box.x0 + FULL_LINE * paragraph.box.width
    return is_full and (last.text[-1].isalnum() or last.text[-1] in ",-")


def _row_features(row: _Row, on_page: Mapping[str, float], line_height: float, page_height: float) -> dict[str, float]:
    text = _text(row.blocks)
    letters = sum(map(str.isalnum, text))
    lines = [line for block in row.blocks for line in block.lines]
    height = statistics.median(line.box.height for line in lines)
    margin = row.box.y0 if row.at_top else page_height - row.box.y1
    kinds = [block.kind for block in row.blocks]
    terms = {term.casefold() for term in _PUBLICATION.findall(text)}
    seen = sum(kind in _ENDS.values() for kind in kinds) / len(kinds)
    return {
        "seen": seen,
        "heading": sum(kind in _HEADINGS for kind in kinds) / len(kinds),
        "part": sum(kind in _PARTS for kind in kinds) / len(kinds),
        "outermost": float(row.is_outermost),
        "gap": min(4.0, max(0.0, row.gap / max(height, 1.0))) / 4,
        "size": min(1.6, height / max(line_height, 1.0)) - 1,
        "margin": margin / page_height / ZONE,
        "folio": float(bool(_folios(row.blocks))),
        "publication": float(bool(terms)),
        "publications": float(len(terms) > 1),
        "web": float(bool(_WEB.search(text))),
        "contact": float(bool(_CONTACT.search(text))),
        "amount": float(bool(_AMOUNT.search(text))),
        "label": float(bool(_LABEL.search(text)) and not terms),
        "note": float(bool(_NOTE.match(text))),
        "sentence": float(text[-1] in ".;:?!,"),
        "letters": min(1.0, letters / 120),
        "lines": min(1.0, (len(lines) - len(row.blocks)) / 3),
        "digits": sum(map(str.isdigit, text)) / max(1, letters),
        **on_page,
        "seen_prose": seen * on_page["prose_lines"],
        "seen_part_of_text": seen * max(on_page[name] for name in ("starts_inside", "goes_on", "later_page")),
        "publication_prose": float(bool(terms)) * on_page["prose_lines"],
    }


def _folios(blocks: Sequence[Block]) -> list[int]:
    """The page numbers of a row; 0 for Roman ones."""
    matches = (_FOLIO.fullmatch(line.text) for block in blocks for line in block.lines)
    return [int(match[1] or match[2] or 0) for match in matches if match]


def _text(blocks: Sequence[Block]) -> str:
    """The text of blocks; empty if it has no letters and digits."""
    text = " ".join(line.text for block in blocks for line in block.lines)
    return text if any(map(str.isalnum, text)) else ""


@cache
def _model() -> dict[str, Any]:
    model: dict[str, Any] = json.loads(MODEL_PATH.read_text(encoding="utf-8"))
    return model
