"""Metrics for answers, text and tables: pure functions that follow a published definition each."""

from __future__ import annotations

from cogdoc.evaluation.metrics.adjacency import adjacency_f1
from cogdoc.evaluation.metrics.answers import anls, anls_or_number, ocrbench_contains, relaxed_accuracy
from cogdoc.evaluation.metrics.bootstrap import Estimate, bootstrap_mean
from cogdoc.evaluation.metrics.mmlongbench import NOT_ANSWERABLE, mmlongbench_score
from cogdoc.evaluation.metrics.page_tests import passes
from cogdoc.evaluation.metrics.teds import teds
from cogdoc.evaluation.metrics.text import (
    character_error_rate,
    normalized_edit_distance,
    word_error_rate,
    word_recall,
)

__all__ = [
    "NOT_ANSWERABLE",
    "Estimate",
    "adjacency_f1",
    "anls",
    "anls_or_number",
    "bootstrap_mean",
    "character_error_rate",
    "mmlongbench_score",
    "normalized_edit_distance",
    "ocrbench_contains",
    "passes",
    "relaxed_accuracy",
    "teds",
    "word_error_rate",
    "word_recall",
]
