"""The metrics socket: `/metrics` for Prometheus, `/-/healthy` and `/-/ready` for whoever asks how the service is.

prometheus_client's own Twisted resource is not used: it is WSGI in the reactor's thread pool, where it would read our
state while the reactor changes it.
"""

from __future__ import annotations

from collections.abc import Callable
from io import BytesIO
from typing import Any

from attrs import frozen
from prometheus_client import CollectorRegistry
from prometheus_client.exposition import choose_encoder
from twisted.logger import Logger
from twisted.web.http import Request
from twisted.web.resource import Resource
from twisted.web.server import Site

from fingerpost.ops.operated import MetricsConfig
from fingerpost.ops.services import Listening, endpoints

__all__ = ["MetricsSite", "observing"]

_IDLE = 75  # seconds that a connection may be idle: longer than the time between two scrapes

Ready = Callable[[], str | None]


def observing(reactor: Any, config: MetricsConfig, registry: CollectorRegistry, ready: Ready) -> Listening:
    """The service that answers on the metrics socket.

    `ready` returns None, or the sentence that says why the service can't answer as it should.
    """
    places = endpoints(reactor, config.listen, "metrics", "fd:metrics")
    return Listening(places, MetricsSite(registry, ready, reactor))


class MetricsSite(Site):
    """Answers GET and HEAD, and keeps nothing of a request's body."""

    noisy = False
    displayTracebacks = False

    def __init__(self, registry: CollectorRegistry, ready: Ready, reactor: Any) -> None:
        super().__init__(_Pages(registry, ready), timeout=_IDLE, reactor=reactor)

    def getContentFile(self, length: int | None) -> BytesIO:
        """See `Request.gotLength`."""
        return _Nowhere()

    def log(self, request: Request) -> None:
        """See `HTTPFactory`; a scrape every few seconds is nothing to log."""


class _Nowhere(BytesIO):
    """What is written to it is gone."""

    def write(self, data: Any) -> int:
        return len(data)


@frozen
class _Answer:
    code: int
    body: bytes
    kind: str = "text/plain; charset=utf-8"


class _Pages(Resource):
    """Every page, each a call that takes the request's Accept header."""

    isLeaf = True
    _log = Logger()

    def __init__(self, registry: CollectorRegistry, ready: Ready) -> None:
        super().__init__()
        self._registry = registry
        self._ready = ready
        self._pages = {b"/metrics": self._metrics, b"/-/healthy": self._healthy, b"/-/ready": self._readiness}

    def render(self, request: Request) -> bytes:
        """See `IResource`."""
        answer = self._answer(request)
        request.setResponseCode(answer.code)
        request.setHeader("content-type", answer.kind)
        request.setHeader("content-length", str(len(answer.body)))
        request.setHeader("cache-control", "no-store")
        return b"" if request.method == b"HEAD" else answer.body

    def _answer(self, request: Request) -> _Answer:
        page = self._pages.get(request.path)
        if page is None:
            return _sentence(404, f"There are {', '.join(path.decode() for path in self._pages)} here.")
        if request.method not in (b"GET", b"HEAD"):
            request.setHeader("allow", "GET, HEAD")
            return _sentence(405, "This can be read only.")
        try:
            return page(request.getHeader("accept") or "")
        except Exception:
            self._log.failure("{page} could not be made", page=request.path.decode())
            return _sentence(500, "Something went wrong here; it has been logged.")

    def _metrics(self, accept: str) -> _Answer:
        write, kind = choose_encoder(accept)
        return _Answer(200, write(self._registry), kind)

    def _healthy(self, accept: str) -> _Answer:
        return _sentence(200, "The service runs.")

    def _readiness(self, accept: str) -> _Answer:
        trouble = self._ready()
        return _sentence(200, "The service is ready.") if trouble is None else _sentence(503, trouble)


def _sentence(code: int, sentence: str) -> _Answer:
    return _Answer(code, f"{sentence}\n".encode())
