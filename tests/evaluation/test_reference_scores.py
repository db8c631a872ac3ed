"""Each metric gives the scores that the reference implementation it follows gave, on every recorded case."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from reference_cases import cases

from cogdoc.evaluation.metrics import (
    anls,
    character_error_rate,
    mmlongbench_score,
    normalized_edit_distance,
    ocrbench_contains,
    passes,
    relaxed_accuracy,
    teds,
    word_error_rate,
)

TOLERANCE = 1e-6


@pytest.mark.parametrize("implementation", ["EvolvingLMMs-Lab/lmms-eval", "open-compass/VLMEvalKit"])
def test_anls_agrees_with_lmms_eval_and_vlmevalkit(implementation: str) -> None:
    for case in cases("anls", implementation):
        score = anls(case.fields["prediction"], case.fields["answers"])
        assert score == pytest.approx(case.expected, abs=TOLERANCE), case


def test_relaxed_accuracy_agrees_with_vlmevalkit() -> None:
    for case in cases("relaxed_accuracy", "open-compass/VLMEvalKit"):
        assert relaxed_accuracy(case.fields["prediction"], [case.fields["answer"]]) == case.expected, case


def test_containment_agrees_with_lmms_eval() -> None:
    for case in cases("ocrbench", "EvolvingLMMs-Lab/lmms-eval"):
        formula = case.fields.get("category") == "HME (formula)"
        assert ocrbench_contains(case.fields["prediction"], case.fields["answers"], formula) == case.expected, case


def test_typed_score_agrees_with_the_official_one() -> None:
    for case in cases("mmlongbench_doc", "mayubo2333/MMLongBench-Doc"):
        score = mmlongbench_score(case.fields["prediction"], case.fields["answer"], case.fields["answer_type"])
        assert score == pytest.approx(case.expected, abs=TOLERANCE), case


@pytest.mark.parametrize(
    ("metric", "implementation"),
    [
        (character_error_rate, "jiwer (PyPI) @ 4.0.0 cer()"),
        (word_error_rate, "jiwer (PyPI) @ 4.0.0 wer()"),
        (normalized_edit_distance, "python-Levenshtein"),
    ],
)
def test_error_rates_agree_with_jiwer_and_levenshtein(metric: Callable[[str, str], float], implementation: str) -> None:
    for case in cases("cer_wer", implementation):
        expected = 0.0 if case.expected == "ERROR:ZeroDivisionError" else case.expected
        score = metric(case.fields["prediction"], case.fields["reference"])
        assert score == pytest.approx(expected, abs=TOLERANCE), case


def test_page_tests_agree_with_olmocr_bench() -> None:
    for case in cases("olmocr_bench", "allenai/olmocr"):
        test = {"type": case.fields["type"], **case.fields["test"]}
        assert passes(test, case.fields["prediction"]) == case.expected, case


@pytest.mark.parametrize(("structure_only", "variant"), [(False, "TEDS"), (True, "TEDS(structure_only=True)")])
def test_teds_agrees_with_pubtabnet(structure_only: bool, variant: str) -> None:
    for case in cases("teds", f"ibm-aur-nlp/PubTabNet src/metric.py @ 8ffde902 {variant}"):
        score = teds(case.fields["prediction"], case.fields["answer"], structure_only=structure_only)
        assert score == pytest.approx(case.expected, abs=TOLERANCE), case
