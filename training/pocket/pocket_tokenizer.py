"""Builds the pocket checkpoint's tokenizer: Llama 3's kind, with the words of forms and prompts as single tokens."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers, processors

from cogdoc.cogvlm2.prompts import apply_template
from samples.pocket import form_questions as questions
from samples.pocket.forms import LABELS, MONTHS

# The pattern of the published tokenizer.json.
SPLIT = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}"
    r"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)
BEGIN, END, PAD = "<|begin_of_text|>", "<|end_of_text|>", "<|reserved_special_token_0|>"
VOCABULARY_MULTIPLE = 64
"""Reserved tokens pad the vocabulary to a multiple of this."""


@dataclass(frozen=True, slots=True)
class SpecialIds:
    """Special token ids for config.json, and the size of the embedding."""

    bos: int
    eos: int
    pad: int
    vocab_size: int


def save_tokenizer(folder: Path) -> SpecialIds:
    """Write `tokenizer.json` to `folder`; every call writes the same bytes."""
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    words = sorted({word.replace(" ", "\u0120") for word in _words()} - set(alphabet))
    vocab = {token: index for index, token in enumerate([*alphabet, *words])}
    # Without merges, a piece of text that is a token becomes that token, and any other is split into bytes.
    tokenizer = Tokenizer(models.BPE(vocab, [], ignore_merges=True))
    split = pre_tokenizers.Split(Regex(SPLIT), behavior="isolated")
    byte_level = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([split, byte_level])
    tokenizer.decoder = decoders.ByteLevel()
    padding = -(len(vocab) + 2) % VOCABULARY_MULTIPLE or VOCABULARY_MULTIPLE
    tokenizer.add_special_tokens([BEGIN, END, *(f"<|reserved_special_token_{i}|>" for i in range(padding))])
    bos, eos, pad = (len(vocab) + i for i in range(3))
    template = processors.TemplateProcessing(
        single=f"{BEGIN} $A", pair=f"{BEGIN} $A {BEGIN} $B:1", special_tokens=[(BEGIN, bos)]
    )
    tokenizer.post_processor = processors.Sequence([processors.ByteLevel(trim_offsets=False), template])
    tokenizer.save(str(folder / "tokenizer.json"))
    return SpecialIds(bos, eos, pad, tokenizer.get_vocab_size())


def _words() -> Iterator[str]:
    """The words of prompts and answers, with and without the space in front, as the pattern splits text."""
    texts = [
        apply_template("chat", questions.READ_ALL),
        apply_template("vqa", questions.NOT_FOUND),
        questions.NOT_FOUND,
    ]
    texts += [wording.format(" ") for wording in questions.WORDINGS]
    texts += [*questions.ABSENT_NAMES, *LABELS, *MONTHS]
    texts += [name for names in questions.NAMES.values() for name in names]
    texts += questions.READ_VERBS + questions.READ_OBJECTS + questions.READ_PLACES + questions.READ_MANNERS
    for text in texts:
        for word in re.findall(r"[A-Za-z]+", text):
            yield from (word, f" {word}", word.capitalize(), f" {word.capitalize()}")
