"""Scores of recognized text, and the normal forms in which texts are compared.

The truth may be plain text, Markdown or contain LaTeX; the scores measure whether the characters of the page were read,
not how they are marked up.
"""

from __future__ import annotations

import html
import re
import unicodedata
from collections import Counter

import jiwer
from rapidfuzz.distance import Levenshtein

from cogdoc.text import HAN

_WORD = re.compile(rf"[{HAN}]|\d+(?:[.,]\d+)*|[^\W\d_{HAN}]+")


def character_error_rate(prediction: str, reference: str) -> float:
    """CER: edit distance in characters over the length of the reference; may exceed 1.

    As jiwer computes it: white space at the ends is ignored; if the reference is empty, each character of the
    prediction counts as one error.
    """
    return float(jiwer.cer(reference, prediction))


def word_error_rate(prediction: str, reference: str) -> float:
    """WER: edit distance in words over the number of words in the reference; may exceed 1.

    As jiwer computes it by default: a space or several white space characters separate words, but a single line break
    or tab does not. Normalize the texts first if that matters.
    """
    return float(jiwer.wer(reference, prediction))


def normalized_edit_distance(prediction: str, reference: str) -> float:
    """Edit distance over the length of the longer text, 0 to 1, as OmniDocBench (CVPR 2025) reports it.

    Two empty texts give 0, since they are equal, although the formula divides by zero.
    """
    return Levenshtein.normalized_distance(prediction, reference)


def word_recall(prediction: str, reference: str) -> float:
    """Share of the reference's words that also occur in the prediction, in any order; each occurrence counts once.

    A word is a run of letters, a number with its separators, or one Chinese character. So punctuation and the spaces
    around it do not matter, but words joined without a space count as missing. For Chinese this is the recall of
    characters. A reference without words gives 1.
    """
    expected = Counter(words(reference))
    if not expected:
        return 1.0
    return (expected & Counter(words(prediction))).total() / expected.total()


def words(text: str) -> list[str]:
    """The words of `text` as `word_recall` counts them."""
    return _WORD.findall(text)


_LATEX_SPAN = re.compile(r"\$\$(.+?)\$\$|\$(.+?)\$|\\\((.+?)\\\)|\\\[(.+?)\\\]", re.DOTALL)
_LATEX_ENVIRONMENT = re.compile(r"\\(?:begin|end)\{[^}]*\}(?:\{[^}]*\})?")
_LATEX_FONT = re.compile(
    r"\\(?:math|text|operatorname|boldsymbol|bm|left|right|big|Big|quad|qquad|limits)[a-z]*\*?(?![a-zA-Z])"
)
_LATEX_COMMAND = re.compile(r"\\([a-zA-Z]+)")
_HTML_TAG = re.compile(r"</?[a-zA-Z][^<>]*>")
_IMAGE = re.compile(r"!\[[^\]]*\]\([^)]*\)")
_LINK = re.compile(r"\[([^\]]*)\]\([^)]*\)")
_LINE_START = re.compile(r"^[ \t]*(?:#{1,6}[ \t]+|>[ \t]?|[-*+][ \t]+|```\w*$)", re.MULTILINE)
_TABLE_RULE = re.compile(r"^[ \t]*\|?(?:[ \t]*:?-+:?[ \t]*\|)+[ \t]*(?::?-+:?)?[ \t]*$", re.MULTILINE)
_EMPHASIS = re.compile(r"(\*\*|__|~~)(?=\S)(.+?)(?<=\S)\1")
_ITALIC = re.compile(r"(?<![\w*])\*(?=\S)([^*\n]+?)(?<=\S)\*(?![\w*])|(?<!\w)_(?=\S)([^_\n]+?)(?<=\S)_(?!\w)")
_ESCAPE = re.compile(r"\\([\\`*_{}\[\]()#+\-.!|<>~])")


def without_latex(text: str) -> str:
    """`text` with formulas reduced to the characters that they show: "$ km^{2} $" becomes "km2".

    Names of symbols stay as words ("\\alpha" becomes "alpha"). An OCR engine that reads the symbol itself loses them,
    but so does every other.
    """
    return _LATEX_SPAN.sub(lambda match: _latex_as_text(next(filter(None, match.groups()), "")), text)


def _latex_as_text(formula: str) -> str:
    bare = _LATEX_ENVIRONMENT.sub(" ", formula)
    bare = _LATEX_FONT.sub(" ", bare)
    bare = _LATEX_COMMAND.sub(r" \1 ", bare)
    bare = bare.replace("\\\\", " ").replace("\\,", " ").replace("\\", "")
    return " ".join(re.sub(r"[{}^_&~]", "", bare).split())


def without_markdown(text: str) -> str:
    """`text` without the markup of Markdown and of HTML inside it; spaces separate table cells."""
    bare = _IMAGE.sub(" ", text)
    bare = _LINK.sub(r"\1", bare)
    bare = _HTML_TAG.sub(" ", bare)
    bare = _TABLE_RULE.sub("", bare)
    bare = _LINE_START.sub("", bare)
    bare = _EMPHASIS.sub(r"\2", bare)
    bare = _ITALIC.sub(lambda match: match[1] or match[2], bare)
    bare = re.sub(r"(?<!\\)\|", " ", bare)
    return html.unescape(_ESCAPE.sub(r"\1", bare))


def comparable(text: str, *, fold_case: bool = False, drop_spaces: bool = False) -> str:
    """`text` as pages are compared: compatibility forms unified (NFKC), runs of white space as one space.

    `fold_case` is for truths entirely in capitals, `drop_spaces` for Chinese, where spaces carry no meaning.
    """
    unified = unicodedata.normalize("NFKC", text)
    if fold_case:
        unified = unified.casefold()
    return ("" if drop_spaces else " ").join(unified.split())
