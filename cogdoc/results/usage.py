"""Adds up what models' work takes, puts it into words, and leaves out of records what differs from run to run."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import TypeVar

from cogdoc.results.records import Record
from cogdoc.results.usage_counts import Usage

R = TypeVar("R", bound=Record)

_OF_THE_TEXT = {"generations", "prompt_tokens", "image_tokens", "generated_tokens"}

PROCESS = "process"
"""The place of memory that is not a card's."""

SHORT_WAIT = 0.05
"""Seconds of waiting that are not worth a word."""


def total_usage(usages: Iterable[Usage | None]) -> Usage | None:
    """The sum of usages; None if there are none."""
    known = [usage for usage in usages if usage is not None]
    if len(known) < 2:
        return known[0] if known else None
    pictures: Counter[str] = Counter()
    seconds: dict[str, float] = {}
    peaks: dict[str, int] = {}
    for usage in known:
        pictures.update(usage.pictures)
        for place, peak in usage.peak_memory.items():
            peaks[place] = max(peak, peaks.get(place, 0))
        for name, value in usage.seconds.items():
            seconds[name] = round(seconds.get(name, 0.0) + value, 4)
    return Usage(
        generations=sum(usage.generations for usage in known),
        failed=sum(usage.failed for usage in known),
        prompt_tokens=sum(usage.prompt_tokens for usage in known),
        image_tokens=sum(usage.image_tokens for usage in known),
        generated_tokens=sum(usage.generated_tokens for usage in known),
        passes=_sum(usage.passes for usage in known),
        draft_tokens=_sum(usage.draft_tokens for usage in known),
        accepted_tokens=_sum(usage.accepted_tokens for usage in known),
        pictures=dict(pictures),
        seconds=seconds,
        cache_hits=sum(usage.cache_hits for usage in known),
        peak_memory=peaks,
    )


def with_cache_hits(usage: Usage | None, hits: int) -> Usage | None:
    """What a model's work took, if any, and what the reading cache had."""
    return total_usage((usage, Usage(cache_hits=hits) if hits else None))


def reproducible(record: R) -> R:
    """A record without its timings, and with only that of its usage which follows from the text."""
    return record.model_copy(update={"timings": {}, "usage": reproducible_usage(record.usage)})


def reproducible_usage(usage: Usage | None) -> Usage | None:
    """That of a usage which follows from the text; None if nothing does.

    How far a generation came that took too long differs from run to run. Passes and drafts do where memory runs out.
    """
    if usage is None or usage.failed or not usage.generations:
        return None
    return Usage(**usage.model_dump(include=_OF_THE_TEXT))


def describe_usage(usage: Usage) -> str:
    """In words: "41 tokens in 6 passes, 35 of 37 draft tokens accepted, picture 0.8 s, decoding 0.3 s"."""
    parts = list(_generations(usage) if usage.generations else ())
    if usage.cache_hits:
        parts.append(f"{_count(usage.cache_hits, 'reading')} from the cache")
    return ", ".join(parts)


def describe_memory(peaks: Mapping[str, int]) -> str:
    """In words: "0.6 GB in this process, 13.1 GB on cuda:0"."""
    places = {place: "in this process" if place == PROCESS else f"on {place}" for place in peaks}
    return ", ".join(f"{peak / 1e9:.1f} GB {places[place]}" for place, peak in sorted(peaks.items(), reverse=True))


def _generations(usage: Usage) -> Iterator[str]:
    passes = f" in {_count(usage.passes, 'pass', 'passes')}" if usage.passes is not None else ""
    yield _count(usage.generated_tokens, "token") + passes
    if usage.failed:
        yield f"{usage.failed} of {_count(usage.generations, 'generation')} failed"
    if usage.draft_tokens:
        yield f"{usage.accepted_tokens or 0} of {_count(usage.draft_tokens, 'draft token')} accepted"
    seconds = usage.seconds
    if (waiting := seconds.get("waiting", 0.0)) >= SHORT_WAIT:
        yield f"waiting {waiting:.1f} s"
    if "vision" in seconds:
        yield _pictures(usage.pictures, seconds["vision"])
    for step in ("prompt", "decoding", "server"):
        if step in seconds:
            yield f"{step} {seconds[step]:.1f} s"


def _pictures(pictures: Mapping[str, int], seconds: float) -> str:
    if pictures == {"read": 1}:
        return f"picture {seconds:.1f} s"
    if sum(pictures.values()) == 1:
        return f"picture {seconds:.1f} s ({next(iter(pictures))})"
    sources = ", ".join(f"{count} {source}" for source, count in sorted(pictures.items()))
    return f"pictures {seconds:.1f} s ({sources or 'none read'})"


def _sum(counts: Iterable[int | None]) -> int | None:
    known = [count for count in counts if count is not None]
    return sum(known) if known else None


def _count(number: int, one: str, several: str | None = None) -> str:
    return f"{number:,} {one if number == 1 else several or f'{one}s'}"
