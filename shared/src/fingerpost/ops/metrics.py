"""What Prometheus is told of a process and its services; labels are from closed sets, and never a name or an address.

Counting is a dictionary look-up and an addition. What is known elsewhere (revisions, connections, drops) is read when
somebody scrapes.
"""

from __future__ import annotations

import platform
from collections.abc import Callable, Iterable
from importlib.metadata import version

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    GCCollector,
    Histogram,
    Info,
    PlatformCollector,
    ProcessCollector,
    disable_created_metrics,
)
from prometheus_client.core import CounterMetricFamily
from prometheus_client.registry import Collector
from twisted.protocols.amp import Command

from fingerpost.ops.outcomes import Outcome

__all__ = ["SECONDS", "SERVICES", "Metrics", "Read", "ServiceMetrics", "new_registry"]

SERVICES = ("finger", "finger-setter", "finger-web", "finger-irc", "finger-pb", "finger-store")
SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)

Read = Callable[[], float]

_GAUGES = {
    "fingerpost_connections": "Open connections of clients.",
    "fingerpost_store_up": "1 while the service is connected to the store.",
    "fingerpost_replica_revision": "The last revision that the service has taken in.",
    "fingerpost_replica_age_seconds": "Time since the records were last known to be current; 0 while they are.",
    "fingerpost_replica_records": "Records kept in memory.",
    "fingerpost_tls_certificate_expiry_timestamp_seconds": "When the certificate in use expires, as a Unix time.",
}


def new_registry() -> CollectorRegistry:
    """A registry that knows the process, its garbage collector and its Python, without the noise of `_created`."""
    disable_created_metrics()
    registry = CollectorRegistry()
    ProcessCollector(registry=registry)
    GCCollector(registry=registry)
    PlatformCollector(registry=registry)
    return registry


class Metrics:
    """The metrics of a process, in its registry; `of` has those of one service in it."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.registry = registry
        self.requests = Counter(
            "fingerpost_requests_total",
            "Requests by outcome: queries, sets, pages, messages, calls, AMP commands, and those refused by limits.",
            ("service", "outcome"),
            registry=registry,
        )
        self.durations = Histogram(
            "fingerpost_request_duration_seconds",
            "Time from a whole request to its answer.",
            ("service",),
            registry=registry,
            buckets=SECONDS,
        )
        self.calls = Counter(
            "fingerpost_amp_calls_total",
            "Commands that the service asked the store, by outcome.",
            ("service", "command", "outcome"),
            registry=registry,
        )
        self.gauges = {name: Gauge(name, text, ("service",), registry=registry) for name, text in _GAUGES.items()}
        versions = {name: version(name) for name in ("fingerpost", "twisted")}
        Info("fingerpost_build", "The versions that run.", registry=registry).info({
            "version": versions["fingerpost"],
            "twisted": versions["twisted"],
            "python": platform.python_version(),
        })  # fmt: skip

    def of(self, service: str) -> ServiceMetrics:
        """The metrics of one of `SERVICES`."""
        if service not in SERVICES:
            raise ValueError(f"there is no service '{service}'")
        return ServiceMetrics(self, service)

    def read_drops(self, dropped: Read) -> None:
        """Have it read at each scrape how many log messages were dropped."""
        self.registry.register(_Drops(dropped))


class ServiceMetrics:
    """The metrics of one service, with the children of its labels at hand. What is to be read is so at each scrape."""

    def __init__(self, metrics: Metrics, service: str) -> None:
        self.registry = metrics.registry
        self._metrics = metrics
        self._service = service
        self._requests = {outcome: metrics.requests.labels(service, outcome.value) for outcome in Outcome}
        self._durations = metrics.durations.labels(service)
        self._calls: dict[tuple[type[Command], Outcome], Counter] = {}

    def request(self, outcome: Outcome, seconds: float) -> None:
        """A request was dealt with, so long after it was whole."""
        self._requests[outcome].inc()
        self._durations.observe(seconds)

    def refused(self) -> None:
        """A request or connection was one too many, and was not looked at."""
        self._requests[Outcome.REFUSED].inc()

    def called(self, command: type[Command], outcome: Outcome) -> None:
        """The store was asked."""
        counter = self._calls.get((command, outcome))
        if counter is None:
            counter = self._metrics.calls.labels(self._service, command.__name__, outcome.value)
            self._calls[command, outcome] = counter
        counter.inc()

    def read_connections(self, count: Read) -> None:
        """How many connections are open."""
        self._read("fingerpost_connections", count)

    def read_store(self, up: Read) -> None:
        """Whether there is a connection to the store."""
        self._read("fingerpost_store_up", up)

    def read_replica(self, revision: Read, age: Read, records: Read) -> None:
        """How far the replica is, for how many seconds it may have been out of date, and what it holds."""
        self._read("fingerpost_replica_revision", revision)
        self._read("fingerpost_replica_age_seconds", age)
        self._read("fingerpost_replica_records", records)

    def read_certificate(self, expires: Read) -> None:
        """When the certificate in use expires, as a Unix time."""
        self._read("fingerpost_tls_certificate_expiry_timestamp_seconds", expires)

    def _read(self, name: str, value: Read) -> None:
        self._metrics.gauges[name].labels(self._service).set_function(value)


class _Drops(Collector):
    """A counter that somebody else counts, which `prometheus_client.Counter` does not know."""

    def __init__(self, dropped: Read) -> None:
        self._dropped = dropped

    def describe(self) -> Iterable[CounterMetricFamily]:
        """The name, so that a registry notices when it is taken."""
        yield CounterMetricFamily("fingerpost_log_dropped", "Log messages that the log did not take in time.")

    def collect(self) -> Iterable[CounterMetricFamily]:
        """See `Collector`."""
        for family in self.describe():
            family.add_metric([], self._dropped())
            yield family
