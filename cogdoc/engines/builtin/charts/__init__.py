"""Reads charts without a model: marks are measured, labels are read, and questions are answered from the table.

Start with `chart_recognition`, which tries the kinds of charts in turn. A chart's words become labels
(`cogdoc.parsing.picture_labels`), its pixels or vector paths become marks (`marks`, `bar_layout`, `curves`, `discs`,
with `colors`).
`bars`, `lines` and `pies` put both together, with `axes`, `categories`, `legend`, `titles` and `mark_values`.
`chart_questions` answers questions from the table, with `matching` (which cells a question names), `intents` and
`operations` (what it asks for), `arithmetic` and `comparisons`.
"""

from __future__ import annotations

from cogdoc.engines.builtin.charts.chart_parts import Drawing, DrawnPath
from cogdoc.engines.builtin.charts.chart_questions import answer_chart_question
from cogdoc.engines.builtin.charts.chart_recognition import read_chart

__all__ = ["Drawing", "DrawnPath", "answer_chart_question", "read_chart"]
