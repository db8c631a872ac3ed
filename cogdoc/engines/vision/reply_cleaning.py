"""Removes what a model puts around a transcription: introductions, closing remarks, fences, quotation marks.

Pages begin and end with such words too. What the page's own text contains is never removed.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from rapidfuzz import fuzz

from cogdoc.engines.vision.generated_lines import GeneratedLine
from cogdoc.engines.vision.reply_phrases import is_closing, is_preamble, is_refusal
from cogdoc.text import comparison_key

PRINTED = 85.0
"""Similarity of 0 to 100 from which on a phrase counts as printed on the page, perhaps misread by OCR."""

MAX_LAYERS = 5
"""How many things may be around a text: an introduction, a fence in it, quotation marks in the fence, remarks."""

QUOTE_BEGINNING = 12
"""Characters after an opening quotation mark by which it is looked up on the page."""

QUOTES = {'"': '"', "“": "”", "„": "“", "«": "»", "「": "」", "『": "』", "'": "'", "‘": "’", "`": "`"}
_ALIKE = str.maketrans(dict.fromkeys("“”„«»「」『』‘’'`", '"'))
_FENCE = re.compile(r"(?:```+|~~~+)\s*(?:markdown|md|text|txt|plain(?: ?text)?|html|ocr)?", re.IGNORECASE)
_ANY_FENCE = re.compile(r"(?:```|~~~).*")
_COLON = re.compile(r"[:：](?:\*\*|__)?\s*")
_DECORATION = "*_# "


def cleaned(lines: Sequence[GeneratedLine], literal: str) -> list[GeneratedLine]:
    """The lines of a transcription alone; none if the model declined to transcribe.

    Args:
        literal: the page's own text, whose words are never removed.
    """
    page = _key(literal)
    rest = _without_empty_ends(lines)
    for _ in range(MAX_LAYERS):
        before = rest
        for step in (_without_preamble, _without_closing, _without_fence, _without_quotes):
            rest = _without_empty_ends(step(rest, page))
        if rest == before:
            break
    text = "\n".join(line.text for line in rest)
    return [] if is_refusal(text) and not _is_printed(text, page) else rest


def _without_preamble(lines: list[GeneratedLine], page: str) -> list[GeneratedLine]:
    if not lines:
        return lines
    first, *others = lines
    colon = _COLON.search(first.text)
    head = (first.text[: colon.start()] if colon else first.text).strip(_DECORATION)
    follows = colon is not None or (others and head.endswith((".", "。", "!", "！")))
    if not follows or not is_preamble(head.rstrip(".。!！")) or _is_printed(head, page):
        return lines
    remainder = first.text[colon.end() :] if colon else ""
    return [replace(first, text=remainder), *others]


def _without_closing(lines: list[GeneratedLine], page: str) -> list[GeneratedLine]:
    if len(lines) < 2 or not is_closing(lines[-1].text) or _is_printed(lines[-1].text, page):
        return lines
    return lines[:-1]


def _without_fence(lines: list[GeneratedLine], page: str) -> list[GeneratedLine]:
    """Without a fence around all lines; the closing one is missing if the text was cut off."""
    fences = [index for index, line in enumerate(lines) if _ANY_FENCE.fullmatch(line.text)]
    if not fences or fences[0] != 0 or not _FENCE.fullmatch(lines[0].text) or '"""' in page or "~~~" in page:
        return lines
    if fences[1:] == [len(lines) - 1]:
        return lines[1:-1]
    return lines[1:] if len(fences) == 1 else lines


def _without_quotes(lines: list[GeneratedLine], page: str) -> list[GeneratedLine]:
    """Without quotation marks around all lines."""
    if not lines or not lines[0].text or lines[0].text[0] not in QUOTES:
        return lines
    text = "\n".join(line.text for line in lines)
    inner = text[1:-1]
    opening, closing = text[0], QUOTES[text[0]]
    if len(text) < 2 or text[-1] != closing or {opening, closing} & set(inner):
        return lines
    if _key(opening + inner[:QUOTE_BEGINNING]) in page:
        return lines
    return [replace(line, text=part) for line, part in zip(lines, inner.split("\n"), strict=True)]


def _key(text: str) -> str:
    """`text` for comparing, with all quotation marks alike."""
    return comparison_key(text).translate(_ALIKE)


def _is_printed(text: str, page: str) -> bool:
    key = _key(text).strip(':."')
    return bool(key) and fuzz.partial_ratio(key, page, score_cutoff=PRINTED) > 0 and len(key) <= len(page)


def _without_empty_ends(lines: Sequence[GeneratedLine]) -> list[GeneratedLine]:
    filled = [index for index, line in enumerate(lines) if line.text.strip()]
    return list(lines[filled[0] : filled[-1] + 1]) if filled else []
