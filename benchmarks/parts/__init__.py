"""The kinds of tasks whose accuracy is measured, one module each."""

from __future__ import annotations

from benchmarks.cases import Part
from benchmarks.parts import multipage, ocr, qa, tables, unit

PARTS: dict[str, Part] = {
    "ocr": ocr.PART,
    "qa": qa.PART,
    "multipage": multipage.PART,
    "tables": tables.PART,
    "unit": unit.PART,
}
