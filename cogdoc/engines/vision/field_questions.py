"""What a vision model is asked for a field, in English or Chinese.

The texts are those of the user: the name of the field, its description and its choices. The types of other fields are
not asked for, since what is printed is converted afterwards, and small checkpoints answer the bare question best: the
pocket checkpoint reads all nine values of its three sample forms by it, but with "Answer with the amount as printed."
it misses the first form's total and invents a tip.
"""

from __future__ import annotations

from cogdoc.fields.field import Field, FieldType
from cogdoc.text import has_han

MAX_DESCRIPTION = 300
"""Characters."""


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
    elif field.type is FieldType.BOOLEAN:
        parts.append("请回答是或否。" if is_chinese else "Answer yes or no.")
    return ("" if is_chinese else " ").join(parts)
