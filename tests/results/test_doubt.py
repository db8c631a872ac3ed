"""Doubt is shown: words for confidences, refusals with fields of their own, and answers that are withheld."""

from __future__ import annotations

import io
import json

import pytest
from pydantic import ValidationError

from cogdoc.results.certainty import LIKELY, SURE, certainty_of
from cogdoc.results.output_formats import FORMATS, make_renderer
from cogdoc.results.records import Answer, AnswerRecord, EngineInfo, Evidence, SourceInfo
from cogdoc.tasks.withholding import withhold

UNSURE = "unsure?"
PLACE = Evidence(page=3, label="iii", box=(0, 0, 1, 1), text="line")


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def answered(confidence: float | None, text: str | None = "412,860") -> Answer:
    evidence = (PLACE,) if text else ()
    return Answer(question=UNSURE, text=text, confidence=confidence, p_answerable=0.7, evidence=evidence)


def shown(answer: Answer, name: str, stream: io.StringIO) -> str:
    record = AnswerRecord(
        source=SourceInfo(path="a.pdf"), engine=EngineInfo(name="x", version="0"), question=UNSURE, answer=answer
    )
    renderer = make_renderer(FORMATS[name], stream)
    renderer.begin("ask", record.source)
    renderer.write(record)
    renderer.end(None)
    renderer.close()
    return stream.getvalue()


def test_words_have_the_limits_that_were_measured() -> None:
    assert [certainty_of(share).value for share in (1, SURE, SURE - 0.001, LIKELY, LIKELY - 0.001, 0)] == [
        "sure", "sure", "likely", "likely", "unsure", "unsure",
    ]  # fmt: skip


def test_a_terminal_shows_doubt_in_a_word_and_a_colour(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")
    assert shown(answered(0.3), "text", Terminal()) == "412,860 \x1b[33m(unsure)\x1b[0m\n"
    assert shown(answered(0.9), "text", Terminal()) == "412,860\n"
    monkeypatch.setenv("NO_COLOR", "1")
    assert shown(answered(0.3), "text", Terminal()) == "412,860 (unsure)\n"
    assert shown(answered(0.3), "values", Terminal()) == "412,860\t (unsure)\n"


def test_a_document_cannot_colour_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    assert "\x1b" not in shown(answered(0.9, "\x1b[33m(unsure)\x1b[0m"), "text", Terminal())


def test_a_pipe_gets_the_bare_answer_and_markdown_the_word() -> None:
    assert shown(answered(0.3), "text", io.StringIO()) == "412,860\n"
    assert shown(answered(0.3), "md", io.StringIO()).endswith(" *(unsure)*\n")


def test_a_refusal_has_no_confidence_but_the_probability_of_an_answer() -> None:
    refused = json.loads(answered(None, None).model_dump_json())
    assert (refused["found"], refused["confidence"], refused["certainty"]) == (False, None, None)
    assert refused["p_answerable"] == 0.7
    with pytest.raises(ValidationError, match="refusal"):
        answered(0.4, None)


def test_answers_are_read_back_from_json() -> None:
    for answer in (answered(0.3), answered(None), answered(None, None)):
        assert Answer.model_validate_json(answer.model_dump_json()) == answer


@pytest.mark.parametrize(("confidence", "least", "found"), [(0.4, 0.5, False), (0.5, 0.5, True), (None, 0.1, False)])
def test_doubtful_answers_are_withheld_and_named(confidence: float | None, least: float, found: bool) -> None:
    answer = withhold(answered(confidence), least)
    assert answer.found is found
    assert (answer.withheld is None) is found
    if answer.withheld is not None:
        assert (answer.withheld.text, answer.withheld.confidence) == ("412,860", confidence)
        assert answer.withheld.evidence == PLACE
        assert answer.p_answerable == 0.7


def test_nothing_is_withheld_unless_asked() -> None:
    assert withhold(answered(None), 0.0).text == "412,860"
