"""Breaks an intact file at random: first its structure, where its format is known, then its bytes."""

from __future__ import annotations

import random
import struct
import zlib
from collections.abc import Sequence

from .archive_mutations import ARCHIVE_MUTATIONS
from .byte_mutations import BYTE_MUTATIONS
from .input_file import NOT_APPLICABLE, InputFile, Mutation
from .pdf_mutations import PDF_MUTATIONS
from .picture_mutations import PICTURE_MUTATIONS

STRUCTURED = {**PICTURE_MUTATIONS, "pdf": PDF_MUTATIONS, "epub": ARCHIVE_MUTATIONS, "xps": ARCHIVE_MUTATIONS}
MAX_BYTES = 20_000_000
ATTEMPTS = 5
"""A mutation can choose a part that it cannot break, such as an entry without numbers."""

NOT_BROKEN = (*NOT_APPLICABLE, struct.error, zlib.error)


def mutate(rng: random.Random, originals: Sequence[InputFile], number: int) -> InputFile:
    """One of `originals` after one to three mutations, which its name lists."""
    # Formats first, so that the many variants of one do not crowd out the others.
    suffix = rng.choice(sorted({original.suffix for original in originals} | {"pdf"}) + ["pdf"] * 4)
    original = rng.choice([original for original in originals if original.suffix == suffix])
    structured = rng.choice(STRUCTURED[suffix])
    mutations = [structured] if rng.random() < 0.75 else []
    if not mutations or rng.random() < 0.3:
        mutations += rng.choices(BYTE_MUTATIONS, k=rng.randint(1, 2))
    content, applied = original.content, []
    for mutation in mutations:
        for _ in range(ATTEMPTS):
            try:
                content = mutation(rng, content)[:MAX_BYTES]
            except NOT_BROKEN:
                continue
            applied.append(_name(mutation))
            break
    return InputFile(f"{number:05d}-{'-'.join(applied) or 'intact'}-{original.name}", content)


def _name(mutation: Mutation) -> str:
    return getattr(mutation, "__name__", "mutation").replace("_", "-")
