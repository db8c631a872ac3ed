"""Questions across documents: collects the answer of each document, and computes one result from all of them."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import PurePath

from cogdoc.query.across_question import AcrossQuestion, Operation
from cogdoc.query.across_values import (
    MEAN_DECIMALS,
    Group,
    Unit,
    as_value,
    compares,
    decimals_of,
    fulfils,
    group,
    is_comparable,
    mean,
    median_of,
    number_of,
    sort_key,
    spread,
    total,
)
from cogdoc.results.across import AcrossMissing, AcrossOperand, AcrossPart, AcrossResult
from cogdoc.results.failures import ErrorInfo
from cogdoc.results.printed_value import PrintedValue
from cogdoc.results.records import Answer, AnswerRecord, AnyRecord, EngineInfo, SourceInfo

_ARITHMETIC: Mapping[Operation, Callable[[Sequence[AcrossOperand]], Decimal]] = {
    Operation.SUM: total,
    Operation.MEAN: mean,
    Operation.MEDIAN: median_of,
    Operation.RANGE: spread,
}
_ORDERED = (Operation.HIGHEST, Operation.LOWEST)
_OF_NUMBERS = (*_ARITHMETIC, Operation.DIFFERENCE)


@dataclass(slots=True)
class _Document:
    """What one document answered."""

    source: str
    answers: dict[str, Answer] = field(default_factory=dict)
    failure: str = ""


class AcrossCollector:
    """Collects the records of all documents, in the calls of `cogdoc.results.renderers.renderer.Renderer`."""

    def __init__(self, question: AcrossQuestion, write: Callable[[AcrossResult], None] | None = None) -> None:
        """
        Args:
            write: called with the result by `close`, when all documents are read.
        """
        self._question = question
        self._write = write
        self._documents: list[_Document] = []
        self._engine: EngineInfo | None = None

    def begin(self, task: str, source: SourceInfo) -> None:  # noqa: ARG002 - part of the protocol
        self._documents.append(_Document(source.path))

    def write(self, record: AnyRecord) -> None:
        if not isinstance(record, AnswerRecord):
            return
        document = self._documents[-1]
        self._engine = record.engine
        if record.answer is not None:
            # What else was considered is left away: there may be many documents.
            document.answers[record.question] = record.answer.model_copy(update={"alternatives": (), "operands": ()})
        elif record.error is not None:
            document.failure = record.error.message

    def end(self, error: ErrorInfo | None) -> None:
        if error is not None:
            self._documents[-1].failure = error.message

    def close(self) -> None:
        if self._write is not None:
            self._write(self.result())

    def result(self) -> AcrossResult:
        return _Computation(self._question, self._documents).run().model_copy(update={"engine": self._engine})


class _Computation:
    """The values of documents, sorted into those that count, those left out, and those that are missing."""

    def __init__(self, question: AcrossQuestion, documents: Sequence[_Document]) -> None:
        self._question = question
        self._operands: list[AcrossOperand] = []
        self._left_out: list[AcrossOperand] = []
        self._missing: list[AcrossMissing] = []
        self._notes: list[str] = []
        named = [_named(document.source, question.files) for document in documents]
        for document, name in zip(documents, named, strict=True):
            if not question.files or name is not None:
                self._add(document)
        for file in question.files:
            if file not in named:
                self._missing.append(AcrossMissing(source=file, reason="no document has this name"))

    def run(self) -> AcrossResult:
        operation, operands = self._question.operation, self._operands
        if operation is Operation.COUNT:
            count = Decimal(len(operands))
            text, value = as_value(count, Unit("number"), 0)
            return self._result(text, value)
        if not operands:
            return self._result(None)
        if operation is Operation.LIST:
            chosen = [one.source if self._question.names_document else one.text for one in operands]
            return self._result("\n".join(chosen))
        if ambiguous := [one.source for one in operands if one.value is not None and one.value.other_reading]:
            self._notes.append(f"values that can be read in another way too: {', '.join(ambiguous)}")
        groups, assumed = group(operands)
        if assumed:
            self._notes.append("values without a printed currency or unit are taken to have that of the others")
        if operation in (Operation.DIFFERENCE, Operation.COMPARE):
            return self._of_two(groups)
        parts = [self._part(one, several=len(groups) > 1) for one in groups]
        if len(parts) == 1:
            return self._result(parts[0].text, parts[0].value)
        units = ", ".join(str(one.unit) for one in groups)
        self._notes.append(f"the values are in several units, with one result for each: {units}")
        return self._result("; ".join(part.text for part in parts), parts=parts)

    def _add(self, document: _Document) -> None:
        """Add a document's value to those that count, are left out or are missing."""
        question = self._question
        answer = document.answers.get(question.inner)
        counts_all = question.operation is Operation.COUNT and not question.bounds
        if document.failure or answer is None:
            self._missing.append(AcrossMissing(source=document.source, reason=document.failure or "it was not read"))
            return
        if counts_all:
            self._operands.append(_operand(document.source, answer, answer.text or "", 1.0))
            return
        confidences: list[float | None] = [answer.confidence]
        reason = self._why_missing(answer)
        fits = True
        for bound in question.bounds:
            compared = document.answers.get(bound.question)
            if reason or compared is None:
                continue
            reason = _why_not(compared, bound.question)
            outcome = fulfils(compared.value, bound.comparator, bound.text) if compared.value and not reason else None
            if outcome is None and not reason:
                reason = f"{bound.question}: {compared.text!r} cannot be compared with {bound.text!r}"
            fits = fits and bool(outcome)
            if bound.question != question.inner:
                confidences.append(compared.confidence)
        if reason:
            self._missing.append(AcrossMissing(source=document.source, reason=reason, p_answerable=answer.p_answerable))
            return
        operand = _operand(document.source, answer, answer.text or "", _product(confidences))
        (self._operands if fits else self._left_out).append(operand)

    def _why_missing(self, answer: Answer) -> str:
        if self._question.operation is Operation.LIST:
            return _why_not(answer, self._question.inner, needs_value=False)
        reason = _why_not(answer, self._question.inner)
        is_number = answer.value is not None and answer.value.number is not None
        if not reason and self._question.operation in _OF_NUMBERS and not is_number:
            reason = f"{answer.text!r} is no number"
        return reason

    def _part(self, values: Group, *, several: bool) -> AcrossPart:
        operation, operands = self._question.operation, values.operands
        if operation in _ORDERED:
            ordered = sorted(operands, key=sort_key, reverse=operation is Operation.HIGHEST)
            best = ordered[: self._question.count]
            # All that are equal to the last one that counts.
            best += [one for one in ordered[len(best) :] if sort_key(one) == sort_key(best[-1])]
            shown = [one.source for one in best] if self._question.names_document else _distinct(best)
            value = best[0].value if len(shown) == 1 else None
            unit = f" ({values.unit})" if several and self._question.names_document else ""
            return AcrossPart(text="\n".join(shown) + unit, value=value, operands=len(operands))
        number = _ARITHMETIC[operation](operands)
        decimals = decimals_of(operands)
        if operation in (Operation.MEAN, Operation.MEDIAN):
            decimals = max(decimals, MEAN_DECIMALS)
        text, value = as_value(number, values.unit, decimals)
        return AcrossPart(text=text, value=value, operands=len(operands))

    def _of_two(self, groups: Sequence[Group]) -> AcrossResult:
        files, operands = self._question.files, self._operands
        by_file = {_named(operand.source, files): operand for operand in operands}
        if len(operands) != 2 or len(by_file) != 2:
            self._notes.append("the two documents that the question names do not both have a value")
            return self._result(None)
        if len(groups) != 1:
            self._notes.append(
                f"values in different units cannot be compared: {', '.join(str(g.unit) for g in groups)}"
            )
            return self._result(None)
        left, right = by_file[files[0]], by_file[files[1]]
        if self._question.operation is Operation.COMPARE:
            keys = (sort_key(left), sort_key(right))
            numbers = (keys[0][0], keys[1][0])
            if left.value is not None and left.value.date is not None:
                numbers = (Decimal(keys[0] > keys[1]), Decimal(keys[1] > keys[0]))
            return self._result("yes" if compares(numbers[0], self._question.comparator, numbers[1]) else "no")
        difference = abs(number_of(left) - number_of(right))
        text, value = as_value(difference, groups[0].unit, decimals_of(operands))
        return self._result(text, value)

    def _result(
        self, text: str | None, value: PrintedValue | None = None, parts: Sequence[AcrossPart] = ()
    ) -> AcrossResult:
        question = self._question
        confidence: float | None = None
        if text is not None and question.operation is not Operation.LIST:
            values = (one.confidence for one in (*self._operands, *self._left_out))
            confidence = _product([*values, *map(_p_complete, self._missing)])
        return AcrossResult(
            question=question.text,
            operation=question.operation.value,
            inner_questions=question.questions,
            text=text,
            value=value,
            parts=tuple(parts),
            confidence=confidence,
            operands=tuple(self._operands),
            left_out=tuple(self._left_out),
            missing=tuple(self._missing),
            notes=tuple(self._notes),
        )


def _operand(source: str, answer: Answer, text: str, confidence: float | None) -> AcrossOperand:
    evidence = answer.evidence[0] if answer.evidence else None
    return AcrossOperand(
        source=source,
        text=text,
        value=answer.value,
        page=evidence.page if evidence is not None else None,
        label=evidence.label if evidence is not None else None,
        box=evidence.box if evidence is not None else None,
        confidence=confidence,
    )


def _why_not(answer: Answer, asked: str, *, needs_value: bool = True) -> str:
    """Why an answer has no value; empty if it has one."""
    if answer.withheld is not None:
        return f"{asked}: {answer.withheld.text!r} was withheld"
    if answer.text is None:
        return f"{asked}: not found"
    if needs_value and (answer.value is None or not is_comparable(answer.value)):
        return f"{asked}: {answer.text!r} is no number or date"
    return ""


def _named(source: str, files: Sequence[str]) -> str | None:
    """The file name of a question that a source has."""
    path = PurePath(source)
    for file in files:
        parts = PurePath(file).parts
        if tuple(part.casefold() for part in path.parts[-len(parts) :]) == tuple(part.casefold() for part in parts):
            return file
    return None


def _distinct(operands: Sequence[AcrossOperand]) -> list[str]:
    return list(dict.fromkeys(operand.text for operand in operands))


def _p_complete(missing: AcrossMissing) -> float:
    """The probability that a document without a value has none."""
    return 0.0 if missing.p_answerable is None else 1 - missing.p_answerable


def _product(confidences: Sequence[float | None]) -> float | None:
    """The probability that all are right; None if one is unknown."""
    known = [one for one in confidences if one is not None]
    return math.prod(known) if len(known) == len(confidences) else None
