"""The intact files that mutations start from: small, so that reading them is fast, with many features of a format."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from importlib.util import find_spec
from io import BytesIO
from pathlib import Path

import numpy as np
import pymupdf
from PIL import Image, ImageDraw

from .input_file import SAMPLES, InputFile
from .pdf_objects import PdfObject, PdfObjects, compress_objects, finish_compressed_pdf, parse_pdf, write_pdf

PICTURE_SIDE = 200
"""Pixels; enough for a few words, which OCR reads in a fraction of a second."""

FORMATS = {"PNG": "png", "JPEG": "jpg", "WEBP": "webp", "TIFF": "tiff", "BMP": "bmp", "GIF": "gif", "PPM": "pnm"}
MODES = {
    "PNG": ("RGB", "L", "1", "P", "RGBA", "LA", "I;16"),
    "JPEG": ("RGB", "L", "CMYK"),
    "WEBP": ("RGB", "RGBA"),
    "TIFF": ("RGB", "L", "1", "CMYK", "LAB", "F", "I;16"),
    "BMP": ("RGB", "L", "1"),
    "GIF": ("L", "P"),
    "PPM": ("RGB", "L", "1"),
}
TIFF_COMPRESSIONS = ("group4", "group3", "tiff_lzw", "tiff_deflate", "jpeg", "packbits", "tiff_ccitt")


def all_originals() -> list[InputFile]:
    """All intact files."""
    return [*pdf_originals(), *picture_originals(), *archive_originals()]


def pdf_originals() -> Iterator[InputFile]:
    """A page of features in the file structures of PDF, pictures in every filter, and pages of the samples."""
    features = feature_pdf()
    pdf = parse_pdf(features)
    yield InputFile("features.pdf", write_pdf(pdf))
    inside = [number for number, one in pdf.objects.items() if one.stream is None]
    yield InputFile("compressed.pdf", finish_compressed_pdf(*_after(inside, compress_objects(pdf))))
    yield InputFile("linearized.pdf", write_pdf(_linearized(pdf)))
    yield InputFile("filters.pdf", write_pdf(filters_pdf()))
    with pymupdf.open(stream=features) as file:
        for name, method in (("rc4", pymupdf.PDF_ENCRYPT_RC4_128), ("aes", pymupdf.PDF_ENCRYPT_AES_256)):
            yield InputFile(f"{name}.pdf", file.tobytes(encryption=method, owner_pw="owner", no_new_id=True))
    with pymupdf.open(SAMPLES / "report.pdf") as report, pymupdf.open() as single:
        single.insert_pdf(report, from_page=0, to_page=0)
        yield InputFile("report.pdf", single.tobytes(garbage=3, deflate=True, no_new_id=True))


def feature_pdf() -> bytes:
    """Two pages with text, an embedded font, pictures, a form, annotations, layers, an outline and a file."""
    specification = find_spec("matplotlib")
    assert specification is not None
    assert specification.submodule_search_locations
    fonts = Path(specification.submodule_search_locations[0]) / "mpl-data" / "fonts" / "ttf"
    with pymupdf.open() as pdf:
        page = pdf.new_page(width=300, height=200)
        page.insert_text((20, 30), "Total revenue 1,234", fontsize=12)
        page.insert_font(fontname="F1", fontfile=str(fonts / "DejaVuSansMono.ttf"))
        page.insert_text((20, 50), "Embedded font", fontname="F1", fontsize=12)
        layer = pdf.add_ocg("Layer", on=False)
        page.insert_text((20, 70), "Hidden layer", fontsize=12, oc=layer)
        page.insert_image(pymupdf.Rect(200, 10, 280, 90), stream=_saved(picture("RGB"), "PNG"))
        page.insert_image(pymupdf.Rect(200, 100, 280, 180), stream=_saved(picture("RGBA"), "PNG"))
        page.add_freetext_annot(pymupdf.Rect(20, 80, 150, 100), "A free text note")
        page.add_text_annot((160, 20), "A comment")
        page.add_stamp_annot(pymupdf.Rect(20, 160, 100, 190))
        for kind, name in ((pymupdf.PDF_WIDGET_TYPE_TEXT, "text"), (pymupdf.PDF_WIDGET_TYPE_CHECKBOX, "check")):
            widget = pymupdf.Widget()
            widget.field_name, widget.field_type = name, kind
            widget.rect = pymupdf.Rect(20, 110, 150, 125) + (0, 20 * (name == "check")) * 2
            widget.field_value = "A filled field" if name == "text" else True
            page.add_widget(widget)
        page.insert_link({"kind": pymupdf.LINK_URI, "from": pymupdf.Rect(20, 20, 90, 40), "uri": "http://x.invalid"})
        page.draw_bezier((10, 10), (50, 90), (90, 10), (130, 90))
        other = pdf.new_page(width=200, height=200)
        other.set_rotation(90)
        other.insert_text((20, 30), "Second page", fontsize=14)
        pdf.set_toc([[1, "First", 1], [2, "Second", 2]])
        pdf.set_page_labels([{"startpage": 0, "prefix": "A-", "style": "D", "firstpagenum": 1}])
        pdf.embfile_add("note.txt", b"an embedded file")
        pdf.subset_fonts()
        return bytes(pdf.tobytes(garbage=3, deflate=True, no_new_id=True))


def filters_pdf() -> PdfObjects:
    """A page with pictures in JPEG, JPEG 2000, CCITT, JBIG2, LZW and run-length encoding, and a form with a shading."""
    side = PICTURE_SIDE
    fax = _tiff_strip(picture("1"), "group4")
    streams = {
        b"DCTDecode": (_saved(picture("L"), "JPEG"), 8, b""),
        b"JPXDecode": (_saved(picture("L"), "JPEG2000"), 8, b""),
        b"CCITTFaxDecode": (fax, 1, b"/DecodeParms<</K -1/Columns %d/Rows %d>>" % (side, side)),
        b"JBIG2Decode": (_jbig2(side), 1, b""),
        b"RunLengthDecode": (bytes([257 - 128, 200]) * (side * side // 128) + b"\x80", 8, b""),
        b"ASCIIHexDecode": (picture("1").tobytes().hex().encode() + b">", 1, b""),
        b"ASCII85Decode": (b"z" * (side * side // 4) + b"~>", 8, b""),
    }
    objects = {
        1: PdfObject(b"<</Type/Catalog/Pages 2 0 R>>"),
        2: PdfObject(b"<</Type/Pages/Kids[3 0 R]/Count 1>>"),
        5: PdfObject(
            b"<</Type/XObject/Subtype/Form/BBox[0 0 60 60]/Resources<</Shading<</S0<</ShadingType 2"
            b"/ColorSpace/DeviceRGB/Coords[0 0 60 60]"
            b"/Function<</FunctionType 2/Domain[0 1]/C0[1 0 0]/C1[0 0 1]/N 1>>>>>>>>/Length 0>>",
            b"/S0 sh",
        ),
        6: PdfObject(b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>"),
    }
    names, drawing = b"", b"BT /F0 12 Tf 20 180 Td (Pictures in many filters) Tj ET /Fm0 Do\n"
    for index, (name, (stream, bits, more)) in enumerate(streams.items()):
        number = 10 + index
        objects[number] = PdfObject(
            b"<</Type/XObject/Subtype/Image/Width %d/Height %d/BitsPerComponent %d/ColorSpace/DeviceGray/Filter/%b%b"
            b"/Length 0>>" % (side, side, bits, name, more),
            stream,
        )
        names += b"/Im%d %d 0 R" % (index, number)
        drawing += b"q 60 0 0 60 %d %d cm /Im%d Do Q\n" % (10 + 70 * (index % 4), 20 + 70 * (index // 4), index)
    objects[3] = PdfObject(
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 300 200]/Contents 4 0 R/Resources<</Font<</F0 6 0 R>>"
        b"/XObject<</Fm0 5 0 R%b>>>>>>" % names
    )
    objects[4] = PdfObject(b"<</Length 0>>", drawing)
    return PdfObjects(objects, 1)


def picture(mode: str) -> Image.Image:
    """A few words and a bar chart's bars."""
    drawn = Image.new("RGB", (PICTURE_SIDE, PICTURE_SIDE), "white")
    pencil = ImageDraw.Draw(drawn)
    pencil.text((10, 10), "Receipt 42", fill="black", font_size=24)
    pencil.text((10, 50), "Total 9.95", fill="black", font_size=24)
    for index, color in enumerate(("red", "green", "blue")):
        pencil.rectangle((20 + 60 * index, 180 - 30 * (index + 1), 50 + 60 * index, 180), fill=color)
    if mode == "I;16":
        return Image.fromarray(np.asarray(drawn.convert("L")).astype(np.uint16) * 257)
    if mode == "LAB":
        return Image.frombytes("LAB", drawn.size, drawn.tobytes())
    return drawn.convert(mode)


def picture_originals() -> Iterator[InputFile]:
    """A picture in every format and mode, and pictures with several frames."""
    for kind, suffix in FORMATS.items():
        for mode in MODES[kind]:
            yield InputFile(f"{mode.replace(';', '')}.{suffix}", _saved(picture(mode), kind))
    for compression in TIFF_COMPRESSIONS:
        mode = "1" if compression.startswith(("group", "tiff_ccitt")) else "RGB"
        yield InputFile(f"{compression}.tiff", _saved(picture(mode), "TIFF", compression=compression))
    small = picture("RGB").resize((64, 64))
    frames = [small, small.rotate(90), small.rotate(180)]
    for kind, suffix in (("TIFF", "tiff"), ("GIF", "gif"), ("PNG", "png"), ("WEBP", "webp"), ("MPO", "jpg")):
        yield InputFile(f"frames.{suffix}", _saved(small, kind, save_all=True, append_images=frames))
    exif = Image.Exif()
    exif[0x0112] = 6
    yield InputFile("turned.jpg", _saved(picture("RGB"), "JPEG", exif=exif, dpi=(300, 300)))
    for magic, mode in (("P1", "1"), ("P2", "L"), ("P3", "RGB")):
        numbers = np.asarray(picture(mode).resize((40, 40))).astype(int).flatten()
        head = f"{magic}\n# plain\n40 40\n" + ("" if magic == "P1" else "255\n")
        yield InputFile(f"plain-{magic}.pnm", (head + " ".join(map(str, numbers)) + "\n").encode())
    head = f"P7\nWIDTH {PICTURE_SIDE}\nHEIGHT {PICTURE_SIDE}\nDEPTH 3\nMAXVAL 255\nTUPLTYPE RGB\nENDHDR\n"
    yield InputFile("pam.pnm", head.encode() + picture("RGB").tobytes())


def archive_originals() -> Iterator[InputFile]:
    """An EPUB with two chapters, a table and a picture, and an XPS with a page of glyphs."""
    png = _saved(picture("RGB"), "PNG")
    chapter = (
        '<?xml version="1.0"?><html xmlns="http://www.w3.org/1999/xhtml"><head><title>Chapter</title>'
        '<link rel="stylesheet" href="s.css"/></head><body><h1>Chapter</h1><p>Some words of a book.</p>'
        '<table border="1"><tr><td>A</td><td>1</td></tr></table><img src="p.png" width="60"/></body></html>'
    )
    yield _archive(
        "book.epub",
        {
            "mimetype": "application/epub+zip",
            "META-INF/container.xml": '<container xmlns="urn:oasis:names:tc:opendocument:xmlns:container" '
            'version="1.0"><rootfiles><rootfile full-path="c.opf" media-type="application/oebps-package+xml"/>'
            "</rootfiles></container>",
            "c.opf": '<package xmlns="http://www.idpf.org/2007/opf" version="3.0"><manifest>'
            '<item id="a" href="a.xhtml" media-type="application/xhtml+xml"/>'
            '<item id="b" href="b.xhtml" media-type="application/xhtml+xml"/>'
            '<item id="n" href="t.ncx" media-type="application/x-dtbncx+xml"/></manifest>'
            '<spine toc="n"><itemref idref="a"/><itemref idref="b"/></spine></package>',
            "t.ncx": '<ncx xmlns="http://www.daisy.org/z3986/2005/ncx/"><navMap><navPoint><navLabel><text>A</text>'
            '</navLabel><content src="a.xhtml"/></navPoint></navMap></ncx>',
            "a.xhtml": chapter,
            "b.xhtml": chapter,
            "s.css": "p { font-size: 12px; margin: 4px } h1 { font-size: 20px }",
            "p.png": png,
        },
    )
    relation = "http://schemas.microsoft.com/xps/2005/06/"
    yield _archive(
        "page.xps",
        {
            "[Content_Types].xml": "<Types/>",
            "_rels/.rels": f'<Relationships><Relationship Type="{relation}fixedrepresentation" Target="/s.fdseq"/>'
            "</Relationships>",
            "s.fdseq": f'<FixedDocumentSequence xmlns="{relation[:-1]}"><DocumentReference Source="/d.fdoc"/>'
            "</FixedDocumentSequence>",
            "d.fdoc": f'<FixedDocument xmlns="{relation[:-1]}"><PageContent Source="/p.fpage"/></FixedDocument>',
            "p.fpage": f'<FixedPage xmlns="{relation[:-1]}" Width="300" Height="200">'
            '<Path Data="M 10,10 L 90,90 C 1,2 3,4 5,6 Z" Fill="#ff0000"/>'
            '<Glyphs OriginX="20" OriginY="40" FontRenderingEmSize="14" FontUri="/f.ttf" UnicodeString="Some glyphs" '
            'Fill="#000000"/><Canvas RenderTransform="1,0,0,1,10,10"><Path Data="M 0,0 L 9,9" Stroke="#0000ff"/>'
            "</Canvas>"
            '<Path Data="M 100,100 L 160,100 160,160 100,160 Z"><Path.Fill><ImageBrush ImageSource="/p.png" '
            'Viewbox="0,0,200,200" Viewport="100,100,60,60" TileMode="Tile"/></Path.Fill></Path></FixedPage>',
            "f.ttf": pymupdf.Font("helv").buffer,
            "p.png": png,
        },
    )


def _archive(name: str, entries: dict[str, str | bytes]) -> InputFile:
    buffer = BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for entry, content in entries.items():
            archive.writestr(entry, content)
    return InputFile(name, buffer.getvalue())


def _saved(image: Image.Image, kind: str, **options: object) -> bytes:
    buffer = BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def _tiff_strip(image: Image.Image, compression: str) -> bytes:
    """The compressed pixels of a picture, as a TIFF with one strip holds them."""
    content = _saved(image, "TIFF", compression=compression, tiffinfo={278: image.height})
    with Image.open(BytesIO(content)) as tiff:
        (start,), (size,) = tiff.tag_v2[273], tiff.tag_v2[279]  # type: ignore[attr-defined]
    return content[start : start + size]


def _jbig2(side: int) -> bytes:
    """A page and a generic region, without a file header as PDF has it. Any bytes are valid arithmetic coding."""
    size = side.to_bytes(4, "big")
    page = size * 2 + b"\0" * 8 + b"\0" + b"\0\0"
    region = size * 2 + b"\0" * 8 + b"\0" + b"\0" + b"\x03\xff\xfd\xff\x02\xfe\xfe\xfe" + bytes(range(256))
    segments = ((0, 0x30, page), (1, 0x26, region), (2, 0x31, b""))
    return b"".join(
        number.to_bytes(4, "big") + bytes([kind, 0, 1]) + len(body).to_bytes(4, "big") + body
        for number, kind, body in segments
    )


def _linearized(pdf: PdfObjects) -> PdfObjects:
    """The same objects behind a dictionary that claims that the file is linearized."""
    number = max(pdf.objects) + 1
    claim = PdfObject(b"<</Linearized 1/L 5000/H[600 100]/O 4/E 2000/N 2/T 4800>>")
    return PdfObjects({number: claim, **pdf.objects}, pdf.root)


def _after(inside: list[int], compressed: tuple[PdfObjects, int, int]) -> tuple[PdfObjects, list[int], int, int]:
    pdf, container, table = compressed
    return pdf, inside, container, table
