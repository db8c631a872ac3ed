"""Mutations of EPUB and XPS archives: their entries, and the XML in them."""

from __future__ import annotations

import random
import re
import warnings
import zipfile
from io import BytesIO

from .byte_mutations import cut, drop, flip, overstate, repeat
from .input_file import EXTREME_NUMBERS, Mutation

ENTITIES = (
    b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaaaaaaaa">'
    + b"".join(b'<!ENTITY %c "%b">' % (letter, b"&%c;" % (letter - 1) * 10) for letter in range(ord("b"), ord("j")))
    + b"]>"
)
OUTSIDE = b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]>'
BOMB_BYTES = 40_000_000

Entries = list[tuple[str, bytes]]


def break_entry(rng: random.Random, entries: Entries) -> None:
    """Mutate the bytes of an entry."""
    index = rng.randrange(len(entries))
    name, content = entries[index]
    entries[index] = (name, rng.choice((flip, cut, drop, repeat))(rng, content))


def inflate_attribute(rng: random.Random, entries: Entries) -> None:
    """Replace a number in an XML entry."""
    index = rng.randrange(len(entries))
    name, content = entries[index]
    match = rng.choice(list(re.finditer(rb"(?<=[\" ,:])-?\d+(?=[\" ,;px])", content)))
    number = b"%d" % rng.choice(EXTREME_NUMBERS)
    entries[index] = (name, content[: match.start()] + number + content[match.end() :])


def nest_elements(rng: random.Random, entries: Entries) -> None:
    """Nest an element very deeply."""
    index = rng.randrange(len(entries))
    name, content = entries[index]
    depth, tag = rng.choice((200, 20_000, 200_000)), rng.choice((b"div", b"table", b"Canvas", b"navPoint"))
    position = content.rfind(b"</")
    entries[index] = (
        name,
        content[:position] + b"<%b>" % tag * depth + b"x" + b"</%b>" % tag * depth + content[position:],
    )


def declare_entities(rng: random.Random, entries: Entries) -> None:
    """Declare entities that expand to gigabytes, or to a file of this machine, and use one."""
    index = rng.randrange(len(entries))
    name, content = entries[index]
    body = re.sub(rb"<\?xml.*?\?>", b"", content)
    position = body.rfind(b"</")
    entries[index] = (name, rng.choice((ENTITIES, OUTSIDE)) + body[:position] + b"&a;&i;" + body[position:])


def rename_entry(rng: random.Random, entries: Entries) -> None:
    """Give an entry another name: one that leads out of the archive, or that of another entry."""
    index = rng.randrange(len(entries))
    name = rng.choice(("../../../../tmp/escaped", "/etc/passwd", "a" * 60_000, "", rng.choice(entries)[0]))
    entries[index] = (name, entries[index][1])


def remove_entry(rng: random.Random, entries: Entries) -> None:
    del entries[rng.randrange(len(entries))]


def multiply_entry(rng: random.Random, entries: Entries) -> None:
    """Repeat an entry thousands of times."""
    entries += [rng.choice(entries)] * rng.choice((10, 3000))


def multiply_lines(rng: random.Random, entries: Entries) -> None:
    """Repeat an element of an XML entry very often: references of a spine, pages, glyphs, paragraphs."""
    index = rng.randrange(len(entries))
    name, content = entries[index]
    match = rng.choice(list(re.finditer(rb"<\w+[^<>]*/>|<p>.*?</p>", content)))
    entries[index] = (
        name,
        content[: match.end()] + match.group() * rng.choice((20, 2000)) + content[match.end() :],
    )


def explode_entry(rng: random.Random, entries: Entries) -> None:
    """Let an entry expand to many bytes."""
    index = rng.randrange(len(entries))
    entries[index] = (entries[index][0], rng.choice((b"\0", b"<p>", b"a ")) * (BOMB_BYTES // 4))


ENTRY_MUTATIONS = (
    break_entry,
    break_entry,
    inflate_attribute,
    nest_elements,
    declare_entities,
    rename_entry,
    remove_entry,
    multiply_entry,
    multiply_lines,
    explode_entry,
)


def break_entries(rng: random.Random, content: bytes) -> bytes:
    """One to three mutations of entries."""
    with zipfile.ZipFile(BytesIO(content)) as archive:
        entries = [(name, archive.read(name)) for name in archive.namelist()]
    for mutation in rng.choices(ENTRY_MUTATIONS, k=rng.randint(1, 3)):
        mutation(rng, entries)
    buffer = BytesIO()
    with warnings.catch_warnings(), zipfile.ZipFile(buffer, "w") as archive:
        warnings.simplefilter("ignore")  # duplicate names are the point
        for name, body in entries:
            archive.writestr(name, body, rng.choice((zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_DEFLATED)))
    return buffer.getvalue()


def break_directory(rng: random.Random, content: bytes) -> bytes:
    """Overwrite fields of the archive's central directory."""
    start = content.index(b"PK\x01\x02")
    directory = content[start:]
    return content[:start] + rng.choice((flip, overstate, overstate))(rng, directory)


ARCHIVE_MUTATIONS: tuple[Mutation, ...] = (break_entries, break_entries, break_entries, break_directory)
