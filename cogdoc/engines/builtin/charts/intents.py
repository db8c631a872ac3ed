"""Classifies questions by their wording: whether they ask for a name, a time, a number, a color, yes or no."""

from __future__ import annotations

import re

from cogdoc.results.records import Chart

_YES_NO = re.compile(
    r"^\W*(?:is|are|was|were|does|do|did|has|have|had|can|could|will|would)\b|是否|吗[?？]?$|是不是", re.I
)
_VALUES = (
    r"percent\w*|shares?|numbers?|amounts?|proportions?|values?|totals?|rates?|difference|sum|ratio|average|median|"
    r"figure|level|count|quantity|revenues?|sales|price|cost|gdp|population|income|points?|size|bar|score|index"
)
_ASKS_VALUE = re.compile(
    rf"\bhow (?:many|much)\b|\bwhich is the \w+ (?:{_VALUES})\b|\bwhat (?:{_VALUES})\b|"
    rf"\bwhat(?:'s| is| was| are| were)?\s+(?:the\s+|an?\s+)?(?!name\b|year\b|country\b)"
    rf"(?:[\w-]+\s+){{0,2}}?(?:{_VALUES})\b",
    re.IGNORECASE,
)
_ASKS_NAME = re.compile(
    r"\bwhich\b|^\W*(?:who|whose|when|where)\b|\b(?:in|from|at|for|to|on) what\b|"
    rf"^\W*what (?!(?:is|was|are|were|'s|did|does|do|has|had|{_VALUES})\b)\w+|"
    r"\bwhat(?:'s| is| was| are| were) (?:\w+['’]s? )?(?:the |\w+['’]s )?"
    r"(?:name|year|country|month|(?:\w+ )?(?:(?:most|least) \w+|leading|major|main|top|dominant|largest|biggest))\b|"
    r"哪|谁|什么时候|何时",
    re.IGNORECASE,
)
_ASKS_TIME = re.compile(
    r"\b(?:what|which)\s+(?:\w+\s+){0,2}?(?:year|month|quarter|date|day|period|decade|season|years|months)\b|\bwhen\b|"
    r"\bthe year\b(?! \d)|哪一?[年月天]|何时",
    re.IGNORECASE,
)
_ASKS_SERIES = re.compile(r"\b(?:line|curve|series|legend)\b", re.IGNORECASE)
_CHART_TERMS = re.compile(
    r"\b(?:charts?|graphs?|bars?|lines?|pie|slices?|segments?|values?|colou?rs?|percent\w*|share|rate|highest|lowest|"
    r"largest|smallest|most|least|average|median|difference|ratio|trend|increas\w*|decreas\w*|year)\b|图|最|平均",
    re.IGNORECASE,
)
_COLOR_ASKED = re.compile(r"\b(?:what|which)(?:'s| is| are)?(?: the)? colou?r\b|\bcolou?r of\b|什么颜色", re.IGNORECASE)
_REPRESENTS = re.compile(
    r"\brepresent|\bindicat|\bdenote|\bstands? for|\bshown (?:in|by)|\bshows?\b|\bdepict|\bmean\b|代表|表示", re.I
)
_POSITION = re.compile(
    r"\b(?P<first>first|left\s?-?most|lefmost|earliest|topmost|upmost)\b|\b(?P<last>last|right\s?-?most|latest|bottommost|recent)\b",
    re.I,
)
_RANGE = re.compile(r"\b(?:from|between)\b.*\b(?:to|and|until|through)\b|\bthrough\b", re.IGNORECASE)
_YEAR = re.compile(r"(?:FY\s?)?(?:1[5-9]|20)\d\d|\d\d/\d\d|'?\d\d")


def asks_name(question: str) -> bool:
    """Whether a question asks for a name (a year, a country, a series) rather than a number."""
    if re.search(r"\brepresents?\b|\bstands? for\b", question, re.IGNORECASE):
        return True
    return _ASKS_NAME.search(question) is not None and _ASKS_VALUE.search(question) is None


def uses_chart_terms(question: str) -> bool:
    """Whether a question uses words that only questions about charts need."""
    return _CHART_TERMS.search(question) is not None


def is_yes_or_no(question: str) -> bool:
    """Whether the answer to a question is yes or no."""
    return _YES_NO.search(question) is not None


def asks_time(question: str) -> bool:
    """Whether a question asks for a year, month or the like."""
    return _ASKS_TIME.search(question) is not None


def asks_series(question: str) -> bool:
    """Whether a question asks for a whole series, such as a line."""
    return _ASKS_SERIES.search(question) is not None


def asks_color(question: str) -> bool:
    """Whether a question asks for the name of a color."""
    return _COLOR_ASKED.search(question) is not None


def asks_meaning(question: str) -> bool:
    """Whether a question asks what something on the chart represents."""
    return _REPRESENTS.search(question) is not None


def names_range(question: str) -> bool:
    """Whether two names in the question are the ends of a range."""
    return _RANGE.search(question) is not None


def position_of(question: str) -> bool | None:
    """True if a question asks for the first value of a chart, False for the last one, None for neither."""
    match = _POSITION.search(question)
    return None if match is None else match["first"] is not None


def has_years(chart: Chart) -> bool:
    """Whether the categories are years or other dates."""
    return sum(_YEAR.match(name) is not None for name in chart.categories) > 0.6 * len(chart.categories)


def is_year(name: str) -> bool:
    """Whether a name begins with a year."""
    return _YEAR.match(name) is not None
