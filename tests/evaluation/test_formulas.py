"""Formulas are compared as LaTeX text: what renders alike for its spelling alone is equal."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from cogdoc.evaluation.metrics import passes


@pytest.mark.parametrize(
    ("written", "wanted"),
    [
        (r"$x^2$", "x^{2}"),
        (r"\(a \le b\)", r"a\leq b"),
        (r"\[\frac12\]", r"\dfrac{1}{2}"),
        (r"$$\left( \alpha + \beta \right)$$", "(α+β)"),
        (r"$\mathrm{sin}\, x_1^2$", r"\text{sin} x^2_1"),
        (r"$E = mc^{2} + 1.$", "E=mc^2"),
        ("$$\n\\begin{aligned} a &= b \\\\ c &= d \\end{aligned}\n$$", r"a = b \; c = d"),
        (r"$\sqrt{x} \cdot \hat y$", r"\sqrt x ⋅ \hat{y}"),
    ],
)
def test_spellings_of_one_formula_are_equal(written: str, wanted: str) -> None:
    assert passes({"type": "math", "math": wanted}, f"Let {written} hold.")


@pytest.mark.parametrize(
    ("markdown", "wanted"),
    [
        ("$x^2$", "x_2"),
        ("$x^{2n}$", "x^2n"),
        (r"$\frac{1}{2}$", r"\frac{2}{1}"),
        ("x^2", "x^2"),
        ("$$$$ $}{$ $\\frac$ $^$", "x^2"),
    ],
)
def test_other_formulas_and_plain_text_do_not_count(markdown: str, wanted: str) -> None:
    assert not passes({"type": "math", "math": wanted}, markdown)


def test_dollars_can_be_ignored() -> None:
    test = {"type": "math", "math": "x", "ignore_dollar_delimited": True}
    assert not passes(test, "$x$")
    assert passes(test, r"\(x\)")


def test_descriptions_of_pictures_need_not_count_on_a_blank_page() -> None:
    test = {"type": "baseline", "max_length": 0}
    assert not passes(test, "![a logo](1.png)")
    assert passes(test | {"max_length_skips_image_alt_tags": True}, "![a logo](1.png)")


def test_formulas_are_counted_apart(cogdoc: Any, samples: Path, tmp_path: Path) -> None:
    bill = next((samples / "pocket").glob("form-1.png"))
    rows = [
        {"id": "1", "file": str(bill), "page": 1, "type": "math", "math": "x^2"},
        {"id": "2", "file": str(bill), "page": 1, "type": "baseline"},
    ]
    tests = tmp_path / "tests.jsonl"
    tests.write_text("\n".join(map(json.dumps, rows)))
    groups = json.loads(cogdoc("eval", "tests", tests, "--out", "json").out)["groups"]
    assert [(group["name"], group["cases"], group["score"]["mean"]) for group in groups] == [
        ("baseline", 1, 1.0),
        ("math", 1, 0.0),
        ("all", 1, 1.0),
    ]
