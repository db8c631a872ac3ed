"""What CogVLM2's work took is part of results: tokens, passes, drafts, pictures, seconds."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from scripted_model import ScriptedModel

from cogdoc.cogvlm2.features import FeatureStore
from cogdoc.cogvlm2.reading_memory import ReadingRoom
from cogdoc.cogvlm2.session import CogVLM2Session, load_session
from cogdoc.documents.document import Document, open_path
from cogdoc.documents.page_selection import PageSelection
from cogdoc.documents.sandbox import Sandbox
from cogdoc.engines.cogvlm2.cogvlm2_model import CogVLM2Model
from cogdoc.engines.vision.engine import VisionEngine
from cogdoc.engines.vision.vision_model import VisionModel
from cogdoc.results.records import EngineInfo, PageRecord, Record
from cogdoc.results.usage import describe_memory, describe_usage, reproducible, total_usage
from cogdoc.results.usage_counts import Usage
from cogdoc.tasks.ask import answer_questions
from cogdoc.tasks.chart import read_charts
from cogdoc.tasks.ocr import transcribe

POCKET = Path(__file__).parents[2] / "samples" / "pocket"
ROOM = ReadingRoom(row_tokens=512, rows=4, prefix_bytes=1 << 30)
ALL = PageSelection()
OF_THE_TEXT = {"generations", "prompt_tokens", "image_tokens", "generated_tokens"}
QUESTIONS = ["What is the tip?", "What is the date?"]

pytestmark = pytest.mark.skipif(not (POCKET / "model" / "model.safetensors").exists(), reason="no pocket checkpoint")


@pytest.fixture(scope="module")
def forms() -> Iterator[Document]:
    with Sandbox() as sandbox:
        yield open_path(POCKET / "forms.pdf", sandbox)


@pytest.fixture(scope="module")
def session() -> CogVLM2Session:
    return load_session(POCKET / "model")


@pytest.fixture
def open_model(session: CogVLM2Session) -> Iterator[Callable[..., CogVLM2Model]]:
    opened: list[CogVLM2Model] = []

    def start(room: ReadingRoom | None = None, store: FeatureStore | None = None) -> CogVLM2Model:
        opened.append(CogVLM2Model(replace(session, store=store), room))
        return opened[-1]

    yield start
    for model in opened:
        model.close()


def engine_of(model: VisionModel, seconds: float = 300) -> VisionEngine:
    return VisionEngine(model, EngineInfo(name="cogvlm2", version="0"), seconds)


def usage_of(record: Record) -> Usage:
    assert record.usage is not None
    return record.usage


def test_each_page_tells_what_it_took(forms: Document, open_model: Callable[..., CogVLM2Model]) -> None:
    model = open_model()
    for record in transcribe(forms, engine_of(model), ALL):
        usage = usage_of(record)
        assert (usage.generations, usage.pictures) == (1, {"read": 1})
        assert usage.generated_tokens == model.count_tokens(record.text)
        assert (usage.prompt_tokens > 0, usage.image_tokens) == (True, model.limits.image_tokens)
        assert usage.peak_memory["process"] > 50_000_000
        # Each pass gives a token of its own, the last one that which stops.
        passes, drafted, accepted = usage.passes or 0, usage.draft_tokens or 0, usage.accepted_tokens or 0
        assert passes + accepted == usage.generated_tokens + 1
        assert 0 < accepted <= drafted
        seconds = usage.seconds
        assert list(seconds) == ["waiting", "vision", "prompt", "decoding"]
        assert min(seconds["vision"], seconds["prompt"], seconds["decoding"]) > 0
        assert sum(seconds.values()) <= record.timings["read"]


def test_pages_of_an_answer_are_added_up_and_each_is_read_for_one_question(
    forms: Document, open_model: Callable[..., CogVLM2Model]
) -> None:
    model = open_model(ROOM)
    usages = [usage_of(record) for record in answer_questions(forms, engine_of(model), QUESTIONS, ALL)]
    assert [usage.generations for usage in usages] == [2, 2]
    pictures = sum((Counter(usage.pictures) for usage in usages), Counter[str]())
    assert pictures == {"read": 2, "prefix kept": 2}
    assert pictures["read"] == model.counts.images


def test_charts_tell_what_they_and_questions_about_them_took(
    forms: Document, open_model: Callable[..., CogVLM2Model]
) -> None:
    for record in read_charts(forms, engine_of(open_model()), ALL, QUESTIONS[:1]):
        usage = usage_of(record)
        assert usage.generations >= 2
        assert usage.pictures == {"read": 1, "prefix kept": usage.generations - 1}


def test_what_files_have_does_not_depend_on_what_is_read_side_by_side(
    forms: Document, open_model: Callable[..., CogVLM2Model]
) -> None:
    runs = [
        [reproducible(record).usage for record in transcribe(forms, engine_of(open_model(room)), ALL)]
        for room in (None, ROOM)
    ]
    assert runs[0] == runs[1]
    assert all(usage is not None and usage.generated_tokens for usage in runs[0])
    assert all(usage == Usage.model_validate(usage.model_dump(include=OF_THE_TEXT)) for usage in runs[0] if usage)


def test_features_are_told_to_come_from_disk_or_memory(
    forms: Document, open_model: Callable[..., CogVLM2Model], tmp_path: Path
) -> None:
    first = PageSelection(((1, 1),))
    no_prefixes = ReadingRoom(row_tokens=512, rows=1, prefix_bytes=0)

    def pictures(model: CogVLM2Model, selection: PageSelection) -> list[dict[str, int]]:
        return [usage_of(record).pictures for record in transcribe(forms, engine_of(model), selection)]

    store = FeatureStore(tmp_path, "pocket")
    model = open_model(no_prefixes, store)
    assert pictures(model, ALL) == [{"read": 1}, {"read": 1}]
    assert pictures(model, first) == [{"features in memory": 1}]
    assert pictures(open_model(None, store), first) == [{"features on disk": 1}]


def test_time_that_was_not_enough_is_told_too(forms: Document, open_model: Callable[..., CogVLM2Model]) -> None:
    (record, _) = transcribe(forms, engine_of(open_model(), seconds=0), ALL)
    assert record.error is not None or "took too long" in record.steps
    usage = usage_of(record)
    assert (usage.generations, usage.failed, usage.generated_tokens) == (1, 1, 0)
    assert describe_usage(usage).startswith("0 tokens in 0 passes, 1 of 1 generation failed")
    assert reproducible(record).usage is None


def test_other_models_may_leave_it_out(forms: Document) -> None:
    records: list[PageRecord] = list(transcribe(forms, engine_of(ScriptedModel({})), ALL))
    assert [record.usage for record in records] == [None, None]


def test_usage_in_words() -> None:
    page = Usage(
        generations=1,
        generated_tokens=41,
        passes=6,
        draft_tokens=37,
        accepted_tokens=35,
        pictures={"read": 1},
        seconds={"waiting": 0.01, "vision": 0.81, "prompt": 0.2, "decoding": 0.3},
    )
    assert describe_usage(page) == (
        "41 tokens in 6 passes, 35 of 37 draft tokens accepted, picture 0.8 s, prompt 0.2 s, decoding 0.3 s"
    )
    answer = Usage(
        generations=1,
        generated_tokens=1,
        passes=1,
        pictures={"prefix kept": 1},
        seconds={"waiting": 2.0, "vision": 0.0, "prompt": 0.0, "decoding": 0.1},
        peak_memory={"process": 7},
        cache_hits=2,
    )
    assert describe_usage(answer) == (
        "1 token in 1 pass, waiting 2.0 s, picture 0.0 s (prefix kept), prompt 0.0 s, decoding 0.1 s, "
        "2 readings from the cache"
    )
    both = total_usage([page, None, answer])
    assert both is not None
    assert describe_usage(both) == (
        "42 tokens in 7 passes, 35 of 37 draft tokens accepted, waiting 2.0 s, "
        "pictures 0.8 s (1 prefix kept, 1 read), prompt 0.2 s, decoding 0.4 s, 2 readings from the cache"
    )
    assert both.peak_memory == {"process": 7}
    assert describe_memory({"process": 620_000_000, "cuda:0": 13_100_000_000}) == (
        "0.6 GB in this process, 13.1 GB on cuda:0"
    )
