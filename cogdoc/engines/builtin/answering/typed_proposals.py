"""Proposes every value of the type that a question asks for, described by its label and its place on the page.

A question often words its label in no way that the page prints ("on what day was it issued"), but few values of the
page are dates. Amounts have their place in the arithmetic of the document: net + tax = total, cash - change = total.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from cogdoc.engines.builtin.answering.fields import context_of
from cogdoc.engines.builtin.answering.proposals import Proposal, Relation
from cogdoc.parsing.numbers import find_numbers
from cogdoc.query.concepts import concepts_in
from cogdoc.query.fitted_model import Features
from cogdoc.query.label_matching import Matcher
from cogdoc.query.segments import PageView, Segment, Slice
from cogdoc.query.terms import tokenize
from cogdoc.query.typed_values import ValueKind, find_values

MIN_FIT = 0.6
CENTS_FIT = 0.9
"""Fit of an amount with a currency or with two decimals."""

MAX_VALUES = 12
"""A page with more values of a kind than this proposes only those whose label matches, and possible totals."""

MAX_LABEL_ROWS = 2
"""Rows above a value within which its label is searched for."""

TYPES = frozenset(
    (
        ValueKind.AMOUNT, ValueKind.NUMBER, ValueKind.PERCENT, ValueKind.DATE, ValueKind.DATE_AND_TIME, ValueKind.YEAR,
        ValueKind.TIME, ValueKind.PHONE, ValueKind.EMAIL, ValueKind.URL, ValueKind.IDENTIFIER, ValueKind.DURATION,
    )
)  # fmt: skip
"""The kinds whose values are recognized without a label."""

AMOUNT_ROLES = {
    "change": frozenset(("change",)),
    "other": frozenset(("discount", "rounding", "shipping costs", "unit price", "balance", "tip", "quantity")),
    "net": frozenset(("net total", "subtotal", "tax base", "tax excluded")),
    "tax": frozenset(("tax", "tax amount")),
    "paid": frozenset(("cash", "card")),
    "gross": frozenset(("gross total", "amount due", "total", "amount paid", "paid", "tax included")),
}
"""What an amount is in the arithmetic of a document, by the concepts of its label; the first that applies."""


@dataclass(frozen=True, slots=True)
class LabelledValue:
    part: Slice
    fit: float
    label: str
    """The words before it in its row, or those above it."""
    concepts: frozenset[str]
    """Of its label."""
    number: float
    """0 for values that are not numeric."""


def propose_typed_values(matcher: Matcher, page: PageView) -> Iterator[Proposal]:
    """The values of the page that have a type that the question asks for."""
    asked = concepts_in(matcher.question.text)
    for kind in matcher.question.kinds[:-1] or _kinds_of(asked):
        if kind in TYPES:
            yield from _of_kind(matcher, page, kind, asked)


def _kinds_of(asked: frozenset[str]) -> tuple[ValueKind, ...]:
    """The kind of value that concepts imply if the words of the question state none."""
    if any(asked & AMOUNT_ROLES[role] for role in ("gross", "net", "tax")):
        return (ValueKind.AMOUNT,)
    last_words = {name.split()[-1] for name in asked if " " in name}
    return tuple(
        kind for word, kind in (("number", ValueKind.IDENTIFIER), ("date", ValueKind.DATE)) if word in last_words
    )


def _of_kind(matcher: Matcher, page: PageView, kind: ValueKind, asked: frozenset[str]) -> Iterator[Proposal]:
    values = [value for value in labelled_values(page, kind) if value.fit >= MIN_FIT]
    texts = {value.part.text for value in values}
    in_row = Counter(value.part.segment.row for value in values)
    role = next((role for role, named in AMOUNT_ROLES.items() if asked & named), None)
    arithmetic = _arithmetic(page, values, role) if kind is ValueKind.AMOUNT and role else {}
    for index, value in enumerate(values):
        tokens = tokenize(value.label)
        covered = matcher.covering(tokens)
        recall = matcher.recall(covered)
        context = context_of(matcher, page, value.part.segment, value.label) if value.label and recall else {}
        shared = asked & value.concepts
        if len(texts) > MAX_VALUES and not (recall or shared or index in arithmetic):
            continue
        features: Features = {
            "typed": 1.0,
            "typed-only": 1 / len(texts),
            "typed-beside": min(1.0, (in_row[value.part.segment.row] - 1) / 2),
            "typed-high": 1 - value.part.segment.row / len(page.rows),
            "typed-unlabelled": float(not value.label),
            "typed-shared": len(shared) / max(1, len(asked)),
            "typed-other": len(value.concepts - asked) / max(1, len(value.concepts)),
            "context": max(0.0, matcher.recall(covered, context) - recall),
            "typed-elsewhere": _elsewhere(matcher, {**context, **covered}),
            "typed-replaced": matcher.replacement_score(value.label),
            **arithmetic.get(index, {}),
        }
        yield Proposal(
            page=page,
            text=value.part.text,
            slices=(value.part,),
            relation=Relation.FIELD,
            kind=kind,
            recall=recall,
            precision=matcher.precision(tokens) if tokens else 0.0,
            fit=value.fit,
            evidence=page.row_text(value.part.segment),
            features=features,
        )


def _elsewhere(matcher: Matcher, covered: Mapping[int, float]) -> float:
    """Share of the question's weight in words that the pages print, but not around this value."""
    weights = zip(matcher.counts, matcher.weights, strict=True)
    return sum(w for index, (count, w) in enumerate(weights) if count and index not in covered) / matcher.total


def labelled_values(page: PageView, kind: ValueKind) -> list[LabelledValue]:
    """All values of a kind on a page, with their labels."""
    values = []
    for segment in page.segments:
        for found in find_values(kind, segment.text):
            label = _label(page, segment, found.start)
            part = Slice(segment, found.start, found.end)
            number = next((number.value for number in find_numbers(part.text)), 0.0)
            values.append(LabelledValue(part, found.fit, label, concepts_in(label), number))
    return values


def _label(page: PageView, segment: Segment, start: int) -> str:
    """The words before a value in its row; if there are none, the words right above it."""
    parts = [segment.text[:start], *(other.text for other in page.left_of(segment))]
    label = " ".join(reversed([text for text in parts if text.strip()]))
    if any(char.isalpha() for char in label):
        return label
    above = (other for other in page.above(segment) if other.row >= segment.row - MAX_LABEL_ROWS)
    return next((other.text for other in above if any(char.isalpha() for char in other.text)), "")


def _arithmetic(page: PageView, values: Sequence[LabelledValue], asked: str) -> dict[int, Features]:
    """What makes an amount the one that is asked for, by the index of each value that may be it."""
    roles = [_amount_role(value) for value in values]
    computed = _computed(values, roles, asked)
    printed = [value.number for value in values]
    largest = max(printed, default=0.0)
    cents = sum(value.fit >= CENTS_FIT for value in values) > 0.5 * len(values)
    features: dict[int, Features] = {}
    for index, (value, role) in enumerate(zip(values, roles, strict=True)):
        is_total = asked == "gross" and value.number == largest > 0
        if not (role or value.number in computed or is_total):
            continue
        features[index] = {
            "amount": 1.0,
            "amount-role": float(role == asked),
            "amount-other-role": float(role not in (asked, None)),
            "amount-computed": float(value.number in computed),
            "amount-zero": float(value.number == 0),
            "amount-without-cents": float(cents and value.fit < CENTS_FIT),
            "total-largest": float(is_total),
            "total-repeated": min(3, printed.count(value.number) - 1) / 3 if asked == "gross" else 0.0,
            "total-low": value.part.segment.row / len(page.rows) if asked == "gross" else 0.0,
        }
    return features


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


def _amount_role(value: LabelledValue) -> str | None:
    role = next((role for role, named in AMOUNT_ROLES.items() if value.concepts & named), None)
    return "gross" if role == "tax" and "tax included" in value.concepts else role
