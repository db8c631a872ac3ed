"""Writes the example forms of the pocket checkpoint and their facts.json: `python -m samples.pocket.make_pictures`.

Three forms are pictures, two are the pages of a PDF with a text layer. Training never draws their seeds.
"""

from __future__ import annotations

import argparse
import random
from pathlib import Path

import pymupdf

from samples.making.facts import Question, Sample, ask, unanswerable, write_facts
from samples.pocket.form_questions import NAMES
from samples.pocket.forms import BASELINE, COLUMNS, LABELS, TYPEWRITER_WIDTH, Form, PrintStyle, draw, random_form

# Chosen for their fields and margins before the model was trained.
PICTURES = {
    "form-1.png": ("sample 10", PrintStyle(448, 448, "cobo", size=1.0, ink=20, paper=255, quality=None)),
    "form-2.png": ("sample 5", PrintStyle(600, 450, "helv", size=1.0, ink=50, paper=240, quality=None)),
    "form-3.jpg": ("sample 18", PrintStyle(480, 480, "cour", size=1.0, ink=0, paper=225, quality=80)),
}
PDF = "forms.pdf"
PDF_SEEDS = ("sample 1", "sample 13")
PAGE = 420.0
"""Width and height of the PDF's pages in points."""


def make(folder: Path) -> list[Sample]:
    """Write all pictures, the PDF and facts.json into `folder`."""
    samples = []
    for name, (seed, style) in PICTURES.items():
        form = _form(seed)
        draw(form, style).save(folder / name, quality=style.quality or -1)
        samples.append(_sample(name, (form,)))
    pages = tuple(_form(seed) for seed in PDF_SEEDS)
    write_pdf(pages, folder / PDF)
    samples.append(_sample(PDF, pages))
    write_facts(samples, folder / "facts.json")
    return samples


def _form(seed: str) -> Form:
    return random_form(random.Random(seed), rows=3)


def write_pdf(pages: tuple[Form, ...], path: Path) -> None:
    """Write a PDF with a page a form, each character in its cell, in PyMuPDF's own Courier."""
    document = pymupdf.open()
    for form in pages:
        page = document.new_page(width=PAGE, height=PAGE)
        for placed in form.characters:
            anchor = (placed.left * PAGE, (placed.top + BASELINE * placed.height) * PAGE)
            page.insert_text(anchor, placed.character, fontname="cour", fontsize=PAGE / COLUMNS / TYPEWRITER_WIDTH)
    document.save(path, garbage=3, deflate=True, no_new_id=True)


def _sample(name: str, pages: tuple[Form, ...]) -> Sample:
    questions: list[Question] = []
    for number, form in enumerate(pages, start=1):
        for field in form.fields:
            wordings = [f"What is the {noun}?" for noun in NAMES[field.label]]
            questions += ask(*wordings, answers=(field.value,), page=number)
    missing = [label for label in LABELS if all(form.value(label) is None for form in pages)]
    return Sample(
        file=name,
        kind="form",
        pages=len(pages),
        labels=tuple(str(number) for number in range(1, len(pages) + 1)),
        text=tuple(field.line for form in pages for field in form.fields),
        questions=(*questions, *unanswerable(*(f"What is the {NAMES[label][0]}?" for label in missing))),
    )


def main() -> None:
    for sample in make(Path(__file__).parent):
        print(f"{len(sample.questions):3} questions  {sample.file}")


if __name__ == "__main__":
    argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0]).parse_args()
    main()
