"""What the built-in engine does when the layout analysis of a page fails."""

from __future__ import annotations

from pathlib import Path

import pytest

from cogdoc.documents.document import open_path
from cogdoc.documents.sandbox import Sandbox
from cogdoc.engines.builtin.engine import BuiltinEngine
from cogdoc.errors import CogdocError, DamagedError, MissingError
from cogdoc.parsing.page import Page
from cogdoc.parsing.page_text import PageLayout

pytestmark = pytest.mark.slow


class PageWithoutLayout(Page):
    """A page whose text is read as usual, and whose layout analysis fails."""

    failure: CogdocError

    def layout(self) -> PageLayout:
        raise self.failure


def page_failing_with(failure: CogdocError, samples: Path, sandbox: Sandbox) -> PageWithoutLayout:
    page = PageWithoutLayout(open_path(samples / "report.pdf", sandbox), 4)
    page.failure = failure
    return page


def test_answer_comes_from_the_text_and_is_flagged_where_the_layout_fails(samples: Path) -> None:
    with Sandbox(1) as sandbox:
        page = page_failing_with(DamagedError("the worker process crashed"), samples, sandbox)
        answer = BuiltinEngine().answer("Who is the chair of the board?", [page], 1)
    assert answer.text == "Tobias Renquist"
    assert answer.flags == ("layout-failed",)


def test_missing_part_is_no_reason_to_answer_worse_in_silence(samples: Path) -> None:
    with Sandbox(1) as sandbox:
        page = page_failing_with(MissingError("a part is not installed"), samples, sandbox)
        with pytest.raises(MissingError):
            BuiltinEngine().answer("Who is the chair of the board?", [page], 1)
