"""What Prometheus reads at `/metrics`: requests, the queue, pages, tokens, and this process."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector, generate_latest

from cogdoc.results.records import AnyRecord
from cogdoc.results.usage_counts import Usage

SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 600)


class Metrics:
    """Of one server. Thread-safe."""

    def __init__(self) -> None:
        self._registry = registry = CollectorRegistry()
        ProcessCollector(registry=registry)
        self._requests = Counter(
            "cogdoc_requests", "Requests that ended.", ("method", "path", "status"), registry=registry
        )
        self._seconds = Histogram(
            "cogdoc_request_seconds", "How long requests took.", ("path",), buckets=SECONDS, registry=registry
        )
        self._records = Counter(
            "cogdoc_records",
            "Results: pages of ocr, answers of ask, charts, documents of extract.",
            ("task", "outcome"),
            registry=registry,
        )
        self._tokens = Counter("cogdoc_tokens", "Tokens of the model.", ("kind",), registry=registry)
        self._cache_hits = Counter(
            "cogdoc_cache_hits", "Texts and layouts of pages that the reading cache had.", registry=registry
        )
        self._uploaded = Counter("cogdoc_uploaded_bytes", "Bytes of documents and pictures.", registry=registry)

    def watch(self, name: str, help_text: str, value: Callable[[], float]) -> None:
        """Add a figure that is asked for when Prometheus reads."""
        Gauge(f"cogdoc_{name}", help_text, registry=self._registry).set_function(value)

    def count_request(self, method: str, path: str, status: int, seconds: float) -> None:
        """
        Args:
            path: of the route, in which parameters are not filled in.
        """
        self._requests.labels(method, path, str(status)).inc()
        self._seconds.labels(path).observe(seconds)

    def count_records(self, records: Iterable[AnyRecord]) -> None:
        for record in records:
            self._records.labels(record.task, "failed" if record.error is not None else "done").inc()
            if record.usage is not None:
                self.count_usage(record.usage)

    def count_usage(self, usage: Usage) -> None:
        self._tokens.labels("prompt").inc(usage.prompt_tokens)
        self._tokens.labels("image").inc(usage.image_tokens)
        self._tokens.labels("generated").inc(usage.generated_tokens)
        self._cache_hits.inc(usage.cache_hits)

    def count_upload(self, size: int) -> None:
        self._uploaded.inc(size)

    def text(self) -> bytes:
        """In Prometheus's text format."""
        return generate_latest(self._registry)
