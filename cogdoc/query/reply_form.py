"""How long a reply a question calls for: a few words, sentences, or a list, a table or a text."""

from __future__ import annotations

import re
from enum import StrEnum

from cogdoc.query.lexicon.loading import load_lexicon
from cogdoc.query.question import Shape
from cogdoc.query.question_clause import NUMERIC_QUESTIONS, Clause
from cogdoc.query.question_parser import MAX_LENGTH, parse_question
from cogdoc.query.question_pieces import normalize, split_pieces
from cogdoc.query.tree import Difference, ListOf
from cogdoc.text import has_unspaced

_QUOTED = re.compile(r"[\"“「『][^\"”」』]*[\"”」』]")


class ReplyForm(StrEnum):
    FACT = "fact"
    """A name, a number, a date, yes or no."""
    SENTENCES = "sentences"
    """An explanation, a description, a comparison."""
    LONG = "long"
    """A list, JSON, a table, a translation, a transcription."""


def reply_form(text: str) -> ReplyForm:
    """The form of the reply that a question or an instruction calls for, by the words of the lexicons."""
    plain = _QUOTED.sub(" ", normalize(text[:MAX_LENGTH])).lower()
    if any(_says(plain, name) for name in ("format", "translate", "transcribe")):
        return ReplyForm.LONG
    question = parse_question(text)
    clause = Clause(plain, question.language, split_pieces(plain, question.language))
    if _asks_for_list(question.tree, clause):
        return ReplyForm.LONG
    is_reason = clause.asks("?reason", "?manner") and not clause.asks(*NUMERIC_QUESTIONS)
    if is_reason or question.shape is Shape.SUMMARY or any(_says(plain, name) for name in ("compare", "explain")):
        return ReplyForm.SENTENCES
    if isinstance(question.tree, Difference) and not clause.asks(*NUMERIC_QUESTIONS) and not question.periods:
        return ReplyForm.SENTENCES
    return ReplyForm.FACT


def _asks_for_list(tree: object, clause: Clause) -> bool:
    """Whether several things are asked for; "name of the customer?" asks for one."""
    return isinstance(tree, ListOf) and not (clause.has(0, "weak") and clause.has(1, "link"))


def _says(text: str, instruction: str) -> bool:
    """Whether `text` has a phrase of the instruction; in scripts without spaces, in any place."""
    return any(
        phrase in text if has_unspaced(phrase) else re.search(rf"\b{re.escape(phrase)}\b", text)
        for phrase in load_lexicon().instructions.get(instruction, ())
    )
