"""Metrics for answers, text and tables. Each is a pure function that follows a published definition."""

from __future__ import annotations

from cogdoc.evaluation.metrics.caption_restoration import VcrScore, vcr_score, vcr_scores
from cogdoc.evaluation.metrics.free_replies import (
    chosen_option,
    inferred_option,
    open_answer_score,
)
from cogdoc.evaluation.metrics.mmlongbench_scores import mmlongbench_anls, mmlongbench_score
from cogdoc.evaluation.metrics.ocrbench_scores import (
    ocrbench_contains,
    ocrbench_v2_chinese_score,
    ocrbench_v2_count_score,
    ocrbench_v2_score,
)
from cogdoc.evaluation.metrics.page_tests import passes
from cogdoc.evaluation.metrics.recognized_text import (
    character_error_rate,
    normalized_edit_distance,
    word_error_rate,
    word_recall,
)
from cogdoc.evaluation.metrics.short_answers import (
    Toolkit,
    anls,
    anls_or_number,
    chartqa_split_accuracy,
    chartqapro_accuracy,
    pypi_anls,
    relaxed_accuracy,
)
from cogdoc.evaluation.metrics.table_similarity import adjacency_f1, teds
from cogdoc.evaluation.metrics.vqa_scores import normalized_vqa_answer, vqa_accuracy

__all__ = [
    "Toolkit",
    "VcrScore",
    "adjacency_f1",
    "anls",
    "anls_or_number",
    "character_error_rate",
    "chartqa_split_accuracy",
    "chartqapro_accuracy",
    "chosen_option",
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
