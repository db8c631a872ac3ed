"""Pages of running text, written for training in several languages, with questions and some that they do not answer."""

from __future__ import annotations

import random
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

from cogdoc.documents.geometry import bounding_box
from cogdoc.parsing.page_text import Block, BlockKind, Line, PageLayout
from cogdoc.query.question_pieces import guess_language
from cogdoc.text import has_unspaced, text_width
from training.small_pages import LEADING, laid_out, line_of_words
from training.table_pages import Example

FOLDER = Path(__file__).parent / "prose"
LEFT, TOP = 40.0, 40.0
LINE_WIDTH = 80
"""In Latin letters."""

FOREIGN_QUESTIONS = 4
"""Questions of other pages in the same language that are put to each page."""


@dataclass(frozen=True, slots=True)
class Prose:
    """Paragraphs with questions and their answers."""

    language: str
    paragraphs: tuple[str, ...]
    questions: tuple[tuple[str, str], ...]


def prose_pages() -> Iterator[Example]:
    """Questions with their page and answer; None if the page does not contain it."""
    generator = random.Random(3)
    for _, group in groupby(sorted(read_prose(), key=lambda one: one.language), lambda one: one.language):
        siblings = list(group)
        for prose in siblings:
            page = prose_page(prose.paragraphs)
            yield from ((question, page, answer) for question, answer in prose.questions)
            foreign = [question for other in siblings if other is not prose for question, _ in other.questions]
            for question in generator.sample(foreign, min(FOREIGN_QUESTIONS, len(foreign))):
                yield question, page, None


def read_prose() -> list[Prose]:
    """All texts of the folder."""
    pages = [page for path in sorted(FOLDER.glob("*.toml")) for page in tomllib.loads(path.read_text("utf-8"))["page"]]
    return [
        Prose(
            guess_language(page["paragraphs"][0]),
            tuple(page["paragraphs"]),
            tuple((question, answer) for question, answer in page["questions"]),
        )
        for page in pages
    ]


def prose_page(paragraphs: Sequence[str]) -> PageLayout:
    """A page of paragraphs, with a gap of a line between them."""
    top, blocks = TOP, []
    for paragraph in paragraphs:
        lines: list[Line] = []
        for text in _wrapped(paragraph):
            lines.append(line_of_words(text, LEFT, top))
            top += LEADING
        top += LEADING
        blocks.append(Block(BlockKind.TEXT, bounding_box(line.box for line in lines), tuple(lines)))
    return laid_out([line for block in blocks for line in block.lines], blocks)


def _wrapped(text: str) -> Iterator[str]:
    """The lines of a paragraph, broken at spaces, or anywhere in a script without them."""
    glue = "" if has_unspaced(text) else " "
    line = ""
    for piece in text.split(" ") if glue else text:
        if line and text_width(line + glue + piece) > LINE_WIDTH:
            yield line
            line = piece
        else:
            line = f"{line}{glue}{piece}" if line else piece
    yield line
