"""With the real vocabulary of Llama 3, prompts have the token ids that its own tokenizer gives.

The package llama-models ships the vocabulary, and tiktoken encodes with it; neither is part of cogdoc.
"""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from published_vocabulary import BEGIN_OF_TEXT, SPECIAL_TOKENS, read_ranks, save_published_tokenizer

from cogdoc.cogvlm2.configuration import Template, parse_config
from cogdoc.cogvlm2.prompts import Turn, apply_template, build_prompt
from cogdoc.cogvlm2.published import CONFIG_JSON
from cogdoc.cogvlm2.stop_tokens import stop_token_ids
from cogdoc.cogvlm2.tokenizer import Tokenizer, load_tokenizer

tiktoken = pytest.importorskip("tiktoken", reason="tiktoken is not installed (pip install 'cogdoc[dev]')")
PACKAGE = find_spec("llama_models")
pytestmark = pytest.mark.skipif(PACKAGE is None, reason="llama-models is not installed (pip install 'cogdoc[dev]')")

PAD, IMAGE_TOKENS = 128002, 2306
QUESTIONS = (
    "What is the total?",
    "Write the table in this image as a Markdown table.",
    "  Which of these is it:\n\n\t1,234,567.89 EUR or (12.5%)?  ",
    "这张发票的总金额是多少？",
    "读出这一页上的所有文字。",
    "把图中的表格写成Markdown表格：收入（2024年）是1234567元吗？",
)
HISTORY = (Turn("Hi", "Hello."), Turn("谁签的？", "房东和租客"))
TEXTS = (
    *(str(10**digits + 7) for digits in range(12)),
    "3.14159 -0.5 1e-5 ½ ² Ⅷ １２３ ٣٤٥",
    " a  b   c\u3000d\u00a0e\tf",
    "\n",
    " \n \n\n\r\n\t\n x \n",
    "I'll they've IT'S don't",
    "naïve café Straße Ελλάδα Привет שלום مرحبا 한국어 日本語 ไทย",
    "👩‍👩‍👧 🇩🇪 😀 𝄞 ﷽",
    "价格：￥1,250.00（含税）。",
    "def f(x):\n    return x**2  # ^-^\n",
    "|---|---|\n| a | 1 |\n```markdown\n# H\n```",
)


@pytest.fixture(scope="module")
def ranks() -> dict[bytes, int]:
    assert PACKAGE is not None
    assert PACKAGE.submodule_search_locations is not None
    return read_ranks(Path(PACKAGE.submodule_search_locations[0]) / "llama3" / "tokenizer.model")


@pytest.fixture(scope="module")
def folder(ranks: dict[bytes, int], tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("llama3")
    save_published_tokenizer(folder, ranks)
    return folder


@pytest.fixture(scope="module")
def tokenizer(folder: Path) -> Tokenizer:
    return load_tokenizer(folder)


@pytest.fixture(scope="module")
def reference(ranks: dict[bytes, int]) -> tiktoken.Encoding:
    from llama_models.llama3.tokenizer import Tokenizer as Llama3Tokenizer

    special = {name: number for number, name in enumerate(SPECIAL_TOKENS, BEGIN_OF_TEXT)}
    return tiktoken.Encoding("llama3", pat_str=Llama3Tokenizer.pat_str, mergeable_ranks=ranks, special_tokens=special)


def test_it_is_the_vocabulary_of_the_published_checkpoints(tokenizer: Tokenizer) -> None:
    assert tokenizer.size == CONFIG_JSON["vocab_size"] == 128256
    ids = {name: tokenizer.bpe.token_to_id(name) for name in ("<|begin_of_text|>", "<|end_of_text|>", "<|eot_id|>")}
    assert list(ids.values()) == [CONFIG_JSON["bos_token_id"], *CONFIG_JSON["eos_token_id"]]


@pytest.mark.parametrize("eos", [128001, [128001], 128009, 128002], ids=str)
def test_the_two_ends_of_llama_3_are_stop_tokens_whatever_the_configuration_says(
    folder: Path, tokenizer: Tokenizer, eos: int | list[int]
) -> None:
    config = parse_config(CONFIG_JSON | {"eos_token_id": eos})
    assert stop_token_ids(folder, config, tokenizer) == {128001, 128009, *config.eos_token_ids}


@pytest.mark.parametrize("history", [(), HISTORY], ids=["alone", "continued"])
@pytest.mark.parametrize("template", ["base", "chat", "vqa"])
@pytest.mark.parametrize("question", QUESTIONS)
def test_a_prompt_has_the_token_ids_of_llama_3(
    tokenizer: Tokenizer,
    reference: tiktoken.Encoding,
    template: Template,
    question: str,
    history: tuple[Turn, ...],
) -> None:
    text = apply_template(template, question, history)
    prompt = build_prompt(parse_config(CONFIG_JSON), tokenizer.encode(text), with_image=True)
    expected = (BEGIN_OF_TEXT, *[PAD] * IMAGE_TOKENS, *reference.encode_ordinary(text))
    assert prompt.token_ids == expected


@pytest.mark.parametrize("text", TEXTS)
def test_text_of_any_kind_has_the_token_ids_of_llama_3(
    tokenizer: Tokenizer, reference: tiktoken.Encoding, text: str
) -> None:
    ids = tokenizer.encode(text)
    assert ids == reference.encode_ordinary(text)
    assert tokenizer.decode(ids) == text


@settings(max_examples=50)
@given(text=st.lists(st.text(max_size=12) | st.sampled_from([*TEXTS, *SPECIAL_TOKENS]), max_size=5).map("".join))
def test_no_text_of_a_document_becomes_a_control_token(
    tokenizer: Tokenizer, reference: tiktoken.Encoding, text: str
) -> None:
    ids = tokenizer.encode(text)
    assert ids == reference.encode_ordinary(text)
    assert all(token_id < BEGIN_OF_TEXT for token_id in ids)
    assert tokenizer.decode(ids) == text


@pytest.mark.parametrize("name", ["<|begin_of_text|>", "<|end_of_text|>", "<|eot_id|>", "<|start_header_id|>"])
def test_a_control_token_that_is_typed_is_text(tokenizer: Tokenizer, reference: tiktoken.Encoding, name: str) -> None:
    text = f"Total {name} 12"
    assert reference.encode(text, allowed_special="all") != reference.encode_ordinary(text)
    assert tokenizer.encode(text) == reference.encode_ordinary(text)
