"""Starts the worker processes that read documents, behind the reading cache unless it is switched off."""

from __future__ import annotations

from cogdoc.cli.messages import warn
from cogdoc.documents.confinement.limits import memory_for
from cogdoc.documents.reading_cache.cache_place import open_cache
from cogdoc.documents.reading_cache.caching_workers import CachingWorkers
from cogdoc.documents.rendering import MAX_MEGAPIXELS
from cogdoc.documents.sandbox import Sandbox
from cogdoc.documents.workers import Workers


def start_workers(
    jobs: int,
    timeout: float,
    *,
    cache: bool | None,
    max_megapixels: float = MAX_MEGAPIXELS,
    strict: bool = False,
    quiet: bool = False,
) -> Workers:
    """
    Args:
        cache: whether results are kept for later runs; None for those of files that open without a password.

    Raises:
        MissingError: `strict`, and this system lacks a part of the confinement.
        UsageError: the cache's settings in the environment are wrong.
    """

    def start() -> Sandbox:
        return Sandbox(jobs, timeout, memory=memory_for(max_megapixels), strict=strict)

    database = None if cache is False else open_cache()
    if database is None:
        return start()
    if database.problem and not quiet:
        warn(f"what pages say is not kept: {database.problem}")
    # A system that does not confine is refused before anything is read.
    started = start() if strict else None
    return CachingWorkers(lambda: started or start(), jobs, database, strict=strict, with_passwords=cache is True)
