"""The sentences of the annual report; all figures come from the accounts."""

from __future__ import annotations

from dataclasses import dataclass

from samples.making.report import accounts as books
from samples.making.report.accounts import growth, millions

COMPANY = "Tarnholm Instruments plc"
TITLE = "Annual Report 2024"
MOTTO = "Every drop, accounted for."
CHIEF_EXECUTIVE = "Ingrid Halvane"
CHAIR = "Tobias Renquist"
FINANCE_OFFICER = "Maren Oyelaran"
AUDITOR = "Ashdown Verrill LLP"
HEAD_OFFICE = "14 Quay Terrace, Elmsworth EW2 7TR"
MEETING_DATE = "14 May 2025"
DIVIDEND_DATE = "6 June 2025"
HALF_YEAR_DATE = "21 August 2025"
FOUNDED = "1961"
NEW_PLANT = "Kestrel Point"
PLANT_COST = "€18.5 million"
LOAN_RATE = "4.35%"
LOAN_DUE = "30 September 2028"
DISCOUNT_RATE = "3.6%"
TAX_RATE = f"{-100 * books.INCOME_TAX.of(2024) / books.PROFIT_BEFORE_TAX.of(2024):.1f}%"
OPERATING_MARGIN = f"{100 * books.OPERATING_PROFIT.of(2024) / books.REVENUE.of(2024):.1f}%"
RESEARCH_SHARE = f"{-100 * books.RESEARCH.of(2024) / books.REVENUE.of(2024):.1f}%"
GEARING = f"{100 * books.BORROWINGS.of(2024) / books.EQUITY.of(2024):.1f}%"

LETTER: tuple[str, ...] = (
    "Dear shareholders,",
    "Two years ago we set ourselves a plain task: to help the towns we serve lose less water than they "
    "sell. In 2024 that task carried the company further than we had planned. Revenue rose "
    f"{growth(books.REVENUE)} to €{millions(books.REVENUE.of(2024))} million, and operating profit reached "
    f"€{millions(books.OPERATING_PROFIT.of(2024))} million, or {OPERATING_MARGIN} of sales.",
    "North America was the engine. Three utilities there replaced their mechanical meters with our "
    f"ultrasonic Series 9, and revenue in the region grew {growth(books.SEGMENTS[2].revenue)}. Northern "
    "Europe, our oldest market, grew more slowly but remains our largest, with "
    f"{books.SEGMENTS[0].employees} colleagues and a repair shop in every capital we sell to.",
    "Services were the quieter success. Calibration contracts, which customers renew for five years at a "
    f"time, brought in €{millions(books.SERVICES.of(2024))} million. A meter that we look after stays "
    "accurate for twice as long, and a customer who trusts a meter buys the next one from us.",
    f"We spent €{millions(-books.RESEARCH.of(2024))} million on research and development, {RESEARCH_SHARE} "
    "of revenue. Much of it went into a sensor that hears a leak before it reaches the street. Field "
    "trials in eleven towns begin this summer.",
    f"In October we opened the plant at {NEW_PLANT}. It cost {PLANT_COST}, was finished four weeks early, "
    "and takes all of its power from the tide below its windows. It lets us assemble closer to our "
    "customers and retire two older lines that were costly to run.",
    "We also bought less and mended more. Of the meters that came back to us, two in three left the "
    "workshop as good as new, and the brass of the third was melted and cast again. Our own use of water "
    "fell by a fifth. These are small numbers beside those of our customers, but we should not sell thrift "
    "without practising it.",
    "Not everything went to plan. The segment we call Rest of the world made a small loss, because a "
    "contract in the highlands was delayed by floods. Delivery times for chips were long until March. And "
    f"at the end of the year we had {books.EMPLOYEES:,} employees, forty fewer than we needed: good "
    "engineers are hard to find, and we intend to train more of our own.",
    f"Net income was €{millions(books.NET_INCOME.of(2024))} million, up from "
    f"€{millions(books.NET_INCOME.of(2023))} million. The board proposes a dividend of "
    f"€{books.DIVIDEND_PER_SHARE} per share. It will be paid on {DIVIDEND_DATE} if you approve it at the "
    f"annual general meeting on {MEETING_DATE}.",
    "With the accounts closed, we look ahead with care. We expect revenue to grow by six to eight percent "
    "in 2025, and the operating margin to hold. Orders in hand cover seven months of work. The balance "
    f"sheet is sound: cash stood at €{millions(books.CASH.of(2024))} million, and borrowings were {GEARING} "
    "of equity, well within what our lender allows.",
    f"{CHAIR}, who has chaired the board for nine years, will step down at the general meeting. He taught "
    "this company to measure twice. We shall miss his questions, which were short, and his patience with "
    "our answers, which were not.",
    "To our colleagues, customers and owners: thank you. A water meter is a modest thing. It sits in the "
    "dark and counts. We are proud that so many people rely on ours to count right.",
)

ABOUT = (
    f"This report covers {COMPANY} and its subsidiaries for the year ended 31 December 2024. Amounts are in "
    "euros. In the statements they are rounded to thousands, elsewhere to millions with one decimal, so "
    "that sums may differ in the last digit. A printed copy can be had from the registered office."
)

CALENDAR: tuple[tuple[str, str], ...] = (
    ("Annual general meeting", MEETING_DATE),
    ("Dividend payment", DIVIDEND_DATE),
    ("Half-year results", HALF_YEAR_DATE),
)

DIRECTORY: tuple[tuple[str, str], ...] = (
    ("Chair of the board", CHAIR),
    ("Chief executive officer", CHIEF_EXECUTIVE),
    ("Chief financial officer", FINANCE_OFFICER),
    ("Independent auditor", AUDITOR),
    ("Registered office", HEAD_OFFICE),
    ("Founded", FOUNDED),
)


@dataclass(frozen=True, slots=True)
class Note:
    """A numbered note to the statements; superscripts refer to FOOTNOTES."""

    title: str
    text: str


NOTES: tuple[Note, ...] = (
    Note(
        "1  General information",
        f"{COMPANY} (the Company) makes instruments that measure the flow of water. Its registered office "
        f"is at {HEAD_OFFICE}. The statements cover the Company and its subsidiaries (the Group).",
    ),
    Note(
        "2  Basis of preparation",
        "The statements are prepared on the historical cost basis and presented in thousands of euros, "
        "unless said otherwise. The accounting policies are those of the previous year.¹",
    ),
    Note(
        "3  Revenue",
        "Revenue from the sale of instruments is recognized when the customer accepts delivery. Calibration "
        "contracts are recognized evenly over their term, which is five years as a rule.²",
    ),
    Note(
        "4  Research and development",
        "Research is expensed as incurred. Development costs of €3.9 million were capitalized in 2024 for "
        "the leak sensor, and are written off over six years.",
    ),
    Note(
        "5  Income tax",
        f"The effective tax rate for 2024 was {TAX_RATE}. Tax losses of €2.7 million in the Rest of the "
        "world segment were not recognized, since it is uncertain when they can be used.",
    ),
    Note(
        "6  Borrowings",
        f"The term loan bears interest at a fixed rate of {LOAN_RATE} and is due on {LOAN_DUE}. The ratio of "
        f"borrowings to equity was {GEARING} at the end of the year.³",
    ),
    Note(
        "7  Goodwill",
        "Goodwill was tested for impairment in November. No impairment was found. A discount rate one "
        "percentage point higher would not have changed that.",
    ),
    Note(
        "8  Property, plant and equipment",
        f"Additions of the year include the plant at {NEW_PLANT}, at a cost of {PLANT_COST}. Buildings are "
        "depreciated over forty years, machines over eight.",
    ),
    Note(
        "9  Pension obligations",
        f"The obligation was measured by an independent actuary with a discount rate of {DISCOUNT_RATE}. "
        "An average member is expected to retire in 2039.",
    ),
)

FOOTNOTES: tuple[str, ...] = (
    "¹  Amendments that came into force on 1 January 2024 had no material effect.",
    "²  Contracts with municipal utilities in Southern Europe run for seven years.",
    "³  The lender may call the loan if this ratio exceeds 90%.",
)
