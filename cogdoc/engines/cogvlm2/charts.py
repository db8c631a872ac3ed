"""A chart read by CogVLM2 as a table, validated, and compared with the labels that the page literally has."""

from __future__ import annotations

from cogdoc.engines.cogvlm2.looking import Looker, View
from cogdoc.results.types import Chart
from cogdoc.words.types import PageWords


def read_chart(view: View, words: PageWords, looker: Looker) -> Chart | None:
    raise NotImplementedError
