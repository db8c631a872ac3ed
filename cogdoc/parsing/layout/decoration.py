"""Tell pictures that decorate a page from those that show something: by their size, and by the pages beside it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from cogdoc.documents.geometry import Box
from cogdoc.documents.mupdf import ERRORS
from cogdoc.documents.mupdf_document import MupdfDocument
from cogdoc.documents.opening import OpenDocument
from cogdoc.errors import InputError
from cogdoc.parsing.page_text import Block, BlockKind, PageText, TextOrigin
from cogdoc.parsing.text_layer.page_frame import frame_of

MIN_SIDE = 24.0
"""Points; a lower or narrower picture is a line or an icon."""

MIN_SHARE = 0.004
"""Share of the page's area; a smaller picture is an icon."""

MAX_PICTURE_SHARE = 0.6
"""Share of the page's area up to which a picture with much text is one on a page, not a scan of the page."""

MAX_RATIO = 12.0
"""Longer by shorter side; a longer picture is a rule or a border."""

MAX_REPEATED_SHARE = 0.25
"""Share of the page's area above which a picture that pages have in the same place is no logo."""

PAGES_BESIDE = 2
"""How many pages before and after a page are looked at."""

MIN_REPEATED = 2
"""Those of them that have a picture in the same place, if it is a logo."""

SAME_PLACE = 3.0
"""Points by which it may be elsewhere."""

_Embedded = tuple[Box, int, int, int]
"""The box of an embedded picture, its width and height in pixels, and its size in bytes."""


def mark_decoration(blocks: Sequence[Block], document: OpenDocument, page_text: PageText) -> list[Block]:
    """`blocks`, in which pictures that only decorate are of a kind of their own.

    Of the pictures with much text, those remain that are a part of a page with a text layer: a scan is all picture.
    """
    page_area = page_text.width * page_text.height
    largest = 0.0 if page_text.origin is TextOrigin.OCR else MAX_PICTURE_SHARE * page_area
    blocks = [block for block in blocks if block.kind is not BlockKind.TEXT_PICTURE or block.box.area <= largest]
    pictures = [block for block in blocks if block.kind is BlockKind.PICTURE]
    small = {id(block) for block in pictures if _is_small(block.box, page_area)}
    may_repeat = [
        block for block in pictures if id(block) not in small and block.box.area <= MAX_REPEATED_SHARE * page_area
    ]
    repeated: set[int] = set()
    if may_repeat and isinstance(document, MupdfDocument) and not page_text.turned:
        repeated = _repeated(may_repeat, document, page_text.number - 1)
    decoration = small | repeated
    return [replace(block, kind=BlockKind.DECORATION) if id(block) in decoration else block for block in blocks]


def _is_small(box: Box, page_area: float) -> bool:
    shorter, longer = sorted((box.width, box.height))
    return shorter < MIN_SIDE or longer > MAX_RATIO * shorter or box.area < MIN_SHARE * page_area


def _repeated(pictures: Sequence[Block], document: MupdfDocument, index: int) -> set[int]:
    own = [
        (id(block), embedded)
        for embedded in _embedded_pictures(document, index)
        for block in pictures
        if embedded[0].overlap(block.box) >= 0.5 * block.box.area
    ]
    if not own:
        return set()
    counts = dict.fromkeys((key for key, _ in own), 0)
    for other in range(index - PAGES_BESIDE, index + PAGES_BESIDE + 1):
        if other == index or not 0 <= other < document.page_count:
            continue
        beside = list(_embedded_pictures(document, other))
        for key in {key for key, embedded in own if any(_is_same(embedded, one) for one in beside)}:
            counts[key] += 1
    return {key for key, count in counts.items() if count >= MIN_REPEATED}


def _embedded_pictures(document: MupdfDocument, index: int) -> Iterator[_Embedded]:
    try:
        page = document.load_page(index)
        frame = frame_of(page)
        for info in page.get_image_info():
            yield frame.display(Box(*info["bbox"])), info["width"], info["height"], info["size"]
    except (InputError, *ERRORS):
        return  # the page itself reports its damage


def _is_same(one: _Embedded, two: _Embedded) -> bool:
    return one[1:] == two[1:] and all(abs(a - b) <= SAME_PLACE for a, b in zip(one[0], two[0], strict=True))
