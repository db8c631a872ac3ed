"""Pictures in Markdown: a link to the file of one, or a comment where one is on the page."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import quote

from cogdoc.results.markdown.inline import escape_lines
from cogdoc.results.records import TextBlock

MAX_DISTANCE = 40.0
"""Points between a picture and its caption."""

MIN_SIDE = 24.0
"""Points of a picture that a comment is written for."""

MAX_CAPTION = 300
"""Characters of a caption that are the text in place of a picture."""


def markdown_comment(text: str) -> str:
    """A comment, which Markdown does not display; `text` cannot end it early."""
    return f"<!-- {re.sub('-(?=-)', '- ', text)} -->"


def path_between(output: Path | None, folder: Path | None) -> str:
    """The path of a folder from the place of an output file, with slashes; from the working directory without one."""
    if folder is None:
        return ""
    start = Path.cwd() if output is None else output.absolute().parent
    path = os.path.relpath(folder.absolute(), start)
    return "" if path == os.curdir else Path(path).as_posix()


def picture_markdown(block: TextBlock, caption: str, images: str) -> str:
    """A picture with its caption as the text in its place; a comment if it has no file.

    Args:
        images: the folder of the files, as a path from the place of the Markdown file.
    """
    if block.image is None:
        left, top, right, bottom = block.box
        return markdown_comment("picture") if min(right - left, bottom - top) >= MIN_SIDE else ""
    path = f"{images}/{block.image}" if images else block.image
    return f"![{escape_lines(caption[:MAX_CAPTION])}]({quote(path, errors='surrogateescape')})"


def caption_of(picture: TextBlock, blocks: Sequence[TextBlock]) -> str:
    """The caption that is nearest below or above a picture; empty if there is none."""
    near = [
        (distance, block)
        for block in blocks
        if block.kind == "caption" and (distance := _distance(picture, block)) <= MAX_DISTANCE
    ]
    return min(near, key=lambda pair: pair[0])[1].text if near else ""


def _distance(picture: TextBlock, caption: TextBlock) -> float:
    """Points between a picture and a caption in its column; infinite in another."""
    left, top, right, bottom = picture.box
    if min(right, caption.box[2]) <= max(left, caption.box[0]):
        return float("inf")
    return max(0.0, caption.box[1] - bottom, top - caption.box[3])
