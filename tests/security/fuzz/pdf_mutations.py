"""Mutations of a PDF's objects: numbers, references, keys, filters, streams and fonts, in a file otherwise whole."""

from __future__ import annotations

import random
import re
import zlib
from collections.abc import Callable

from .byte_mutations import cut, drop, flip, repeat
from .input_file import EXTREME_NUMBERS, Mutation
from .pdf_objects import PdfObject, PdfObjects, compress_objects, finish_compressed_pdf, parse_pdf, write_pdf

_NUMBER = re.compile(rb"(?<=[\s\[/(])-?\d+(?:\.\d+)?(?=[\s\]>/)])(?! 0 R)(?! \d+ R)")
_REFERENCE = re.compile(rb"\d+ 0 R")
_ENTRY = re.compile(rb"/[A-Za-z]\w*(?= ?[/\[(<\d-])")
FILTERS = (
    b"FlateDecode", b"LZWDecode", b"ASCII85Decode", b"ASCIIHexDecode", b"RunLengthDecode", b"DCTDecode", b"JPXDecode",
    b"JBIG2Decode", b"CCITTFaxDecode", b"Crypt", b"BrotliDecode",
)  # fmt: skip
OPERATORS = (
    b"q ", b"Q ", b"BT ", b"ET ", b"/Fm0 Do ", b"/Im0 Do ", b"(x) Tj ", b"[[[[ ", b"<< ", b"BX ", b"sh ", b"W n ",
    b"0 0 0 0 0 0 cm ", b"1e30 0 0 1e30 0 0 Tm ", b"3 Tr ", b"/OC /MC0 BDC ", b"EMC ", b"BI /W 99999 /H 99999 ID ",
)  # fmt: skip
BOMB_BYTES = 40_000_000

ObjectMutation = Callable[[random.Random, PdfObjects], None]


def inflate_numbers(rng: random.Random, pdf: PdfObjects) -> None:
    """Replace numbers in a dictionary by extreme ones."""
    one = _any(rng, pdf)
    matches = list(_NUMBER.finditer(one.text))
    for match in sorted(rng.sample(matches, min(len(matches), rng.choice((1, 1, 3)))), key=lambda m: -m.start()):
        one.text = _replaced(one.text, match, b"%d" % rng.choice(EXTREME_NUMBERS))


def redirect_reference(rng: random.Random, pdf: PdfObjects) -> None:
    """Let a reference lead to another object, to its own, or nowhere."""
    number = rng.choice([number for number, one in pdf.objects.items() if _REFERENCE.search(one.text)])
    one = pdf.objects[number]
    match = rng.choice(list(_REFERENCE.finditer(one.text)))
    target = rng.choice((number, pdf.root, 99999, *pdf.objects))
    one.text = _replaced(one.text, match, b"%d 0 R" % target)


def rename_key(rng: random.Random, pdf: PdfObjects) -> None:
    """Give an entry the name of another, so that a value has the wrong type or is missing."""
    one = _any(rng, pdf)
    names = [match.group() for other in pdf.objects.values() for match in _ENTRY.finditer(other.text)]
    one.text = _replaced(one.text, rng.choice(list(_ENTRY.finditer(one.text))), rng.choice(names))


def swap_objects(rng: random.Random, pdf: PdfObjects) -> None:
    """Exchange two objects, so that references lead to the wrong one."""
    first, second = rng.sample(list(pdf.objects), 2)
    pdf.objects[first], pdf.objects[second] = pdf.objects[second], pdf.objects[first]


def remove_object(rng: random.Random, pdf: PdfObjects) -> None:
    del pdf.objects[rng.choice(list(pdf.objects))]


def misstate_length(rng: random.Random, pdf: PdfObjects) -> None:
    """State another length of a stream."""
    stream = _any_stream(rng, pdf)
    stream.claimed_length = rng.choice((*EXTREME_NUMBERS, len(stream.stream or b"") // 2))


def change_filter(rng: random.Random, pdf: PdfObjects) -> None:
    """Name another filter, or many."""
    stream = _any_stream(rng, pdf)
    names = b"/".join(rng.choices(FILTERS, k=rng.choice((1, 2, 40))))
    stream.text = re.sub(rb"/Filter ?(/\w+|\[.*?\])", b"/Filter[/%b]" % names, stream.text, count=1)


def break_stream(rng: random.Random, pdf: PdfObjects) -> None:
    """Mutate the decoded bytes of a stream: a content stream, a font, a picture, a CMap."""
    _change_decoded(rng, pdf, rng.choice((flip, cut, drop, repeat)))


def inflate_stream_numbers(rng: random.Random, pdf: PdfObjects) -> None:
    """Replace numbers in the decoded bytes of a stream by extreme ones."""

    def change(rng: random.Random, content: bytes) -> bytes:
        return _replaced(
            content, rng.choice(list(_NUMBER.finditer(content[:100_000]))), b"%d" % rng.choice(EXTREME_NUMBERS)
        )

    _change_decoded(rng, pdf, change)


def insert_operators(rng: random.Random, pdf: PdfObjects) -> None:
    """Insert an operator once or very often in a content stream."""

    def change(rng: random.Random, content: bytes) -> bytes:
        position = rng.randrange(len(content) + 1)
        operators = rng.choice(OPERATORS) * rng.choice((1, 3, 1000, 20_000))
        return content[:position] + operators + content[position:]

    _change_decoded(rng, pdf, change)


def break_font_table(rng: random.Random, pdf: PdfObjects) -> None:
    """Overwrite bytes of one table of an embedded font, or its entry in the font's directory."""

    def change(rng: random.Random, content: bytes) -> bytes:
        count = int.from_bytes(content[4:6], "big")
        entry = 12 + 16 * rng.randrange(count)
        start, size = (int.from_bytes(content[entry + at : entry + at + 4], "big") for at in (8, 12))
        if rng.random() < 0.3:
            start, size = entry, 16
        broken = flip(rng, content[start : start + size])
        return content[:start] + broken + content[start + size :]

    fonts = [one for one in pdf.objects.values() if one.stream and b"/Length1" in one.text]
    _change_one(rng, rng.choice(fonts), change)


def nest_deeply(rng: random.Random, pdf: PdfObjects) -> None:
    """Insert deeply nested arrays or dictionaries."""
    depth = rng.choice((50, 1000, 100_000))
    opening, closing = rng.choice(((b"[", b"]"), (b"<</A", b">>"), (b"(", b")")))
    one = _any(rng, pdf)
    end = one.text.rindex(b">>")
    one.text = one.text[:end] + b"/Z" + opening * depth + b"0" + closing * depth + one.text[end:]


def multiply_kids(rng: random.Random, pdf: PdfObjects) -> None:
    """Let the list of an object name an entry very often: pages, annotations, outlines, fields."""
    arrays = [one for one in pdf.objects.values() if re.search(rb"\[ ?\d+ 0 R", one.text)]
    one = rng.choice(arrays)
    match = re.search(rb"\d+ 0 R", one.text[one.text.index(b"[") :])
    assert match is not None
    one.text = one.text.replace(b"[", b"[" + (match.group() + b" ") * rng.choice((10, 500)), 1)


def explode(rng: random.Random, pdf: PdfObjects) -> None:
    """Let a short stream decode to many bytes."""
    stream = _any_stream(rng, pdf)
    stream.stream = zlib.compress(rng.choice((b"\0", b"q ", b"[", b"0 0 m 1 1 l S ")) * (BOMB_BYTES // 10), 9)


OBJECT_MUTATIONS: tuple[ObjectMutation, ...] = (
    inflate_numbers,
    inflate_numbers,
    redirect_reference,
    rename_key,
    swap_objects,
    remove_object,
    misstate_length,
    change_filter,
    break_stream,
    break_stream,
    inflate_stream_numbers,
    insert_operators,
    break_font_table,
    nest_deeply,
    multiply_kids,
    explode,
)


def break_objects(rng: random.Random, content: bytes) -> bytes:
    """One to three mutations of objects, written with a cross-reference table."""
    pdf = parse_pdf(content)
    _mutate(rng, pdf)
    return write_pdf(pdf)


def break_compressed(rng: random.Random, content: bytes) -> bytes:
    """Mutations of objects in a file with an object stream and a cross-reference stream, which may break as well."""
    pdf = parse_pdf(content)
    _mutate(rng, pdf)
    inside = [number for number, one in pdf.objects.items() if one.stream is None]
    compressed, container, table = compress_objects(pdf)
    if rng.random() < 0.7:
        only = PdfObjects({number: compressed.objects[number] for number in (container, table)}, pdf.root)
        mutation = rng.choice((inflate_numbers, inflate_numbers, rename_key, misstate_length))
        mutation(rng, only)
    return finish_compressed_pdf(compressed, inside, container, table)


def break_trailer(rng: random.Random, content: bytes) -> bytes:
    """Add a broken entry to the trailer, or append an update that points back."""
    pdf = parse_pdf(content)
    whole = write_pdf(pdf)
    start = int(whole[whole.rindex(b"startxref") + 9 :].split()[0])
    number = rng.choice((*EXTREME_NUMBERS, start))
    entry = rng.choice(
        (
            b"/Prev %d" % number,
            b"/XRefStm %d" % number,
            b"/Encrypt %d 0 R" % rng.choice(list(pdf.objects)),
            b"/Encrypt<</Filter/Standard/V %d/R %d/Length %d/P -1/O(o)/U(u)>>" % (rng.randrange(7), 6, number),
            b"/Size %d" % number,
        )
    )
    return write_pdf(pdf, entry)


def inflate_text(rng: random.Random, content: bytes) -> bytes:
    """Replace numbers in the file's uncompressed text, without correcting offsets; encrypted files stay encrypted."""
    matches = list(_NUMBER.finditer(content))
    for match in sorted(rng.sample(matches, min(len(matches), rng.choice((1, 3)))), key=lambda m: -m.start()):
        content = _replaced(content, match, b"%d" % rng.choice(EXTREME_NUMBERS))
    return content


PDF_MUTATIONS: tuple[Mutation, ...] = (
    break_objects,
    break_objects,
    break_objects,
    break_compressed,
    break_trailer,
    inflate_text,
)


def _mutate(rng: random.Random, pdf: PdfObjects) -> None:
    for mutation in rng.choices(OBJECT_MUTATIONS, k=rng.randint(1, 3)):
        mutation(rng, pdf)


def _any(rng: random.Random, pdf: PdfObjects) -> PdfObject:
    return rng.choice(list(pdf.objects.values()))


def _any_stream(rng: random.Random, pdf: PdfObjects) -> PdfObject:
    return rng.choice([one for one in pdf.objects.values() if one.stream is not None])


def _change_decoded(rng: random.Random, pdf: PdfObjects, change: Mutation) -> None:
    _change_one(rng, _any_stream(rng, pdf), change)


def _change_one(rng: random.Random, one: PdfObject, change: Mutation) -> None:
    assert one.stream is not None
    if re.search(rb"/Filter ?\[?/FlateDecode\]?[ />]", one.text):
        one.stream = zlib.compress(change(rng, zlib.decompress(one.stream)))
    else:
        one.stream = change(rng, one.stream)


def _replaced(text: bytes, match: re.Match[bytes], replacement: bytes) -> bytes:
    return text[: match.start()] + replacement + text[match.end() :]
