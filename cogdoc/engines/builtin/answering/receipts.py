"""Finds the total of a receipt or invoice among subtotals, taxes, cash and change, by labels and arithmetic."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from cogdoc.parsing.numbers import find_numbers
from cogdoc.query.segments import PageView, Segment, Slice
from cogdoc.query.typed_values import ValueKind, find_values

_TOTAL_WORDS: tuple[tuple[str, float], ...] = (
    (
        r"grand\s?total|total\s?(?:am(?:oun)?t\s?)?(?:due|payable)|(?:amount|balance)\s?due|"
        r"价税合计|小写|应付|应收|实付|实收",
        1.0,
    ),
    (r"round\w*\s?total|total\s?\(?(?:after\s)?round\w*|net+\s?(?:total|amount|amt)|\btota[l1i]\b.*\binc", 0.92),
    (
        r"\btota[l1i]\s?(?:sales?|amount|amt|price)?\s?(?:\(?(?:rm|\$|usd|eur|myr|€|£)\)?)?\s*[:：]?\s*(?:rm|\$|usd|eur)?\s*$|"
        r"合计|总计|总额",
        0.9,
    ),
    (r"\btota[l1i]\b", 0.55),
    (r"\bamount\b|\bamt\b|\bnett?\b|\bcharge\b", 0.35),
)  # fmt: skip
_TOTALS = tuple((re.compile(pattern, re.I), score) for pattern, score in _TOTAL_WORDS)
_OTHER = re.compile(
    r"sub\s?-?\s?total|\bexcl|\bbefore\b|discount|saving|\bqty\b|quantity|items?\b|\b(?:tax|gst|vat|sst)\b(?!\s*(?:incl|@))|"
    r"change|\bcash\b|tender|\bpaid\b|visa|master|points?|rounding\s?(?:adj\w*)?\s*[:：]?\s*$|小计|税额|找零|数量",
    re.I,
)
_INCLUSIVE = re.compile(r"\binc\w*\b|round", re.I)
_SUMMARY = re.compile(r"\b(?:gst|tax|sst|vat)\s?(?:summary|analysis|code)\b|\bsummary\b", re.I)
_PAID = re.compile(r"\bcash\b|tender|\bpaid\b|visa|master|credit|debit|实收|付款", re.I)
_NET = re.compile(r"sub\s?-?\s?total|\bexcl|\bbefore\b|untaxed|小计|不含税", re.I)
_TAX = re.compile(r"\b(?:tax|gst|vat|sst)\b(?!.*\binc)|税额", re.I)
_CHANGE = re.compile(r"\bchange\b|找零", re.I)


@dataclass(frozen=True, slots=True)
class Amount:
    """A printed amount, and the score of its being the total."""

    slice: Slice
    fit: float
    """How well it fits the kind amount, 0 to 1."""
    prior: float
    """From 0 to about 1."""


def total_amounts(page: PageView) -> Iterator[Amount]:
    """Amounts that may be the total of the page."""
    amounts = [
        (Slice(segment, value.start, value.end), value.fit)
        for segment in page.segments
        for value in find_values(ValueKind.AMOUNT, segment.text)
        if value.fit >= 0.6
    ]
    cents_are_printed = sum("." in part.text[-3:] for part, _ in amounts) > 0.5 * len(amounts)
    labels = [_label(page, part.segment, part.start) for part, _ in amounts]
    values = [_value(part.text) for part, _ in amounts]
    summary = next((segment.row for segment in page.segments if _SUMMARY.search(segment.text)), len(page.rows))
    paid = {value for value, label in zip(values, labels, strict=True) if _PAID.search(label)}
    change = {value for value, label in zip(values, labels, strict=True) if _CHANGE.search(label)}
    computed = {round(cash - back, 2) for cash in paid for back in change if cash > back}
    net = {value for value, label in zip(values, labels, strict=True) if _NET.search(label)}
    taxes = {value for value, label in zip(values, labels, strict=True) if _TAX.search(label)}
    computed |= {round(value + tax, 2) for value in net for tax in taxes if tax < value}
    rows = max(1, len(page.rows))
    for (part, fitting), label, value in zip(amounts, labels, values, strict=True):
        score = _score(label)
        if score <= 0 or value == 0:
            continue
        lacks_cents = fitting < 0.9 and cents_are_printed
        prior = 0.6 * score * (0.2 if lacks_cents else 0.5 + 0.5 * fitting) + 0.15 * part.segment.row / rows
        prior += 0.06 * min(3, values.count(value) - 1)
        prior += 0.1 * (value in computed)
        if part.segment.row > summary and summary > rows / 3:
            prior -= 0.3
        yield Amount(part, fitting, max(0.0, prior))


def _value(text: str) -> float:
    return next((number.value for number in find_numbers(text)), 0.0)


def _label(page: PageView, segment: Segment, start: int) -> str:
    """The words before an amount in its row; if there are none, the words right above it."""
    parts = [segment.text[:start], *(other.text for other in page.left_of(segment))]
    label = " ".join(reversed([text for text in parts if text.strip()]))
    if any(char.isalpha() for char in label):
        return label
    above = page.above(segment)[:1]
    return above[0].text if above and above[0].row >= segment.row - 2 else ""


def _score(label: str) -> float:
    score = next((value for pattern, value in _TOTALS if pattern.search(label)), 0.0)
    if _OTHER.search(label):
        return score * (0.95 if _INCLUSIVE.search(label) else 0.2)
    return score
