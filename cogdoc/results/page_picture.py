"""Pictures of pages, or of parts of them, for formats that show where on a page something is."""

from __future__ import annotations

from dataclasses import dataclass

from cogdoc.results.record_model import BoxTuple


@dataclass(frozen=True, slots=True)
class PageArea:
    """What a picture should show."""

    page: int
    box: BoxTuple | None = None
    """A part of the page; None for all of it."""


@dataclass(frozen=True, slots=True)
class PagePicture:
    """The picture of an area."""

    area: PageArea
    box: BoxTuple
    """What it shows, in points of the page as displayed."""
    width: int
    """Pixels."""
    height: int
    content: bytes
    media_type: str = "image/webp"
