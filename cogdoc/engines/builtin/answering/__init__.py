"""Answers questions from the text and layout of pages alone, without a model.

Start with `answer`: it collects proposals, ranks them and gives the best one. Proposals come from `fields` (values
next to their label), `checkboxes` (ticked options), `table_proposals` (cells of tables), `computed_proposals` (results
of the question's tree on tables), `chart_proposals` (the same on charts), `sentences` (running text),
`document_properties` with `parties` and `addresses` (issuer, recipient, the title) and `typed_proposals` (dates,
amounts and other values of the type that is asked for).
`proposal_ranking` and `confidence` score them with fitted weights from `weights/`.
"""

from cogdoc.engines.builtin.answering.answer import answer_question

__all__ = ["answer_question"]
