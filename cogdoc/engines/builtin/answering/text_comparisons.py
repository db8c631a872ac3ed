"""Answers yes or no from a sentence whose number compares as asked: "is the margin above 10%" from "rose to 11.4%"."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from cogdoc.engines.builtin.answering.proposals import Proposal
from cogdoc.engines.builtin.answering.running_text import QuestionTerms
from cogdoc.engines.builtin.answering.sentences import ScoredSentence, score_sentences
from cogdoc.engines.builtin.answering.statements import core_words, yes_or_no
from cogdoc.parsing.numbers import Number, find_numbers
from cogdoc.query.label_matching import Matcher
from cogdoc.query.row_sets import compare
from cogdoc.query.segments import PageView
from cogdoc.query.tree import Compare, Select

MIN_NAMED = 0.85
"""Share of the weight of the words for the quantity that the sentence contains."""

SENTENCES = 4


def propose_text_comparisons(matcher: Matcher, pages: Sequence[PageView]) -> Iterator[Proposal]:
    """Yes or no, from each sentence that says a number for the quantity which the question compares with another."""
    tree = matcher.question.tree
    if not isinstance(tree, Compare) or not isinstance(tree.left, Select) or not isinstance(tree.right, str):
        return
    language = matcher.question.language
    asked = find_numbers(matcher.question.text)
    terms = QuestionTerms(" ".join((tree.left.words, *tree.left.where)), language)
    if len(asked) != 1 or not terms.norms:
        return
    weights, scored = score_sentences(terms, pages)
    for found in scored[:SENTENCES]:
        number = _number(found, weights, asked[0])
        if found.overlap >= MIN_NAMED and number is not None:
            truth = compare(number.value, asked[0].value, tree.comparator)
            yield yes_or_no(found, language, truth is not tree.negated)


def _number(found: ScoredSentence, weights: Sequence[float], asked: Number) -> Number | None:
    """The only number of the kind that is asked for, beside the words for the quantity."""
    words = found.sentence.words
    core = core_words(found, weights)
    texts = find_numbers(found.passage.text[words[core[0]].start : found.sentence.end])
    end = words[core[-1]].end - words[core[0]].start
    alike = [one for one in texts if one.start < end and _is_same_kind(one, asked)]
    return alike[0] if len(alike) == 1 else None


def _is_same_kind(one: Number, other: Number) -> bool:
    units = one.unit and other.unit and one.unit != other.unit
    currencies = one.currency and other.currency and one.currency != other.currency
    return one.percent is other.percent and not units and not currencies
