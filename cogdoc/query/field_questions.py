"""A field as questions: what documents may call its value, and which kinds of value it may have."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from typing import Final

from cogdoc.fields.field import Field, FieldType
from cogdoc.query.question import Question
from cogdoc.query.question_parser import parse_question
from cogdoc.query.tree import Select
from cogdoc.query.typed_values import NUMERIC, ValueKind

MAX_WORDINGS = 8
"""Labels of one field that are looked for."""

_KINDS: Final = {
    FieldType.NUMBER: (ValueKind.NUMBER, ValueKind.AMOUNT, ValueKind.PERCENT),
    FieldType.INTEGER: (ValueKind.NUMBER, ValueKind.AMOUNT),
    FieldType.MONEY: (ValueKind.AMOUNT, ValueKind.NUMBER),
    FieldType.PERCENT: (ValueKind.PERCENT, ValueKind.NUMBER),
    FieldType.DATE: (ValueKind.DATE, ValueKind.YEAR),
    FieldType.TIME: (ValueKind.TIME,),
}
_FORMATS: Final = {
    "email": (ValueKind.EMAIL,),
    "uri": (ValueKind.URL,),
    "date-time": (ValueKind.DATE_AND_TIME, ValueKind.DATE),
    "duration": (ValueKind.DURATION,),
}


def field_questions(field: Field) -> tuple[Question, ...]:
    """The questions whose answer is the field's value, one or two for each wording."""
    questions: list[Question] = []
    for wording in field.wordings[:MAX_WORDINGS]:
        questions += _questions(wording, field.type, field.format)
    return tuple(questions)


@lru_cache(maxsize=1024)
def _questions(wording: str, kind: FieldType, value_format: str) -> tuple[Question, ...]:
    wording = wording.replace('"', "'")
    by_label, by_meaning = parse_question(f'"{wording}"'), parse_question(wording)
    meant = replace(by_meaning, tree=Select(wording), lookup=Select(wording))
    return tuple(replace(question, kinds=_kinds(question, kind, value_format)) for question in (by_label, meant))


def _kinds(question: Question, kind: FieldType, value_format: str) -> tuple[ValueKind, ...]:
    """The kinds of value that the type allows; of these, the kinds that the words state come first."""
    allowed = _FORMATS.get(value_format) or _KINDS.get(kind)
    if allowed is None:
        return question.kinds if kind is FieldType.TEXT else (ValueKind.TEXT,)
    stated = [one for one in question.kinds if one in allowed and one in NUMERIC and kind is not FieldType.MONEY]
    return (*dict.fromkeys((*stated, *allowed)), ValueKind.TEXT)
