"""Dates, amounts, names and other typed values are found in running text."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cogdoc.query.dates import find_dates, month_numbers
from cogdoc.query.proper_names import value_words
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
        (ValueKind.AMOUNT, "Gesamtbetrag 1.234,50 EUR inkl.", "1.234,50 EUR"),
        (ValueKind.DURATION, "zahlbar innerhalb von 30 Tagen", "30 Tagen"),
        (ValueKind.DURATION, "pendant trois semaines", "trois semaines"),
        (ValueKind.ORGANISATION, "von Hölzl & Brandt Werkzeugbau GmbH in", "Hölzl & Brandt Werkzeugbau GmbH"),
        (ValueKind.PERSON, "подписал Иван Петров вчера", "Иван Петров"),
        (ValueKind.PERSON, "signed by Mrs. K. A. Sparrow of", "Mrs. K. A. Sparrow"),
        (ValueKind.ORGANISATION, "由平安证券股份有限公司发布", "由平安证券股份有限公司"),
    ],
)
def test_finds_the_value(kind: ValueKind, text: str, expected: str) -> None:
    found = max(find_values(kind, text), key=lambda value: (value.fit, value.end - value.start))
    assert text[found.start : found.end] == expected


DATE_STYLES = (
    "{0:%Y-%m-%d}", "{0:%d.%m.%Y}", "{0.day}.{0.month}.{0.year}", "{0.year}年{0.month}月{0.day}日",
    "{0.year}년 {0.month}월 {0.day}일", "ngày {0.day} tháng {0.month} năm {0.year}",
)  # fmt: skip
NAMED_STYLES = ("{0.day} {1} {0.year}", "{0.day}. {1} {0.year}", "{0.day} de {1} de {0.year}", "{1} {0.day}, {0.year}")


@given(
    st.dates(date(1900, 1, 1), date(2099, 12, 31)), st.sampled_from(sorted(month_numbers())),
    st.sampled_from((*DATE_STYLES, *NAMED_STYLES)),
)  # fmt: skip
def test_a_date_is_found_again_in_every_style_and_language(day: date, name: str, style: str) -> None:
    if style in NAMED_STYLES:
        day = day.replace(month=month_numbers()[name], day=min(day.day, 28))
    text = style.format(day, name)
    (found,) = find_dates(f"({text})")
    assert (found.start, found.end, found.day) == (1, len(text) + 1, day)


@pytest.mark.parametrize("text", ["02 - 12/48", "45/13/2018", "Room 12", "1.2.3.4"])
def test_finds_no_date_where_there_is_none(text: str) -> None:
    assert not [value for value in find_values(ValueKind.DATE, text) if value.fit > 0.5]


def test_a_part_of_a_date_is_no_amount() -> None:
    assert find_values(ValueKind.AMOUNT, "12/03/2018") == ()


@pytest.mark.parametrize("kind", list(ValueKind))
def test_fit_is_a_share(kind: ValueKind) -> None:
    assert all(0 <= fit(kind, text) <= 1 for text in ("", "12.50", "Alice Quimby", "二〇二三", "a@b.c", "(1)"))


def test_words_for_numbers_are_found_in_plain_text_as_beside_accents() -> None:
    for word in value_words("numbers"):
        for text in (word.upper(), f"about {word} of them", "alti Sifir"):
            assert find_values(ValueKind.NUMBER, text) == find_values(ValueKind.NUMBER, f"{text} é")
