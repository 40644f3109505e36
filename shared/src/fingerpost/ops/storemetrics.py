"""What Prometheus is told of the store: how far it is, how it commits, and which of its sources can be read."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import product

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from fingerpost.ops.metrics import SECONDS, Read

__all__ = ["StoreMetrics"]

_KINDS = ("peer", "token", "password")
_WRITES = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000)


class StoreMetrics:
    """The metrics that only a process with a store in it has; `revision` is read at each scrape."""

    def __init__(self, registry: CollectorRegistry, revision: Read) -> None:
        Gauge(
            "fingerpost_store_revision", "The last revision that the store has committed.", registry=registry
        ).set_function(revision)
        self._durations = Histogram(
            "fingerpost_store_commit_duration_seconds",
            "Time that a commit took, the wait for its thread included.",
            registry=registry,
            buckets=SECONDS,
        )
        self._batches = Histogram(
            "fingerpost_store_batch_size", "Writes in one commit.", registry=registry, buckets=_WRITES
        )
        self._sources = Gauge(
            "fingerpost_source_up", "1 while a source can be read, by its name.", ("source",), registry=registry
        )

        self._proofs = Counter(
            "fingerpost_proofs_total",
            "Proofs to be somebody, by kind (peer, token, password) and outcome (accepted, refused, throttled).",
            ("kind", "outcome"),
            registry=registry,
        )
        for kind, outcome in product(_KINDS, ("accepted", "refused", "throttled")):
            self._proofs.labels(kind, outcome)  # from nothing to one is no rise for whoever scrapes

    def proof(self, kind: str, outcome: str) -> None:
        """A proof was looked at; both words are from closed sets."""
        self._proofs.labels(kind, outcome).inc()

    def committed(self, seconds: float, writes: int) -> None:
        """A batch of writes was made durable."""
        self._durations.observe(seconds)
        self._batches.observe(writes)

    def sources(self, up: Mapping[str, bool]) -> None:
        """Which of the configured sources can be read, by their names."""
        self._sources.clear()
        for name, readable in up.items():
            self._sources.labels(name).set(readable)
