"""Settings of any size, in options or the environment, are used or refused in one line."""

from __future__ import annotations

from pathlib import Path

import pytest
from running import Cogdoc

HUGE = "9" * 30


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("COGDOC_MAX_PAGES", HUGE),
        ("COGDOC_MAX_MEGAPIXELS", "inf"),
        ("COGDOC_MAX_MEGAPIXELS", "1e300"),
        ("COGDOC_TIMEOUT", "inf"),
        ("COGDOC_TIMEOUT", "1e308"),
    ],
)
def test_limits_that_no_machine_can_keep_are_refused(cogdoc: Cogdoc, blank: Path, name: str, value: str) -> None:
    result = cogdoc("ocr", blank, **{name: value})
    assert result.code == 2
    assert name in result.err


def test_number_of_cases_that_no_list_has_is_refused(cogdoc: Cogdoc, blank: Path) -> None:
    assert cogdoc("eval", "docvqa", blank, "--limit", HUGE).code == 2


@pytest.mark.slow
def test_largest_limits_are_used(cogdoc: Cogdoc, blank: Path) -> None:
    result = cogdoc("ocr", blank, "--timeout", "1e6", "--max-megapixels", "1e6", "--max-pages", "1000000000")
    assert result.code == 0, result.err
