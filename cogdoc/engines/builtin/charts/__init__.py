"""Reads charts without any model: marks are measured, labels are read, and questions answered from the table."""

from __future__ import annotations

from cogdoc.engines.builtin.charts.chart_parts import Drawing, DrawnPath
from cogdoc.engines.builtin.charts.chart_questions import answer_chart_question
from cogdoc.engines.builtin.charts.read import read_chart

__all__ = ["Drawing", "DrawnPath", "answer_chart_question", "read_chart"]
