"""Answers from the words and the layout of pages alone: no model, no download, the same every time."""

from cogdoc.engines.builtin.answering.answer import answer_question
from cogdoc.engines.builtin.answering.pages import RankedPage, rank_pages

__all__ = ["RankedPage", "answer_question", "rank_pages"]
