"""What models say around text, and how they decline to answer: the patterns of `reply_phrases.toml`, compiled."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

import tomli

MAX_SENTENCE = 300
"""Characters of a sentence that may be a mere phrase; longer ones say something."""

MAX_OPENINGS = 3
"""Apologies and references before a refusal: "Sorry, but as an AI, based on the image, I cannot ..."."""

_PART = re.compile(r"\{([a-z_]+)\}")
_SENTENCE = re.compile(r".+?(?:[.!?。！？…]+(?=\s|$|[\"'”’」』])[\"'”’」』]*|(?<=[。！？])|\n|$)", re.DOTALL)
_NOT = re.compile(r"(?<=\w)n't\b", re.IGNORECASE)
_IS = re.compile(r"\b(it|that|there|here)'s\b", re.IGNORECASE)
_EDGES = " \t\r\n.。!！?？…\"'“”‘’「」『』*_`()（）"


@dataclass(frozen=True, slots=True)
class _Phrases:
    """The patterns of all languages together; each matches a whole normalized sentence."""

    refusal: re.Pattern[str]
    absence: re.Pattern[str]
    """The refusals that say that something is not on the page."""
    filler: re.Pattern[str]
    closing: re.Pattern[str]
    preamble: re.Pattern[str]
    statement: re.Pattern[str]
    """The verbs of refusals that questions ask by as well: "Does the contract mention ...?"."""


def normalized(text: str) -> str:
    """`text` as the patterns expect it: single spaces, straight apostrophes, "not" instead of "n't"."""
    text = " ".join(text.replace("’", "'").replace("`", "").split())
    text = _IS.sub(r"\1 is", re.sub(r"\b(can)'t\b", r"\1n't", text, flags=re.IGNORECASE))
    return _NOT.sub(" not", text)


def sentences(text: str) -> list[str]:
    """The sentences of `text`, normalized, without the punctuation around them."""
    return [bare for match in _SENTENCE.finditer(text) if (bare := normalized(match[0]).strip(_EDGES))]


def is_refusal(answer: str) -> bool:
    """Whether an answer only says that the page does not answer the question, in whatever words.

    A sentence that also states something ("..., but the subtotal is 42") is an answer, and so is one that begins with
    "no" or "yes".
    """
    if not answer.strip(" \t\r\n.-–—"):
        return True
    found = sentences(answer)
    if any(len(sentence) > MAX_SENTENCE for sentence in found):
        return False
    phrases = _phrases()
    declined = [phrases.refusal.fullmatch(sentence) is not None for sentence in found]
    rest = (sentence for sentence, is_declined in zip(found, declined, strict=True) if not is_declined)
    return any(declined) and all(phrases.filler.fullmatch(sentence) for sentence in rest)


def says_absent(answer: str) -> bool:
    """Whether an answer says that something is not on the page, which answers whether it is."""
    return any(_phrases().absence.fullmatch(sentence) for sentence in sentences(answer))


def statement_verbs(text: str) -> frozenset[str]:
    """The verbs in `text` that say what a page states: mention, 提及."""
    return frozenset(match.casefold() for match in _phrases().statement.findall(normalized(text)))


def is_preamble(text: str) -> bool:
    """Whether a text, without its colon, only introduces what follows."""
    text = normalized(text)
    return len(text) <= MAX_SENTENCE and _phrases().preamble.fullmatch(text) is not None


def is_closing(line: str) -> bool:
    """Whether a line only remarks on the text before it."""
    found = sentences(line)
    return bool(found) and all(
        len(sentence) <= MAX_SENTENCE and _phrases().closing.fullmatch(sentence) for sentence in found
    )


@cache
def _phrases() -> _Phrases:
    content = files("cogdoc.engines.vision").joinpath("reply_phrases.toml").read_text(encoding="utf-8")
    languages = [_language(table) for table in tomli.loads(content).values()]
    return _Phrases(*(re.compile("|".join(patterns), re.IGNORECASE) for patterns in zip(*languages, strict=True)))


def _language(table: Mapping[str, Any]) -> tuple[str, ...]:
    """The patterns of one language, in the order of the fields of `_Phrases`."""

    def whole(patterns: Iterable[str]) -> str:
        return "(?:" + "|".join(_expanded(pattern, table["parts"]) for pattern in patterns) + ")"

    openings = f"(?:{whole(pattern for patterns in table['openings'].values() for pattern in patterns)}"
    openings += f"[,，.:!。！ ]*(?:but )?){{0,{MAX_OPENINGS}}}"
    refusals = whole(pattern for patterns in table["refusals"].values() for pattern in patterns)
    fillers = [*table["fillers"]["offers"], *table["openings"]["apologies"]]
    closings = whole(pattern for patterns in table["closings"].values() for pattern in patterns)
    preambles = table["preambles"]
    return (
        openings + refusals,
        openings + whole(table["refusals"]["absence"]),
        whole(fillers),
        closings,
        whole([preambles["agreement"]]) + whole(preambles["introduction"]),
        whole(["{give}"]),
    )


def _expanded(pattern: str, parts: Mapping[str, str]) -> str:
    """`pattern` with the parts that it names."""
    while _PART.search(pattern):
        pattern = _PART.sub(lambda match: parts[match[1]], pattern)
    return pattern
