"""The folder of a run: outcomes, which are written as they come, pictures of failures, summary and report."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path
from typing import Any

from PIL import Image, ImageDraw

from cogdoc.documents.document import Document
from cogdoc.documents.open_request import OpenRequest
from cogdoc.documents.rendering import LONG_SIDE, fit_long_side
from cogdoc.documents.sources import Source
from cogdoc.documents.workers import Workers
from cogdoc.errors import CogdocError, InputError, OutputError, OutputExistsError
from cogdoc.evaluation.cases import Case
from cogdoc.evaluation.html_report import write_report
from cogdoc.evaluation.outcomes import Outcome
from cogdoc.evaluation.summary import RunFacts, Summary, as_markdown, reproducible
from cogdoc.results.output.destination import open_output
from cogdoc.results.output.folders import open_folder, open_regular_file
from cogdoc.results.records import Answer

MAX_PICTURES = 300
"""Most failures that get a picture; those of a large benchmark would fill the disk."""

PICTURE_SIDE = LONG_SIDE // 2
FRAME_COLOR = (214, 48, 49)
RUN, OUTCOMES, PICTURES = "run.json", "outcomes.jsonl", "pictures"
RESULTS = ANSWERS, SUMMARY, TABLES, REPORT = "answers.json", "summary.json", "summary.md", "report.html"

_PICTURE = re.compile(r"[0-9a-f]{16}\.jpg")
_BEGINNING = b'{"case": '
"""How each line of the outcomes begins."""


class OutcomeFile:
    """Outcomes as JSON Lines, each flushed as it comes, so that a stopped run can resume.

    Memory holds the outcomes without the texts of pages, and the offsets of their lines.
    """

    def __init__(self, path: Path) -> None:
        """
        Raises:
            InputError: the file contains something other than outcomes.
        """
        self._path = path
        self._starts: dict[str, int] = {}
        self._end = 0
        self.known: dict[str, Outcome] = {}
        """Outcomes by fingerprint, without failed cases, which are tried again."""
        for start, end, outcome in _whole_lines(path):
            self._end = end
            if outcome.error is None:
                self._starts[outcome.fingerprint] = start
                self.known[outcome.fingerprint] = outcome.without_pages()

    def __enter__(self) -> OutcomeFile:
        with open_folder(self._path.parent) as folder:
            self._stream = os.fdopen(open_regular_file(folder, self._path.name), "ab")
        # Drop an incomplete last line.
        self._stream.truncate(self._end)
        return self

    def __exit__(self, *_: object) -> None:
        self._stream.flush()
        os.fsync(self._stream.fileno())
        self._stream.close()

    def add(self, outcome: Outcome) -> None:
        line = f"{outcome.as_json()}\n".encode()
        self._starts[outcome.fingerprint] = self._end
        self._end += len(line)
        self._stream.write(line)
        self._stream.flush()

    def arrange(self, outcomes: Sequence[Outcome]) -> None:
        """Rewrite the file with `outcomes` first, in this order, as a run without interruption writes them.

        Outcomes of other cases follow, from an earlier run over more cases. Outdated outcomes of the same cases go.
        """
        cases = {outcome.case for outcome in outcomes}
        others = (name for name, outcome in self.known.items() if outcome.case not in cases)
        with self._path.open("rb") as lines, open_output(self._path, overwrite=True) as stream:
            for name in chain((outcome.fingerprint for outcome in outcomes), others):
                lines.seek(self._starts[name])
                stream.write(lines.readline().decode())


@dataclass(frozen=True, slots=True)
class RunFolder:
    """The folder of one run, with one dataset and one engine."""

    path: Path

    def outcomes(self) -> OutcomeFile:
        return OutcomeFile(self.path / OUTCOMES)

    def with_picture(
        self, outcome: Outcome, case: Case, answer: Answer | None, file: Path, sandbox: Workers
    ) -> Outcome:
        """The outcome with a picture of its page and the answer framed, if it is a failure that can be drawn."""
        if outcome.score is None or outcome.score >= 1.0 or outcome.error is not None:
            return outcome
        name = f"{outcome.fingerprint}.jpg"
        try:
            with open_folder(self.path, Path(PICTURES)) as pictures:
                if len(pictures.names()) >= MAX_PICTURES:
                    return outcome
                picture = _draw(file, case, answer, sandbox)
                pictures.remove(name)
                with os.fdopen(pictures.open(name, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666), "wb") as stream:
                    picture.save(stream, "JPEG", quality=75)
        except (CogdocError, OSError):
            return outcome
        return replace(outcome, picture=f"{PICTURES}/{name}")

    def finish(self, summary: Summary, outcomes: Iterable[Outcome]) -> None:
        """Write `summary.json`, `summary.md` and `report.html`.

        Answers that are graded elsewhere go to `answers.json`, by the id of their question.
        """
        all_outcomes = list(outcomes)
        summary = reproducible(summary, all_outcomes)
        if ungraded := {outcome.case: outcome.prediction or "" for outcome in all_outcomes if outcome.score is None}:
            self._write(ANSWERS, json.dumps(ungraded, ensure_ascii=False, indent=2))
        self._write(SUMMARY, summary.model_dump_json(indent=2, by_alias=True))
        self._write(TABLES, as_markdown(summary))
        with open_output(self.path / REPORT, overwrite=True) as stream:
            write_report(summary, all_outcomes, stream)

    def _write(self, name: str, text: str) -> None:
        with open_output(self.path / name, overwrite=True) as stream:
            stream.write(f"{text}\n")


def open_run_folder(path: Path, facts: RunFacts, *, overwrite: bool) -> RunFolder:
    """Open the folder of a new run, or of the same run as before to resume it.

    Raises:
        OutputExistsError: the folder contains another run, or something else.
        OutputError: the folder cannot be written.
    """
    identity = {"dataset": facts.dataset, "path": facts.path, "engine": facts.engine.model_dump(mode="json")}
    try:
        path.mkdir(parents=True, exist_ok=True)
        known = _read(path / RUN)
        if known != identity:
            _clear(path, known, overwrite=overwrite)
            with open_output(path / RUN, overwrite=True) as stream:
                stream.write(json.dumps(identity, ensure_ascii=False, indent=2) + "\n")
        elif overwrite:
            _remove_results(path)
    except OSError as error:
        raise OutputError(f"{path}: cannot be written: {error.strerror}") from None
    return RunFolder(path)


def _read(path: Path) -> Any:
    """What identifies the run in a folder; None if there is no such file, or one that cogdoc did not write."""
    if path.is_symlink() or not path.is_file():
        return None
    try:
        known = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    is_run = isinstance(known, dict) and known.keys() == {"dataset", "path", "engine"}
    return known if is_run and isinstance(known["engine"], dict) else None


def _clear(path: Path, known: Any, *, overwrite: bool) -> None:
    if known is None:
        if any(path.iterdir()):
            raise OutputExistsError(
                f"{path}: contains something other than an evaluation", "name a new folder with --to"
            )
    elif overwrite:
        _remove_results(path)
    else:
        raise OutputExistsError(
            f"{path}: contains an evaluation of another dataset or engine", "add --overwrite to replace it"
        )


def _remove_results(path: Path) -> None:
    for name in (OUTCOMES, *RESULTS):
        (path / name).unlink(missing_ok=True)
    with suppress(OSError), open_folder(path, Path(PICTURES)) as pictures:
        for name in pictures.names():
            if _PICTURE.fullmatch(name):
                pictures.remove(name)
        pictures.path.rmdir()  # fails if something else is in it


def _page_of(case: Case, answer: Answer | None) -> int:
    """The page of the answer, else that of the truth, else the first."""
    if answer and answer.evidence:
        return answer.evidence[0].page
    tables = case.truth.get("tables") or [{}]
    pages = [*(case.truth.get("evidence_pages") or ()), case.truth.get("page"), tables[0].get("page")]
    return int(next((page for page in pages if page), 1))


def _draw(file: Path, case: Case, answer: Answer | None, sandbox: Workers) -> Image.Image:
    document = Document(Source(file, str(file), Path(file.name)), OpenRequest(file.absolute()), sandbox)
    evidence = answer.evidence if answer else ()
    page = _page_of(case, answer)
    points = document.page_size(page)
    image = Image.fromarray(document.picture(page, fit_long_side(*points, PICTURE_SIDE)).result()).convert("RGB")
    x_scale, y_scale = image.width / points[0], image.height / points[1]  # pixels a point
    for region in evidence:
        if region.page == page:
            x0, y0, x1, y1 = region.box
            frame = (x0 * x_scale - 3, y0 * y_scale - 3, x1 * x_scale + 3, y1 * y_scale + 3)
            ImageDraw.Draw(image).rectangle(frame, outline=FRAME_COLOR, width=3)
    return image


def _whole_lines(path: Path) -> Iterator[tuple[int, int, Outcome]]:
    """The start and end of each complete line in bytes, and its outcome."""
    if not path.is_file():
        return
    with path.open("rb") as lines:
        end = 0
        for number, line in enumerate(lines, start=1):
            if not line.endswith(b"\n"):
                if not line.startswith(_BEGINNING[: len(line)]):
                    raise InputError(f"{path}: line {number} is not an outcome of an evaluation")
                return
            start, end = end, end + len(line)
            try:
                yield start, end, Outcome(**json.loads(line))
            except (ValueError, TypeError):
                raise InputError(f"{path}: line {number} is not an outcome of an evaluation") from None
