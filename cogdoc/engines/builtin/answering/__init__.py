"""Answers from the text and the layout of pages alone: no model, no download, the same result every time."""

from cogdoc.engines.builtin.answering.answer import answer_question

__all__ = ["answer_question"]
