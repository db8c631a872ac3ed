"""The score of MMMU's open questions: the answer is looked for where a reply draws its conclusions.

Yue et al., "MMMU", CVPR 2024, `parse_open_response` and `eval_open`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

_INDICATORS = ("could be ", "so ", "is ", "thus ", "therefore ", "final ", "answer ", "result ")
_NUMBERS = (
    re.compile(r"-?\b\d{1,3}(?:,\d{3})+\b"),
    re.compile(r"-?\d+(?:\.\d+)?[eE][+-]?\d+"),
    re.compile(r"-?(?:\d+\.\d+|\.\d+|\d+\b)(?![eE][+-]?\d+)(?![,\d])"),
)


def open_answer_score(reply: str, answers: Sequence[str]) -> float:
    """1 where a conclusion of `reply` contains an answer in words or equals one that is a number, else 0.

    Conclusions are what stands behind the last "is", "so", "answer" and the like in a line (in the last line
    behind "=" too), the shortest of each line; the whole reply where there are none. Numbers are compared
    after rounding to two decimals.
    """
    expected = {form for answer in answers for form in _comparable(answer)}
    return float(any(_agrees(form, expected) for form in _concluded(reply)))


def _agrees(form: str | float, expected: set[str | float]) -> bool:
    if isinstance(form, float):
        return form in expected
    return any(isinstance(answer, str) and answer in form for answer in expected)


def _concluded(reply: str) -> Iterator[str | float]:
    conclusions = _conclusions(reply.strip().strip(".").lower())
    numbers = [number for text in conclusions for pattern in _NUMBERS for number in pattern.findall(text)]
    for text in (*conclusions, *numbers):
        yield from _comparable(text)


def _conclusions(reply: str) -> list[str]:
    *lines, last = reply.split("\n")
    tails = [*(_shortest_tail(line, _INDICATORS) for line in lines), _shortest_tail(last, (*_INDICATORS, "="))]
    return [tail for tail in tails if tail and tail not in ":,.!?;'"] or [reply]


def _shortest_tail(line: str, indicators: Sequence[str]) -> str:
    shortest = ""
    for indicator in indicators:
        if indicator in line:
            tail = line.rpartition(indicator)[2].strip()
            # As in the original, an empty tail is overruled by the next one, even where a shorter one was found before.
            if not shortest or len(tail) < len(shortest):
                shortest = tail
    return shortest


def _comparable(text: str) -> list[str | float]:
    text = text.strip()
    try:
        return [round(float(text.replace(",", "")), 2)]
    except ValueError:
        lowered = text.lower()
        # A single letter would be found in any word.
        return [f" {lowered}", f"{lowered} "] if len(lowered) == 1 else [lowered]
