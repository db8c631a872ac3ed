"""Recognizes postal addresses of any country by their structure: a postal code beside a town, with lines around it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from cogdoc.parsing.numbers import find_numbers
from cogdoc.query.concepts import concept_share, concepts_in
from cogdoc.query.proper_names import address_likeness, organisation_likeness
from cogdoc.query.segments import Slice
from cogdoc.query.typed_values import ValueKind, find_values

MIN_ADDRESS = 0.5
"""Address likeness from which a line without a town belongs to an address."""

CONTINUED_ADDRESS = 0.15
"""The same for lines next to one."""

LIKELY_NAME = 0.7
"""Likeness of a line and the name of a company from which it is one."""

MAX_LINES = 5
MAX_STREET_WORDS = 8
MAX_TOWN_WORDS = 4
CENTS = 2
"""Decimals of amounts."""

CONTACT_CONCEPTS = frozenset(
    ("phone", "mobile", "fax", "email", "website", "tax number", "vat number", "registration number", "iban", "bic")
)
"""The concepts of the labels that follow an address."""

_CODE = (
    r"(?:〒\s?\d{3}-\d{4}|(?:[A-Z]{1,2}-\s?)?(?<![\d.,/:-])\d{4,6}(?:-\d{3,4})?(?:\s[A-Z]{2}(?=\s))?|"
    r"(?<!\d)\d{2}-\d{3}|\b[A-Z]{1,2}\d[A-Z\d]?\s?\d[A-Z]{2}|\b[A-Z]\d[A-Z]\s?\d[A-Z]\d)(?![\d.,:/%-]*\d)"
)
_PLACE = r"[^\W\d_][^\d,;:|·•()]*[^\W\d_.]"
_STATE = rf"(?:\b[A-Z]{{2}}\b\.?|,\s{_PLACE})"
_TOWNS = (
    re.compile(rf"(?P<code>{_CODE})\s*,?\s*(?P<city>{_PLACE})(?:[,(–-]|\s-|\.?\s*$)"),
    re.compile(rf"(?:^|[,;|·•–-]\s*|\d\s)(?P<city>{_PLACE})\s*[,–-]?\s*{_STATE}?,?\s*(?P<code>{_CODE})\W*$"),
    re.compile(rf"(?:^|[,;|]\s*)(?P<city>{_PLACE})\s(?:-|/)\s?(?P<code>[A-Z]{{2}})\b"),
)
REGISTRATION = re.compile(r"\s*\([^()]*\d{4,}[^()]*\)?\s*$|\s+\d{5,}-?\s?[A-Z]?\s*$")
"""The registration number after the name of a company."""

_NUMBERED = re.compile(r"\(\D*\d{4,}[^()]*\)?\s*$")

_SEPARATOR = re.compile(r"\s*[·•|]\s*|\s+[-–—]\s+|,\s+")


@dataclass(frozen=True, slots=True)
class Town:
    """A postal code (or state) with its town, as slices of a segment."""

    code: Slice
    city: Slice


def find_town(line: Slice) -> Town | None:
    """The town in a line of an address."""
    if _is_other(line.text):
        return None
    for pattern in _TOWNS:
        match = pattern.search(line.text)
        if match is not None and len(match["city"].split()) <= MAX_TOWN_WORDS:
            spans = [match.span(group) for group in ("code", "city")]
            return Town(*(Slice(line.segment, line.start + start, line.start + end) for start, end in spans))
    return None


def address_span(lines: Sequence[Slice]) -> tuple[int, int]:
    """The first line of the address among `lines`, and the one after its last; equal if there is none."""
    towns = [index for index, line in enumerate(lines) if find_town(line)]
    # A house number before a street looks like a postal code too: the last of them counts.
    likely = [index for index in towns if index < towns[0] + MAX_LINES][-1:]
    likely = likely or [index for index, line in enumerate(lines) if _is_address(line, MIN_ADDRESS)][:1]
    if not likely:
        return 0, 0
    start = likely[0]
    end = start + 1
    for index in range(start - 1, max(-1, start - MAX_LINES), -1):
        if _is_other(lines[index].text) or _is_name(lines[index].text):
            break
        if _is_street(lines[index].text) or _is_address(lines[index], CONTINUED_ADDRESS):
            start = index
    while end < len(lines) and (_is_address(lines[end], CONTINUED_ADDRESS) or find_town(lines[end])):
        end += 1
    return start, end


def parts_of_line(line: Slice) -> list[Slice]:
    """Name, street and town that are on one line, as above the window of a letter; empty for other lines."""
    matches = list(_SEPARATOR.finditer(line.text))
    starts, ends = [0, *(match.end() for match in matches)], [*(match.start() for match in matches), len(line.text)]
    spans = [(first, last) for first, last in zip(starts, ends, strict=True) if first < last]
    parts = [Slice(line.segment, line.start + first, line.start + last) for first, last in spans]
    is_party = len(parts) > 2 and not any(char.isdigit() for char in parts[0].text) and find_town(parts[-1])
    return parts if is_party else []


def join_address(lines: Sequence[Slice]) -> str:
    """The lines of an address as one text, with commas between them."""
    joined = ""
    for line in (line.text.strip() for line in lines):
        mark = " " if joined.endswith((",", "-", "，")) else ", "
        joined = joined.removesuffix(".") + mark + line if joined else line
    return joined.rstrip(" ,")


def _is_street(text: str) -> bool:
    """Whether a line above a town may belong to its address: words with a house number, or a comma at the end."""
    words = text.split()
    numbers = sum(any(char.isdigit() for char in word) for word in words)
    return 0 < numbers < len(words) <= MAX_STREET_WORDS or text.rstrip().endswith((",", "，"))


def _is_name(text: str) -> bool:
    """Whether a line is the name of a company, with its registration number or without digits and commas."""
    is_bare = not any(char.isdigit() or char in ",，" for char in text)
    return _NUMBERED.search(text) is not None or (is_bare and organisation_likeness(text) > LIKELY_NAME)


def _is_address(line: Slice, threshold: float) -> bool:
    has_word = re.search(r"[^\W\d_]{3}", line.text) is not None
    return (
        has_word and not _is_name(line.text) and address_likeness(line.text) >= threshold and not _is_other(line.text)
    )


def _is_other(text: str) -> bool:
    """Whether a line is a label, a labelled value, a date or an amount rather than a part of an address."""
    if ":" in text or concept_share(text) == 1 or concepts_in(text) & CONTACT_CONCEPTS:
        return True
    is_amount = any(number.currency or number.decimals == CENTS for number in find_numbers(text))
    return is_amount or any(find_values(kind, text) for kind in (ValueKind.DATE, ValueKind.TIME))
