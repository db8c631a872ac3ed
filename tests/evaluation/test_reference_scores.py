"""Each metric reproduces the scores of the reference implementations on all recorded cases."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from reference_cases import Reference, recorded_cases, recorded_references

from cogdoc.evaluation.metrics import (
    Toolkit,
    anls,
    character_error_rate,
    chartqa_split_accuracy,
    chartqapro_accuracy,
    mmlongbench_anls,
    mmlongbench_score,
    normalized_edit_distance,
    normalized_vqa_answer,
    ocrbench_contains,
    ocrbench_v2_chinese_score,
    ocrbench_v2_count_score,
    ocrbench_v2_score,
    passes,
    pypi_anls,
    relaxed_accuracy,
    teds,
    vqa_accuracy,
    word_error_rate,
)

CASES = recorded_cases()
REFERENCES = recorded_references(CASES)
TOLERANCE = 1e-6

Fields = dict[str, Any]
Scorer = Callable[[Fields], Any]


def answered(metric: Callable[[str, list[str]], float]) -> Scorer:
    # Some cases of OCRBench v2 contain numbers, which its scorer converts to texts.
    return lambda case: metric(str(case["prediction"]), [str(answer) for answer in case["answers"]])


def compared(metric: Callable[[str, str], float]) -> Scorer:
    return lambda case: metric(case["prediction"], case["reference"])


def relaxed(toolkit: Toolkit) -> Scorer:
    return lambda case: relaxed_accuracy(case["prediction"], [case["answer"]], toolkit=toolkit)


def chartqa_split(question: str) -> Scorer:
    return lambda case: chartqa_split_accuracy(case["prediction"], case["answer"], question)


def chartqapro(year: bool) -> Scorer:
    return lambda case: chartqapro_accuracy(case["prediction"], case["answer"], [year])


def voted(toolkit: Toolkit) -> Scorer:
    return lambda case: vqa_accuracy(case["prediction"], case["answers"], toolkit)


def normalized(toolkit: Toolkit) -> Scorer:
    return lambda case: normalized_vqa_answer(case["input"], toolkit)


def contained(toolkit: Toolkit, formula: bool = False) -> Scorer:
    return lambda case: ocrbench_contains(case["prediction"], case["answers"], formula, toolkit)


def tree_similarity(structure_only: bool) -> Scorer:
    return lambda case: teds(case["prediction"], case["answer"], structure_only=structure_only)


LMMS_EVAL = "EvolvingLMMs-Lab/lmms-eval @ 75571cfe"
VQA_EVAL = "open-compass/VLMEvalKit vlmeval/dataset/utils/vqa_eval.py @ e8e78f05"
OCRBENCH_V2 = "open-compass/VLMEvalKit vlmeval/dataset/utils/Ocrbench_v2/vqa_metric.py @ e8e78f05"
MMLONGBENCH = "mayubo2333/MMLongBench-Doc eval/eval_score.py @ d73f0dc0"
CHARTQA_SPLIT = "RobustCQA/ChartQA-Split scripts/eval_utils.py @ d20e38ad modified_relaxed_accuracy"
CHARTQAPRO = "vis-nlp/ChartQAPro evaluate_predictions.py @ 4b422c65 relaxed_correctness_chartqapro"
PUBTABNET = "ibm-aur-nlp/PubTabNet src/metric.py @ 8ffde902"

SCORERS: dict[str, dict[str, Scorer]] = {
    "anls": {
        f"{VQA_EVAL} (process_line anls + hit_calculate)": answered(anls),
        f"{LMMS_EVAL} lmms_eval/api/metrics.py anls()": answered(anls),
        "anls (PyPI, shunk031/ANLS) @ 0.0.2 anls_score(threshold=0.5), lower-cased by caller as ChartQAPro does": (
            answered(pypi_anls)
        ),
        f"{MMLONGBENCH} anls_compute on raw strings (best over answers)": answered(mmlongbench_anls),
    },
    "relaxed_accuracy": {
        f"{VQA_EVAL} relaxed_correctness after .strip() of the prediction (process_line relaxed_accuracy)": (
            relaxed(Toolkit.VLMEVALKIT)
        ),
        f"{LMMS_EVAL} lmms_eval/tasks/chartqa/utils.py relaxed_correctness (no strip)": relaxed(Toolkit.LMMS_EVAL),
        f'{CHARTQA_SPLIT}(question="")': chartqa_split(""),
        f'{CHARTQA_SPLIT}(question="In which year?")': chartqa_split("In which year?"),
        f'{CHARTQAPRO}(year_flags=["NO"])': chartqapro(False),
        f'{CHARTQAPRO}(year_flags=["YES"])': chartqapro(True),
    },
    "vqa_accuracy": {
        f"{LMMS_EVAL} textvqa_process_results (EvalAIAnswerProcessor)": voted(Toolkit.LMMS_EVAL),
        f"{VQA_EVAL} process_line vqa_score (TextVQA)": voted(Toolkit.VLMEVALKIT),
    },
    "vqa_answer_normalisation": {
        f"{LMMS_EVAL} EvalAIAnswerProcessor": normalized(Toolkit.LMMS_EVAL),
        f"{VQA_EVAL} process_answer": normalized(Toolkit.VLMEVALKIT),
    },
    "ocrbench": {
        f"{LMMS_EVAL} ocrbench_process_results": contained(Toolkit.LMMS_EVAL),
        f"{LMMS_EVAL} ocrbench_process_results dataset=HME100k": contained(Toolkit.LMMS_EVAL, formula=True),
        "open-compass/VLMEvalKit vlmeval/dataset/utils/ocrbench.py OCRBench_eval loop body @ e8e78f05": (
            contained(Toolkit.VLMEVALKIT)
        ),
        "open-compass/VLMEvalKit OCRBench_eval loop body @ e8e78f05": contained(Toolkit.VLMEVALKIT, formula=True),
    },
    "ocrbench_v2_vqa": {
        f"{OCRBENCH_V2} vqa_evaluation": answered(ocrbench_v2_score),
        f"{OCRBENCH_V2} cn_vqa_evaluation": answered(ocrbench_v2_chinese_score),
        f'{OCRBENCH_V2} counting_evaluation(eval_method="regression")': answered(ocrbench_v2_count_score),
    },
    "mmlongbench_doc": {
        f"{MMLONGBENCH} eval_score": (
            lambda case: mmlongbench_score(case["prediction"], case["answer"], case["answer_type"])
        ),
    },
    "cer_wer": {
        "jiwer (PyPI) @ 4.0.0 cer()": compared(character_error_rate),
        "jiwer (PyPI) @ 4.0.0 wer()": compared(word_error_rate),
        "python-Levenshtein distance/max(len) (OmniDocBench style normalised edit distance)": (
            compared(normalized_edit_distance)
        ),
    },
    "olmocr_bench": {
        "allenai/olmocr olmocr/bench/tests.py @ f7cfe4c2": (
            lambda case: passes({"type": case["type"], **case["test"]}, case["prediction"])
        ),
    },
    "teds": {
        f"{PUBTABNET} TEDS": tree_similarity(structure_only=False),
        f"{PUBTABNET} TEDS(structure_only=True)": tree_similarity(structure_only=True),
    },
}
"""The project's function for each implementation, named as in the files."""

WHERE_THE_REFERENCE_FAILS = {"ERROR:ZeroDivisionError": 0.0}
"""The normalized distance of two empty texts; they are equal, so here it is 0."""


def expected_score(recorded: Any) -> Any:
    if isinstance(recorded, str) and recorded.startswith("ERROR:"):
        return WHERE_THE_REFERENCE_FAILS[recorded]
    return recorded if isinstance(recorded, str | bool) else pytest.approx(recorded, abs=TOLERANCE)


@pytest.mark.parametrize(
    "reference", REFERENCES, ids=lambda reference: f"{reference.metric}: {reference.implementation}"
)
def test_every_recorded_case_is_reproduced(reference: Reference) -> None:
    scorer = SCORERS[reference.metric][reference.implementation]
    for case in CASES[reference.metric]:
        if reference.implementation in case.expected:
            score = scorer(case.fields)
            assert score == expected_score(case.expected[reference.implementation]), case.fields


@pytest.mark.skipif(not CASES, reason="no reference cases on this machine")
def test_every_scorer_has_recorded_cases_and_every_case_has_a_score() -> None:
    listed = {Reference(metric, name) for metric, scorers in SCORERS.items() for name in scorers}
    assert listed == set(REFERENCES)
    assert [case for cases in CASES.values() for case in cases if not case.expected] == []
