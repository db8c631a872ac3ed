"""Program code is written between fences with its indentation; prose, lists and forms are not."""

from __future__ import annotations

import pytest

from cogdoc.results.markdown.blocks import blocks_to_markdown
from cogdoc.results.markdown.omissions import omission_flags
from cogdoc.results.records import TextBlock, TextLine

PYTHON = "def count(boats):\n    total = 0\n    for boat in boats:\n        total += boat.crew\n    return total"
C = "int main(void) {\n  puts(\"quay\");\n  if (a[0] == '`') {\n    return ```;\n  }\n}"
SHELL = 'for f in *.pdf; do\n  cogdoc ocr "$f" > "$f.md"\n  echo "$f: $?"\ndone'
LETTER = "Dear Sir,\n   the boats of the harbour were\ncounted at noon on the quay\nand found to be forty."
NARROW, WIDE = "iljft.,:;|!'()[] ", "mwMW@%"


def block(text: str, char: float = 6.0, proportional: bool = False) -> TextBlock:
    """Lines of a font with characters of one width, or of a width for each character."""
    lines = []
    for row, line in enumerate(text.split("\n")):
        shown = line.lstrip()
        left = 50 + char * (len(line) - len(shown))
        widths = (
            [0.45 if c in NARROW else 1.5 if c in WIDE else 1.0 for c in shown] if proportional else [1.0] * len(shown)
        )
        box = (left, 50.0 + 12 * row, left + char * sum(widths), 60.0 + 12 * row)
        lines.append(TextLine(text=shown, box=box, confidence=1))
    right = max(line.box[2] for line in lines)
    return TextBlock(kind="text", box=(50, 50, right, 60 + 12 * len(lines)), text=text, lines=tuple(lines))


@pytest.mark.parametrize("char", [3.5, 6.0, 14.0])
@pytest.mark.parametrize("code", [PYTHON, C, SHELL])
def test_code_keeps_its_indentation(code: str, char: float) -> None:
    blocks = [block(code, char)]
    markdown = blocks_to_markdown(blocks)
    fence, *lines, end = markdown.split("\n")
    assert (set(fence), fence == end, "\n".join(lines)) == ({"`"}, True, code)
    assert fence not in code
    assert list(omission_flags(blocks, markdown)) == []


def test_empty_lines_and_wide_gaps_of_code_are_kept() -> None:
    code = "total = 0        # of all\n\nfor boat in boats:\n    total += boat.crew\n\n\nprint(total)  # (4)"
    whole = block(code.replace("\n\n", "\n"))
    lines = []
    for row, text in enumerate(code.split("\n")):
        start = len(text) - len(text.lstrip())
        parts = text.strip().split("  #") if "        #" in text else [text.strip()]
        for part in filter(None, parts):
            shown = part.strip() if part is parts[0] else f"#{part}"
            left = 50 + 6.0 * (start if part is parts[0] else text.index(shown))
            box = (left, 50.0 + 12 * row, left + 6.0 * len(shown), 60.0 + 12 * row)
            lines.append(TextLine(text=shown, box=box, confidence=1))
    fence, *written, end = blocks_to_markdown([whole.model_copy(update={"lines": tuple(lines)})]).split("\n")
    assert (fence, "\n".join(written), end) == ("```", code, "```")


def test_code_with_a_badly_read_line_is_code() -> None:
    code = block("\n".join([PYTHON, "print(count(fleet))", 'assert count([]) == 0, "no boats"']))
    bad = code.lines[2].model_copy(update={"text": "I I I"})
    lines = (*code.lines[:2], bad, *code.lines[3:])
    assert blocks_to_markdown([code.model_copy(update={"lines": lines})]).startswith("```\n")


@pytest.mark.parametrize(
    "other",
    [
        block(LETTER),
        block(LETTER, proportional=True),
        block(C, proportional=True),
        block("Name:  Ada\nPort:  Ely\nBoats: 4\nCrew:  12"),
        block("def count(boats):\n    return 0"),
    ],
)
def test_other_texts_are_not_code(other: TextBlock) -> None:
    assert "```\n" not in blocks_to_markdown([other])
