"""Find a formula among those of a page by comparing LaTeX as text.

olmOCR-bench renders both formulas with KaTeX in a browser and compares the pictures. Here, LaTeX that differs only in
spelling is brought into one form: spaces, fonts, sizes of brackets, optional braces, and names for the same symbol.
Formulas that look alike for other reasons count as different, so scores are lower than the benchmark's own.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence

_FORMULAS = (
    re.compile(r"\\\((.+?)\\\)", re.DOTALL),
    re.compile(r"\\\[(.+?)\\\]", re.DOTALL),
    re.compile(r"\$\$(.+?)\$\$", re.DOTALL),
    re.compile(r"\$(.+?)\$", re.DOTALL),
)
_TOKEN = re.compile(r"\\[a-zA-Z]+\*?|\\.|[^\s]", re.DOTALL)
_ENVIRONMENT = re.compile(
    r"\\(?:begin|end)\{(?:equation|align|aligned|gather|gathered|split|multline|displaymath|math)\*?\}"
)
_LABEL = re.compile(r"\\(?:label|tag)\*?\{[^{}]*\}|\\(?:nonumber|notag)(?![a-zA-Z])")

_WITHOUT_EFFECT = frozenset(
    _TOKEN.findall(
        r"\, \; \: \! \quad \qquad ~ & \left \right \middle \big \Big \bigg \Bigg \bigl \bigr \Bigl \Bigr"
        r" \biggl \biggr \Biggl \Biggr \displaystyle \textstyle \scriptstyle \limits \nolimits \mathrm \mathit"
        r" \mathbf \mathsf \mathtt \mathnormal \boldsymbol \bm \bf \rm \it \text \textrm \textit \textbf"
        r" \operatorname \operatorname* \mathop \mbox \thinspace \enspace"
    )
) | {"\\ ", "\\\n"}
"""Commands that change spaces, fonts or sizes only."""

_SAME = {
    r"\le": r"\leq",
    r"\ge": r"\geq",
    r"\ne": r"\neq",
    r"\to": r"\rightarrow",
    r"\gets": r"\leftarrow",
    r"\iff": r"\Leftrightarrow",
    r"\implies": r"\Rightarrow",
    r"\ldots": "…",
    r"\dots": "…",
    r"\cdots": "⋯",
    r"\lbrace": r"\{",
    r"\rbrace": r"\}",
    r"\lvert": "|",
    r"\rvert": "|",
    r"\vert": "|",
    r"\mid": "|",
    r"\Vert": r"\|",
    r"\lVert": r"\|",
    r"\rVert": r"\|",
    r"\lbrack": "[",
    r"\rbrack": "]",
    r"\colon": ":",
    r"\ast": "*",
    r"\dfrac": r"\frac",
    r"\tfrac": r"\frac",
    r"\cfrac": r"\frac",
    r"\dbinom": r"\binom",
    r"\tbinom": r"\binom",
    r"\land": r"\wedge",
    r"\lor": r"\vee",
    r"\neg": r"\lnot",
    r"\varnothing": r"\emptyset",
    r"\owns": r"\ni",
    "−": "-",
    "–": "-",
    "≤": r"\leq",
    "≥": r"\geq",
    "≠": r"\neq",
    "≈": r"\approx",
    "≡": r"\equiv",
    "∼": r"\sim",
    "∝": r"\propto",
    "→": r"\rightarrow",
    "←": r"\leftarrow",
    "⇒": r"\Rightarrow",
    "⇔": r"\Leftrightarrow",
    "×": r"\times",
    "·": r"\cdot",
    "⋅": r"\cdot",
    "±": r"\pm",
    "÷": r"\div",
    "∞": r"\infty",
    "∂": r"\partial",
    "∇": r"\nabla",
    "∑": r"\sum",
    "∏": r"\prod",
    "∫": r"\int",
    "∈": r"\in",
    "∉": r"\notin",
    "⊂": r"\subset",
    "⊆": r"\subseteq",
    "∪": r"\cup",
    "∩": r"\cap",
    "∀": r"\forall",
    "∃": r"\exists",
    "√": r"\sqrt",
    "ϵ": r"\epsilon",
    "ε": r"\varepsilon",
    "ϕ": r"\phi",
    "φ": r"\varphi",
}
"""Tokens and what they are replaced with; letters of the Greek alphabet follow from their Unicode names."""

_WITH_ARGUMENT = frozenset(
    _TOKEN.findall(r"^ _ \frac \binom \sqrt \hat \bar \tilde \vec \dot \ddot \overline \underline")
)
"""Tokens whose argument needs no braces if it is a single token."""


def contains_formula(formula: str, markdown: str, *, dollars: bool = True) -> bool:
    """Whether some formula of the page equals `formula` or contains it as a part.

    Formulas of the page are those within \\(...\\), \\[...\\] and, with `dollars`, $$...$$ and $...$.
    """
    wanted = normalized_formula(formula)
    return bool(wanted) and any(
        _contains(normalized_formula(written), wanted) for written in _formulas(markdown, dollars)
    )


def normalized_formula(formula: str) -> tuple[str, ...]:
    """The tokens of a LaTeX formula in one of the many ways in which it can be written."""
    bare = _LABEL.sub("", _ENVIRONMENT.sub("", formula))
    tokens = (_SAME.get(token) or _greek(token) or token for token in _TOKEN.findall(bare))
    kept = [token for token in tokens if token not in _WITHOUT_EFFECT and token != "\\\\"]
    while kept and kept[-1] in (".", ","):
        kept.pop()
    tree, _ = _parsed(kept, 0)
    return tuple(_written(tree))


_Node = str | list["_Node"]
"""A token, or what is inside a pair of braces."""


def _greek(token: str) -> str | None:
    if len(token) != 1 or not (name := unicodedata.name(token, "")).startswith("GREEK"):
        return None
    case, _, letter = name.removeprefix("GREEK ").partition(" LETTER ")
    return f"\\{letter.capitalize() if case == 'CAPITAL' else letter.lower()}" if letter.isalpha() else None


def _parsed(tokens: Sequence[str], start: int) -> tuple[list[_Node], int]:
    """The tokens from `start` to the closing brace, and the index after it."""
    nodes: list[_Node] = []
    index = start
    while index < len(tokens):
        if tokens[index] == "{":
            group, index = _parsed(tokens, index + 1)
            nodes.append(group)
        elif tokens[index] == "}":
            return nodes, index + 1
        else:
            nodes.append(tokens[index])
            index += 1
    return nodes, index


def _written(nodes: Sequence[_Node]) -> Iterator[str]:
    """The tokens of a tree: arguments in braces, other braces left out, subscripts ahead of superscripts."""
    index = 0
    while index < len(nodes):
        node = nodes[index]
        index += 1
        if isinstance(node, list):
            yield from _written(node)
        elif node in ("^", "_"):
            scripts = {node: nodes[index] if index < len(nodes) else ""}
            index += 1
            if index + 1 < len(nodes) and nodes[index] in ("^", "_") and nodes[index] not in scripts:
                scripts[str(nodes[index])] = nodes[index + 1]
                index += 2
            for script in sorted(scripts, reverse=True):
                yield script
                yield from _braced(scripts[script])
        else:
            yield node
            for _ in range(2 if node in (r"\frac", r"\binom") else 1 if node in _WITH_ARGUMENT else 0):
                if index < len(nodes) and nodes[index] != "[":
                    yield from _braced(nodes[index])
                    index += 1


def _braced(node: _Node) -> Iterator[str]:
    yield "{"
    yield from _written(node if isinstance(node, list) else [node])
    yield "}"


def _formulas(markdown: str, dollars: bool) -> Iterator[str]:
    rest = markdown
    for pattern in _FORMULAS if dollars else _FORMULAS[:2]:
        yield from pattern.findall(rest)
        rest = pattern.sub("", rest)


def _contains(tokens: tuple[str, ...], wanted: tuple[str, ...]) -> bool:
    return any(tokens[start : start + len(wanted)] == wanted for start in range(len(tokens) - len(wanted) + 1))
