"""Trains a small tokenizer like that of Llama 3, since the published one has 128,000 entries and is not available."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers, processors, trainers

# The split pattern of the published tokenizer.json.
SPLIT = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}"
    r"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)
ORDINARY_TOKENS = 752

# As in the original, these follow the ordinary tokens. They make the vocabulary size a multiple of 64.
SPECIAL_TOKENS = (
    "<|begin_of_text|>",
    "<|end_of_text|>",
    *(f"<|reserved_special_token_{i}|>" for i in range(4)),
    "<|start_header_id|>",
    "<|end_header_id|>",
    "<|reserved_special_token_4|>",
    "<|eot_id|>",
    *(f"<|reserved_special_token_{i}|>" for i in range(5, 11)),
)

CORPUS = (
    "Question: What is the total amount of this invoice? Answer: The total amount is 1,250.00 EUR, due on 2024-03-15.",
    "Question: Who signed the contract? Short answer: The tenant and the landlord signed it on the last page.",
    "The chart shows the revenue of each quarter: it rose from 12.5 to 17.8 million, then fell again in winter.",
    "A model reads a picture of a page together with a question, and writes down what it has seen there.",
    "It doesn't matter how the table is drawn; we'll take every row, every column and the numbers between them.",
    "Hello, world! This is a report about water, energy and paper, with three figures and one table of contents.",
    "def total(lines):\n    return sum(line.price * line.count for line in lines)\n",
    "这张发票的总金额是一千二百五十元，请在三月十五日以前付款。",
    "问题：合同是谁签的？回答：房东和租客在最后一页签了名。",
    "图表显示了每个季度的收入：从一季度的十二万元增加到四季度的十八万元。",
    "模型读一页图片和一个问题，然后写下它看到的内容。发票号码、购买方名称和金额都在第一页。",
)


@dataclass(frozen=True, slots=True)
class SpecialIds:
    """The special ids and the vocabulary size for a config.json."""

    bos: int
    eos: int
    pad: int
    vocab_size: int


def save_llama3_tokenizer(folder: Path) -> SpecialIds:
    """Write `tokenizer.json` to `folder`; every call writes the same file."""
    tokenizer = Tokenizer(models.BPE(ignore_merges=True))
    split = pre_tokenizers.Split(Regex(SPLIT), behavior="isolated")
    byte_level = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([split, byte_level])
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=ORDINARY_TOKENS, initial_alphabet=pre_tokenizers.ByteLevel.alphabet(), show_progress=False
    )
    tokenizer.train_from_iterator(CORPUS, trainer)
    tokenizer.add_special_tokens(list(SPECIAL_TOKENS))
    ids = {name: tokenizer.token_to_id(name) for name in SPECIAL_TOKENS}
    bos = SPECIAL_TOKENS[0]
    tokenizer.post_processor = processors.Sequence(
        [
            processors.ByteLevel(trim_offsets=False),
            processors.TemplateProcessing(
                single=f"{bos} $A", pair=f"{bos} $A {bos} $B:1", special_tokens=[(bos, ids[bos])]
            ),
        ]
    )
    tokenizer.save(str(folder / "tokenizer.json"))
    first, eos, pad = (ids[name] for name in SPECIAL_TOKENS[:3])
    return SpecialIds(bos=first, eos=eos, pad=pad, vocab_size=tokenizer.get_vocab_size())
