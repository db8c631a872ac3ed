"""Adds up what models' work takes, puts it into words, and leaves out of records what differs from run to run."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import TypeVar

from cogdoc.results.records import Record, Usage

R = TypeVar("R", bound=Record)

_OF_THE_TEXT = {"generations", "prompt_tokens", "generated_tokens"}

SHORT_WAIT = 0.05
"""Seconds of waiting that are not worth a word."""


def total_usage(usages: Iterable[Usage | None]) -> Usage | None:
    """The sum of usages; None if there are none."""
    known = [usage for usage in usages if usage is not None]
    if len(known) < 2:
        return known[0] if known else None
    pictures: Counter[str] = Counter()
    seconds: dict[str, float] = {}
    for usage in known:
        pictures.update(usage.pictures)
        for name, value in usage.seconds.items():
            seconds[name] = round(seconds.get(name, 0.0) + value, 4)
    return Usage(
        generations=sum(usage.generations for usage in known),
        failed=sum(usage.failed for usage in known),
        prompt_tokens=sum(usage.prompt_tokens for usage in known),
        generated_tokens=sum(usage.generated_tokens for usage in known),
        passes=_sum(usage.passes for usage in known),
        draft_tokens=_sum(usage.draft_tokens for usage in known),
        accepted_tokens=_sum(usage.accepted_tokens for usage in known),
        pictures=dict(pictures),
        seconds=seconds,
    )


def reproducible(record: R) -> R:
    """A record without its timings, and with only that of its usage which follows from the text.

    How far a generation came that took too long differs from run to run. Passes and drafts do where memory runs out.
    """
    usage = record.usage
    if usage is not None:
        usage = None if usage.failed else Usage(**usage.model_dump(include=_OF_THE_TEXT))
    return record.model_copy(update={"timings": {}, "usage": usage})


def describe_usage(usage: Usage) -> str:
    """In words: "41 tokens in 6 passes, 35 of 37 draft tokens accepted, picture 0.8 s, decoding 0.3 s"."""
    parts = [_count(usage.generated_tokens, "token")]
    if usage.passes is not None:
        parts[0] += f" in {_count(usage.passes, 'pass', 'passes')}"
    if usage.failed:
        parts.append(f"{usage.failed} of {_count(usage.generations, 'generation')} failed")
    if usage.draft_tokens:
        parts.append(f"{usage.accepted_tokens or 0} of {_count(usage.draft_tokens, 'draft token')} accepted")
    seconds = usage.seconds
    waiting = seconds.get("waiting", 0.0)
    if waiting >= SHORT_WAIT:
        parts.append(f"waiting {waiting:.1f} s")
    if "pictures" in seconds:
        parts.append(_pictures(usage.pictures, seconds["pictures"]))
    if "decoding" in seconds:
        parts.append(f"decoding {seconds['decoding']:.1f} s")
    return ", ".join(parts)


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
