"""Dates, amounts, names and other typed values are found in running text."""

from __future__ import annotations

import pytest

from cogdoc.query.typed_values import ValueKind, find_values, fit


@pytest.mark.parametrize(
    ("kind", "text", "expected"),
    [
        (ValueKind.DATE, "Date: 27/03/2018 10:31", "27/03/2018"),
        (ValueKind.DATE, "27/03/20188:07 PM", "27/03/2018"),
        (ValueKind.DATE, "filed July 23, 1998 in court", "July 23, 1998"),
        (ValueKind.DATE, "on 2- Dec- 97 it", "2- Dec- 97"),
        (ValueKind.DATE, "开票日期：2023年08月25日", "2023年08月25日"),
        (ValueKind.DATE_AND_TIME, "12/17/2007, 1045 UTC", "12/17/2007, 1045 UTC"),
        (ValueKind.TIME, "arrives at 7:00 P.M. sharp", "7:00 P.M."),
        (ValueKind.AMOUNT, "Total RM 1,234.50 only", "RM 1,234.50"),
        (ValueKind.AMOUNT, "总资产3178亿元", "3178亿元"),
        (ValueKind.PERCENT, "rose by 12.5% in May", "12.5%"),
        (ValueKind.PHONE, "Tel: (212) 841-8787 ext", "(212) 841-8787"),
        (ValueKind.EMAIL, "write to jo.doe@example.org now", "jo.doe@example.org"),
        (ValueKind.URL, "see www.example.org/help, or", "www.example.org/help"),
        (ValueKind.IDENTIFIER, "Invoice INV/2023/03/0008", "INV/2023/03/0008"),
        (ValueKind.PERSON, "signed by Mrs. K. A. Sparrow of", "Mrs. K. A. Sparrow"),
        (ValueKind.ORGANISATION, "由平安证券股份有限公司发布", "由平安证券股份有限公司"),
    ],
)
def test_finds_the_value(kind: ValueKind, text: str, expected: str) -> None:
    found = max(find_values(kind, text), key=lambda value: (value.fit, value.end - value.start))
    assert text[found.start : found.end] == expected


@pytest.mark.parametrize("text", ["02 - 12/48", "45/13/2018", "Room 12", "1.2.3.4"])
def test_finds_no_date_where_there_is_none(text: str) -> None:
    assert not [value for value in find_values(ValueKind.DATE, text) if value.fit > 0.5]


def test_a_part_of_a_date_is_no_amount() -> None:
    assert find_values(ValueKind.AMOUNT, "12/03/2018") == ()


@pytest.mark.parametrize("kind", list(ValueKind))
def test_fit_is_a_share(kind: ValueKind) -> None:
    assert all(0 <= fit(kind, text) <= 1 for text in ("", "12.50", "Alice Quimby", "二〇二三", "a@b.c", "(1)"))
