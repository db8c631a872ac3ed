"""Detects the operation that a question asks for, and applies it to a chart's values."""

from __future__ import annotations

import math
import re
import statistics
from collections.abc import Iterable, Sequence
from enum import StrEnum

from cogdoc.engines.builtin.charts.matching import Cell
from cogdoc.parsing.numbers import find_numbers
from cogdoc.query.vocabulary import CHINESE_DIGITS, ORDINALS
from cogdoc.text import HAN


class Operation(StrEnum):
    DIFFERENCE = "difference"
    SUM = "sum"
    AVERAGE = "average"
    MEDIAN = "median"
    MODE = "mode"
    RATIO = "ratio"
    PRODUCT = "product"


_AVERAGED = (
    "annual|age|price|cost|number|salary|monthly|daily|hourly|weekly|life|time|revenue|income|spending|temperature|"
    "size|rate|global|household|expenditure|length|duration|consumer|share|selling|amount|ticket|height|weight|speed"
)
"""Words after "average" that name what the chart shows, as in "average price", and do not ask for an average."""

_OPERATIONS = (
    (Operation.MEDIAN, r"\bmedian\b|中位数"),
    (Operation.AVERAGE, rf"\b(?:average|mean) of\b|\bmean\b|\baverages?\b(?! (?:{_AVERAGED}))|平均"),
    (Operation.RATIO, r"\bratio\b|\bhow many times\b|\bdivid|倍|比值"),
    (Operation.PRODUCT, r"\bproduct of\b|\bmultipl(?:y|ied)\b|乘积"),
    (
        Operation.DIFFERENCE,
        r"\bdifferences?\b|\bgap\b|\bsubtract|\bincreased? (?:from|between)|\bchange\b.*\bfrom\b|\bdeviation\b|"
        r"\bhow (?:much|many) (?:\w+ ){0,3}?(?:more|less|fewer|higher|lower|greater|larger|bigger)\b|"
        r"相差|之差|差值|差距|多多少|少多少",
    ),
    (
        Operation.SUM,
        r"\bsum\b|\bsummation\b|\btotal of\b|\btotal (?:add|value|percentage|number of .* and )|\badd(?:ed|ing)?\b|"
        r"\bcombin(?:ed?|ation)\b|\b(?:al)?together\b|总和|合计|一共|总共|之和|加起来",
    ),
    (Operation.MODE, r"\bmode\b|众数"),
)

_HIGH = (
    r"highest|largest|greatest|biggest|maximum|max|most|peak(?:ed)?|longest|tallest|top|leading|major|best|"
    r"majority|dominant|popular|upmost|最高|最大|最多|最长|最受"
)
_LOW = r"lowest|smallest|least|minimum|min|fewest|shortest|tiniest|worst|bottom|weakest|最低|最小|最少|最短"
_RANKS = {
    **{word: rank for word, rank in ORDINALS.items() if 2 <= rank <= 5},
    "2nd": 2,
    "3rd": 3,
    "4th": 4,
    "5th": 5,
    **{f"第{char}": rank for char, rank in CHINESE_DIGITS.items() if 2 <= rank <= 5},
}
_EXTREME = re.compile(
    rf"(?:(?P<rank>{'|'.join(_RANKS)})[\s-]*)?(?:(?<!\w)|(?<=[{HAN}]))(?:(?P<high>{_HIGH})|(?P<low>{_LOW}))"
    r"(?![a-z])(?:[\s-]*(?P<behind>second|third|2nd|3rd))?"
)
_RANKED = re.compile(
    r"\b(?:ranked|ranks?|came|comes|placed|in)\s(?:the )?(?P<rank>first|second|third|fourth|fifth)\b(?! quarter)"
)
_MORE = re.compile(
    r"\b(?:more|greater|higher|larger|bigger|over|above|exceed(?:s|ed|ing)?|surpass\w*|cross\w*|beyond|longer)\b|超过|大于|高于"
)
_LESS = re.compile(r"\b(?:less|fewer|lower|smaller|below|under|shorter|lesser)\b|小于|低于|少于|不到")
_COUNTED = re.compile(
    r"\bhow many (?:(?:different|distinct|unique|total|\w+ed) )?(?:"
    r"(?P<always>(?:\w+ )?(?:bars?|colou?rs?|lines?|categor\w+|slices?|segments?|sections?|legends?|variables?|dots?|"
    r"data points?|types|kinds|bars and lines))\b|"
    r"(?P<shown>(?:\w+ ){0,2}?(?:countr\w+|years?|months?|groups?|items?|products?|things|points?|quarters?|labels?|"
    r"regions?|games|brands|companies|sectors|options|values?|states|cities|factors?|entities|sources|industries|"
    r"platforms|channels|places|topics|methods?|teams|players|reasons))\b"
    r"(?! (?:of|did|do|has|have (?!been (?:taken|considered|shown|listed|mentioned|represented)))))|"
    r"几个|几种|多少个|几条|几根"
)


def operation_of(question: str) -> Operation | None:
    """The arithmetic that `question` asks for, if any."""
    lowered = question.lower()
    return next((operation for operation, pattern in _OPERATIONS if re.search(pattern, lowered)), None)


def extremes_of(question: str) -> list[tuple[bool, int]]:
    """(highest?, rank) for every superlative in `question`, in order."""
    extremes = []
    for match in _EXTREME.finditer(question.lower()):
        rank = _RANKS.get(match["rank"] or match["behind"] or "", 1)
        extremes.append((match["high"] is not None, rank))
    ranked = _RANKED.search(question.lower())
    if ranked and not extremes:
        extremes.append((True, {"first": 1, **_RANKS}[ranked["rank"]]))
    return extremes


def threshold_of(question: str) -> tuple[bool, float] | None:
    """(above?, bound) if `question` compares values with a number."""
    lowered = question.lower()
    for pattern, above in ((_MORE, True), (_LESS, False)):
        for match in pattern.finditer(lowered):
            rest = lowered[match.end() : match.end() + 24]
            numbers = find_numbers(rest)
            if numbers and re.fullmatch(r"\s*(?:than|to|the|value|of|percent|\s|了)*", rest[: numbers[0].start]):
                return above, numbers[0].value
    return None


def counted_of(question: str) -> str | None:
    """What `question` asks the number of ("bars", "colors"); None if it asks for a value."""
    match = _COUNTED.search(question.lower())
    return None if match is None else (match["always"] or match["shown"] or "items").split()[-1]


def gap_extreme_of(question: str) -> bool | None:
    """Whether a question asks for the largest (True) or the smallest (False) difference, or for neither (None)."""
    match = re.search(
        rf"(?:(?P<high>{_HIGH})|(?P<low>{_LOW}))\s+(?:\w+\s+)?(?:difference|gap)|"
        rf"(?:difference|gap)\b.*?\b(?:(?P<high_behind>{_HIGH})|(?P<low_behind>{_LOW}))\W*$",
        question.lower(),
    )
    return None if match is None else bool(match["high"] or match["high_behind"])


def asks_less(question: str) -> bool:
    """Whether a question asks for the smaller one of several."""
    return bool(_LESS.search(question.lower())) or any(not high for high, _ in extremes_of(question))


def ranked_cell(cells: Sequence[Cell], *, high: bool, rank: int) -> Cell | None:
    """The cell with the `rank`-th highest or lowest value."""
    ordered = sorted(cells, key=lambda cell: cell.value, reverse=high)
    return ordered[rank - 1] if rank <= len(ordered) else None


def compute(operation: Operation, values: Sequence[float]) -> float | None:
    """The result of `operation` on `values`; None if it is undefined for them."""
    if not values:
        return None
    match operation:
        case Operation.SUM:
            return math.fsum(values)
        case Operation.AVERAGE:
            return statistics.fmean(values)
        case Operation.MEDIAN:
            return statistics.median(values)
        case Operation.MODE:
            return statistics.mode(values)
        case Operation.PRODUCT:
            return math.prod(values) if len(values) > 1 else None
        case Operation.DIFFERENCE:
            return abs(values[0] - values[1]) if len(values) == 2 else max(values) - min(values)
        case Operation.RATIO:
            if len(values) < 2 or values[1] == 0:
                return None
            return values[0] / values[1]


def format_number(value: float, decimals: int) -> str:
    """A number as a short decimal without trailing zeros; numbers below 1 keep three digits."""
    if value != 0 and abs(value) < 1:
        decimals = max(decimals, 1 - math.floor(math.log10(abs(value))) + 1)
    text = f"{value:.{decimals}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def value_text(cell: Cell) -> str:
    """A cell's value as printed, without percent sign, currency and grouping; answers are compared without them."""
    number = find_numbers(cell.printed.text or "")
    decimals = number[0].decimals if len(number) == 1 else 0
    if len(number) == 1 and number[0].scale != 1.0 and cell.printed.text:
        return cell.printed.text
    return format_number(cell.value, max(decimals, decimals_of([cell])))


def decimals_of(cells: Iterable[Cell]) -> int:
    """The largest number of decimals of the values, at most four."""
    return max((len(f"{cell.value:.4f}".rstrip("0").split(".")[1]) for cell in cells), default=0)
