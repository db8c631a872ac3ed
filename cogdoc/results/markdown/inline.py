"""A line of text as Markdown: what it says displays literally, its spans become emphasis, code and links."""

from __future__ import annotations

import itertools
import re
import unicodedata
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from cogdoc.results.markdown.marked_text import MarkedText
from cogdoc.text import HAN, KANA

MARKS = {"☒": "[x]", "☑": "[x]", "☐": "[ ]", "◉": "(x)", "◯": "( )"}
"""Checkboxes and radio buttons, and how GitHub's task lists write them."""

_LEADER = re.compile(r"(?:\s?[.·…]){5,}")
_ESCAPED = re.compile(r"([\\`*_\[\]<>|~]|&(?=#?\w+;))")
_LINE_START = re.compile(r"^(\d{1,9}(?=[.)](?:\s|$))|(?=#{1,6}(?:\s|$)|[-+](?:\s|$)|=[=\s]*$|-[-\s]*$|:-))")
"""What would begin a heading, list item, underline, rule or table; a backslash goes after the match."""

_MARK = re.compile(f"[{''.join(MARKS)}](?=\\s|$|([{HAN}{KANA}]))")
_ENTITY = re.compile(r"&(?=#?\w+;)")
_ASCII_PUNCTUATION = frozenset("!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~")
_SEPARATORS = frozenset(",.;:!?)]，。；：、！？）")
"""Punctuation that belongs to the text before it."""

_DELIMITERS = {"bold": "**", "italic": "*"}
_TAGS = {"bold": "strong", "italic": "em", "strikethrough": "del", "monospace": "code"}


class _Look(NamedTuple):
    styles: frozenset[str] = frozenset()
    link: str | None = None


class _Run(NamedTuple):
    """Characters of one look."""

    text: str
    look: _Look


def escape(text: str) -> str:
    """`text` with its markup characters escaped; also simplifies leader dots and doubled single quotes.

    Checkboxes become "[x]" and "[ ]", radio buttons "(x)" and "( )".
    """
    return _LINE_START.sub(r"\1\\", _with_marks(_escape_chars(text).strip()))


def escape_lines(text: str) -> str:
    """`text` of one or more lines as one, so that none of them begins a heading, list, table or other block."""
    return escape(" ".join(text.split()))


def inline_markdown(marked: MarkedText, *, starts_line: bool = True) -> str:
    """A text with its spans.

    Emphasis is written where CommonMark reads it as such: its delimiters are beside letters, spaces or punctuation; at
    a place where they would not work, such as between two looks within a word, HTML is written instead.

    Args:
        starts_line: whether it is at the start of a line, where some characters begin a block.
    """
    if not marked.spans:
        return escape(marked.text) if starts_line else _with_marks(_escape_chars(marked.text).strip())
    runs = _runs(marked)
    parts: list[str] = []
    index = 0
    for link, group in itertools.groupby(runs, key=lambda run: run.look.link):
        linked = list(group)
        first, index = index, index + len(linked)
        if link is None:
            _write(linked, parts, runs[index] if index < len(runs) else None, is_first=starts_line and not first)
            continue
        if parts and parts[-1].endswith("!"):
            parts[-1] = parts[-1][:-1] + "\\!"
        inner = [""]
        _write(linked, inner, None, is_first=False)
        text = re.sub(r"^\^", r"\^", "".join(inner))
        parts.append(f"[{text}]({_destination(link)})")
    return "".join(parts).strip()


def _write(runs: Sequence[_Run], parts: list[str], after: _Run | None, *, is_first: bool) -> None:
    """Append runs to `parts`; `after` follows them."""
    for index, run in enumerate(runs):
        following = runs[index + 1] if index + 1 < len(runs) else after
        before = "".join(parts[-2:])[-1:]
        if not run.look.styles:
            text = _with_marks(_escape_chars(run.text))
            if is_first and not index:
                text = _LINE_START.sub(r"\1\\", text.lstrip())
            parts.append(text)
            continue
        touches = bool(index and runs[index - 1].look.styles)
        parts.append(_emphasized(run, before, following, touches=touches))


def _emphasized(run: _Run, before: str, following: _Run | None, *, touches: bool) -> str:
    """A run in some styles; `touches` says whether the one before is so as well."""
    styles = run.look.styles
    if following is None:
        after = ""
    elif following.look.styles or following.look.link != run.look.link:
        after = "*"  # or another mark
    else:
        after = _with_marks(_escape_chars(following.text))[:1]
    if "monospace" in styles and not touches:
        text = _code(run.text)
    else:
        text = _with_marks(_escape_chars(run.text))
        if "monospace" in styles:
            text = _tagged(text, "monospace")
    works = not touches and _opens(before, text[0]) and _closes(text[-1], after)
    for style in ("italic", "bold"):
        if style in styles and not works:
            text = _tagged(text, style)
    if works:
        delimiter = "".join(_DELIMITERS[style] for style in ("bold", "italic") if style in styles)
        text = f"{delimiter}{text}{delimiter}"
    if "strikethrough" in styles:
        plain = not touches and _opens(before, text[0]) and _closes(text[-1], after)
        text = f"~~{text}~~" if plain else _tagged(text, "strikethrough")
    return text


def _tagged(text: str, style: str) -> str:
    return f"<{_TAGS[style]}>{text}</{_TAGS[style]}>"


def _code(text: str) -> str:
    fence = "`" * (1 + max((len(run) for run in re.findall("`+", text)), default=0))
    pad = " " if text[0] == "`" or text[-1] == "`" else ""
    return f"{fence}{pad}{text}{pad}{fence}"


def _destination(link: str) -> str:
    return _ENTITY.sub("&amp;", link.replace("(", "%28").replace(")", "%29"))


def _opens(before: str, first: str) -> bool:
    """Whether delimiters between two characters begin emphasis (CommonMark's left-flanking runs)."""
    return not _may_be_punctuation(first) or not before or _is_space(before) or _is_punctuation(before)


def _closes(last: str, after: str) -> bool:
    return _opens(after, last)


def _is_space(char: str) -> bool:
    return char in "\t\n\f\r" or unicodedata.category(char) == "Zs"


def _may_be_punctuation(char: str) -> bool:
    """By some version of CommonMark: newer ones take symbols for punctuation, older ones only those of ASCII."""
    return unicodedata.category(char)[0] in "PS"


def _is_punctuation(char: str) -> bool:
    """By every version of CommonMark."""
    return char in _ASCII_PUNCTUATION or unicodedata.category(char)[0] == "P"


def _runs(marked: MarkedText) -> list[_Run]:
    """The runs of a text: styles are those of words, so none begins or ends with a space, or is without letters."""
    text = marked.text
    looks = [_Look()] * len(text)
    for span in marked.spans:
        end = min(span.end, len(text))
        looks[span.start : end] = [_Look(frozenset(span.styles), span.link)] * (end - span.start)
    for match in re.finditer(r"\s+", text):
        before = looks[match.start() - 1] if match.start() else _Look()
        after = looks[match.end()] if match.end() < len(text) else _Look()
        link = before.link if before.link == after.link else None
        looks[match.start() : match.end()] = [before if before == after else _Look(link=link)] * len(match[0])
    looks = [
        _Look() if char in MARKS and (index + 1 == len(text) or text[index + 1].isspace()) else look
        for index, (char, look) in enumerate(zip(text, looks, strict=True))
    ]
    for start, end, look in list(_groups(looks)):
        if look.styles:
            first, last = _emphasized_part(text, start, end)
            plain = look._replace(styles=frozenset())
            looks[start:end] = [plain] * (first - start) + [look] * (last - first) + [plain] * (end - last)
    return [_Run(text[start:end], look) for start, end, look in _groups(looks)]


def _groups(looks: Sequence[_Look]) -> Iterator[tuple[int, int, _Look]]:
    start = 0
    for look, group in itertools.groupby(looks):
        end = start + sum(1 for _ in group)
        yield start, end, look
        start = end


def _emphasized_part(text: str, start: int, end: int) -> tuple[int, int]:
    """The part of a styled run without spaces at its ends, and without punctuation where the run ends in a word."""
    first, last = start, end
    while first < last and text[first].isspace():
        first += 1
    while last > first and text[last - 1].isspace():
        last -= 1
    if not any(char.isalnum() for char in text[first:last]):
        return start, start
    while first < last and text[first] in _SEPARATORS:
        first += 1
    while text[first].isspace():
        first += 1
    if not _opens(text[first - 1] if first else "", text[first]):
        first = next(index for index in range(first, last) if text[index].isalnum())
    if not _closes(text[last - 1], text[last] if last < len(text) else ""):
        last = next(index for index in range(last, first, -1) if text[index - 1].isalnum())
    return first, last


def _escape_chars(text: str) -> str:
    simplified = _LEADER.sub(" …", text).replace("‘‘", "“").replace("’’", "”")
    return _ESCAPED.sub(r"\\\1", simplified)


def _with_marks(escaped: str) -> str:
    return _MARK.sub(lambda mark: MARKS[mark[0]] + (" " if mark[1] else ""), escaped)
