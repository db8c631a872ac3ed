"""Text with spans, which stay with their characters while lines are joined and markers are cut off."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace

from cogdoc.results.hyphenation import HYPHENS, join_at_hyphen
from cogdoc.results.records import TextLine, TextSpan
from cogdoc.text import CJK_PUNCTUATION, HAN, KANA

_CJK = re.compile(f"[{HAN}{KANA}{CJK_PUNCTUATION}]")


@dataclass(frozen=True, slots=True)
class MarkedText:
    """A text, and its spans in order."""

    text: str
    spans: tuple[TextSpan, ...] = ()

    @classmethod
    def of_line(cls, line: TextLine) -> MarkedText:
        return cls(line.text, line.spans)

    def __add__(self, other: MarkedText) -> MarkedText:
        return MarkedText(self.text + other.text, (*self.spans, *_moved(other.spans, len(self.text))))

    def from_index(self, start: int) -> MarkedText:
        """Its characters from an index on."""
        return MarkedText(self.text[start:], _moved(self.spans, -start))

    def up_to(self, end: int) -> MarkedText:
        """Its characters up to an index."""
        spans = (span if span.end <= end else span.model_copy(update={"end": end}) for span in self.spans)
        return MarkedText(self.text[:end], tuple(span for span in spans if span.start < span.end))

    def letters(self, style: str | None = None) -> int:
        """The number of its letters and digits, or of those in a style."""
        if style is None:
            return sum(map(str.isalnum, self.text))
        return sum(
            sum(map(str.isalnum, self.text[span.start : span.end])) for span in self.spans if style in span.styles
        )

    def without(self, styles: Collection[str]) -> MarkedText:
        """The same text without some styles; its links stay."""
        if not styles or not self.spans:
            return self
        kept = (
            span.model_copy(update={"styles": tuple(style for style in span.styles if style not in styles)})
            for span in self.spans
        )
        return replace(self, spans=tuple(span for span in kept if span.styles or span.link))


def _moved(spans: Iterable[TextSpan], offset: int) -> tuple[TextSpan, ...]:
    return tuple(
        span.model_copy(update={"start": max(0, span.start + offset), "end": span.end + offset})
        for span in spans
        if span.end + offset > 0
    )


def join_side_by_side(texts: Sequence[MarkedText], gap: str) -> MarkedText:
    """Texts of one row, with a gap between them."""
    joined = texts[0]
    for text in texts[1:]:
        joined = joined + MarkedText(gap) + text
    return joined


def join_marked(lines: Iterable[MarkedText], known: Collection[str] = ()) -> MarkedText:
    """The lines of a paragraph as one line: split words and addresses rejoined, no spaces between CJK characters.

    Args:
        known: words of the page, which tell compounds from words that a line end divides.
    """
    joined = MarkedText("")
    for line in lines:
        text = joined.text
        if not text:
            joined = line
        elif _is_address(joined, line) or (_CJK.match(text[-1]) and _CJK.match(line.text[:1] or " ")):
            joined = joined + line
        elif text[-1] in HYPHENS and (whole := join_at_hyphen(text, line.text, known)):
            kept = len(whole) - len(line.text)
            joined = joined.up_to(min(kept, len(text))) + MarkedText(whole[len(text) : kept]) + line
        else:
            joined = joined + MarkedText(" ") + line
    return joined


def _is_address(text: MarkedText, line: MarkedText) -> bool:
    """Whether the end of a text and the start of a line are parts of the address that both link to."""
    if not (text.spans and line.spans):
        return False
    last, first = text.spans[-1], line.spans[0]
    if last.link is None or last.link != first.link or last.end != len(text.text) or first.start:
        return False
    before, after = text.text[last.start :].split(), line.text[: first.end].split()
    return bool(before and after) and before[-1] + after[0] in last.link


def letters_share(texts: Iterable[MarkedText], style: str) -> float:
    """The share of letters and digits that are in a style, 0 to 1."""
    texts = list(texts)
    return sum(text.letters(style) for text in texts) / max(1, sum(text.letters() for text in texts))
