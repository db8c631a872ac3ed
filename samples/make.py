"""Make all samples, facts.json and questions.jsonl: `python -m samples.make`, from the project's root.

The same versions of the libraries produce the same bytes each time, except for encrypted.pdf.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from samples.making import charts, edge_cases, fax, form, invoice, letter, receipt, screenshot
from samples.making.facts import Sample, write_facts, write_questions
from samples.making.report import book


def make_all(folder: Path) -> list[Sample]:
    """Write every sample, facts.json and questions.jsonl into `folder`, which must exist."""
    samples = [
        book.make(folder),
        receipt.make(folder),
        *letter.make(folder),
        invoice.make(folder),
        *charts.make(folder),
        screenshot.make(folder),
        form.make(folder),
        fax.make(folder),
        *edge_cases.make(folder),
    ]
    write_facts(samples, folder / "facts.json")
    write_questions(samples, folder / "questions.jsonl")
    return samples


def main() -> None:
    parser = argparse.ArgumentParser(description="Make the sample documents and facts.json.")
    parser.add_argument("--to", type=Path, default=Path(__file__).parent, help="folder; by default, samples/")
    folder: Path = parser.parse_args().to
    folder.mkdir(parents=True, exist_ok=True)
    for sample in make_all(folder):
        size = (folder / sample.file).stat().st_size
        print(f"{size / 1024:7.0f} KB  {len(sample.questions):3} questions  {sample.file}")


if __name__ == "__main__":
    main()
