"""`--out values`: answers for people and for programs, separated by a tab: "€412,860 thousand", "412860000 EUR"."""

from __future__ import annotations

from cogdoc.results.records import Answer
from cogdoc.results.renderers.text import TextRenderer
from cogdoc.results.value_text import in_full


class ValuesRenderer(TextRenderer):
    def answer_text(self, answer: Answer) -> str:
        cells = (in_full(answer), "" if answer.value is None else answer.value.plain)
        return "\t".join(" ".join(cell.split()) for cell in cells)
