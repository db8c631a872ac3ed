"""What a vision model is asked for a field, in English or Chinese.

The texts are those of the user: the name of the field, its description and its choices.
"""

from __future__ import annotations

from typing import Final

from cogdoc.fields.field import Field, FieldType
from cogdoc.text import has_han

MAX_DESCRIPTION = 300
"""Characters."""

_FORMS: Final = {
    FieldType.NUMBER: ("Answer with the number as printed.", "请用原文中的数字回答。"),
    FieldType.INTEGER: ("Answer with the number as printed.", "请用原文中的数字回答。"),
    FieldType.MONEY: ("Answer with the amount as printed.", "请用原文中的金额回答。"),
    FieldType.PERCENT: ("Answer with the percentage as printed.", "请用原文中的百分比回答。"),
    FieldType.DATE: ("Answer with the date as printed.", "请用原文中的日期回答。"),
    FieldType.TIME: ("Answer with the time as printed.", "请用原文中的时间回答。"),
    FieldType.BOOLEAN: ("Answer yes or no.", "请回答是或否。"),
}


def field_question(field: Field) -> str:
    """The question whose answer is the field's value as printed."""
    wording = field.wordings[0] if field.wordings else field.description
    is_chinese = has_han(wording)
    asked = f"{wording}是什么？" if is_chinese else f"What is the {wording}?"
    if field.type is FieldType.BOOLEAN:
        asked = f"{wording}？" if is_chinese else f"{wording}?"
    parts = [asked]
    if field.description and field.description != wording:
        parts.append(f"({field.description[:MAX_DESCRIPTION]})")
    if field.choices:
        choices = ("、" if is_chinese else ", ").join(field.choices)
        parts.append(f"请从中选择：{choices}。" if is_chinese else f"Choose one of: {choices}.")
    elif field.type in _FORMS:
        parts.append(_FORMS[field.type][is_chinese])
    return ("" if is_chinese else " ").join(parts)
