"""Tells refusals from answers that only look like one: "None" is an answer where the page prints "Allergies: None"."""

from __future__ import annotations

from cogdoc.engines.vision.reply_phrases import is_refusal, says_absent, statement_verbs
from cogdoc.parsing.page_text import Line, PageText
from cogdoc.query.concepts import concepts_in
from cogdoc.query.question import Shape
from cogdoc.query.question_parser import parse_question
from cogdoc.query.terms import match_strength, split_words
from cogdoc.text import comparison_key

MATCHING = 0.8
"""Strength from which on a printed word is one of the question's; see `cogdoc.query.terms.match_strength`."""

SENTENCE_LENGTH = 20
"""Characters, without spaces, from which on a refusal that the page prints is the page's, wherever it is printed."""

MIN_WEIGHT = 0.5
"""Words of the question that weigh less only say what kind of value it asks for, such as "number"."""

_END = ".。!！"


def declines(question: str, answer: str, page_text: PageText) -> bool:
    """Whether `answer` says that the page does not answer the question.

    What reads like a refusal is an answer if the page prints it as the value that the question asks for, or if the
    question is whether the document says or has something.
    """
    if not is_refusal(answer):
        return False
    says = says_absent(answer) or statement_verbs(question) & statement_verbs(answer)
    if says and parse_question(question).shape is Shape.YES_NO:
        return False
    return not is_printed_value(question, answer, page_text)


def is_printed_value(question: str, answer: str, page_text: PageText) -> bool:
    """Whether the page prints `answer` as a value of its own, at the end of a line, beside words of the question.

    Beside it is what precedes it in its line, what is on the same row, and the line above a value that has its line
    to itself.
    """
    key = comparison_key(answer).strip(_END)
    if not key:
        return False
    if len(key) >= SENTENCE_LENGTH and key in comparison_key(page_text.text):
        return True
    return any(
        _ends_with(line, key) and _names(question, _context(index, key, page_text))
        for index, line in enumerate(page_text.lines)
    )


def _ends_with(line: Line, key: str) -> bool:
    """Whether the last words of a line are `key`."""
    end = ""
    for word in reversed(line.words):
        end = comparison_key(word.text) + end
        if end.rstrip(_END) == key:
            return True
    # Chinese labels and their values are often one word.
    return end.rstrip(_END).endswith(f":{key}")


def _context(index: int, key: str, page_text: PageText) -> str:
    """The text of the line at `index`, of the others on its row, and of the nearest line above if it is only `key`."""
    line = page_text.lines[index]
    box = line.box
    context = [other for other in page_text.lines if other.box.y0 < box.center[1] < other.box.y1]
    if comparison_key(line.text).strip(_END) == key:
        above = [
            other
            for other in page_text.lines
            if other.box.y1 <= box.center[1] and other.box.x0 < box.x1 and box.x0 < other.box.x1
        ]
        context += sorted(above, key=lambda other: other.box.y1)[-1:]
    return "\n".join(other.text for other in context)


def _names(question: str, context: str) -> bool:
    """Whether the context has a word of the question, or one that means the same; any context if it has no words."""
    terms = [term.norm for term in parse_question(question).terms if term.weight >= MIN_WEIGHT]
    words = split_words(context)
    same = any(match_strength(term, word) >= MATCHING for term in terms for word in words)
    return not terms or same or bool(concepts_in(question) & concepts_in(context))
