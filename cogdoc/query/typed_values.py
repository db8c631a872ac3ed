"""Finds typed values in text (dates, amounts, names and so on), each with a score of how well it fits its kind."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from enum import StrEnum
from functools import lru_cache
from typing import NamedTuple

from cogdoc.parsing.numbers import find_numbers
from cogdoc.query.terms import fold_case
from cogdoc.query.vocabulary import (
    ADDRESS_WORDS,
    CHINESE_ADDRESS_CHARS,
    CHINESE_ORGANISATION_ENDINGS,
    MONTHS,
    NUMBER_WORDS,
    ORGANISATION_WORDS,
    ROLE_WORDS,
    STOP_WORDS,
    TITLE_WORDS,
)
from cogdoc.text import HAN, has_han


class ValueKind(StrEnum):
    """The type of an answer."""

    TEXT = "text"
    AMOUNT = "amount"
    NUMBER = "number"
    PERCENT = "percent"
    DATE = "date"
    DATE_AND_TIME = "date-and-time"
    YEAR = "year"
    TIME = "time"
    PHONE = "phone"
    EMAIL = "email"
    URL = "url"
    IDENTIFIER = "identifier"
    PERSON = "person"
    ORGANISATION = "organisation"
    PLACE = "place"
    ADDRESS = "address"
    DURATION = "duration"
    YES_OR_NO = "yes-or-no"


NUMERIC = frozenset({ValueKind.AMOUNT, ValueKind.NUMBER, ValueKind.PERCENT})


class TypedValue(NamedTuple):
    """A value in a text: its slice, and how well it fits the kind that was searched for, 0 to 1."""

    start: int
    end: int
    fit: float


_MONTH = "(?:" + "|".join(f"{month[:3]}(?:{month[3:]}|\\.)?" for month in MONTHS) + "|sept\\.?)"
_SEP = r"\s?(?P<separator>[-/.])\s?"
_SAME = r"\s?(?P=separator)\s?"
_YEAR = r"(?:19|20)\d\d"
_DATES: tuple[tuple[str, float], ...] = (
    (rf"\b{_MONTH}\s?\d{{1,2}}(?:,\s?{_YEAR})?\s?(?:[-–—]|to)\s?{_MONTH}\s?\d{{1,2}}\s?,\s?{_YEAR}", 0.95),
    (rf"{_YEAR}\s?年\s?\d{{1,2}}\s?月\s?\d{{1,2}}\s?[日号]?", 1.0),
    (rf"\b{_YEAR}{_SEP}\d{{1,2}}{_SAME}\d{{1,2}}(?!\d)", 1.0),
    (rf"(?<![\d/.])\d{{1,2}}{_SEP}\d{{1,2}}{_SAME}{_YEAR}(?!\d(?!\d?:\d))", 1.0),
    (rf"(?<![\d/.-])\d{{1,2}}{_SEP}\d{{1,2}}{_SAME}\d\d(?![\d/])", 1.0),
    (rf"(?<!\d)\d{{1,2}}(?:st|nd|rd|th)?[\s/.-]*(?:of\s)?{_MONTH}[\s/.,'-]*(?:{_YEAR}|\d\d)(?!\d)", 1.0),
    (rf"\b{_MONTH}[\s.]*\d{{1,2}}(?:st|nd|rd|th)?[\s,.]+{_YEAR}(?!\d)", 1.0),
    (rf"\b{_MONTH}[\s.]*\d{{1,2}}(?:st|nd|rd|th)?[,.]?\s?'?\d\d(?!\d)", 0.9),
    (r"(?<!\d)20\d\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])(?!\d)", 0.7),
    (rf"{_YEAR}\s?年\s?\d{{1,2}}\s?月(?:末|底|份)?", 0.8),
    (rf"\b{_MONTH}[\s.,'-]*{_YEAR}(?!\d)", 0.8),
    (rf"(?<!\d)\d{{1,2}}(?:st|nd|rd|th)?\s(?:of\s)?{_MONTH}\b", 0.7),
    (rf"\b{_MONTH}[\s.]*\d{{1,2}}(?:st|nd|rd|th)?(?!\d)", 0.7),
    (r"\d{1,2}\s?月\s?\d{1,2}\s?[日号]", 0.7),
    (rf"{_YEAR}\s?年(?:末|底|度)?", 0.5),
    (rf"(?<![\d.,/-]){_YEAR}(?![\d,/-]|\.\d)", 0.4),
)
_TIME = (
    r"(?<![\d:.])(?:\d{1,2}[:：]\d{2}(?:[:：]\d{2})?(?:\s?[ap]\.?\s?m\b\.?)?|"
    r"\d{1,2}(?:\.\d\d)?\s?[ap]\.?\s?m\b\.?|"
    r"\d{1,2}\s?[时点](?:\d{1,2}分)?|\d{4}\s(?:utc|gmt|hours|hrs|[ecmp][sd]t|local))"
)
_PHONE = r"(?<![\w.,])(?:ext\.?\s*)?[+(]{0,2}\d[\d\s()./\-–—:*]{5,}\d(?![\w])"
_EMAIL = r"[\w.+-]+\s?@\s?[\w-]+(?:\.[\w-]+)+"
_URL = r"(?:https?://|www\.)[^\s,;]+|\b[\w-]+(?:\.[\w-]+)*\.(?:com|org|net|gov|edu|cn|my|io|co\.uk)(?:/[^\s,;]*)?\b"
_IDENTIFIER = (
    rf"(?<![\w])[#]?[A-Za-z\d](?:[A-Za-z\d/._#*\-]|\s(?=\d))*[A-Za-z\d*]|(?<!\w)\d(?!\w)|[{HAN}]字?第\s?\d+\s?号"
)

_PATTERNS = {
    ValueKind.TIME: re.compile(_TIME, re.I),
    ValueKind.PHONE: re.compile(_PHONE),
    ValueKind.EMAIL: re.compile(_EMAIL),
    ValueKind.URL: re.compile(_URL, re.I),
    ValueKind.IDENTIFIER: re.compile(_IDENTIFIER),
    ValueKind.DURATION: re.compile(
        rf"(?<![\w.])(?:\d+(?:\.\d+)?|{'|'.join(NUMBER_WORDS)})(?:[\s-](?:to|and|-)[\s-]\w+)?[\s-]?"
        r"(?:years?|months?|weeks?|days?|hours?|hrs?|minutes?|mins?|seconds?|quarters?)\b|"
        r"[\d一二三四五六七八九十]+\s?(?:年|个月|周|天|日|小时|分钟)(?!月)",
        re.I,
    ),
    ValueKind.YES_OR_NO: re.compile(r"\b(?:yes|no|true|false|none)\b(?!\.)|^[是否有无]$", re.I),
}
_DATE_PATTERNS = tuple((re.compile(pattern, re.I), fit) for pattern, fit in _DATES)
_YEAR_PATTERN = re.compile(rf"(?<![\d.,])(?:FY\s?)?{_YEAR}(?:\s?[-–/]\s?\d{{2,4}})?\s?[年EA]?(?![\d,]|\.\d)")
_NUMBER_WORD = re.compile(r"\b(?:" + "|".join(NUMBER_WORDS) + r")\b", re.I)
_CONNECTORS = frozenset({"and", "of", "&", "de", "von", "van", "der", "la"})
_NAME = re.compile(
    r"(?:[A-Z][a-zà-ÿ]{0,3}\.\s?)*[A-Z][\w'’à-ÿ-]*(?:\s?(?:[A-Z]\.|de|von|van|der|la|of|and|&|\([A-Z]\)|"
    r"[A-Z][\w'’à-ÿ.-]*)(?=\W|$))*"
)


@lru_cache(maxsize=8192)
def find_values(kind: ValueKind, text: str) -> tuple[TypedValue, ...]:
    """All values of a kind in `text`, left to right, without overlaps; none for free text."""
    finder = _FINDERS.get(kind)
    return tuple(finder(text)) if finder else ()


def fit(kind: ValueKind, text: str) -> float:
    """How well the whole of `text` is a value of a kind, 0 to 1."""
    stripped = text.strip(" :.,;*")
    if not stripped:
        return 0.0
    if kind is ValueKind.TEXT:
        return 0.7
    length = len(stripped)
    best = max((found.fit * (found.end - found.start) / length for found in find_values(kind, stripped)), default=0.0)
    return min(1.0, best)


def _is_possible(date: str) -> bool:
    """Whether the day and the month of a date exist, if it is written in digits only."""
    parts = [int(part) for part in re.findall(r"\d+", date)]
    if len(parts) != 3 or any(char.isalpha() for char in date):
        return True
    first, second = parts[1:] if parts[0] > 1000 else parts[:2]
    return 1 <= min(first, second) <= 12 and max(first, second) <= 31


@lru_cache(maxsize=4096)
def _find_dates(text: str) -> tuple[TypedValue, ...]:
    found_dates: list[TypedValue] = []
    for pattern, fitting in _DATE_PATTERNS:
        for match in pattern.finditer(text):
            clash = any(match.start() < found.end and found.start < match.end() for found in found_dates)
            if not clash and _is_possible(match[0]):
                found_dates.append(TypedValue(*match.span(), fitting))
    return tuple(sorted(found_dates))


def _find_dates_with_time(text: str) -> Iterator[TypedValue]:
    for date in _find_dates(text):
        time = _PATTERNS[ValueKind.TIME].search(text, date.end, date.end + 16)
        if time and len(text[date.end : time.start()].strip(" ,;.at")) <= 1:
            zone = re.match(r"\s?(?:[A-Z]{3,4}|[AaPp]\.?[Mm]\.?)\b", text[time.end() :])
            yield TypedValue(date.start, time.end() + (zone.end() if zone else 0), date.fit)
        else:
            yield TypedValue(date.start, date.end, 0.6 * date.fit)


def _find_years(text: str) -> Iterator[TypedValue]:
    for match in _YEAR_PATTERN.finditer(text):
        yield TypedValue(*match.span(), 1.0)


def _in_date(text: str, start: int, end: int) -> bool:
    return any(found.start < end and start < found.end for found in _find_dates(text) if found.fit > 0.6)


def _is_date(text: str, start: int, end: int) -> bool:
    return any(
        min(end, found.end) - max(start, found.start) > 0.8 * (end - start)
        for found in _find_dates(text)
        if found.fit > 0.6
    )


def _find_amounts(text: str) -> Iterator[TypedValue]:
    for number in find_numbers(text):
        if _in_date(text, number.start, number.end) or number.percent or number.text[0] in ",，":
            continue
        fitting = 0.6
        if number.currency or number.scale > 1:
            fitting = 1.0
        elif number.decimals == 2:
            fitting = 0.95
        elif number.end - number.start == 4 and 1900 <= number.value <= 2100:
            fitting = 0.25
        elif "," in number.text:
            fitting = 0.85
        elif number.text[0] == ".":
            fitting = 0.3
        dash = re.match(r"[-–—]\s+", number.text)
        yield TypedValue(number.start + (dash.end() if dash else 0), _unit_end(text, number.end), fitting)


def _unit_end(text: str, end: int) -> int:
    """The end of a number including a Chinese unit or currency that follows it."""
    match = re.match(r"\s?(?:美元|港元|欧元|日元|元|万元|亿元)", text[end:])
    return end + match.end() if match else end


def _find_counts(text: str) -> Iterator[TypedValue]:
    for number in find_numbers(text):
        if _in_date(text, number.start, number.end):
            continue
        year = number.end - number.start == 4 and 1900 <= number.value <= 2100
        yield TypedValue(number.start, number.end, 0.3 if year else 0.2 if number.currency or number.percent else 1.0)
    for match in _NUMBER_WORD.finditer(text):
        yield TypedValue(*match.span(), 0.8)


def _find_percents(text: str) -> Iterator[TypedValue]:
    for number in find_numbers(text):
        if number.percent:
            yield TypedValue(number.start, number.end, 1.0)
        elif number.currency is None and abs(number.value) <= 1000 and not _in_date(text, number.start, number.end):
            yield TypedValue(number.start, number.end, 0.7)


def _find_pattern(kind: ValueKind) -> Callable[[str], Iterator[TypedValue]]:
    def find(text: str) -> Iterator[TypedValue]:
        for match in _PATTERNS[kind].finditer(text):
            yield TypedValue(*match.span(), 1.0)

    return find


def _find_phones(text: str) -> Iterator[TypedValue]:
    for match in _PATTERNS[ValueKind.PHONE].finditer(text):
        digits = sum(char.isdigit() for char in match[0])
        if 7 <= digits <= 15 and not _in_date(text, *match.span()):
            yield TypedValue(*match.span(), 1.0)


def _find_identifiers(text: str) -> Iterator[TypedValue]:
    for match in _PATTERNS[ValueKind.IDENTIFIER].finditer(text):
        digits = sum(char.isdigit() for char in match[0])
        if not digits or _is_date(text, *match.span()):
            continue
        decimal = re.fullmatch(r"[\d,]*\.\d\d", match[0]) is not None
        yield TypedValue(*match.span(), 0.3 if decimal else min(1.0, 0.6 + 0.1 * digits))


def _find_people(text: str) -> Iterator[TypedValue]:
    if has_han(text):
        for match in re.finditer(rf"(?<![{HAN}])[{HAN}]{{2,4}}(?![{HAN}])", text):
            yield TypedValue(*match.span(), 0.7)
    for start, end in _names(text):
        words = text[start:end].split()
        if len(words) > 6 or (len(words) == 1 and len(words[0]) < 3):
            continue
        low = {word.strip(".,").lower() for word in words}
        if low <= ROLE_WORDS:
            continue
        if low & TITLE_WORDS:
            fitting = 1.0
        elif low & ORGANISATION_WORDS:
            fitting = 0.4
        else:
            fitting = 0.9 if 2 <= len(words) <= 4 else 0.55
        yield TypedValue(start, end, fitting)


def _names(text: str) -> Iterator[tuple[int, int]]:
    """Runs of capitalized words, without conjunctions at the end and function words at the start."""
    for match in _NAME.finditer(text):
        start, end = match.span()
        while words := text[start:end].split():
            if words[-1] in _CONNECTORS or (len(words) > 1 and words[-1].lower() in MONTHS):
                end = start + len(text[start:end].rstrip().removesuffix(words[-1]).rstrip())
            elif words[0].lower() in STOP_WORDS and len(words[0]) > 1 and not words[0].isupper():
                start = end - len(text[start:end].lstrip().removeprefix(words[0]).lstrip())
            else:
                yield start, end
                break


def _find_organisations(text: str) -> Iterator[TypedValue]:
    if has_han(text):
        endings = "|".join(CHINESE_ORGANISATION_ENDINGS)
        for match in re.finditer(rf"[{HAN}（）()A-Za-z]{{2,24}}(?:{endings})(?!司|的)", text):
            yield TypedValue(*match.span(), 1.0)
    for start, end in _names(text):
        low = {word.strip(".,()").lower() for word in text[start:end].split()}
        yield TypedValue(start, end, 1.0 if low & ORGANISATION_WORDS else 0.6)


def _find_places(text: str) -> Iterator[TypedValue]:
    for match in re.finditer(rf"[{HAN}]{{2,8}}?[省市区县镇州国]", text):
        yield TypedValue(*match.span(), 0.9)
    for match in re.finditer(r"(?:\d{1,4}[A-Za-z]?\s)?[A-Z][\w.'’-]*(?:[\s,]+(?:of\s)?[A-Z\d][\w.'’-]*)*", text):
        yield TypedValue(*match.span(), 0.9 if "," in match[0] else 0.7)


def address_likeness(text: str) -> float:
    """How much a line looks like part of a postal address, 0 to 1."""
    low = fold_case(text)
    words = re.findall(r"[a-zß]+|\d+", low)
    known = sum(word in ADDRESS_WORDS for word in words)
    digits = any(word.isdigit() for word in words)
    postcode = re.search(r"(?<!\d)\d{5,6}(?!\d)", low) is not None
    chinese = sum(char in CHINESE_ADDRESS_CHARS for char in text) if has_han(text) else 0
    score = 0.35 * min(known, 2) + 0.2 * digits + 0.3 * postcode + 0.15 * ("," in text) + 0.25 * min(chinese, 3)
    return min(1.0, score)


def organisation_likeness(text: str) -> float:
    """How much a line looks like the name of a company or institution, 0 to 1."""
    if any(ending in text for ending in CHINESE_ORGANISATION_ENDINGS[:-2]):
        return 1.0
    words = [word.strip(".,()") for word in fold_case(text).split()]
    known = sum(word in ORGANISATION_WORDS for word in words)
    letters = sum(char.isalpha() for char in text)
    if letters < 0.6 * len(text.replace(" ", "")):
        return 0.1
    capitals = sum(word[:1].isupper() for word in text.split()) / max(1, len(text.split()))
    return min(1.0, 0.25 + 0.2 * capitals + 0.3 * min(known, 2))


def _find_addresses(text: str) -> Iterator[TypedValue]:
    likeness = address_likeness(text)
    if likeness >= 0.3:
        start = len(text) - len(text.lstrip())
        yield TypedValue(start, len(text.rstrip()), likeness)


_FINDERS: dict[ValueKind, Callable[[str], Iterator[TypedValue] | tuple[TypedValue, ...]]] = {
    ValueKind.AMOUNT: _find_amounts,
    ValueKind.NUMBER: _find_counts,
    ValueKind.PERCENT: _find_percents,
    ValueKind.DATE: _find_dates,
    ValueKind.DATE_AND_TIME: _find_dates_with_time,
    ValueKind.YEAR: _find_years,
    ValueKind.TIME: _find_pattern(ValueKind.TIME),
    ValueKind.PHONE: _find_phones,
    ValueKind.EMAIL: _find_pattern(ValueKind.EMAIL),
    ValueKind.DURATION: _find_pattern(ValueKind.DURATION),
    ValueKind.YES_OR_NO: _find_pattern(ValueKind.YES_OR_NO),
    ValueKind.URL: _find_pattern(ValueKind.URL),
    ValueKind.IDENTIFIER: _find_identifiers,
    ValueKind.PERSON: _find_people,
    ValueKind.ORGANISATION: _find_organisations,
    ValueKind.PLACE: _find_places,
    ValueKind.ADDRESS: _find_addresses,
}
