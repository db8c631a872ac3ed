"""The accounts of Tarnholm Instruments plc, an invented maker of water meters, in thousands of euros.

All subtotals are computed, so that the statements add up and the balance sheet balances.
"""

from __future__ import annotations

from dataclasses import dataclass

YEARS = (2024, 2023, 2022)
Values = tuple[int, int, int]
"""One value for each of YEARS."""


@dataclass(frozen=True, slots=True)
class Row:
    """A line of a statement."""

    label: str
    values: Values
    note: str = ""
    is_total: bool = False

    def of(self, year: int) -> int:
        return self.values[YEARS.index(year)]


@dataclass(frozen=True, slots=True)
class Heading:
    """A line of a statement that is a title of the lines below it."""

    label: str


def total(label: str, *rows: Row, note: str = "") -> Row:
    sums = [sum(column) for column in zip(*(row.values for row in rows), strict=True)]
    return Row(label, (sums[0], sums[1], sums[2]), note, is_total=True)


def rest(label: str, whole: Row, *parts: Row, note: str = "") -> Row:
    """The difference of `whole` and the sum of `parts`."""
    known = total("", *parts)
    left = [a - b for a, b in zip(whole.values, known.values, strict=True)]
    return Row(label, (left[0], left[1], left[2]), note)


def printed(value: int) -> str:
    """A number as accountants print it: 1,234 or (1,234)."""
    return f"({-value:,})" if value < 0 else f"{value:,}"


def millions(value: int) -> str:
    return f"{value / 1000:.1f}"


def growth(row: Row) -> str:
    """Percentage change from the previous to the latest year."""
    return f"{100 * (row.values[0] / row.values[1] - 1):.1f}%"


PRODUCTS = Row("Sale of instruments", (318_402, 285_197, 259_640), "3")
SERVICES = Row("Services and calibration", (94_458, 83_218, 72_332), "3")
REVENUE = total("Total revenue", PRODUCTS, SERVICES)
COST_OF_SALES = Row("Cost of sales", (-231_204, -210_733, -195_846))
GROSS_PROFIT = total("Gross profit", REVENUE, COST_OF_SALES)
RESEARCH = Row("Research and development", (-38_917, -33_542, -30_118), "4")
SELLING = Row("Selling and distribution", (-52_386, -47_910, -44_205))
ADMINISTRATION = Row("Administrative expenses", (-24_731, -22_864, -21_370))
OTHER_INCOME = Row("Other operating income (expense)", (1_842, -2_317, -896))
OPERATING_PROFIT = total("Operating profit", GROSS_PROFIT, RESEARCH, SELLING, ADMINISTRATION, OTHER_INCOME)
FINANCE_INCOME = Row("Finance income", (1_126, 842, 310))
FINANCE_COSTS = Row("Finance costs", (-5_408, -6_127, -4_865), "6")
PROFIT_BEFORE_TAX = total("Profit before tax", OPERATING_PROFIT, FINANCE_INCOME, FINANCE_COSTS)
INCOME_TAX = Row("Income tax expense", (-15_164, -11_441, -8_920), "5")
NET_INCOME = total("Net income", PROFIT_BEFORE_TAX, INCOME_TAX)
MINORITY_INCOME = Row("Non-controlling interests", (1_204, 986, 712))
OWNERS_INCOME = rest("Owners of the parent", NET_INCOME, MINORITY_INCOME)
SHARES = 20_000
"""Thousands of shares, the same in all years."""
EARNINGS_PER_SHARE = tuple(f"{value / SHARES:.2f}" for value in OWNERS_INCOME.values)

INCOME_STATEMENT: tuple[Row | Heading, ...] = (
    PRODUCTS, SERVICES, REVENUE, COST_OF_SALES, GROSS_PROFIT, RESEARCH, SELLING, ADMINISTRATION, OTHER_INCOME,
    OPERATING_PROFIT, FINANCE_INCOME, FINANCE_COSTS, PROFIT_BEFORE_TAX, INCOME_TAX, NET_INCOME,
    Heading("Attributable to"), OWNERS_INCOME, MINORITY_INCOME,
)  # fmt: skip

GOODWILL = Row("Goodwill", (64_210, 64_210, 58_930), "7")
INTANGIBLES = Row("Other intangible assets", (28_745, 26_318, 24_902))
PROPERTY = Row("Property, plant and equipment", (141_386, 128_957, 119_204), "8")
DEFERRED_TAX = Row("Deferred tax assets", (6_128, 7_014, 6_530))
NON_CURRENT_ASSETS = total("Total non-current assets", GOODWILL, INTANGIBLES, PROPERTY, DEFERRED_TAX)
INVENTORIES = Row("Inventories", (71_904, 68_233, 66_178))
RECEIVABLES = Row("Trade receivables", (82_517, 74_960, 69_341))
OTHER_CURRENT = Row("Other current assets", (11_463, 9_872, 10_215))
CASH = Row("Cash and cash equivalents", (58_329, 43_706, 35_284))
CURRENT_ASSETS = total("Total current assets", INVENTORIES, RECEIVABLES, OTHER_CURRENT, CASH)
TOTAL_ASSETS = total("Total assets", NON_CURRENT_ASSETS, CURRENT_ASSETS)

DIVIDENDS_PAID: Values = (13_000, 10_000, 8_000)
DIVIDEND_PER_SHARE = "0.80"
"""Proposed for the latest year, in euros."""


def _retained_earnings(closing_2022: int) -> Values:
    """Retained earnings at each year's end, from those of 2022 and each year's profit and dividends."""
    closing_2023 = closing_2022 + OWNERS_INCOME.of(2023) - DIVIDENDS_PAID[1]
    return closing_2023 + OWNERS_INCOME.of(2024) - DIVIDENDS_PAID[0], closing_2023, closing_2022


SHARE_CAPITAL = Row("Share capital", (SHARES, SHARES, SHARES))
RETAINED_EARNINGS = Row("Retained earnings", _retained_earnings(118_340))
TRANSLATION = Row("Translation reserve", (-3_412, -2_895, 1_106))
MINORITY = Row("Non-controlling interests", (7_830, 6_912, 6_204))
EQUITY = total("Total equity", SHARE_CAPITAL, RETAINED_EARNINGS, TRANSLATION, MINORITY)
PENSIONS = Row("Pension obligations", (31_205, 34_118, 38_460), "9")
LEASES = Row("Lease liabilities", (22_417, 24_036, 25_390))
PAYABLES = Row("Trade payables", (54_862, 51_309, 48_775))
TAX_PAYABLE = Row("Current tax liabilities", (7_246, 5_981, 4_630))
OTHER_PAYABLES = Row("Other current liabilities", (32_188, 29_402, 27_156))
BORROWINGS = rest("Borrowings", TOTAL_ASSETS, EQUITY, PENSIONS, LEASES, PAYABLES, TAX_PAYABLE, OTHER_PAYABLES, note="6")
NON_CURRENT_LIABILITIES = total("Total non-current liabilities", BORROWINGS, PENSIONS, LEASES)
CURRENT_LIABILITIES = total("Total current liabilities", PAYABLES, TAX_PAYABLE, OTHER_PAYABLES)
EQUITY_AND_LIABILITIES = total("Total equity and liabilities", EQUITY, NON_CURRENT_LIABILITIES, CURRENT_LIABILITIES)

BALANCE_SHEET: tuple[Row | Heading, ...] = (
    Heading("Assets"), GOODWILL, INTANGIBLES, PROPERTY, DEFERRED_TAX, NON_CURRENT_ASSETS,
    INVENTORIES, RECEIVABLES, OTHER_CURRENT, CASH, CURRENT_ASSETS, TOTAL_ASSETS,
    Heading("Equity and liabilities"), SHARE_CAPITAL, RETAINED_EARNINGS, TRANSLATION, MINORITY, EQUITY,
    BORROWINGS, PENSIONS, LEASES, NON_CURRENT_LIABILITIES,
    PAYABLES, TAX_PAYABLE, OTHER_PAYABLES, CURRENT_LIABILITIES, EQUITY_AND_LIABILITIES,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Segment:
    """A region: its revenue in each year, and the latest year's operating profit and employees."""

    revenue: Row
    operating_profit: int
    employees: int

    @property
    def name(self) -> str:
        return self.revenue.label


_NORTH = Row("Northern Europe", (142_318, 131_074, 121_640))
_SOUTH = Row("Southern Europe", (78_645, 72_190, 67_285))
_AMERICA = Row("North America", (104_927, 88_316, 74_058))
_ASIA = Row("Asia-Pacific", (61_382, 54_729, 48_961))
_OTHER = rest("Rest of the world", REVENUE, _NORTH, _SOUTH, _AMERICA, _ASIA)
_PROFITS = (26_840, 9_317, 20_655, 11_208)
SEGMENTS = tuple(
    Segment(revenue, profit, employees)
    for revenue, profit, employees in zip(
        (_NORTH, _SOUTH, _AMERICA, _ASIA, _OTHER),
        (*_PROFITS, OPERATING_PROFIT.of(2024) - sum(_PROFITS)),
        (842, 516, 398, 287, 131),
        strict=True,
    )
)
EMPLOYEES = sum(segment.employees for segment in SEGMENTS)

HISTORY_YEARS = (2020, 2021, 2022, 2023, 2024)
HISTORY_REVENUE = (284_715, 309_482, *reversed(REVENUE.values))
HISTORY_PROFIT = (28_306, 35_218, *reversed(OPERATING_PROFIT.values))
