"""Make a scanned form that was filled in on a typewriter: form.png."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from samples.making.facts import Sample, ask, unanswerable
from samples.making.scanning import Scanner, reduce_shades, scan
from samples.making.sheet import A4, BLACK, Face, Sheet, Style, new_document, new_sheet, render

DPI = 150
INSTITUTE = "Lowmere Institute of Field Sciences"
TITLE = "EQUIPMENT LOAN REQUEST"
FORM_NUMBER = "Form L-12"


@dataclass(frozen=True, slots=True)
class Field:
    """A label and the value typed after it; `column` and `span` are in quarters of the width."""

    label: str
    value: str
    column: int
    span: int


REQUEST_NUMBER = Field("Request No.", "LR-20931", 0, 2)
REQUEST_DATE = Field("Date of Request", "March 4, 2024", 2, 2)
NAME = Field("Name of Borrower", "Philippa Okonjo", 0, 2)
DEPARTMENT = Field("Department", "Soil Chemistry", 2, 2)
ROOM = Field("Room", "B 214", 0, 1)
PHONE = Field("Extension", "4473", 1, 1)
SUPERVISOR = Field("Supervisor", "Dr. Emil Castellane", 2, 2)
EQUIPMENT = Field("Equipment", "Portable gas analyzer", 0, 3)
QUANTITY = Field("Quantity", "2", 3, 1)
SERIAL = Field("Serial Numbers", "GA-7715, GA-7718", 0, 2)
VALUE = Field("Estimated Value", "$6,340.00", 2, 2)
START = Field("Loan Begins", "March 11, 2024", 0, 2)
END = Field("Return Due", "April 26, 2024", 2, 2)
PURPOSE = Field("Purpose of Loan", "Methane survey of the Ashbeck peat bog", 0, 4)
REMARKS = Field("Remarks", "", 0, 4)
ROWS = (
    (REQUEST_NUMBER, REQUEST_DATE),
    (NAME, DEPARTMENT),
    (ROOM, PHONE, SUPERVISOR),
    (EQUIPMENT, QUANTITY),
    (SERIAL, VALUE),
    (START, END),
    (PURPOSE,),
    (REMARKS,),
)
INSURANCE = ("Insured by:", ("Institute", "Borrower", "Not insured"), 0)
"""Question, choices, and the index of the ticked one."""
APPROVER = "H. Lindqvarn"
APPROVAL_DATE = "March 6, 2024"

LABEL = Style(Face.SANS, 8.2)
TYPED = Style(Face.TYPEWRITER, 11.5, stroke=0.025)


def make(folder: Path) -> Sample:
    document = new_document("", "")
    sheet = new_sheet(document, (A4[0], 640.0))
    _draw(sheet)
    scanner = Scanner(skew=0.7, blur=0.7, ink=45, paper=247, noise=4.0, shading=3, fading=0.2, dust=60)
    scanned = scan(render(sheet.page, DPI, gray=True), scanner, seed=12)
    reduce_shades(scanned, 8).save(folder / "form.png", dpi=(DPI, DPI))
    fields = [field for row in ROWS for field in row]
    return Sample(
        file="form.png",
        kind="form",
        text=(
            INSTITUTE,
            TITLE,
            FORM_NUMBER,
            APPROVER,
            APPROVAL_DATE,
            *(field.label for field in fields),
            *(field.value for field in fields if field.value),
        ),
        questions=(
            *(
                question
                for field in fields
                if field.value
                for question in ask(f"What is the {field.label.rstrip('.').lower()}?", answers=(field.value,))
            ),
            *ask("Who wants to borrow the equipment?", "Who is the borrower?", answers=(NAME.value,)),
            *ask("When must the equipment be returned?", answers=(END.value,)),
            *ask("When does the loan start?", answers=(START.value,)),
            *ask("How many pieces are requested?", answers=(QUANTITY.value,)),
            *ask("Which department is it for?", answers=(DEPARTMENT.value,)),
            *ask("How much is the equipment worth?", answers=(VALUE.value,)),
            *ask("Who approved the request?", answers=(APPROVER,)),
            *unanswerable("What are the remarks?", "What is the borrower's salary?", "What is the fax number?"),
        ),
        reading_order=((TITLE, NAME.label), (NAME.value, EQUIPMENT.value), (EQUIPMENT.value, APPROVER)),
    )


def _draw(sheet: Sheet) -> None:
    left, right, height = 56.0, A4[0] - 56.0, 46.0
    quarter = (right - left) / 4
    sheet.text(left, 66, INSTITUTE, Style(Face.SANS, 11))
    sheet.text(right, 66, FORM_NUMBER, Style(Face.SANS, 9), "right")
    sheet.text(left, 92, TITLE, Style(Face.SANS_BOLD, 17))
    y = 112.0
    for row in ROWS:
        for field in row:
            x = left + field.column * quarter
            sheet.box((x, y, x + field.span * quarter, y + height), color=BLACK, width=0.8)
            sheet.text(x + 6, y + 13, field.label, LABEL)
            sheet.text(x + 12, y + 34, field.value, TYPED)
        y += height
    y += 28
    question, choices, ticked = INSURANCE
    sheet.text(left, y, question, LABEL.sized(10))
    for index, choice in enumerate(choices):
        x = left + 88 + 104 * index
        sheet.box((x, y - 8.5, x + 10, y + 1.5), color=BLACK, width=0.9)
        sheet.text(x + 17, y, choice, LABEL.sized(10))
        if index == ticked:
            sheet.rule((x + 2, y - 4), (x + 5, y), 1.6)
            sheet.rule((x + 5, y), (x + 12, y - 13), 1.6)
    y += 52
    for x, label, value in ((left, "Approved by", APPROVER), (left + 2 * quarter, "Date", APPROVAL_DATE)):
        sheet.text(x + 6, y - 5, value, TYPED)
        sheet.rule((x, y), (x + 2 * quarter - 24, y), 0.8)
        sheet.text(x, y + 12, label, LABEL)
    sheet.finish()
