"""Make a scanned business letter, and the same scan rotated to the side: letter.pdf, letter-sideways.png."""

from __future__ import annotations

from dataclasses import replace
from io import BytesIO
from pathlib import Path

import pymupdf
from PIL import Image

from samples.making.facts import Sample, ask, unanswerable
from samples.making.scanning import Scanner, reduce_shades, scan
from samples.making.sheet import A4, BLACK, Face, Sheet, Style, new_document, new_sheet, render, save

DPI = 200
SENDER = "Fennimore Harbour Authority"
SENDER_LINES = ("3 Customs Row, Fennimore FN1 6QA", "Telephone 05550 731 264")
RECIPIENT = ("Ms Adaeze Thornbury", "Thornbury Chandlery", "Unit 9, North Quay", "Fennimore FN1 8LP")
DATE = "17 September 2024"
REFERENCE = "FHA/2024/0583"
SUBJECT = "Renewal of your lease on Unit 9, North Quay"
SIGNATORY = "Leopold Askew"
ROLE = "Estates Manager"
OLD_END = "31 December 2024"
TERM = "five years"
NEW_RENT = "£14,750"
OLD_RENT = "£13,900"
DEPOSIT = "£2,400"
REPLY_BY = "25 October 2024"
BODY = (
    "Dear Ms Thornbury,",
    f"Your present lease on the above premises ends on {OLD_END}. The Authority is pleased to offer you a "
    f"new lease for a term of {TERM}, beginning on the following day.",
    f"The annual rent will be {NEW_RENT}, payable in four equal parts. This compares with {OLD_RENT} under "
    f"the present lease and reflects the new slipway, which was completed in June. The deposit of {DEPOSIT} "
    "that we hold will be carried over, so that no further payment is due.",
    "Please note that the north gate will be locked at night from November onwards. Two keys will be issued "
    "to every tenant, free of charge. Further keys may be bought at the harbour office.",
    f"If you wish to accept, kindly sign the enclosed copy and return it to us by {REPLY_BY}. Should we not "
    "hear from you by then, we shall offer the unit to the next applicant on our list.",
    "We have valued your custom for many years and hope that you will stay.",
    "Yours sincerely,",
)
WAVE = ((3, 0), (8, -8), (11, -8), (15, 0), (19, 8), (22, 8), (27, 0))
SIGNATURE = (
    *((0, 0), (10, -46), (22, 6), (34, -4), (52, -22), (46, 16), (66, -6)),
    *((76, -20), (82, 10), (96, -4), (120, -16), (130, 4), (158, -12)),
)
"""Control points of Bezier curves, as offsets in points."""
TYPE = Style(Face.SERIF, 11.5, leading=1.42)
SCANNER = Scanner(skew=-1.1, blur=0.9, ink=52, paper=246, noise=4.5, shading=3, fading=0.22, dust=90)

FACTS = Sample(
    file="letter.pdf",
    kind="letter",
    text=(
        SENDER,
        *SENDER_LINES,
        *RECIPIENT,
        DATE,
        REFERENCE,
        SUBJECT,
        SIGNATORY,
        ROLE,
        OLD_END,
        NEW_RENT,
        OLD_RENT,
        DEPOSIT,
        REPLY_BY,
    ),
    questions=(
        *ask("What is the date of the letter?", "When was the letter written?", answers=(DATE,)),
        *ask("What is the reference number?", "What is our reference?", answers=(REFERENCE,)),
        *ask("Who sent the letter?", "Which organization wrote this?", answers=(SENDER, SIGNATORY)),
        *ask("Who signed the letter?", answers=(SIGNATORY,)),
        *ask("To whom is the letter addressed?", "Who is the recipient?", answers=(RECIPIENT[0],)),
        *ask("What is the subject of the letter?", answers=(SUBJECT,)),
        *ask("What will the annual rent be?", "What is the new rent?", answers=(NEW_RENT,)),
        *ask("By what date must the copy be returned?", answers=(REPLY_BY,)),
        *ask("How much is the deposit?", answers=(DEPOSIT,)),
        *ask("How long is the term of the new lease?", answers=(TERM, "5 years")),
        *ask("When does the present lease end?", answers=(OLD_END,)),
        *unanswerable(
            "What is the sender's email address?",
            "What is the invoice total?",
            "What is the recipient's date of birth?",
        ),
    ),
    reading_order=((SENDER, DATE), (DATE, SUBJECT), (OLD_END, REPLY_BY), (REPLY_BY, SIGNATORY)),
)


def make(folder: Path) -> list[Sample]:
    document = new_document("", "")
    sheet = new_sheet(document)
    _draw(sheet)
    scanned = scan(render(sheet.page, DPI, gray=True), SCANNER, seed=583)
    _save_as_pdf(scanned, folder / "letter.pdf")
    sideways = scanned.transpose(Image.Transpose.ROTATE_90)
    reduce_shades(sideways, 8).save(folder / "letter-sideways.png", dpi=(DPI, DPI))
    return [FACTS, replace(FACTS, file="letter-sideways.png", kind="sideways letter")]


def _save_as_pdf(scanned: Image.Image, path: Path) -> None:
    jpeg = BytesIO()
    scanned.save(jpeg, "JPEG", quality=38)
    document = new_document("", "")
    document.new_page(width=A4[0], height=A4[1]).insert_image(
        pymupdf.Rect(0, 0, *A4), stream=jpeg.getvalue(), keep_proportion=False
    )
    save(document, path)


def _draw(sheet: Sheet) -> None:
    left, right = 74.0, A4[0] - 74.0
    sheet.ellipse((left, 55, left + 30, 85), BLACK)
    sheet.stroke([(left + dx, 72 + dy) for dx, dy in WAVE], 1.6, BLACK)
    sheet.text(left + 40, 70, SENDER, Style(Face.SERIF_BOLD, 17))
    sheet.text(left + 40, 86, " · ".join(SENDER_LINES), Style(Face.SERIF, 9.5))
    sheet.rule((left, 100), (right, 100), 0.9)
    y = 142.0
    for line in RECIPIENT:
        sheet.text(left, y, line, TYPE)
        y += TYPE.line_height
    sheet.text(right, 142, DATE, TYPE, "right")
    sheet.text(right, 142 + TYPE.line_height, f"Our ref. {REFERENCE}", TYPE, "right")
    y += 30
    sheet.text(left, y, f"Subject: {SUBJECT}", Style(Face.SERIF_BOLD, 11.5))
    y += 30
    for paragraph in BODY:
        y = sheet.paragraph(left, y, right - left, paragraph, TYPE) + 9
    y += 30
    sheet.stroke([(left + dx, y + dy) for dx, dy in SIGNATURE], 1.4, BLACK)
    sheet.text(left, y + 28, SIGNATORY, TYPE)
    sheet.text(left, y + 28 + TYPE.line_height, ROLE, TYPE)
    sheet.text(left, 790, "Encl. lease in duplicate", Style(Face.SERIF_ITALIC, 9.5))
    sheet.finish()
