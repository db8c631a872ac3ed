"""Lets many threads share one model: a thread owns it, and decodes their requests side by side.

Requests join the decoding rows between two steps and leave them when they finish (continuous batching: Yu et al., Orca,
2022; Kwon et al., vLLM, 2023, arXiv:2309.06180). Requests about one image share its reading (as prefixes in Zheng et
al., SGLang, 2024, arXiv:2312.07104), and join together. While an image is read, which takes long, the rows go on:
they take steps between its layers.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import torch

from cogdoc.cogvlm2.batch import Prefix
from cogdoc.cogvlm2.cancellation import Cancelled
from cogdoc.cogvlm2.decoding_row import DecodingRow, FinishReason
from cogdoc.cogvlm2.image_readings import ImageReadings, PictureSource, ReadingCounts, image_key
from cogdoc.cogvlm2.out_of_memory import release_memory, wanted_memory
from cogdoc.cogvlm2.prompts import build_prompt, check_length
from cogdoc.cogvlm2.request import Answer, Request, Task
from cogdoc.cogvlm2.row_pool import RowPool
from cogdoc.cogvlm2.sampling import read, sample
from cogdoc.cogvlm2.session import CogVLM2Session
from cogdoc.cogvlm2.step_graphs import can_be_captured
from cogdoc.errors import CogdocError, ResourceError, TimeLimitError, is_out_of_memory

DescribeLack = Callable[[str, str | None], ResourceError]
"""Makes the error for memory that ran out, of what was going on and, if that is known, the size that was asked for."""

READING, DECODING = "reading a picture", "writing an answer"

STEP_SHARE = 0.5
"""While an image is read, the share of the time that rows which are being decoded get."""


@dataclass(slots=True)
class _State:
    """What the threads share; guarded by `condition`."""

    condition: threading.Condition = field(default_factory=threading.Condition)
    waiting: list[Task] = field(default_factory=list)
    thread: threading.Thread | None = None
    closed: bool = False


class Scheduler:
    """Answers requests from any thread with one model. Close it before the process ends."""

    def __init__(
        self,
        session: CogVLM2Session,
        rows: int,
        capacity: int,
        prefix_bytes: int,
        describe_lack: DescribeLack = lambda activity, _: ResourceError(f"out of memory while {activity}"),
    ) -> None:
        """
        Args:
            rows: the most requests side by side; their keys and values are allocated at the first request.
            capacity: the most tokens of each, image, text and answer together.
            prefix_bytes: see `ImageReadings`.
            describe_lack: for the error of a request for which memory runs out.
        """
        self._session = session
        self._most_rows = self._rows = rows
        self._capacity = capacity
        self._describe_lack = describe_lack
        self._readings = ImageReadings(session, prefix_bytes, self._clock)
        self._shared = _State()
        # Of the model's thread alone:
        self._pool: RowPool | None = None
        self._running: list[Task] = []
        self._stepping = False
        self._step_seconds = 0.0
        self._stepped_seconds = 0.0
        """Of all steps so far."""
        self._last_step = 0.0

    @property
    def counts(self) -> ReadingCounts:
        """How often images were read so far."""
        return self._readings.counts

    def submit(self, request: Request) -> Answer:
        """Have a request answered; returns at once.

        Raises:
            TooLargeError: image and text are longer than a row.
            ValueError: it has no text, or may generate no token.
        """
        if not request.text_ids or request.max_new_tokens < 1:
            raise ValueError("a request needs a text, and room for an answer")
        prompt = build_prompt(self._session.model.config, request.text_ids, with_image=True)
        check_length(len(prompt), self._capacity)
        row = DecodingRow(request.max_new_tokens, self._session.stop_token_ids, request.sampling, request.draft)
        task = Task(request, image_key(request.image), row)
        shared = self._shared
        with shared.condition:
            if shared.closed:
                task.put(closed())
                return task.answer
            shared.waiting.append(task)
            if shared.thread is None:
                shared.thread = threading.Thread(target=self._run, name="cogdoc-model", daemon=True)
                shared.thread.start()
            shared.condition.notify_all()
        return task.answer

    def close(self) -> None:
        """End all requests with an error, and wait until the model is idle."""
        shared = self._shared
        with shared.condition:
            shared.closed = True
            shared.condition.notify_all()
        if shared.thread is not None:
            shared.thread.join()

    def _run(self) -> None:
        shared = self._shared
        while True:
            with shared.condition:
                if not shared.waiting and not self._running and self._rows < self._most_rows:
                    self._rows, self._pool = self._most_rows, None  # what took the memory may be gone
                shared.condition.wait_for(lambda: shared.closed or shared.waiting or self._running)
                if shared.closed:
                    break
            try:
                self._admit()
                self._step()
            except BaseException as error:  # no request may wait for ever
                self._fail_all(error)
        for task in (*self._running, *shared.waiting):
            task.put(closed())
        self._readings.release()
        self._pool = None

    def _admit(self) -> None:
        """Let the waiting requests about one image join, if rows are free."""
        group = self._next_group()
        if not group:
            return
        now = time.monotonic()
        for task in group:
            task.started = task.started or now
        lack: ResourceError | None = None
        try:
            self._join(group)
        except Cancelled:
            self._end(group)
            self._wait_again(group)
        except CogdocError as error:
            for task in group:
                task.put(error)
        except BaseException as error:
            if not is_out_of_memory(error):
                for task in group:
                    task.put(error)
                raise
            lack = self._describe_lack(READING, wanted_memory(error))
        if lack is not None:
            self._go_on_with_less(lack, group)

    def _join(self, group: list[Task]) -> None:
        """Read the image of some requests, and give each a row."""
        prefix = self._read(group)
        started = time.monotonic()
        if self._pool is None:
            model = self._session.model
            self._pool = RowPool(model, self._rows, self._capacity, static=can_be_captured(model))
        pool = self._pool
        joining, left = group[: pool.free], group[pool.free :]  # rows took steps meanwhile, and may be fewer
        logits = pool.join(prefix, [[*task.request.text_ids, *task.row.answer] for task in joining])
        for task in joining[1:]:
            task.pictures += (PictureSource.PREFIX,)
        rows = range(len(self._running), len(self._running) + len(joining))
        self._running += joining
        self._wait_again(left)
        for number, task in zip(rows, joining, strict=True):
            for event in task.row.begin(pool, number):
                task.put(event)
        self._accept(logits[:, None], rows, started)

    def _read(self, group: list[Task]) -> Prefix:
        """Read the image of some requests; the first one of them bears the costs."""
        first = group[0]
        started, vision = self._clock(), self.counts.vision_seconds
        try:
            prefix, source = self._readings.read(first.key, first.request.image, lambda: self._interrupted(group))
        finally:
            first.reading += self._clock() - started
            first.vision += self.counts.vision_seconds - vision
        first.pictures += (source,)
        return prefix

    def _clock(self) -> float:
        """Seconds without those of steps, which are taken while an image is read."""
        return time.monotonic() - self._stepped_seconds

    def _next_group(self) -> list[Task]:
        """Take the oldest waiting request, rather one whose image is read already, and those about the same image."""
        shared = self._shared
        free = self._rows - len(self._running)
        with shared.condition:
            self._end(shared.waiting)
            if not free or not shared.waiting:
                return []
            first = next((task for task in shared.waiting if self._readings.has(task.key)), shared.waiting[0])
            group = [task for task in shared.waiting if task.key == first.key][:free]
            shared.waiting = [task for task in shared.waiting if task not in group]
            return group

    def _wait_again(self, tasks: Sequence[Task]) -> None:
        with self._shared.condition:
            waiting = self._shared.waiting
            self._shared.waiting = [*(task for task in tasks if task not in waiting), *waiting]

    def _interrupted(self, group: list[Task]) -> bool:
        """Called between the layers of a reading: lets the rows take a step, and tells whether it is still needed."""
        if self._stepping:
            return False
        if self._running and time.monotonic() > self._last_step + self._step_seconds * (1 / STEP_SHARE - 1):
            self._step()
        return self._shared.closed or all(task.end_reason() for task in group)

    def _step(self) -> None:
        """Decode one token of each row, or several where drafts are right."""
        self._end_running()
        if not self._running or self._pool is None:
            return
        started = time.monotonic()
        lack: ResourceError | None = None
        self._stepping = True
        try:
            for number, task in enumerate(self._running):
                task.row.prepare_inputs(self._pool, number)
            inputs = [task.row.inputs for task in self._running]
            self._accept(self._pool.forward(inputs), range(len(self._running)), started)
        except Exception as error:
            if not is_out_of_memory(error):
                raise
            lack = self._describe_lack(DECODING, wanted_memory(error))
        finally:
            self._stepping = False
        if lack is not None:
            self._go_on_with_less(lack, [])
        self._last_step = time.monotonic()
        self._step_seconds = self._last_step - started
        self._stepped_seconds += self._step_seconds

    def _accept(self, logits: torch.Tensor, rows: range, started: float) -> None:
        """Choose the tokens of some rows, and pass them on.

        Args:
            logits: (len(rows), length, vocab_size).
            started: when their pass began.
        """
        assert self._pool is not None
        tasks = [self._running[number] for number in rows]
        samplings = [task.request.sampling for task in tasks]
        tokens, logprobs = read(*sample(logits, samplings, [len(task.row.answer) for task in tasks]))
        chosen = list(zip(rows, tasks, tokens, logprobs, strict=True))
        seconds = time.monotonic() - started
        for number, task, ids, row_logprobs in chosen:
            if task.row.finish_reason is not None:
                continue
            task.passes += 1
            task.decoding += seconds
            try:
                for event in task.row.accept(self._pool, number, ids, row_logprobs):
                    task.put(event)
            except CogdocError as error:
                task.row.finish_reason = FinishReason.CANCELLED
                task.put(error)
        self._end_running()

    def _end_running(self) -> None:
        """Free the rows of requests that have finished, or that end now."""
        for number in reversed(range(len(self._running))):
            task = self._running[number]
            if task.row.finish_reason is None and (reason := task.end_reason()) is not None:
                task.finish(reason)
            if task.row.finish_reason is not None:
                self._leave(number)

    def _leave(self, number: int) -> None:
        assert self._pool is not None
        self._pool.leave(number)
        self._running[number] = self._running[-1]
        self._running.pop()

    def _end(self, tasks: list[Task]) -> None:
        """Finish those of some requests, in no row, that end now, and remove them from the list."""
        for task in list(tasks):
            if (reason := task.end_reason()) is not None:
                task.finish(reason)
                tasks.remove(task)

    def _go_on_with_less(self, lack: ResourceError, group: list[Task]) -> None:
        """After a lack of memory, free what can be had again and go on with fewer rows.

        All requests join again later. One that has no memory even alone fails at its second attempt. Call it after the
        `except` block, whose traceback holds the tensors of the failed pass.
        """
        alone = len(self._running) + len(group) == 1 or not self._running
        tasks = [task for task in dict.fromkeys((*self._running, *group)) if task.row.finish_reason is None]
        self._rows = 1 if alone else max(1, self._rows // 2)
        self._running, self._pool = [], None
        for task in tasks:
            task.begin_again()
            task.failures += alone
        self._wait_again([task for task in tasks if task.failures <= 1])
        try:
            self._readings.release()
            release_memory()
        finally:  # whoever learns of it finds the memory free
            for task in tasks:
                if task.failures > 1:
                    task.put(lack)

    def _fail_all(self, error: BaseException) -> None:
        with self._shared.condition:
            tasks, self._shared.waiting = [*self._running, *self._shared.waiting], []
        self._running = []
        self._pool = None
        for task in tasks:
            task.put(error)


def closed() -> CogdocError:
    return TimeLimitError("the model was closed")
