"""Any model behind the seam reads pages: answers, refusals, transcriptions that fail and recover, charts, selection."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from scripted_model import LIMITS, ScriptedEntry, ScriptedModel

import cogdoc
from cogdoc.documents.document import Document, open_path
from cogdoc.documents.mupdf import pymupdf
from cogdoc.documents.sandbox import Sandbox
from cogdoc.engines.generation import GenerationRequest
from cogdoc.engines.registry import ENTRIES, engine_arguments, load_engine, select_engine
from cogdoc.engines.selection import EngineRequest
from cogdoc.engines.vision.engine import VisionEngine
from cogdoc.engines.vision.instructions import RETRY_SAMPLING, Instructions, Task
from cogdoc.engines.vision.vision_model import (
    UNKNOWN_CONFIDENCE,
    FinishReason,
    Generation,
    GenerationOptions,
    PageImage,
    Prompt,
    Sampling,
)
from cogdoc.errors import ResourceError, TimeLimitError, UsageError
from cogdoc.parsing.page import Page
from cogdoc.results.records import EngineInfo

INFO = EngineInfo(name="scripted", version="1")
TRANSCRIBE = Instructions().for_page(Task.TRANSCRIBE, "").prompt.text
CHART = Instructions().for_page(Task.CHART, "").prompt.text
CHAIR = "Who is the chair of the board?"
LOOP = "the same words again " * 200


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(1) as sandbox:
        yield sandbox


@pytest.fixture(scope="module")
def report(samples: Path, sandbox: Sandbox) -> Document:
    return open_path(samples / "report.pdf", sandbox)


@pytest.fixture(scope="module")
def cover(report: Document) -> Page:
    return Page(report, 1)


@pytest.fixture(scope="module")
def key_figures(report: Document) -> Page:
    return Page(report, 4)


def engine_for(model: ScriptedModel) -> VisionEngine:
    return VisionEngine(model, INFO, time_limit=60)


# Answers


@pytest.mark.slow
def test_an_answer_has_the_box_of_its_words_and_the_confidence_of_its_tokens(key_figures: Page) -> None:
    answer = engine_for(ScriptedModel({CHAIR: ["Tobias Renquist"]})).answer(CHAIR, [key_figures], 8)
    assert answer.text == "Tobias Renquist"
    assert answer.confidence == pytest.approx(0.9)
    assert answer.flags == ()
    text = key_figures.text()
    boxes = [word.box for word in text.words if word.text in ("Tobias", "Renquist")]
    assert answer.evidence[0].page == 4
    left, top, right, bottom = answer.evidence[0].box
    assert any(left <= box.x0 and top <= box.y0 and box.x1 <= right and box.y1 <= bottom for box in boxes)


@pytest.mark.slow
def test_a_refusal_is_not_found(key_figures: Page) -> None:
    answer = engine_for(ScriptedModel({})).answer("What is the colour of the moon?", [key_figures], 8)
    assert (answer.text, answer.found, answer.evidence) == (None, False, ())


def test_the_page_that_literally_says_it_wins_and_the_other_answer_is_an_alternative(
    cover: Page, key_figures: Page
) -> None:
    model = ScriptedModel({CHAIR: ["Greta Holm", "Tobias Renquist"]})
    answer = engine_for(model).answer(CHAIR, [cover, key_figures], 8)
    assert (answer.text, answer.evidence[0].page) == ("Tobias Renquist", 4)
    assert [other.text for other in answer.alternatives] == ["Greta Holm"]


def test_a_page_that_refuses_never_outvotes_one_that_answers(cover: Page, key_figures: Page) -> None:
    model = ScriptedModel({CHAIR: ["I'm sorry, but the image does not provide this information.", "Greta Holm"]})
    answer = engine_for(model).answer(CHAIR, [cover, key_figures], 8)
    assert (answer.text, answer.alternatives) == ("Greta Holm", ())


def test_a_printed_none_is_an_answer_but_never_before_a_printed_name(tmp_path: Path, sandbox: Sandbox) -> None:
    file = pymupdf.open()
    for text in ("Chair of the board: None", "Chair of the board: Tobias Renquist"):
        file.new_page(width=300, height=200).insert_text((20, 30), text)
    file.save(tmp_path / "chairs.pdf")
    document = open_path(tmp_path / "chairs.pdf", sandbox)
    model = ScriptedModel({CHAIR: ["None", "Tobias Renquist"]})
    answer = engine_for(model).answer(CHAIR, [Page(document, 1), Page(document, 2)], 2)
    assert [answer.text, *(other.text for other in answer.alternatives)] == ["Tobias Renquist", "None"]
    alone = engine_for(ScriptedModel({CHAIR: ["None"]})).answer(CHAIR, [Page(document, 1)], 2)
    assert (alone.text, alone.flags) == ("None", ())
    assert not engine_for(ScriptedModel({CHAIR: ["None"]})).answer(CHAIR, [Page(document, 2)], 2).found


def test_an_answer_that_the_page_does_not_say_is_flagged(cover: Page) -> None:
    answer = engine_for(ScriptedModel({CHAIR: ["Greta Holm"]})).answer(CHAIR, [cover], 8)
    assert (answer.text, answer.flags) == ("Greta Holm", ("not-literally-on-the-page",))


def test_an_answer_that_reaches_the_token_limit_is_flagged_as_cut_off(cover: Page) -> None:
    answer = engine_for(ScriptedModel({CHAIR: ["on and " * 500]})).answer(CHAIR, [cover], 8)
    assert "cut-off" in answer.flags


def test_without_log_probabilities_an_answer_has_no_confidence(cover: Page) -> None:
    question = "What year is it?"
    answer = engine_for(ScriptedModel({question: ["2024"]}, probability=None)).answer(question, [cover], 8)
    assert (answer.text, answer.confidence, answer.certainty) == ("2024", None, None)
    assert answer.evidence
    assert answer.flags == ("unknown-confidence",)


def test_questions_about_one_page_share_one_image(cover: Page) -> None:
    model = ScriptedModel({})
    engine = engine_for(model)
    for question in ("What year is it?", "Which company is it?"):
        engine.answer(question, [cover], 8)
    first, second = (image for image, _, _ in model.calls)
    assert first is second
    assert first.picture.shape == (LIMITS.image_size, LIMITS.image_size, 3)


# Transcriptions

COVER = (
    "# Tarnholm Instruments plc\n\nAnnual Report\n2024\n\nEvery drop, accounted for.\n\n"
    "For the year ended 31 December 2024"
)


@pytest.mark.parametrize("probability", [0.9, None])
def test_a_page_is_transcribed_into_blocks_with_the_boxes_of_its_words(cover: Page, probability: float | None) -> None:
    transcription = engine_for(ScriptedModel({TRANSCRIBE: [COVER]}, probability)).transcribe(cover)
    assert transcription.steps == ("whole: ok",)
    assert transcription.flags == (() if probability else ("unknown-confidence",))
    assert transcription.agreement == 1
    assert transcription.confidence == pytest.approx(UNKNOWN_CONFIDENCE if probability is None else probability)
    assert [block.kind.value for block in transcription.blocks] == ["heading", "text", "text", "text"]
    literal = {line.text: line.box for line in cover.text().lines}
    assert transcription.blocks[0].box == literal["Tarnholm Instruments plc"]


def test_what_the_model_says_around_a_transcription_is_not_text_of_the_page(cover: Page) -> None:
    reply = f"Here is the transcription:\n\n```markdown\n{COVER}\n```\n\nLet me know if you need anything else."
    transcription = engine_for(ScriptedModel({TRANSCRIBE: [reply]})).transcribe(cover)
    assert transcription == engine_for(ScriptedModel({TRANSCRIBE: [COVER]})).transcribe(cover)


def test_a_model_that_declines_to_transcribe_leaves_the_literal_text(cover: Page) -> None:
    model = ScriptedModel({TRANSCRIBE: ["I'm sorry, but I can't read the text in this image."]})
    transcription = engine_for(model).transcribe(cover)
    assert transcription.steps[:2] == ("whole: no text", "whole, sampled: no text")
    assert "literal-text" in transcription.flags
    assert "Tarnholm Instruments plc" in [line.text for block in transcription.blocks for line in block.lines]


def test_a_loop_is_stopped_and_the_page_is_read_again_with_sampling(cover: Page) -> None:
    model = ScriptedModel({TRANSCRIBE: [LOOP, COVER]})
    transcription = engine_for(model).transcribe(cover)
    assert transcription.steps == ("whole: repetition", "whole, sampled: ok")
    assert transcription.flags == ("repetition",)
    assert [options.sampling for _, _, options in model.calls][1] == RETRY_SAMPLING


@pytest.mark.slow
def test_after_two_loops_the_page_is_read_in_tiles_and_what_fails_is_literal_text(cover: Page) -> None:
    # The page twice, and its first tile twice; the other tiles repeat the last reply, which is text.
    model = ScriptedModel({TRANSCRIBE: [LOOP, LOOP, LOOP, LOOP, "For the year ended 31 December 2024"]})
    transcription = engine_for(model).transcribe(cover)
    steps = transcription.steps
    assert steps[:2] == ("whole: repetition", "whole, sampled: repetition")
    assert steps[2].startswith("tile 1 of ")
    assert steps[2].endswith(": repetition")
    assert steps[-1].endswith(": literal text")
    assert any(step.endswith(": ok") for step in steps)
    assert transcription.flags == ("repetition", "tiled", "literal-text")
    lines = [line.text for block in transcription.blocks for line in block.lines]
    assert lines[0] == "Tarnholm Instruments plc"
    assert lines[-1] == "For the year ended 31 December 2024"


@pytest.mark.slow
def test_where_every_attempt_fails_the_result_is_the_literal_text(cover: Page) -> None:
    transcription = engine_for(ScriptedModel({TRANSCRIBE: [LOOP]})).transcribe(cover)
    assert transcription.steps[-1] == "literal text"
    assert transcription.agreement is None
    lines = [line.text for block in transcription.blocks for line in block.lines]
    assert sorted(lines) == sorted(line.text for line in cover.text().lines)


def test_a_model_with_a_coarse_grid_gets_dense_pages_in_tiles(cover: Page) -> None:
    model = ScriptedModel({TRANSCRIBE: [COVER]}, limits=type(LIMITS)(336, 24, 8192, 146))
    assert engine_for(model).transcribe(cover).steps[0] == "dense page: in tiles"


class SlowModel(ScriptedModel):
    def generate(self, images: object, prompt: Prompt, options: GenerationOptions) -> Generation:  # noqa: ARG002
        raise TimeLimitError(f"reading took longer than {options.time_limit:g} s")


def test_a_model_that_is_too_slow_leaves_the_literal_text(cover: Page) -> None:
    transcription = engine_for(SlowModel({})).transcribe(cover)
    assert transcription.steps == ("took too long", "literal text")


class CrampedModel(ScriptedModel):
    """A model for whose first picture the memory is too small."""

    def generate(self, images: Sequence[PageImage], prompt: Prompt, options: GenerationOptions) -> Generation:
        if not self.calls:
            self.calls.append((images[0], prompt, options))
            raise ResourceError("out of GPU memory while reading a picture")
        return super().generate(images, prompt, options)


def test_a_page_for_which_the_memory_is_too_small_leaves_the_others(cover: Page, key_figures: Page) -> None:
    engine = engine_for(CrampedModel({CHAIR: ["Greta Holm"]}))
    answer = engine.answer(CHAIR, [cover, key_figures], 8)
    assert answer.text == "Greta Holm"
    assert "pages-failed" in answer.flags
    with pytest.raises(ResourceError, match="out of GPU memory"):
        engine_for(CrampedModel({CHAIR: ["Greta Holm"]})).answer(CHAIR, [cover], 8)


# What the user asks for


def test_options_of_generation_reach_the_model_and_the_results(cover: Page) -> None:
    asked = GenerationRequest(
        prompt="In one word: {question}", template="base", temperature=0.7, top_p=0.9, seed=3, max_tokens=5
    )
    model = ScriptedModel({f"In one word: {CHAIR}": ["Greta Holm"]})
    engine = VisionEngine(model, INFO, 60, asked)
    assert engine.answer(CHAIR, [cover], 8).text == "Greta Holm"
    ((_, prompt, options),) = model.calls
    assert prompt.template == "base"
    assert (options.max_new_tokens, options.sampling) == (5, Sampling(0.7, 0.9, 3))
    stated = engine.info.generation
    assert stated is not None
    assert (stated.prompt, stated.template, stated.temperature) == ("In one word: {question}", "base", 0.7)
    assert (stated.top_p, stated.seed, stated.max_tokens, stated.raw, stated.variant) == (0.9, 3, 5, False, None)
    assert engine_for(model).info.generation is None


def test_raw_is_the_models_words_as_they_came(cover: Page, key_figures: Page) -> None:
    reply = 'Here is the text:\n\n```\n"Annual   Report"\n```'
    refusal = "The image does not provide this information."
    model = ScriptedModel({TRANSCRIBE: [reply], CHAIR: [refusal, refusal, "Greta Holm"]}, probability=None)
    engine = VisionEngine(model, INFO, 60, GenerationRequest(raw=True))
    transcription = engine.transcribe(cover)
    assert (transcription.raw, transcription.blocks, transcription.steps) == (reply, (), ("whole: ok",))
    assert engine.answer(CHAIR, [cover], 8).text == refusal
    answer = engine.answer(CHAIR, [cover, key_figures], 8)
    assert [answer.text, *(other.text for other in answer.alternatives)] == ["Greta Holm", refusal]


def test_raw_text_that_loops_or_breaks_off_is_flagged_and_not_read_again(cover: Page) -> None:
    model = ScriptedModel({TRANSCRIBE: [LOOP, "on and " * 5000]})
    engine = VisionEngine(model, INFO, 60, GenerationRequest(raw=True))
    assert [engine.transcribe(cover).flags for _ in range(2)] == [("repetition",), ("repetition",)]
    short = VisionEngine(ScriptedModel({TRANSCRIBE: [COVER]}), INFO, 60, GenerationRequest(raw=True, max_tokens=3))
    transcription = short.transcribe(cover)
    assert (transcription.flags, transcription.raw) == (("cut-off",), "# Tarnholm Instruments")


# Charts


def test_a_chart_is_read_as_a_table_and_labels_on_the_page_confirm_its_values(tmp_path: Path, sandbox: Sandbox) -> None:
    file = pymupdf.open()
    page = file.new_page(width=300, height=200)
    for x, y, text in ((20, 30, "Sales"), (50, 120, "12"), (120, 120, "30"), (50, 160, "Q1"), (120, 160, "Q2")):
        page.insert_text((x, y), text)
    file.save(tmp_path / "chart.pdf")
    table = "Sales\n\n| Quarter | Units |\n|---|---|\n| Q1 | 12 |\n| Q2 | 30 |"
    model = ScriptedModel({CHART: ["The chart shows sales.", table]}, probability=None)
    (chart,) = engine_for(model).read_charts(Page(open_path(tmp_path / "chart.pdf", sandbox), 1))
    assert (chart.title, chart.categories) == ("Sales", ("Q1", "Q2"))
    assert [value.value for value in chart.series[0].values] == [12, 30]
    assert [value.text for value in chart.series[0].values] == ["12", "30"]
    assert chart.confidence == (1 + UNKNOWN_CONFIDENCE) / 2


# The protocol itself


def test_pieces_of_text_are_streamed_and_generation_can_be_cancelled() -> None:
    model = ScriptedModel({"?": ["one two three four"]})
    image = PageImage(picture=None)  # type: ignore[arg-type]  # the script does not look at it
    streamed: list[str] = []
    options = GenerationOptions(
        max_new_tokens=9, time_limit=1, on_text=streamed.append, cancelled=lambda: len(streamed) == 2
    )
    generation = model.generate([image], Prompt("?"), options)
    assert generation.finish_reason is FinishReason.CANCELLED
    assert generation.text == "".join(streamed) == "one two"


# Selection


@pytest.mark.slow
def test_one_more_entry_in_the_registry_is_one_more_engine(monkeypatch: pytest.MonkeyPatch, samples: Path) -> None:
    model = ScriptedModel({CHAIR: ["Tobias Renquist"]})
    monkeypatch.setitem(ENTRIES, "scripted", ScriptedEntry(model))
    assert engine_arguments() == ("auto", "builtin", "cogvlm2", "scripted:NAME", "URL")
    address = "scripted:one"
    selection = select_engine(EngineRequest(address))
    assert (selection.name, selection.reason, selection.announce) == ("scripted", "requested", False)
    with pytest.raises(UsageError) as refused:
        select_engine(EngineRequest("scripted"))
    assert refused.value.hint == "engines: auto, builtin, cogvlm2, scripted:NAME, URL"
    engine = load_engine(selection, seconds=7)
    assert engine.info == INFO
    record = cogdoc.ask(samples / "report.pdf", CHAIR, engine=address)
    assert record.engine is not None
    assert record.engine.name == "scripted"
    assert record.answer is not None
    assert record.answer.text == "Tobias Renquist"
    assert select_engine(EngineRequest()).name != "scripted"
    engine.close()
    assert model.closed


def test_python_takes_the_options_of_generation(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    model = ScriptedModel({"Say: " + CHAIR: ["Not stated."], "Write it.": ["Here is the text:\nreport"]})
    monkeypatch.setitem(ENTRIES, "scripted", ScriptedEntry(model))
    address = "scripted:two"
    form = tmp_path / "form.pdf"
    with pymupdf.open() as file:
        file.new_page(width=300, height=200).insert_text((20, 30), "Annual report")
        file.save(form)
    record = cogdoc.ask(form, CHAIR, engine=address, prompt="Say: {question}", seed=5, raw=True)
    assert record.answer is not None
    assert record.answer.text == "Not stated."
    assert record.engine.generation is not None
    assert (record.engine.generation.seed, record.engine.generation.raw) == (5, True)
    (page,) = cogdoc.ocr(form, engine=address, prompt="Write it.", raw=True)
    assert page.text == page.markdown == "Here is the text:\nreport"
    assert page.blocks == ()
    assert model.loads == 1, "all options share one model"
    for call in (
        lambda: cogdoc.ask(form, CHAIR, engine=address, prompt="Say it"),
        lambda: cogdoc.ocr(form, engine=address, prompt="Say {question}"),
        lambda: cogdoc.chart(form, engine=address, raw=True),
        lambda: cogdoc.ask(form, CHAIR, engine="builtin", temperature=0.5),
        lambda: cogdoc.ask(form, CHAIR, engine=address, top_p=0.5),
    ):
        with pytest.raises(UsageError):
            call()
