"""Scores of free replies to multiple-choice and open questions, as MMMU and MMBench read them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

_SHORT_REPLY_WORDS = 5
_LAST_WORDS = 4
_REFUSALS = (
    "Sorry, I can't help with images of people yet.",
    "I can't process this file.",
    "I'm sorry, but without the image provided",
    "Cannot determine the answer",
)
_NO_OPTION = "Z"
_PUNCTUATION = str.maketrans(dict.fromkeys(".()[],:;!*#{}", " "))


def chosen_option(reply: str, options: Mapping[str, str]) -> str | None:
    """The letter of the option that `reply` chooses, as MMMU reads it, or None; `options` are texts by letter.

    Yue et al., "MMMU", CVPR 2024, `parse_multi_choice_response`: a letter in parentheses takes precedence, then a
    letter between spaces, then, in replies of more than five words, the text of an option; of several the last one
    counts. If nothing is found, MMMU draws a random letter. `inferred_option` replaces that: it accepts "A." and short
    replies in the option's own words, and the same reply always gets the same score.
    """
    text = f" {_stripped(reply)} "
    for form in ("({})", " {} "):
        indices = {letter: text.rfind(form.format(letter)) for letter in options}
        if letter := _last(indices):
            return letter
    if len(text.split()) > _SHORT_REPLY_WORDS:
        lowered = text.lower()
        if letter := _last({letter: lowered.rfind(option.lower()) for letter, option in options.items()}):
            return letter
    return inferred_option(reply, options)


def _stripped(reply: str) -> str:
    for mark in ",.!?;:'":
        reply = reply.strip(mark)
    return reply


def _last(indices: Mapping[str, int]) -> str | None:
    letter = max(indices, key=indices.__getitem__, default=None)
    return letter if letter is not None and indices[letter] >= 0 else None


def inferred_option(reply: str, options: Mapping[str, str]) -> str | None:
    """The letter of the option that `reply` chooses, as VLMEvalKit reads it for MMBench, or None.

    `can_infer` of VLMEvalKit, without the language model that it asks if nothing is found: the letter of an option, if
    it is the only one among the words and one of the last four; else the only option whose text is in the reply, unless
    the reply is more than twice as long as all options together. A refusal chooses none.
    """
    if any(refusal in reply for refusal in _REFUSALS):
        return None
    words = reply.translate(_PUNCTUATION).split()
    letters = [letter for letter in options if letter in words]
    if len(letters) == 1 and words.index(letters[0]) >= len(words) - _LAST_WORDS:
        return letters[0]
    if not letters and _NO_OPTION in words:
        return None
    return _option_by_text(reply.lower(), options)


def _option_by_text(reply: str, options: Mapping[str, str]) -> str | None:
    if len(reply) > 2 * sum(map(len, options.values())):
        return None
    letters = [letter for letter, text in options.items() if text.lower() in reply]
    return letters[0] if len(letters) == 1 else None


_INDICATORS = ("could be ", "so ", "is ", "thus ", "therefore ", "final ", "answer ", "result ")
_NUMBERS = (
    re.compile(r"-?\b\d{1,3}(?:,\d{3})+\b"),
    re.compile(r"-?\d+(?:\.\d+)?[eE][+-]?\d+"),
    re.compile(r"-?(?:\d+\.\d+|\.\d+|\d+\b)(?![eE][+-]?\d+)(?![,\d])"),
)


def open_answer_score(reply: str, answers: Sequence[str]) -> float:
    """The score of MMMU's open questions: 1 if a conclusion of `reply` contains the answer, else 0.

    Yue et al., "MMMU", CVPR 2024, `parse_open_response` and `eval_open`. A conclusion is the text after the last "is",
    "so", "answer" and the like in a line (in the last line also after "="), the shortest such text of each line; if
    there is none, the whole reply. Answers that are numbers must be equal after rounding to two decimals.
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
            # As in the original, the next tail replaces an empty one, although it is longer.
            if not shortest or len(tail) < len(shortest):
                shortest = tail
    return shortest


def _comparable(text: str) -> list[str | float]:
    text = text.strip()
    try:
        return [round(float(text.replace(",", "")), 2)]
    except ValueError:
        lowered = text.lower()
        # A single letter alone would match inside any word.
        return [f" {lowered}", f"{lowered} "] if len(lowered) == 1 else [lowered]
