"""`cogdoc model show`: the memory that checkpoints need, and the cards that they fit, also before the download."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from cogdoc.results.printable import printable

if TYPE_CHECKING:
    from pathlib import Path

    from cogdoc.cogvlm2.configuration import ModelConfig
    from cogdoc.engines.cuda_devices import Card
    from cogdoc.models.description import Description, Precision
    from cogdoc.models.published_models import Model

MB, GB = 1e6, 1e9
GIB = 2**30


def show_model(name: str) -> None:
    """Print what is known of a checkpoint: from its files, or from the recorded configuration before its download.

    Raises:
        MissingError, CheckpointError: it is neither on this machine nor published.
    """
    from cogdoc.models.checkpoint_folders import checkpoint_folder, find_checkpoint, models_folder
    from cogdoc.models.description import describe, describe_published, memory_parts
    from cogdoc.models.published_models import find_model

    model = find_model(name)
    # A folder that is there but incomplete is an error, which `checkpoint_folder` names.
    if model is None or find_checkpoint(name) is not None or (models_folder() / model.folder).exists():
        folder = checkpoint_folder(name)
        description = describe(folder)
        facts = list(_local_facts(folder, description))
    else:
        description = describe_published(model)
        facts = list(_published_facts(model, description))
    config = description.config
    facts += [
        ("parameters", f"{description.parameters:,}"),
        ("weights", description.weights),
        ("context", f"{config.max_positions:,} tokens, {config.image_tokens:,} of them for a picture"),
    ]
    print_table(facts)
    columns = {precision: memory_parts(config, precision) for precision in description.choices}
    unit, unit_name = (GB, "GB") if description.size >= GB else (MB, "MB")
    header = (f"memory on a GPU, in {unit_name}", *(precision.name for precision in columns))
    rows = [
        (part, *(f"{sizes[index][1] / unit:.2f}" for sizes in columns.values()))
        for index, (part, _) in enumerate(next(iter(columns.values())))
    ]
    sys.stdout.write("\n")
    print_table([header, *rows])
    sys.stdout.write("\n")
    _print_fitting(config, description.choices)


def show_published() -> None:
    """Print every published checkpoint, and which cards each way to load it fits."""
    from cogdoc.cogvlm2.published import PUBLISHED
    from cogdoc.models.checkpoint_folders import find_checkpoint
    from cogdoc.models.description import PRECISIONS, describe_published
    from cogdoc.models.published_models import MODELS

    rows = [("NAME", "MODEL", "DOWNLOAD", "WEIGHTS", "WHERE")]
    choices = list(PRECISIONS)
    for model in MODELS.values():
        description = describe_published(model)
        choices += [choice for choice in description.choices if choice not in choices]
        folder = find_checkpoint(model.name)
        where = str(folder) if folder is not None else "not on this machine"
        rows.append((model.name, model.description, size_in_words(description.size), description.weights, where))
    print_table(rows)
    sys.stdout.write("\n")
    _print_fitting(PUBLISHED, choices)


def size_in_words(count: int) -> str:
    return f"{count / GB:.1f} GB" if count >= GB else f"{count / MB:.1f} MB"


def print_table(rows: Sequence[Sequence[str]]) -> None:
    rows = [[printable(cell) for cell in row] for row in rows]
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    for row in rows:
        line = "  ".join(f"{cell:<{width}}" for cell, width in zip(row, widths, strict=True))
        sys.stdout.write(line.rstrip() + "\n")


def _local_facts(folder: Path, description: Description) -> Iterator[tuple[str, str]]:
    from cogdoc.models.provenance import read_provenance

    yield "folder", str(folder)
    provenance = read_provenance(folder)
    if provenance is not None:
        commit = provenance.commit or provenance.revision
        yield "from", f"{provenance.source}: {provenance.repository}" + (f" at {commit}" if commit else "")
    yield "on disk", f"{size_in_words(description.size)} in {description.files} files"


def _published_facts(model: Model, description: Description) -> Iterator[tuple[str, str]]:
    yield "model", f"{model.name}: {model.description}"
    yield "folder", f"not on this machine; get it with: cogdoc model pull {model.name}"
    yield "from", f"huggingface: {model.huggingface[0]}, or modelscope: {model.modelscope[0]}"
    yield "download", f"about {size_in_words(description.size)}"


def _print_fitting(config: ModelConfig, choices: Sequence[Precision]) -> None:
    """Print the longest context for each way to load a model, on common cards, those of this machine, and its CPU."""
    import psutil

    from cogdoc.engines.cogvlm2.verdicts import card_verdict, fitting_together
    from cogdoc.engines.cuda_devices import check_with_torch, find_cards
    from cogdoc.models.description import CARDS, fitting_context

    cards = check_with_torch(find_cards())
    free = psutil.virtual_memory().available
    here = (*(f"GPU {card.index} here" for card in cards.usable), "CPU here")
    rows = [("tokens that fit a card of", *(f"{memory // GIB} GiB" for memory in CARDS), *here)]
    for choice in (*choices, *(replace(choice, offload=True) for choice in choices)):
        contexts = [
            *(fitting_context(config, choice, memory) for memory in CARDS),
            *(_context_on(config, choice, card) for card in cards.usable),
            None if choice.offload else fitting_context(config, choice, free, "cpu"),
        ]
        rows.append((choice.name, *(f"{context:,}" if context else "-" for context in contexts)))
    print_table(rows)
    for card in cards.all:
        sys.stdout.write(f"GPU {card.index} here: {printable(card.name)}, {printable(card_verdict(card))}\n")
    together = fitting_together(config, choices, cards)
    if together:
        sys.stdout.write(f"GPUs together: for reading pages, their layers fit in {'; '.join(together)}\n")
    if cards.problem is not None:
        sys.stdout.write(f"{printable(cards.problem.message)}\n")


def _context_on(config: ModelConfig, choice: Precision, card: Card) -> int | None:
    """The tokens that fit the free memory of a card; None if nothing fits, or the card lacks the kernels."""
    from cogdoc.cogvlm2.card_arithmetic import card_arithmetic, runs_on
    from cogdoc.models.description import fitting_context

    if not runs_on(choice.quantization, card.capability):
        return None
    fused = card_arithmetic(card.capability).fused_attention
    return fitting_context(config, choice, card.free, fused_attention=fused)
