"""Questions about the annual report, in different wordings for the same thing."""

from __future__ import annotations

from samples.making.facts import Question, ask, unanswerable
from samples.making.report import accounts as books
from samples.making.report import prose
from samples.making.report.accounts import Row, millions, printed
from samples.making.report.pages import BALANCE_PAGE, INCOME_PAGE, SEGMENT_PAGE

LETTER_PAGE, KEY_PAGE, NOTES_PAGE = 3, 4, 8


def _amount(row: Row, year: int) -> tuple[str, ...]:
    """An amount as printed in thousands, without parentheses, and in millions as the prose has it."""
    value = row.of(year)
    short = millions(abs(value))
    return tuple(dict.fromkeys((printed(value), f"{abs(value):,}", f"€{short} million", f"€ {short} million")))


def _in_statement(row: Row, year: int, *wordings: str, also_on: tuple[int, ...] = ()) -> tuple[Question, ...]:
    page = INCOME_PAGE if row in books.INCOME_STATEMENT else BALANCE_PAGE
    return ask(*wordings, answers=_amount(row, year), page=page, also_on=also_on)


_SUMMARY = (LETTER_PAGE, KEY_PAGE, SEGMENT_PAGE)

QUESTIONS: tuple[Question, ...] = (
    *_in_statement(
        books.REVENUE,
        2024,
        "What was total revenue in 2024?",
        "total revenue?",
        "How much were sales in 2024?",
        "What was the turnover in 2024?",
        "How much revenue did the company make in 2024?",
        also_on=_SUMMARY,
    ),
    *_in_statement(books.REVENUE, 2022, "What was total revenue in 2022?", "Sales in 2022?", also_on=(SEGMENT_PAGE,)),
    *_in_statement(
        books.NET_INCOME,
        2023,
        "What was net income in 2023?",
        "net income in 2023?",
        "What was the net profit for 2023?",
        also_on=(LETTER_PAGE,),
    ),
    *_in_statement(
        books.NET_INCOME,
        2024,
        "What was net income in 2024?",
        "How much net profit was made in 2024?",
        also_on=(LETTER_PAGE, KEY_PAGE),
    ),
    *_in_statement(
        books.RESEARCH, 2022, "How much was spent on research and development in 2022?", "R&D expense 2022?"
    ),
    *_in_statement(books.COST_OF_SALES, 2023, "What was the cost of sales in 2023?", "Cost of goods sold in 2023?"),
    *_in_statement(books.OPERATING_PROFIT, 2023, "What was operating profit in 2023?"),
    *_in_statement(books.GROSS_PROFIT, 2024, "What was the gross profit in 2024?"),
    *_in_statement(books.TOTAL_ASSETS, 2024, "What were total assets in 2024?", "total assets at 31 December 2024?"),
    *_in_statement(books.EQUITY, 2023, "What was total equity in 2023?", "How much were shareholders' funds in 2023?"),
    *_in_statement(books.INVENTORIES, 2022, "What were inventories in 2022?", "How much was the stock in 2022?"),
    *_in_statement(
        books.CASH, 2024, "How much cash and cash equivalents did the company hold in 2024?", "cash in 2024?"
    ),
    *_in_statement(books.TRANSLATION, 2024, "What was the translation reserve in 2024?"),
    *ask(
        "What were basic earnings per share in 2023?",
        "EPS 2023?",
        answers=(books.EARNINGS_PER_SHARE[1], f"€{books.EARNINGS_PER_SHARE[1]}"),
        page=INCOME_PAGE,
    ),
    *ask(
        "What was revenue in North America in 2023?",
        "North America sales 2023?",
        answers=_amount(books.SEGMENTS[2].revenue, 2023),
        page=SEGMENT_PAGE,
    ),
    *ask(
        "What was the operating profit of Asia-Pacific?",
        answers=(printed(books.SEGMENTS[3].operating_profit),),
        page=SEGMENT_PAGE,
    ),
    *ask(
        "How many employees work in Southern Europe?",
        answers=(printed(books.SEGMENTS[1].employees),),
        page=SEGMENT_PAGE,
    ),
    *ask(
        "How many employees does the company have?",
        "What is the headcount?",
        answers=(f"{books.EMPLOYEES:,}",),
        page=KEY_PAGE,
        also_on=(LETTER_PAGE, SEGMENT_PAGE),
    ),
    *ask(
        "What dividend per share is proposed?",
        answers=(f"€{books.DIVIDEND_PER_SHARE}", books.DIVIDEND_PER_SHARE),
        page=KEY_PAGE,
        also_on=(LETTER_PAGE,),
    ),
    *ask(
        "When is the annual general meeting?",
        "What is the date of the AGM?",
        answers=(prose.MEETING_DATE,),
        page=KEY_PAGE,
        also_on=(LETTER_PAGE,),
    ),
    *ask(
        "Who is the chief executive officer?",
        "Who is the CEO?",
        answers=(prose.CHIEF_EXECUTIVE,),
        page=KEY_PAGE,
        also_on=(LETTER_PAGE,),
    ),
    *ask("Who is the auditor?", "Which firm audits the company?", answers=(prose.AUDITOR,), page=KEY_PAGE),
    *ask("Where is the registered office?", answers=(prose.HEAD_OFFICE,), page=KEY_PAGE, also_on=(NOTES_PAGE,)),
    *ask(
        "How much did the plant at Kestrel Point cost?",
        answers=(prose.PLANT_COST,),
        page=LETTER_PAGE,
        also_on=(NOTES_PAGE,),
    ),
    *ask("What is the interest rate of the term loan?", answers=(prose.LOAN_RATE,), page=NOTES_PAGE),
    *ask("When is the term loan due?", answers=(prose.LOAN_DUE,), page=NOTES_PAGE),
    *ask("What was the effective tax rate in 2024?", answers=(prose.TAX_RATE,), page=NOTES_PAGE),
    *unanswerable(
        "What was total revenue in 2015?",
        "Who is the chief marketing officer?",
        "How many vehicles does the company own?",
        "What is the invoice number?",
        "What were advertising expenses in 2024?",
        "What is the company's telephone number?",
    ),
)
