"""Metrics for answers, text and tables: pure functions that follow a published definition each."""

from __future__ import annotations

from cogdoc.evaluation.metrics.adjacency import adjacency_f1
from cogdoc.evaluation.metrics.answers import anls, anls_or_number, pypi_anls, relaxed_accuracy
from cogdoc.evaluation.metrics.bootstrap import Estimate, bootstrap_mean
from cogdoc.evaluation.metrics.chart_answers import chartqa_split_accuracy, chartqapro_accuracy
from cogdoc.evaluation.metrics.choice import chosen_option, circular_accuracy, circular_hits, inferred_option
from cogdoc.evaluation.metrics.mmlongbench import NOT_ANSWERABLE, mmlongbench_anls, mmlongbench_score
from cogdoc.evaluation.metrics.ocrbench import (
    ocrbench_contains,
    ocrbench_v2_chinese_score,
    ocrbench_v2_count_score,
    ocrbench_v2_score,
)
from cogdoc.evaluation.metrics.open_answers import open_answer_score
from cogdoc.evaluation.metrics.page_tests import passes
from cogdoc.evaluation.metrics.teds import teds
from cogdoc.evaluation.metrics.text import (
    character_error_rate,
    normalized_edit_distance,
    word_error_rate,
    word_recall,
)
from cogdoc.evaluation.metrics.toolkits import Toolkit
from cogdoc.evaluation.metrics.vcr import VcrScore, vcr_score, vcr_scores
from cogdoc.evaluation.metrics.vqa import normalized_vqa_answer, vqa_accuracy

__all__ = [
    "NOT_ANSWERABLE",
    "Estimate",
    "Toolkit",
    "VcrScore",
    "adjacency_f1",
    "anls",
    "anls_or_number",
    "bootstrap_mean",
    "character_error_rate",
    "chartqa_split_accuracy",
    "chartqapro_accuracy",
    "chosen_option",
    "circular_accuracy",
    "circular_hits",
    "inferred_option",
    "mmlongbench_anls",
    "mmlongbench_score",
    "normalized_edit_distance",
    "normalized_vqa_answer",
    "ocrbench_contains",
    "ocrbench_v2_chinese_score",
    "ocrbench_v2_count_score",
    "ocrbench_v2_score",
    "open_answer_score",
    "passes",
    "pypi_anls",
    "relaxed_accuracy",
    "teds",
    "vcr_score",
    "vcr_scores",
    "vqa_accuracy",
    "word_error_rate",
    "word_recall",
]
