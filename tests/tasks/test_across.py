"""One result from the answers of many documents: exact, in one unit, and as doubtful as its values."""

from __future__ import annotations

import pytest

from cogdoc.query.across_question import parse_across
from cogdoc.query.printed_values import read_value
from cogdoc.results.across import AcrossResult
from cogdoc.results.failures import ErrorInfo
from cogdoc.results.records import Answer, AnswerRecord, EngineInfo, Evidence, SourceInfo
from cogdoc.tasks.across import AcrossCollector

ENGINE = EngineInfo(name="builtin", version="0")


def across(question: str, *answers: str | None, confidence: float | None = 0.9) -> AcrossResult:
    """The result for documents 1.pdf, 2.pdf, ... with these answers to every question; None is not found."""
    parsed = parse_across(question)
    collector = AcrossCollector(parsed)
    for number, text in enumerate(answers, 1):
        source = SourceInfo(path=f"in/{number}.pdf")
        collector.begin("ask", source)
        for asked in parsed.questions:
            evidence = (Evidence(page=2, label="ii", box=(1, 2, 3, 4), text=text),) if text else ()
            answer = Answer(
                question=asked,
                text=text,
                value=read_value(text) if text else None,
                confidence=confidence if text else None,
                p_answerable=0.8 if text else 0.1,
                evidence=evidence,
            )
            collector.write(AnswerRecord(source=source, engine=ENGINE, question=asked, answer=answer))
        collector.end(None)
    return collector.result()


@pytest.mark.parametrize(
    ("question", "answers", "text"),
    [
        ("sum of all totals", ("€0.10", "€0.20", "€0.70"), "1.00 EUR"),
        ("sum of all totals", ("48.54", "1,200.46"), "1249.00"),
        ("sum of all totals", ("12,345,678,901.23", "0.01"), "12345678901.24"),
        ("average total", ("€10.00", "€10.01"), "10.00 EUR"),
        ("average total", ("1", "2", "2"), "1.67"),
        ("median total", ("€3.00", "€1.00", "€2.00"), "2.00 EUR"),
        ("range of the totals", ("€3.00", "€1.00"), "2.00 EUR"),
        ("highest total", ("€3.00", "€12.00"), "€12.00"),
        ("which receipt has the lowest total?", ("€3.00", "€12.00", "€3.00"), "in/1.pdf\nin/3.pdf"),
        ("top 2 receipts by total", ("€3.00", "€12.00", "€5.00"), "in/2.pdf\nin/3.pdf"),
        ("how many invoices are over 100 EUR?", ("€100.00", "€100.01", "€900"), "2"),
        ("how many receipts are there?", ("€1", None), "2"),
        ("earliest date", ("2024-03-05", "5 January 2024"), "5 January 2024"),
        ("which invoice is the newest?", ("2024-03-05", "5 January 2024"), "in/1.pdf"),
        ("how many receipts are from 2018?", ("2018-03-05", "2018-12-31", "2019-01-01"), "2"),
        ("list the names", ("Ann", "Bob"), "Ann\nBob"),
        ("difference between the totals of 1.pdf and 2.pdf", ("€3.00", "€12.50", "€7"), "9.50 EUR"),
        ("Is the total of 1.pdf higher than that of 2.pdf?", ("€3.00", "€12.50"), "no"),
        ("which is earlier, 1.pdf or 2.pdf?", ("2024-03-05", "2024-03-06"), "in/1.pdf"),
    ],
)
def test_results(question: str, answers: tuple[str | None, ...], text: str) -> None:
    assert across(question, *answers).text == text


def test_each_operand_has_its_source_page_and_box() -> None:
    result = across("sum of all totals", "€1.00", "€2.00")
    assert [(one.source, one.page, one.label, one.box) for one in result.operands] == [
        ("in/1.pdf", 2, "ii", (1, 2, 3, 4)),
        ("in/2.pdf", 2, "ii", (1, 2, 3, 4)),
    ]
    assert (result.value and result.value.currency, result.value and result.value.number) == ("EUR", 3.0)
    assert result.engine == ENGINE
    assert AcrossResult.model_validate(result.model_dump(exclude_computed_fields=True)) == result


def test_currencies_are_never_added_up() -> None:
    result = across("sum of all totals", "€1.00", "$2.00", "€4.00")
    assert (result.text, result.value) == ("5.00 EUR; 2.00 USD", None)
    assert [(part.text, part.operands) for part in result.parts] == [("5.00 EUR", 2), ("2.00 USD", 1)]
    assert "EUR, USD" in result.notes[0]
    refused = across("difference between the totals of 1.pdf and 2.pdf", "€1.00", "$2.00")
    assert refused.text is None
    assert "different units" in refused.notes[0]


def test_a_currency_that_is_not_printed_is_said_to_be_assumed() -> None:
    result = across("sum of all totals", "€1.00", "2.00")
    assert result.text == "3.00 EUR"
    assert "taken to have" in result.notes[0]


def test_values_that_can_be_read_in_another_way_are_named() -> None:
    result = across("earliest date", "03/04/2024", "5 January 2024")
    assert result.notes == ("values that can be read in another way too: in/1.pdf",)


def test_other_currencies_than_the_condition_are_not_compared() -> None:
    result = across("how many invoices are over 100 EUR?", "€200.00", "$300.00", "€20.00")
    assert result.text == "1"
    assert [one.source for one in result.left_out] == ["in/3.pdf"]
    assert [one.source for one in result.missing] == ["in/2.pdf"]
    assert "cannot be compared" in result.missing[0].reason


def test_documents_without_an_answer_are_named() -> None:
    result = across("sum of all totals", "€1.00", None, "see overleaf")
    assert result.text == "1.00 EUR"
    assert [(one.source, one.reason) for one in result.missing] == [
        ("in/2.pdf", "totals: not found"),
        ("in/3.pdf", "totals: 'see overleaf' is no number or date"),
    ]
    assert across("sum of all totals", None).text is None


def test_a_document_that_cannot_be_read_is_named_and_makes_the_result_doubtful() -> None:
    collector = AcrossCollector(parse_across("how many receipts are over 1?"))
    collector.begin("ask", SourceInfo(path="bad.pdf"))
    collector.end(ErrorInfo(kind="damaged", message="it is broken", exit_code=4))
    result = collector.result()
    assert (result.missing[0].reason, result.confidence) == ("it is broken", 0.0)


def test_a_result_is_as_doubtful_as_its_values_together() -> None:
    sure = across("sum of all totals", "€1.00", "€2.00", confidence=0.95)
    assert sure.confidence == pytest.approx(0.9025)
    assert sure.certainty == "sure"
    assert across("sum of all totals", "€1.00", "€2.00", confidence=0.4).certainty == "unsure"
    assert across("sum of all totals", "€1.00", None, confidence=0.95).confidence == pytest.approx(0.855)
    assert across("sum of all totals", "€1.00", confidence=None).confidence is None


def test_a_file_that_no_document_is_called_is_named() -> None:
    result = across("difference between the totals of 1.pdf and nine.pdf", "€1.00", "€2.00")
    assert result.text is None
    assert result.missing[0].source == "nine.pdf"
