"""Reads the links of a page to web pages and mailboxes; those to files, scripts and other pages are left out."""

from __future__ import annotations

from dataclasses import dataclass

from cogdoc.documents.geometry import Box
from cogdoc.documents.mupdf import pymupdf
from cogdoc.parsing.text_layer.page_frame import PageFrame
from cogdoc.parsing.text_spans import web_link

MAX_LINKS = 2000
"""Links of a page that are read."""

MAX_SHARE = 0.25
"""Share of the page that a link covers; a larger one makes the page a button, not some words a link."""


@dataclass(frozen=True, slots=True)
class PageLink:
    """A link, and the box on the page as displayed in which readers follow it."""

    box: Box
    address: str


def read_links(page: pymupdf.Page, frame: PageFrame) -> list[PageLink]:
    """The links of a page, in the order of the file."""
    links: list[PageLink] = []
    link = pymupdf.mupdf.fz_load_links(page.this)
    for _ in range(MAX_LINKS):
        if not link.m_internal:
            break
        rect = link.m_internal.rect
        box = Box(rect.x0 - frame.left, rect.y0 - frame.top, rect.x1 - frame.left, rect.y1 - frame.top)
        if 0 < box.area <= MAX_SHARE * frame.width * frame.height and (address := web_link(link.m_internal.uri or "")):
            links.append(PageLink(box, address))
        link = link.next()
    return links
