"""Parse numbers as documents print them, with separators, signs, currencies, percent signs and scale words.

The value of "$3.2bn" is 3.2e9 and that of "3万" is 30,000, but "12.5%" is 12.5 with `percent` set, because a
document that prints percents means the printed figure. A single comma before exactly three digits groups
thousands ("1,234"); any other single comma, and any single point, is the decimal mark. In a number with both,
the last one is the decimal mark ("1.234,56").
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from cogdoc.text import HAN, has_han


@dataclass(frozen=True, slots=True)
class Number:
    """One number in a text."""

    value: float
    """With sign and scale word applied; percents are not divided by 100."""
    text: str
    """As printed."""
    start: int
    end: int
    """The slice of the searched text from which `text` was taken."""
    decimals: int
    """Digits printed after the decimal mark."""
    scale: float = 1.0
    """The factor of the scale word: 1e3 for "K" or "千", 1e4 for "万", 1e6 for "million"."""
    percent: bool = False
    currency: str | None = None
    """ISO 4217 code; "$" alone is read as USD, "¥" as CNY."""
    unit: str | None = None
    """What follows the number and is neither scale, percent sign nor currency ("kg", "年")."""


CURRENCIES = {
    "US$": "USD", "USD": "USD", "$": "USD", "€": "EUR", "EUR": "EUR", "£": "GBP", "GBP": "GBP",
    "RMB": "CNY", "CNY": "CNY", "¥": "CNY", "元": "CNY", "人民币": "CNY", "美元": "USD", "港元": "HKD", "欧元": "EUR",
    "JPY": "JPY", "円": "JPY", "日元": "JPY", "₹": "INR", "INR": "INR", "Rs.": "INR", "Rs": "INR",
    "₩": "KRW", "KRW": "KRW", "원": "KRW", "₽": "RUB", "RUB": "RUB", "руб.": "RUB", "руб": "RUB", "₴": "UAH",
    "RM": "MYR", "MYR": "MYR", "HK$": "HKD", "HKD": "HKD", "S$": "SGD", "SGD": "SGD", "NT$": "TWD", "TWD": "TWD",
    "A$": "AUD", "AUD": "AUD", "C$": "CAD", "CAD": "CAD", "NZ$": "NZD", "NZD": "NZD", "R$": "BRL", "BRL": "BRL",
    "MX$": "MXN", "MXN": "MXN", "CHF": "CHF", "Fr.": "CHF", "SFr.": "CHF", "zł": "PLN", "PLN": "PLN",
    "Kč": "CZK", "CZK": "CZK", "Ft": "HUF", "HUF": "HUF", "kr": "SEK", "SEK": "SEK", "NOK": "NOK", "DKK": "DKK",
    "₺": "TRY", "TL": "TRY", "TRY": "TRY", "₪": "ILS", "ILS": "ILS", "฿": "THB", "THB": "THB", "บาท": "THB",
    "₫": "VND", "VND": "VND", "đ": "VND", "Rp": "IDR", "IDR": "IDR", "₱": "PHP", "PHP": "PHP", "AED": "AED",
    "SAR": "SAR", "ZAR": "ZAR", "lei": "RON", "RON": "RON", "Euro": "EUR", "euros": "EUR", "euro": "EUR",
}  # fmt: skip

SCALES = {
    "万亿": 1e12, "千万": 1e7, "百万": 1e6, "十万": 1e5, "亿": 1e8, "億": 1e8, "万": 1e4, "萬": 1e4,
    "만": 1e4, "억": 1e8,
    "千": 1e3, "thousand": 1e3, "k": 1e3, "million": 1e6, "mln": 1e6, "mn": 1e6, "mm": 1e6, "M": 1e6,
    "billion": 1e9, "bn": 1e9, "B": 1e9, "trillion": 1e12, "tn": 1e12, "T": 1e12,
    "Tsd.": 1e3, "Tsd": 1e3, "Mio.": 1e6, "Mio": 1e6, "Millionen": 1e6, "Mrd.": 1e9, "Mrd": 1e9, "Milliarden": 1e9,
    "millions": 1e6, "milliards": 1e9, "milliard": 1e9, "millones": 1e6, "millón": 1e6, "milhões": 1e6, "milhão": 1e6,
    "milioni": 1e6, "miliardi": 1e9, "miljoen": 1e6, "miljard": 1e9, "тыс.": 1e3, "тыс": 1e3, "млн": 1e6, "млрд": 1e9,
    "mil": 1e3, "tys.": 1e3, "mld": 1e9, "lakh": 1e5, "lakhs": 1e5, "crore": 1e7, "crores": 1e7,
}  # fmt: skip

_MONEY_SCALES = {"m": 1e6, "b": 1e9, "t": 1e12}
"""Lower-case letters that are scales only after money: "5m" alone is five metres."""

_AMBIGUOUS_SCALES = {"mm"}
"""Scales after money, units of length elsewhere."""

_MINUS = "-\u2010\u2011\u2012\u2013\u2212\u2014"
_SPACE = " \u00a0\u2009\u202f"

_BODY = (
    rf"(?:\d{{1,3}}(?:[{_SPACE}]\d{{3}})+(?!\d)(?:[.,]\d+)?"
    r"|\d{1,3}(?:[,.'’]\d{3})+(?!\d)(?:[.,]\d+)?"
    r"|\d{1,2}(?:,\d{2})+,\d{3}(?!\d)(?:\.\d+)?"
    r"|\d+(?:[.,]\d+)?|[.,]\d+)"
)
_CURRENCY = "|".join(
    # A code or an abbreviation is a word of its own: not the end of "farm 5".
    (r"(?<![^\W\d_])" if name[0].isalpha() and not has_han(name) else "") + re.escape(name)
    for name in sorted(CURRENCIES, key=len, reverse=True)
)
_SCALE = "|".join(sorted(map(re.escape, (*SCALES, *_MONEY_SCALES)), key=len, reverse=True))
_NUMBER = re.compile(
    rf"(?P<open>\()?(?:(?<!\w)(?P<sign>[{_MINUS}+])\s?)?"
    rf"(?:(?P<currency>{_CURRENCY})\s?(?P<inner_open>\()?(?P<inner_sign>[{_MINUS}+])?)?(?P<body>{_BODY})(?P<inner_close>\))?"
    rf"(?:\s?(?P<scale>(?i:{_SCALE}))(?![A-Za-z]))?"
    r"(?:\s?(?P<percent>[%％‰٪]))?"
    r"(?:,[-–—]{1,2}(?!\d))?"
    rf"(?P<minus_behind>(?<=[.,]\d\d)[{_MINUS}](?!\s?\d|\w))?"
    rf"(?:\s?(?P<currency_behind>{_CURRENCY})(?![^\W\d_]))?"
    r"(?P<close>\))?"
)
_DIGIT = re.compile(r"\d")
_REACH = 8 + max(map(len, CURRENCIES))
"""The most characters between the beginning of a number and its first digit."""
_UNIT = re.compile(rf"\s?(?P<unit>[A-Za-z°µ²³/{HAN}]+)[*†‡.]*$")
_SUPERSCRIPTS = "⁰¹²³⁴⁵⁶⁷⁸⁹"
"""Notes behind a number, or the exponent of a power of ten; never digits of the number before them."""

_FOOTNOTE_MARKS = "*†‡"
_NOTES = re.compile(rf"(?:[ ,]?[{_FOOTNOTE_MARKS}{_SUPERSCRIPTS}])+")
_NOTES_AT_END = re.compile(rf"(?<=[\d%)]) [{_SUPERSCRIPTS}]+(?:,[{_SUPERSCRIPTS}]+)*$")
_POWER = re.compile(rf"10(?P<sign>⁻)?(?P<exponent>[{_SUPERSCRIPTS}]{{1,2}})")
_KEPT = frozenset(f"{_SPACE}{_SUPERSCRIPTS}⁻")
_ARABIC_SEPARATORS = str.maketrans("٫٬", ".,")


def parse_number(text: str) -> Number | None:
    """The number that makes up all of `text`, or None; a short unit and footnote marks may follow it."""
    stripped = text.strip()
    match = _NUMBER.match(_normalized(stripped))
    if match is None:
        return None
    number = _number(match, stripped)
    if number is None:
        return None
    rest = _normalized(stripped)[number.end :].rstrip(_FOOTNOTE_MARKS)
    if notes := _NOTES.match(rest):
        rest = rest[notes.end() :]
    if not rest:
        return number
    unit = _UNIT.fullmatch(rest)
    if unit is None or len(unit["unit"]) > 12:
        return None
    return Number(
        number.value, stripped, 0, len(stripped), number.decimals, number.scale, number.percent,
        number.currency, unit["unit"],
    )  # fmt: skip


@lru_cache(maxsize=4096)
def find_numbers(text: str) -> tuple[Number, ...]:
    """All numbers in `text`, left to right, without digits inside words such as "A4" or "x86"."""
    return tuple(_numbers(text))


def without_notes(text: str) -> str:
    """`text` without the raised notes behind the number at its end."""
    return _NOTES_AT_END.sub("", text)


def _numbers(text: str) -> Iterator[Number]:
    normalized = _normalized(text)
    for match in _matches(normalized):
        before = normalized[match.start() - 1] if match.start() else " "
        if before.isascii() and before.isalnum():
            continue
        number = _number(match, text)
        if number is not None:
            yield number


def _matches(text: str) -> Iterator[re.Match[str]]:
    """What `_NUMBER.finditer` yields, which would try to match at each character of long words."""
    end = 0
    while digit := _DIGIT.search(text, end):
        match = _NUMBER.search(text, max(end, digit.start() - _REACH))
        assert match  # the digit alone is a number
        yield match
        end = match.end()


def _normalized(text: str) -> str:
    """`text` with full-width digits and signs as ASCII, of the same length, so that slices stay valid.

    Superscripts stay, since they are no digits of the number that they follow.
    """
    if text.isascii():
        return text
    return "".join(
        narrow if char not in _KEPT and len(narrow := unicodedata.normalize("NFKC", char)) == 1 else char
        for char in text.translate(_ARABIC_SEPARATORS)
    )


def _number(match: re.Match[str], text: str) -> Number | None:
    start, end = match.span()
    opened = bool(match["open"] or match["inner_open"])
    closed = bool(match["close"] or match["inner_close"])
    if match["open"] and not closed:
        start += 1
    if closed and not opened:
        end -= 1
    magnitude, decimals = _magnitude(match["body"])
    power = _POWER.match(text, match.start("body"))
    if power:
        exponent = int(unicodedata.normalize("NFKC", power["exponent"]))
        magnitude, end = 10.0 ** (-exponent if power["sign"] else exponent), power.end()
    currency = match["currency"] or match["currency_behind"]
    scale = _scale(match["scale"], money=currency is not None)
    if scale is None:
        end, scale = match.end("body"), 1.0
    signs = (match["sign"] or "") + (match["inner_sign"] or "") + (match["minus_behind"] or "")
    negative = (opened and closed) or any(sign in _MINUS for sign in signs)
    value = magnitude * scale
    if value == float("inf"):
        return None
    return Number(
        value=-value if negative else value,
        text=text[start:end].strip(),
        start=start,
        end=end,
        decimals=decimals,
        scale=scale,
        percent=match["percent"] is not None and end > match.end("body"),
        currency=CURRENCIES[currency] if currency else None,
    )


def _magnitude(body: str) -> tuple[float, int]:
    """The value of digits with separators, and the number of decimals."""
    digits = re.sub(rf"[{_SPACE}'’]", "", body)
    comma, point = digits.rfind(","), digits.rfind(".")
    mark = max(comma, point)
    if mark < 0:
        return float(digits), 0
    mark_char = digits[mark]
    repeated = digits.count(mark_char) > 1
    both = comma >= 0 and point >= 0
    groups_thousands = len(digits) - mark - 1 == 3 and 0 < mark <= 3 and digits[0] != "0"
    if repeated or (not both and mark_char == "," and groups_thousands):
        return float(digits.replace(",", "").replace(".", "")), 0
    whole = digits[:mark].replace(",", "").replace(".", "")
    fraction = digits[mark + 1 :]
    return float(f"{whole or '0'}.{fraction}"), len(fraction)


def _scale(word: str | None, *, money: bool) -> float | None:
    """The factor of a scale word; None if the word is a unit here."""
    if word is None:
        return 1.0
    if word in _AMBIGUOUS_SCALES or word in _MONEY_SCALES:
        return (SCALES | _MONEY_SCALES)[word] if money else None
    for name in (word, word.lower(), word.upper()):
        if name in SCALES:
            return SCALES[name]
    return None
