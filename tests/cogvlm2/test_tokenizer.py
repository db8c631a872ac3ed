"""Every text decodes to itself, at once or streamed, and never becomes a control token."""

from __future__ import annotations

from pathlib import Path

import pytest
import tokenizers
from hypothesis import example, given
from hypothesis import strategies as st
from llama3_tokenizer import CORPUS, ORDINARY_TOKENS, SPECIAL_TOKENS, save_llama3_tokenizer

from cogdoc.cogvlm2.tokenizer import TextStream, Tokenizer, load_tokenizer
from cogdoc.errors import CheckpointError

WHOLE_CHARACTERS = "价格 😀 é 한 👩‍👩‍👧 🇩🇪 𝄞 ﷽"
TEXTS = st.lists(
    st.one_of(
        st.text(max_size=20), st.sampled_from([*CORPUS, *SPECIAL_TOKENS, WHOLE_CHARACTERS, "  ", "\r\n", "\ufffd"])
    ),
    max_size=8,
).map("".join)
# More ids than tokens, since the output head of a model may be wider than its tokenizer.
TOKEN_IDS = st.lists(st.integers(0, ORDINARY_TOKENS + len(SPECIAL_TOKENS) + 8), max_size=40)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    checkpoint = tmp_path_factory.mktemp("checkpoint")
    save_llama3_tokenizer(checkpoint)
    return checkpoint


@pytest.fixture(scope="module")
def tokenizer(folder: Path) -> Tokenizer:
    return load_tokenizer(folder)


@pytest.fixture(scope="module")
def partial_ids(tokenizer: Tokenizer) -> list[int]:
    """Tokens that contain a part of a character."""
    return [token_id for token_id in range(ORDINARY_TOKENS) if "\ufffd" in tokenizer.decode([token_id])]


def streamed(tokenizer: Tokenizer, token_ids: list[int]) -> list[str]:
    stream = TextStream(tokenizer)
    return [*(stream.push(token_id) for token_id in token_ids), stream.finish()]


@given(text=TEXTS)
def test_any_text_decodes_to_itself(tokenizer: Tokenizer, text: str) -> None:
    assert tokenizer.decode(tokenizer.encode(text)) == text


@given(text=TEXTS)
def test_the_text_of_a_control_token_is_encoded_as_text(tokenizer: Tokenizer, text: str) -> None:
    assert all(token_id < ORDINARY_TOKENS for token_id in tokenizer.encode(text))


@pytest.mark.parametrize("name", SPECIAL_TOKENS)
def test_control_tokens_are_encoded_as_text_though_the_file_would_parse_them(
    folder: Path, tokenizer: Tokenizer, name: str
) -> None:
    plain = tokenizers.Tokenizer.from_file(str(folder / "tokenizer.json"))
    assert len(plain.encode(name, add_special_tokens=False).ids) == 1
    assert len(tokenizer.encode(name)) > 1


def test_bos_is_left_to_the_prompt(tmp_path: Path, tokenizer: Tokenizer) -> None:
    special = save_llama3_tokenizer(tmp_path)
    published = tokenizers.Tokenizer.from_file(str(tmp_path / "tokenizer.json"))
    for text in CORPUS:
        assert published.encode(text).ids == [special.bos, *tokenizer.encode(text)]


def test_numbers_are_split_into_groups_of_three_digits_as_in_llama_3(tokenizer: Tokenizer) -> None:
    for text in ("1234567", "总额1234567元"):
        pieces = [tokenizer.decode([token_id]) for token_id in tokenizer.encode(text)]
        assert max(sum(map(str.isdigit, piece)) for piece in pieces) <= 3


@pytest.mark.parametrize(("text", "expected"), [("a\ud83db", "a?b"), ("\udcff", "?"), ("\ude00\ud83d", "??")])
def test_half_a_surrogate_pair_becomes_a_question_mark(tokenizer: Tokenizer, text: str, expected: str) -> None:
    assert tokenizer.decode(tokenizer.encode(text)) == expected
    assert tokenizer.count(text) == len(expected.encode())


@given(text=TEXTS)
def test_tokens_are_counted_as_they_are_encoded(tokenizer: Tokenizer, text: str) -> None:
    assert tokenizer.count(text) == len(tokenizer.encode(text))


@given(text=TEXTS, data=st.data())
def test_control_tokens_leave_no_trace_in_an_answer(tokenizer: Tokenizer, text: str, data: st.DataObject) -> None:
    token_ids = tokenizer.encode(text)
    controls = st.integers(ORDINARY_TOKENS, ORDINARY_TOKENS + len(SPECIAL_TOKENS) - 1)
    for control in data.draw(st.lists(controls, max_size=4)):
        token_ids.insert(data.draw(st.integers(0, len(token_ids))), control)
    assert tokenizer.decode(token_ids) == text
    assert "".join(streamed(tokenizer, token_ids)) == text


@given(token_ids=TOKEN_IDS)
def test_streamed_pieces_are_the_whole_answer(tokenizer: Tokenizer, token_ids: list[int]) -> None:
    assert "".join(streamed(tokenizer, token_ids)) == tokenizer.decode(token_ids)


@given(data=st.data())
def test_streamed_pieces_are_the_whole_answer_even_for_partial_characters(
    tokenizer: Tokenizer, partial_ids: list[int], data: st.DataObject
) -> None:
    anything = st.one_of(st.sampled_from(partial_ids), st.integers(0, ORDINARY_TOKENS + len(SPECIAL_TOKENS)))
    token_ids = data.draw(st.lists(anything, max_size=40))
    assert "".join(streamed(tokenizer, token_ids)) == tokenizer.decode(token_ids)


@given(text=TEXTS.filter(lambda text: "\ufffd" not in text))
@example(text=WHOLE_CHARACTERS)
@example(text="".join(CORPUS))
def test_a_character_is_streamed_with_its_last_token_and_not_before(tokenizer: Tokenizer, text: str) -> None:
    token_ids = tokenizer.encode(text)
    *pieces, rest = streamed(tokenizer, token_ids)
    for end in range(len(token_ids) + 1):
        assert "".join(pieces[:end]) == tokenizer.decode(token_ids[:end]).rstrip("\ufffd")
    assert rest == ""


def test_an_answer_that_ends_inside_a_character_ends_in_a_replacement_character(tokenizer: Tokenizer) -> None:
    first, *_ = emoji = tokenizer.encode("😀")
    assert len(emoji) > 1
    stream = TextStream(tokenizer)
    assert "".join(stream.push(token_id) for token_id in [*tokenizer.encode("Hello"), first]) == "Hello"
    assert stream.finish() == "\ufffd"
    assert stream.finish() == ""


@pytest.mark.parametrize(
    "content", [b"", b"{}", b"[]", b"null", b"\xff\xfe", b"[" * 10_000, b'{"model": {"type": "BPE", "vocab": 3}}']
)
def test_a_damaged_tokenizer_file_is_named_in_one_line(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "tokenizer.json").write_bytes(content)
    with pytest.raises(CheckpointError, match=r"tokenizer\.json: cannot be read: .+") as caught:
        load_tokenizer(tmp_path)
    assert "\n" not in caught.value.message


def test_a_truncated_tokenizer_file_is_named(tmp_path: Path, folder: Path) -> None:
    whole = (folder / "tokenizer.json").read_bytes()
    (tmp_path / "tokenizer.json").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(CheckpointError, match=r"tokenizer\.json: cannot be read"):
        load_tokenizer(tmp_path)


def test_a_folder_without_a_tokenizer_is_named(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match=r"no tokenizer\.json"):
        load_tokenizer(tmp_path)
    (tmp_path / "tokenizer.json").mkdir()
    with pytest.raises(CheckpointError, match=r"tokenizer\.json: cannot be read"):
        load_tokenizer(tmp_path)


def test_truncation_and_padding_in_the_file_are_ignored(tmp_path: Path, tokenizer: Tokenizer) -> None:
    save_llama3_tokenizer(tmp_path)
    path = str(tmp_path / "tokenizer.json")
    saved = tokenizers.Tokenizer.from_file(path)
    saved.enable_truncation(4)
    saved.enable_padding(length=16)
    saved.save(path)
    for text in ("", "Hello", CORPUS[0]):
        assert load_tokenizer(tmp_path).encode(text) == tokenizer.encode(text)
