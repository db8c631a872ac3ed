"""All labels of a printed form are found with their values."""

from __future__ import annotations

from pathlib import Path

import pymupdf
import pytest

from cogdoc.documents.open_request import OpenRequest
from cogdoc.parsing.page_text import PageLayout
from cogdoc.parsing.reading import read_page_text
from cogdoc.query.label_pairs import LabelledValue, label_pairs, load_pair_model
from cogdoc.query.pair_candidates import MAX_SEGMENTS, pair_candidates
from cogdoc.query.segments import view_page
from training.form_pages import form_pages
from training.small_pages import text_page


def pairs(*lines: str) -> dict[str, str]:
    return {pair.label: pair.value for pair in label_pairs(view_page(text_page(lines)))}


def test_labels_with_colons_and_columns_have_their_values() -> None:
    found = pairs(
        "Order form", "", "Customer number: K-4471", "Name:|Ingrid Halvane", "City:|20457 Weston",
        "Date: 04.03.2026|Phone:|040 123456",
    )  # fmt: skip
    assert found == {
        "Customer number": "K-4471",
        "Name": "Ingrid Halvane",
        "City": "20457 Weston",
        "Date": "04.03.2026",
        "Phone": "040 123456",
    }


def test_labels_above_their_values_have_them() -> None:
    found = pairs(
        "Invoice number|Customer number|Due date", "R-2026-17|K-4471|04.03.2026", "",
        "Contact person|Department|Order date", "Ada Birk|Purchasing|01.02.2026", "",
    )  # fmt: skip
    assert found == {
        "Invoice number": "R-2026-17", "Customer number": "K-4471", "Due date": "04.03.2026",
        "Contact person": "Ada Birk", "Department": "Purchasing", "Order date": "01.02.2026",
    }  # fmt: skip


def test_chinese_labels_have_their_values() -> None:
    found = pairs("发票号码：24332000", "开票日期：|2024年11月08日", "合同编号:|LC-2024-0371")
    assert found == {"发票号码": "24332000", "开票日期": "2024年11月08日", "合同编号": "LC-2024-0371"}


def test_a_blank_label_has_no_value() -> None:
    assert pairs("Name: Ada Birk", "Remarks:", "", "Order date: 01.02.2026").keys() == {"Name", "Order date"}


def test_prose_is_no_form() -> None:
    lines = ["We have received the order of last week.", "It leaves our house on Monday, if the weather holds.", ""]
    assert not pairs(*lines, *lines, "We thank you for your patience and remain", "at your service at any time.")


def test_ticks_are_read_with_their_labels() -> None:
    found = label_pairs(view_page(text_page(["Insured by:|☒ Institute|☐ Borrower"])))
    assert {(pair.label, pair.is_ticked) for pair in found if pair.is_ticked is not None} == {
        ("Institute", True),
        ("Borrower", False),
    }


@pytest.mark.parametrize("row", ["Insured by:|☒ Institute|☐ Borrower", "Insured by: ☒ Institute ☐ Borrower"])
def test_a_label_in_front_of_checkboxes_has_what_is_ticked(row: str) -> None:
    assert pairs(row)["Insured by"] == "Institute"
    assert "Insured by" not in pairs(row.replace("☒", "☐"))


def test_labels_and_values_have_their_boxes(tmp_path: Path) -> None:
    with pymupdf.open() as file:
        page = file.new_page()
        page.insert_text((72, 100), "Invoice number:")
        page.insert_text((200, 100), "R-2026-17")
        file.save(tmp_path / "form.pdf")
    text = read_page_text(OpenRequest(tmp_path / "form.pdf"), 1)
    (pair,) = label_pairs(view_page(PageLayout(text, ())))
    assert (pair.label, pair.value, pair.page) == ("Invoice number", "R-2026-17", 1)
    assert pair.label_box.x0 == pytest.approx(72, abs=2)
    assert pair.label_box.x1 < 160
    assert pair.value_box.x0 == pytest.approx(200, abs=2)
    assert 0.5 < pair.confidence <= 1


def test_each_text_is_the_value_of_one_label_at_most() -> None:
    for layout, _ in list(form_pages())[::40]:
        found: tuple[LabelledValue, ...] = label_pairs(view_page(layout))
        boxes = [pair.value_box for pair in found]
        assert len(boxes) == len(set(boxes))


def test_a_page_denser_than_any_form_has_no_pairs() -> None:
    layout = text_page(["a: b|c: d|e: f|g: h"] * (MAX_SEGMENTS // 4 + 1))
    assert not label_pairs(view_page(layout))


def test_every_weight_has_a_feature() -> None:
    seen = {
        name
        for layout, _ in list(form_pages())[::5]
        for candidate in pair_candidates(view_page(layout))
        for name in candidate.features
    }
    assert load_pair_model().weights.keys() <= seen
