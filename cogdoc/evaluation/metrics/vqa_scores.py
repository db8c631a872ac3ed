"""VQA accuracy, the metric of TextVQA, and its normalization of answers.

Antol et al., "VQA: Visual Question Answering", ICCV 2015; Singh et al., "Towards VQA Models That Can Read",
CVPR 2019.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from cogdoc.evaluation.metrics.short_answers import Toolkit

MATCHES_FOR_FULL_SCORE = 3

_NUMBER_WORDS = {
    "none": "0",
    "zero": "0",
    "one": "1",
    "two": "2",
    "three": "3",
    "four": "4",
    "five": "5",
    "six": "6",
    "seven": "7",
    "eight": "8",
    "nine": "9",
    "ten": "10",
}
_ARTICLES = frozenset({"a", "an", "the"})

_WITH_APOSTROPHES = """
    ain't aren't can't could've couldn't couldn't've didn't doesn't don't hadn't hadn't've hasn't haven't he'd he'd've
    he's how'd how'll how's isn't it'd it'd've it'll ma'am might've mightn't mightn't've must've mustn't needn't not've
    o'clock oughtn't 'ow's'at shan't she'd've should've shouldn't shouldn't've somebody'd've somebody'll somebody's
    someone'd someone'd've someone'll someone's something'd something'd've something'll that's there'd there'd've
    there're there's they'd they'd've they'll they're they've 'twas wasn't we'd've we've weren't what'll what're what's
    what've when's where'd where's where've who'd who'd've who'll who's who've why'll why're why's won't would've
    wouldn't wouldn't've y'all y'all'd've y'all'll you'd you'd've you'll you're you've
"""
_CONTRACTIONS = {
    f"{word[:index]}{word[index + 1 :]}": word
    for word in _WITH_APOSTROPHES.split()
    for index, char in enumerate(word)
    if char == "'"
} | {"somebody'd": "somebodyd"}
"""Words with a missing apostrophe and their spelling; the last entry is a mistake in the original."""

_PUNCTUATION = ';/[]"{}()=+\\_-><@`,?!'
_COMMA_IN_NUMBER = re.compile(r"\d,\d")
_PERIOD = {
    Toolkit.LMMS_EVAL: re.compile(r"\.(?!\d)"),
    Toolkit.VLMEVALKIT: re.compile(r"(?<!\d)\.(?!\d)"),
}


def vqa_accuracy(prediction: str, answers: Sequence[str], toolkit: Toolkit = Toolkit.LMMS_EVAL) -> float:
    """A third for each annotator who gave the same answer, at most 1, averaged over leaving each annotator out.

    With ten answers, 2 matches give 0.6, 3 give 0.9 and 4 give 1. The metric needs several annotators: a single answer
    always gives 0, since no other annotator is left. An empty list of answers gives 0, where the toolkits fail.
    """
    predicted = normalized_vqa_answer(prediction, toolkit)
    matches = sum(normalized_vqa_answer(answer, toolkit) == predicted for answer in answers)
    if not matches:
        return 0.0
    others = len(answers) - matches
    return (matches * _share(matches - 1) + others * _share(matches)) / len(answers)


def _share(matches: int) -> float:
    return min(1.0, matches / MATCHES_FOR_FULL_SCORE)


def normalized_vqa_answer(answer: str, toolkit: Toolkit = Toolkit.LMMS_EVAL) -> str:
    """`answer` as it is compared: lower case, digits for number words, no articles or punctuation.

    A punctuation mark next to a space anywhere is removed everywhere, others become spaces; if the answer contains a
    number with a comma, all are removed. The toolkits differ in three points: lmms-eval first removes commas and
    question marks, separates "'s", and also removes a period after a digit.
    """
    text = _without_commas(answer) if toolkit is Toolkit.LMMS_EVAL else answer
    text = text.strip().replace("\n", " ").replace("\t", " ").strip()
    return _without_articles(_PERIOD[toolkit].sub("", _without_punctuation(text)))


def _without_commas(text: str) -> str:
    return text.lower().replace(",", "").replace("?", "").replace("'s", " 's")


def _without_punctuation(text: str) -> str:
    has_comma_in_number = _COMMA_IN_NUMBER.search(text) is not None
    removed = {mark for mark in _PUNCTUATION if has_comma_in_number or f"{mark} " in text or f" {mark}" in text}
    return "".join("" if char in removed else " " if char in _PUNCTUATION else char for char in text)


def _without_articles(text: str) -> str:
    words = (_NUMBER_WORDS.get(word, word) for word in text.lower().split())
    return " ".join(_CONTRACTIONS.get(word, word) for word in words if word not in _ARTICLES)
