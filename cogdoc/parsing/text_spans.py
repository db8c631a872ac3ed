"""Spans: the parts of a text that look different from the rest, or are links."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Annotated
from urllib.parse import quote

from annotated_types import Ge, MaxLen
from pydantic import AfterValidator

MAX_LINK = 2000
"""Characters of a link."""

_URL_MARKS = "!#$%&'()*+,-./:;=?@_~[]"
_WEB_LINK = re.compile(rf"(?i:https?://|mailto:)[0-9A-Za-z{re.escape(_URL_MARKS)}]+")


class TextStyle(StrEnum):
    """A way in which characters differ from most others of their page."""

    BOLD = "bold"
    ITALIC = "italic"
    MONOSPACE = "monospace"
    STRIKETHROUGH = "strikethrough"


def web_link(address: str) -> str | None:
    """`address` as a link to a web page or a mailbox, in ASCII; None for others, such as those of files and scripts."""
    link = quote(address.strip(), safe=_URL_MARKS)
    return link if len(link) <= MAX_LINK and _WEB_LINK.fullmatch(link) else None


def _check_link(link: str) -> str:
    if web_link(link) != link:
        raise ValueError("not a link to a web page or a mailbox")
    return link


@dataclass(frozen=True, slots=True)
class Span:
    """The characters from `start` up to `end` of a text."""

    start: Annotated[int, Ge(0)]
    end: Annotated[int, Ge(1)]
    styles: Annotated[tuple[TextStyle, ...], MaxLen(len(TextStyle))] = ()
    link: Annotated[str, AfterValidator(_check_link)] | None = None


def joined_spans(parts: Iterable[tuple[str, tuple[Span, ...]]]) -> tuple[Span, ...]:
    """The spans of texts that are joined by spaces; a span goes on over the space between two of the same look."""
    spans: list[Span] = []
    offset = 0
    for text, of_text in parts:
        for span in of_text:
            start, end = offset + span.start, offset + min(span.end, len(text))
            if start >= end:
                continue
            last = spans[-1] if spans else None
            if last and (last.styles, last.link) == (span.styles, span.link) and last.end >= start - (start == offset):
                spans[-1] = replace(last, end=end)
            else:
                spans.append(Span(start, end, span.styles, span.link))
        offset += len(text) + 1
    return tuple(spans)
