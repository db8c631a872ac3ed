"""Bringing texts from different makers into one form before they are compared.

Ground truth comes as plain text, Markdown or with inline LaTeX; what is measured is whether the characters of
the page were read, not how they were marked up.
"""

from __future__ import annotations

import html
import re
import unicodedata

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

    Names of symbols stay as words ("\\alpha" becomes "alpha"): a reader of glyphs is charged for them, and
    every reader alike.
    """
    return _LATEX_SPAN.sub(lambda match: _latex_as_text(next(filter(None, match.groups()), "")), text)


def _latex_as_text(formula: str) -> str:
    bare = _LATEX_ENVIRONMENT.sub(" ", formula)
    bare = _LATEX_FONT.sub(" ", bare)
    bare = _LATEX_COMMAND.sub(r" \1 ", bare)
    bare = bare.replace("\\\\", " ").replace("\\,", " ").replace("\\", "")
    return " ".join(re.sub(r"[{}^_&~]", "", bare).split())


def without_markdown(text: str) -> str:
    """`text` without the marks of Markdown and of HTML inside it; spaces part table cells."""
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

    `fold_case` is for truths written in capitals throughout, `drop_spaces` for Chinese, where spaces carry no
    meaning.
    """
    unified = unicodedata.normalize("NFKC", text)
    if fold_case:
        unified = unified.casefold()
    return ("" if drop_spaces else " ").join(unified.split())
