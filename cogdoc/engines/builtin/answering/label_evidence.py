"""Describes whether a proposal is itself the label of another value, and whether another label claims it."""

from __future__ import annotations

import re

from cogdoc.engines.builtin.answering.proposals import Proposal, Relation
from cogdoc.query.concepts import concept_share, is_function_word
from cogdoc.query.fitted_model import Features
from cogdoc.query.label_matching import Matcher, is_label, label_share, starts_with_label
from cogdoc.query.proper_names import address_likeness, organisation_likeness
from cogdoc.query.segments import PageView, Segment, Slice
from cogdoc.query.terms import tokenize
from cogdoc.query.typed_values import ValueKind
from cogdoc.text import has_unspaced

LIKELY_LABEL = 0.9
"""Share of a text that names concepts of labels from which on it is one."""

MAX_LABEL_WORDS = 6

MAX_GAP = 2.5
"""Line heights from a header to the value below it."""

WORD_SIGNS = "-/_"
"""Signs inside identifiers."""

NO_NAME = "@#:/_=%*"
"""Signs that names do not contain."""

NAMED = (ValueKind.PERSON, ValueKind.ORGANISATION)

_COLON = re.compile(r"\s*[:：∶]")


def label_evidence(matcher: Matcher, proposal: Proposal) -> Features:
    """Features of the place of a value among labels, and of its own words."""
    asked = matcher.question.kinds[0]
    features = {
        "full-recall": float(proposal.recall > 0.95),
        "full-precision": float(proposal.precision > 0.95),
        "exact-label": float(min(proposal.recall, proposal.precision) > 0.9),
        **_words(proposal.text, asked),
    }
    if proposal.slices and proposal.slices[0].segment.row >= 0:
        first, last = proposal.slices[0].segment, proposal.slices[-1]
        features[f"high-{asked}"] = 1 - first.row / len(proposal.page.rows)
        features["before-colon"] = float(_COLON.match(last.segment.text, last.end) is not None)
        features["cut-word"] = float(_is_cut(proposal.slices[0], last))
        if not any(char.isdigit() for char in proposal.text):
            features["heads-column"] = float(_heads_numbers(proposal.page, first))
            features["heads-row"] = float(_precedes_number(proposal.page, last.segment))
        if proposal.relation is Relation.BELOW:
            features["other-label-beside"] = _claimed(matcher, proposal.page.left_of(first)[:1])
        elif proposal.relation is Relation.RIGHT:
            features["other-label-above"] = _claimed(matcher, _right_above(proposal.page, first))
    return features


def _is_cut(first: Slice, last: Slice) -> bool:
    """Whether a value is only a part of a word, such as the end of an identifier."""
    before, after = first.segment.text[: first.start][-1:], last.segment.text[last.end :][:1]
    return any(char in WORD_SIGNS or (char.isalnum() and not has_unspaced(char)) for char in (before, after) if char)


def _words(text: str, asked: ValueKind) -> dict[str, float]:
    tokens = tokenize(text)
    functions = sum(is_function_word(token.norm) for token in tokens) / max(1, len(tokens))
    features = {"function-words": functions}
    if len(tokens) <= MAX_LABEL_WORDS and asked is not ValueKind.YES_OR_NO:
        features["concept-words"] = concept_share(text)
    if asked is ValueKind.TEXT:
        features["digits"] = sum(char.isdigit() for char in text) / max(1, len(text))
    elif asked in NAMED:
        features[f"{asked}-organisation"] = organisation_likeness(text)
        features["name-address"] = address_likeness(text)
    if asked in (*NAMED, ValueKind.PLACE):
        features["name-concepts"] = concept_share(text)
        features["name-signs"] = sum(char.isdigit() or char in NO_NAME for char in text) / max(1, len(text))
    return features


def _heads_numbers(page: PageView, segment: Segment) -> bool:
    """Whether a text is in a row of several and above a number, as the header of a column is."""
    if len(page.rows[segment.row]) < 2:
        return False
    below = page.below(segment, MAX_GAP)[:1]
    return bool(below) and any(char.isdigit() for char in below[0].text)


def _precedes_number(page: PageView, segment: Segment) -> bool:
    """Whether the next text in its row is a number, as after the label of a row."""
    right = page.right_of(segment)[:1]
    return bool(right) and any(char.isdigit() for char in right[0].text) and not starts_with_label(right[0].text)


def _right_above(page: PageView, segment: Segment) -> tuple[Segment, ...]:
    near = segment.box.y0 - page.line_height
    return tuple(other for other in page.above(segment)[:1] if other.box.y1 > near)


def _claimed(matcher: Matcher, neighbors: tuple[Segment, ...]) -> float:
    """How much of the label next to a value the question does not explain; 0 without a label."""
    labels = [one for one in neighbors if is_label(one.text) or label_share(one.text) >= LIKELY_LABEL]
    return max((1 - matcher.precision(label.tokens) for label in labels), default=0.0)
