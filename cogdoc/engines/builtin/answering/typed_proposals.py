"""Proposes every value of the type that a question asks for, described by its label and its place on the page.

A question often words its label in no way that the page prints ("on what day was it issued"), but few values of the
page are dates; any word may be an identifier, though, which needs a label. Amounts have their place in the arithmetic
of the document: net + tax = total, cash - change = total.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping

from cogdoc.engines.builtin.answering.amounts import (
    AMOUNT_ROLES,
    describe_amounts,
    describe_item_amounts,
    role_named,
)
from cogdoc.engines.builtin.answering.document_properties import unexplained
from cogdoc.engines.builtin.answering.fields import context_of
from cogdoc.engines.builtin.answering.labelled_values import labelled_values
from cogdoc.engines.builtin.answering.proposals import Proposal, Relation
from cogdoc.engines.builtin.answering.prose import prose_segments
from cogdoc.query.concepts import concepts_in
from cogdoc.query.fitted_model import Features
from cogdoc.query.label_matching import Matcher
from cogdoc.query.lexicon.loading import load_lexicon
from cogdoc.query.question_pieces import quotations
from cogdoc.query.registered_numbers import number_form
from cogdoc.query.segments import PageView
from cogdoc.query.terms import tokenize
from cogdoc.query.typed_values import ValueKind
from cogdoc.text import has_han

MIN_FIT = 0.6
MAX_VALUES = 12
"""A page with more values of a kind than this proposes only those whose label matches, and possible totals."""

TYPES = frozenset(
    (
        ValueKind.AMOUNT, ValueKind.NUMBER, ValueKind.PERCENT, ValueKind.DATE, ValueKind.DATE_AND_TIME, ValueKind.YEAR,
        ValueKind.TIME, ValueKind.PHONE, ValueKind.EMAIL, ValueKind.URL, ValueKind.IDENTIFIER, ValueKind.DURATION,
    )
)  # fmt: skip
"""The kinds whose values are recognized without a label."""

KINDS_BY_NOUN = (("number", ValueKind.IDENTIFIER), ("iban", ValueKind.IDENTIFIER), ("date", ValueKind.DATE))
"""The kinds of values that the last words of concepts imply: "order number"."""

GENERAL_AMOUNTS = frozenset(("price", "amount", "cost", "costs", "payment", "currency", "invoice", "receipt", "order"))
"""Concepts of questions about the total that do not name it: "what does it cost", "how much was paid"."""


def propose_typed_values(matcher: Matcher, page: PageView) -> Iterator[Proposal]:
    """The values of the page that have a type that the question asks for."""
    asked = concepts_in(matcher.question.text)
    for kind in matcher.question.kinds[:-1] or _kinds_of(asked):
        if kind in TYPES:
            yield from _of_kind(matcher, page, kind, asked)


def _kinds_of(asked: frozenset[str]) -> tuple[ValueKind, ...]:
    """The kind of value that concepts imply if the words of the question state none."""
    if "amount in words" in asked:
        return ()
    if any(asked & AMOUNT_ROLES[role] for role in ("gross", "net", "tax")):
        return (ValueKind.AMOUNT,)
    last_words = {name.split()[-1] for name in asked if " " in name or name == "iban"}
    return tuple(dict.fromkeys(kind for word, kind in KINDS_BY_NOUN if word in last_words))


def _of_kind(matcher: Matcher, page: PageView, kind: ValueKind, asked: frozenset[str]) -> Iterator[Proposal]:
    values = [value for value in labelled_values(page, kind) if value.fit >= MIN_FIT]
    texts = {value.part.text for value in values}
    prose = prose_segments(page)
    is_foreign = page.language != matcher.question.language
    in_row = Counter(value.part.segment.row for value in values)
    explained = 1 - unexplained(matcher, GENERAL_AMOUNTS.union(*AMOUNT_ROLES.values()))
    is_of_item = names_quoted(matcher.question.text, page)
    role = None if "amount in words" in asked else role_named(asked) or ("gross" if explained == 1 else None)
    arithmetic: Mapping[int, Features] = {}
    if kind is ValueKind.AMOUNT and is_of_item:
        arithmetic = describe_item_amounts(page, values, asked)
    elif kind is ValueKind.AMOUNT and role:
        arithmetic = describe_amounts(page, values, role, explained)
    for index, value in enumerate(values):
        form = number_form(value.part.text) if kind is ValueKind.IDENTIFIER else None
        tokens = tokenize(value.label if form is None else f"{value.label} {form}")
        covered = matcher.covering(tokens)
        recall = matcher.recall(covered)
        context = context_of(matcher, page, value.part.segment, value.label) if value.label and recall else {}
        header = matcher.covering(tokenize(value.header))
        shared = asked & value.concepts
        replaced = matcher.replacement_score(value.label)
        around = {**context, **covered, **header}
        is_kind = is_foreign and bool(around)
        if ValueKind.IDENTIFIER in (kind, matcher.question.kinds[0]) and not (
            form in asked or is_kind or _is_named(matcher, shared, around)
        ):
            continue
        if replaced and has_han(value.label) and not any(" " in concept for concept in shared):
            continue
        if len(texts) > MAX_VALUES and not (recall or shared or header or index in arithmetic):
            continue
        features: Features = {
            "typed": 1.0,
            "typed-only": 1 / len(texts),
            "typed-beside": min(1.0, (in_row[value.part.segment.row] - 1) / 2),
            "typed-high": 1 - value.part.segment.row / len(page.rows),
            "typed-prose": float(value.part.segment.index in prose),
            "typed-unlabelled": float(not value.label),
            "typed-shared": len(shared) / max(1, len(asked)),
            "typed-other": len(value.concepts - asked) / max(1, len(value.concepts)),
            "typed-header": matcher.recall(covered, header) - recall,
            "typed-header-other": float(bool(value.header) and not header),
            "context": max(0.0, matcher.recall(covered, context) - recall),
            "typed-elsewhere": _elsewhere(matcher, {**context, **covered}),
            "typed-replaced": replaced,
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


def names_quoted(question: str, page: PageView) -> bool:
    """Whether a question quotes a text of the page: what "Green tea" costs in total is no total of the document."""
    quoted = [frozenset(token.norm for token in tokenize(text)) for text in quotations(question)]
    texts = [frozenset(token.norm for token in segment.tokens) for segment in page.segments] if any(quoted) else []
    return any(words and words <= text for words in quoted for text in texts)


def _is_named(matcher: Matcher, shared: frozenset[str], covered: Mapping[int, float]) -> bool:
    """Whether the words around a value name what is asked for, and not only its kind: "number" may be of anything.

    Labels in another language may name it in words that the lexicon lacks.
    """
    terms, weak = matcher.question.terms, load_lexicon().words["weak"]
    named = [index for index in matcher.core if terms[index].norm not in weak] or matcher.core
    return bool(shared - weak) or any(index in covered for index in named)


def _elsewhere(matcher: Matcher, covered: Mapping[int, float]) -> float:
    """Share of the question's weight in words that the pages print, but not around this value."""
    weights = zip(matcher.counts, matcher.weights, strict=True)
    return sum(w for index, (count, w) in enumerate(weights) if count and index not in covered) / matcher.total
