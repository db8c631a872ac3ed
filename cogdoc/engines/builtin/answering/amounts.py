"""Tells what amounts are in the arithmetic of a document: net + tax = total, cash - change = total.

Labels word it in many ways; that net amount and tax add up to the total shows in every language.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import combinations

from cogdoc.engines.builtin.answering.labelled_values import LabelledValue
from cogdoc.parsing.numbers import find_numbers
from cogdoc.query.concepts import concepts_in
from cogdoc.query.fitted_model import Features
from cogdoc.query.segments import PageView

CENTS_FIT = 0.9
"""Fit of an amount with a currency or with two decimals."""

AMOUNT_ROLES = {
    "change": frozenset(("change",)),
    "other": frozenset(("discount", "rounding", "shipping costs", "unit price", "balance", "tip", "quantity")),
    "net": frozenset(("net total", "subtotal", "tax base", "tax excluded")),
    "tax": frozenset(("tax", "tax amount")),
    "paid": frozenset(("cash", "card")),
    "gross": frozenset(("gross total", "amount due", "total", "amount paid", "paid", "tax included")),
}
"""What an amount is in the arithmetic of a document, by the concepts of its label; the first that applies."""

MIN_RATE, MAX_RATE = 0.02, 0.3
"""Of taxes on sales."""

CENT = 0.011
"""How far a tax may be from the product of net amount and rate."""

MAX_AMOUNTS = 40
"""The largest amounts of a page, among which sums are searched for."""


def role_named(concepts: frozenset[str]) -> str | None:
    """The role that concepts name."""
    role = next((role for role, named in AMOUNT_ROLES.items() if concepts & named), None)
    return "gross" if role == "tax" and "tax included" in concepts else role


def describe_amounts(
    page: PageView, values: Sequence[LabelledValue], asked: str, explained: float
) -> dict[int, Features]:
    """What makes an amount the one whose role is asked for, by the index of each value that may be it.

    The roles explain a share of the question: it may be about one item of an invoice.
    """
    solved = _solved(page, values)
    by_sum = {number: role for role, number in solved.items()}
    roles = [by_sum.get(abs(value.number), _role(value)) for value in values]
    computed = _computed(values, roles, asked)
    others = {number for role, number in solved.items() if role != asked}
    printed = [value.number for value in values]
    cents = sum(value.fit >= CENTS_FIT for value in values) > 0.5 * len(values)
    largest = max((value.number for value in values if not cents or value.fit >= CENTS_FIT), default=0.0)
    features: dict[int, Features] = {}
    for index, (value, role) in enumerate(zip(values, roles, strict=True)):
        is_total = asked == "gross" and value.number == largest > 0
        is_solved = abs(value.number) == solved.get(asked)
        if not (role or value.number in computed or is_total or is_solved):
            continue
        features[index] = {
            "amount": 1.0,
            "amount-role": float(role == asked),
            "amount-other-role": float(role not in (asked, None)),
            "amount-computed": float(value.number in computed),
            "amount-solved": explained * is_solved,
            "amount-solved-other": float(not is_solved and abs(value.number) in others),
            "amount-column-sum": float(_is_column_sum(values, index)),
            "amount-zero": float(value.number == 0),
            "amount-without-cents": float(cents and value.fit < CENTS_FIT),
            "total-largest": float(is_total),
            "total-repeated": min(3, printed.count(value.number) - 1) / 3 if asked == "gross" else 0.0,
            "total-low": value.part.segment.row / len(page.rows) if asked == "gross" else 0.0,
        }
    return features


def describe_item_amounts(
    page: PageView, values: Sequence[LabelledValue], asked: frozenset[str]
) -> dict[int, Features]:
    """Which amounts of a row are its total and its unit price: quantity times unit price is the total.

    By the index of each value; `asked` are the concepts of a question about one item.
    """
    wanted = "unit" if "unit price" in asked else "total" if role_named(asked) == "gross" else "price"
    features: dict[int, Features] = {}
    for index, value in enumerate(values):
        row = page.rows[value.part.segment.row]
        numbers = [number.value for segment in row for number in find_numbers(segment.text)]
        others = [(one, two) for place, one in enumerate(numbers) for two in numbers[:place] + numbers[place + 1 :]]
        pairs = [pair for pair in others if 1 not in pair]
        is_product = any(one != value.number and _is_near(one * two, value.number) for one, two in pairs)
        is_factor = any(one != value.number and _is_near(value.number * one, two) for one, two in pairs)
        if is_product or is_factor:
            features[index] = {f"item-{'total' if is_product else 'unit'}-for-{wanted}": 1.0}
    return features


def _is_near(product: float, printed: float) -> bool:
    return printed > 0 and abs(product - printed) < CENT


def _role(value: LabelledValue) -> str | None:
    """The role of an amount by its label; a column of net amounts has net totals."""
    role, column = role_named(value.concepts), role_named(concepts_in(value.header))
    return column if column and role in (None, "gross") else role


def _computed(values: Sequence[LabelledValue], roles: Sequence[str | None], asked: str) -> set[float]:
    """What the amounts of the other roles give for the role that is asked for."""
    numbers: dict[str | None, set[float]] = {}
    for value, role in zip(values, roles, strict=True):
        numbers.setdefault(role, set()).add(value.number)
    net, tax, gross = (numbers.get(role, set()) for role in ("net", "tax", "gross"))
    if asked == "gross":
        paid, change = numbers.get("paid", set()), numbers.get("change", set())
        return {round(a + b, 2) for a in net | gross for b in tax if b} | {
            round(a - b, 2) for a in paid for b in change if b
        }
    others = {"net": tax, "tax": net}.get(asked, set())
    return {round(a - b, 2) for a in gross for b in others if b}


def _solved(page: PageView, values: Sequence[LabelledValue]) -> dict[str, float]:
    """The net amount, tax and total that add up, at rates that are printed if possible, with the largest total."""
    numbers = sorted({abs(value.number) for value in values if value.fit >= CENTS_FIT and value.number}, reverse=True)
    printed = {abs(number.value) for segment in page.segments for number in find_numbers(segment.text)}
    rates = {number / 100 for number in printed if MIN_RATE <= number / 100 <= MAX_RATE}
    sums = list(_sums(numbers[:MAX_AMOUNTS]))
    taxed = [one for one in sums if any(abs(one[0] * rate - one[1]) < CENT for rate in rates)]
    taxed += [one for one in _sums_of_two(numbers[:MAX_AMOUNTS], rates) if one[2] in numbers]
    if not sums and not taxed:
        return {}
    net, tax, gross = max(taxed or sums, key=lambda found: found[2])
    return {"net": net, "tax": tax, "gross": gross}


def _sums(numbers: Sequence[float]) -> Iterator[tuple[float, float, float]]:
    """Net amount, tax and total that may be those of a document."""
    known = set(numbers)
    for gross in numbers:
        for net in numbers:
            tax = round(gross - net, 2)
            if tax in known and MIN_RATE * net <= tax <= MAX_RATE * net:
                yield net, tax, gross


def _sums_of_two(numbers: Sequence[float], rates: Iterable[float]) -> Iterator[tuple[float, float, float]]:
    """The same of documents with two rates."""
    parts = {(net, tax) for net in numbers for tax in numbers for rate in rates if abs(net * rate - tax) < CENT}
    for (first_net, first_tax), (second_net, second_tax) in combinations(parts, 2):
        if first_net != second_net:
            net, tax = first_net + second_net, first_tax + second_tax
            yield round(net, 2), round(tax, 2), round(net + tax, 2)


def _is_column_sum(values: Sequence[LabelledValue], index: int) -> bool:
    """Whether an amount is the sum of some that are right above it in its column."""
    own, total, count = values[index], 0.0, 0
    for other in reversed(values[:index]):
        above = other.part.segment.row < own.part.segment.row
        if above and abs(other.part.box.x1 - own.part.box.x1) < own.part.box.height:
            total, count = total + other.number, count + 1
            if count > 1 and abs(total - own.number) < 0.005:
                return True
    return False
