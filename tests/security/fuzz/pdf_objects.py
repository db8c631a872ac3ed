"""Takes a PDF apart into its objects, and writes them as a file whose offsets and lengths fit."""

from __future__ import annotations

import re
import zlib
from dataclasses import dataclass

import pymupdf

_LENGTH = re.compile(rb"/Length \d+( 0 R)?")


@dataclass(slots=True)
class PdfObject:
    """An object that mutations may change."""

    text: bytes
    """Its dictionary, array or number as it is in the file."""
    stream: bytes | None = None
    """The bytes after its dictionary, encoded with its filters."""
    claimed_length: int | None = None
    """What /Length states, if it is not the length of the stream."""

    def written(self) -> bytes:
        if self.stream is None:
            return self.text
        length = b"/Length %d" % (len(self.stream) if self.claimed_length is None else self.claimed_length)
        text = _LENGTH.sub(length, self.text, count=1)
        return text + b"\nstream\n" + self.stream + b"\nendstream"


@dataclass(slots=True)
class PdfObjects:
    """The objects of a PDF by their numbers, and the numbers of its catalog and its information."""

    objects: dict[int, PdfObject]
    root: int


def parse_pdf(content: bytes) -> PdfObjects:
    """Take an intact PDF apart."""
    with pymupdf.open(stream=content) as pdf:
        objects = {}
        for number in range(1, pdf.xref_length()):
            text = pdf.xref_object(number, compressed=True).encode()
            if text != b"null" and not re.search(rb"/Type ?/(XRef|ObjStm)", text):
                stream = pdf.xref_stream_raw(number) if pdf.xref_is_stream(number) else None
                objects[number] = PdfObject(text, stream)
        return PdfObjects(objects, pdf.pdf_catalog())


def write_pdf(pdf: PdfObjects, extra_trailer: bytes = b"") -> bytes:
    """Write all objects, and a cross-reference table."""
    content = bytearray(b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n")
    offsets = _append(content, pdf.objects)
    start, size = len(content), max(offsets, default=0) + 1
    content += b"xref\n0 %d\n0000000000 65535 f \n" % size
    for number in range(1, size):
        content += b"%010d 00000 n \n" % offsets[number] if number in offsets else b"0000000000 00001 f \n"
    content += b"trailer\n<</Size %d/Root %d 0 R%b>>\n" % (size, pdf.root, extra_trailer)
    return bytes(content + b"startxref\n%d\n%%%%EOF\n" % start)


def compress_objects(pdf: PdfObjects) -> tuple[PdfObjects, int, int]:
    """Move the objects that are not streams into an object stream.

    Returns:
        the objects with two more, and the numbers of the object stream and of the cross-reference stream; the latter
        is empty until `finish_compressed_pdf`, so that mutations can change both dictionaries.
    """
    plain = {number: one for number, one in pdf.objects.items() if one.stream is None}
    numbers, bodies = [], bytearray()
    for number, one in plain.items():
        numbers += [b"%d %d" % (number, len(bodies))]
        bodies += one.text + b" "
    head = b" ".join(numbers) + b" "
    container, table = max(pdf.objects) + 1, max(pdf.objects) + 2
    objects = {number: one for number, one in pdf.objects.items() if number not in plain}
    entry = b"<</Type/ObjStm/N %d/First %d/Filter/FlateDecode/Length 0>>" % (len(plain), len(head))
    objects[container] = PdfObject(entry, zlib.compress(head + bodies))
    entry = b"<</Type/XRef/Size %d/W[1 4 2]/Root %d 0 R/Filter/FlateDecode/Length 0>>" % (table + 1, pdf.root)
    objects[table] = PdfObject(entry, b"")
    return PdfObjects(objects, pdf.root), container, table


def finish_compressed_pdf(pdf: PdfObjects, inside: list[int], container: int, table: int) -> bytes:
    """Write the objects of `compress_objects`; the objects `inside` are in the object stream `container`."""
    content = bytearray(b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n")
    offsets = _append(content, {number: one for number, one in pdf.objects.items() if number != table})
    offsets[table] = len(content)
    rows = bytearray()
    for number in range(max(offsets) + 1):
        if number in offsets:
            rows += b"\1" + offsets[number].to_bytes(4, "big") + b"\0\0"
        elif number in inside:
            rows += b"\2" + container.to_bytes(4, "big") + inside.index(number).to_bytes(2, "big")
        else:
            rows += b"\0" * 7
    last = pdf.objects[table]
    _append(content, {table: PdfObject(last.text, zlib.compress(rows), last.claimed_length)})
    return bytes(content + b"startxref\n%d\n%%%%EOF\n" % offsets[table])


def _append(content: bytearray, objects: dict[int, PdfObject]) -> dict[int, int]:
    """Append objects; returns their offsets."""
    offsets = {}
    for number, one in objects.items():
        offsets[number] = len(content)
        content += b"%d 0 obj\n" % number + one.written() + b"\nendobj\n"
    return offsets
