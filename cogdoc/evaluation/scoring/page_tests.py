"""Tests of a page's Markdown: text that is or is not there, its order, cells of its tables."""

from __future__ import annotations

from collections.abc import Sequence

from cogdoc.evaluation.cases import Case
from cogdoc.evaluation.metrics import passes
from cogdoc.evaluation.outcomes import Scored
from cogdoc.results.records import PageRecord


def score_page_test(case: Case, pages: Sequence[PageRecord]) -> Scored:
    """1 where the page passes, else 0."""
    markdown = next((page.markdown for page in pages if page.page and page.page.number == case.truth["page"]), "")
    wanted = {name: value for name, value in case.truth.items() if name in ("text", "before", "after", "cell")}
    return Scored(float(passes(case.truth, markdown)), {}, prediction=markdown, expected=wanted)
