"""What a question asks for, as a small tree: the operations, and the words that name the values they work on.

    "By how much did revenue grow from 2022 to 2023?"   Growth(Select("revenue"), "2022", "2023")
    "Which team has the second most wins?"               Extreme(Select("team", by="wins"), rank=2, asks=Asks.NAME)
    "How many players scored more than 30 goals?"        Aggregate(Filter(Select("players"), ...), COUNT)

Trees are independent of language and of documents. `cogdoc.query.question_parser` compiles them;
`cogdoc.query.execution` runs them on tables.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Asks(StrEnum):
    """Which side of a row the answer is."""

    NAME = "name"
    """What the row or column is called: "which country", "who"."""
    VALUE = "value"


class Aggregation(StrEnum):
    SUM = "sum"
    MEAN = "mean"
    MEDIAN = "median"
    COUNT = "count"
    MODE = "mode"
    RANGE = "range"
    """The highest minus the lowest."""
    STREAK = "streak"
    """How many rows follow each other: "how many consecutive seasons"."""


class Comparator(StrEnum):
    MORE = "more"
    LESS = "less"
    AT_LEAST = "at-least"
    AT_MOST = "at-most"
    EQUAL = "equal"
    NOT_EQUAL = "not-equal"


@dataclass(frozen=True, slots=True)
class Select:
    """The values that words of the question name; all values of a table if `words` is empty."""

    words: str
    """What is asked for: "team" in "which team has the most wins"."""
    by: str = ""
    """The property that values are compared or counted by, if the question states another: "wins"."""
    where: tuple[str, ...] = ()
    """Other phrases of the question, in order, which narrow down rows and columns: "Italy", "2021". A phrase that
    names nothing in the table does not restrict."""


@dataclass(frozen=True, slots=True)
class Several:
    """The values of several queries together: "the sum of sales in 2010 and 2015"."""

    parts: tuple[Query, ...]


@dataclass(frozen=True, slots=True)
class Filter:
    """Those rows of `of` whose property `words` compares with `bound` in this way."""

    of: Query
    words: str
    comparator: Comparator
    bound: str
    """A number or text as written in the question."""


@dataclass(frozen=True, slots=True)
class Extreme:
    of: Query
    """A `Difference` for "the year with the largest gap between imports and exports"."""
    highest: bool
    rank: int = 1
    """2 for "the second highest"."""
    asks: Asks = Asks.NAME
    count: int = 1
    """3 for "the three highest", which is a list, or the values that an aggregate combines."""
    adjective: str = ""
    """The superlative, if it says what is compared: "tallest"."""


@dataclass(frozen=True, slots=True)
class Position:
    """The row at an end of the table, in the order of its dates or as printed: "the last film"."""

    of: Query
    from_end: bool = False
    rank: int = 1
    asks: Asks = Asks.NAME
    as_printed: bool = False
    """Whether the question names the printed order: "the first season listed"."""
    count: int = 1
    """3 for "the last three years", whose values an aggregate combines."""


@dataclass(frozen=True, slots=True)
class Neighbor:
    """The row next to the one that `anchor` names: "the next game after March 3", "directly before Reardon"."""

    of: Query
    anchor: str
    after: bool
    asks: Asks = Asks.NAME


@dataclass(frozen=True, slots=True)
class Aggregate:
    of: Query
    function: Aggregation


@dataclass(frozen=True, slots=True)
class Difference:
    left: Query
    right: Query


@dataclass(frozen=True, slots=True)
class Ratio:
    left: Query
    right: Query
    as_share: bool = False
    """Asked for in percent: "what share of sales is from Asia"."""


@dataclass(frozen=True, slots=True)
class Growth:
    """From the value at `start` to the value at `end`: relative in percent, or absolute."""

    of: Query
    start: str
    end: str
    """Periods or columns as written in the question; empty for the earliest and the latest."""
    relative: bool = True
    falls: bool = False
    """Whether the question asks by how much it fell: a fall from 5 to 3 is one of 2."""


@dataclass(frozen=True, slots=True)
class Choose:
    """Which of several named things compares in this way: "which is higher, A or B"."""

    options: tuple[str, ...]
    by: str
    highest: bool
    where: tuple[str, ...] = ()
    """As in `Select`."""
    adjective: str = ""
    """The comparative, if it says what is compared: "taller"."""


@dataclass(frozen=True, slots=True)
class Compare:
    """A yes/no question: whether `left` compares with `right` in this way."""

    left: Query
    right: Query | str
    """Another query, or a number or text as written."""
    comparator: Comparator
    negated: bool = False
    every: bool = False
    """Whether all values of `left` have to compare so, if it has several: "are all bars above 75"."""


@dataclass(frozen=True, slots=True)
class Verify:
    """A yes/no question about a statement that the text has to entail or to contradict."""

    statement: str
    negated: bool = False


@dataclass(frozen=True, slots=True)
class ListOf:
    """All rows that match: "name the members of the board", "which three countries ..."."""

    of: Query
    count: int | None = None
    """How many the question asks for."""


Query = (
    Select
    | Several
    | Filter
    | Extreme
    | Position
    | Neighbor
    | Aggregate
    | Difference
    | Ratio
    | Growth
    | Choose
    | Compare
    | Verify
    | ListOf
)
