"""Answers questions from the text and layout of pages alone, without a model.

Start with `answer`: it collects proposals, ranks them and gives the best one. Proposals come from `fields` (values
next to their label), `table_lookup` with `grids` (cells of tables), `sentences` (running text) and `letterheads`
with `receipts` (properties of the whole document). `proposal_ranking` and `confidence` score them with fitted
weights from `weights/`.
"""

from cogdoc.engines.builtin.answering.answer import answer_question

__all__ = ["answer_question"]
