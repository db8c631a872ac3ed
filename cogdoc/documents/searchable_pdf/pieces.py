"""What worker processes return of a PDF file that is written piece by piece."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class SharedObjects:
    """The numbers of objects that all pages with additions share; 0 for those that the file does not have yet."""

    font: int = 0
    overlay: int = 0
    """The optional content group that viewers show and hide overlays by."""


@dataclass(frozen=True, slots=True)
class PdfUpdate:
    """What has to follow a PDF file's bytes to add text to it."""

    data: bytes
    shared: SharedObjects
    damaged: bool = False
    """Whether the file has to be repaired first; there is no update then."""


@dataclass(frozen=True, slots=True)
class PagePiece:
    """A part of the objects of a new PDF file's page."""

    data: bytes
    size: int
    """Bytes of all of them."""
    starts: tuple[int, ...]
    """Where each object begins; the last is the page."""
