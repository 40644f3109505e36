"""What becomes of the requests of one service: counted for Prometheus, and logged where an access log is kept."""

from __future__ import annotations

from twisted.internet.interfaces import IReactorTime
from twisted.logger import Logger

from fingerpost.ops.access import AccessLog, LogConfig
from fingerpost.ops.events import Event
from fingerpost.ops.metrics import Metrics
from fingerpost.ops.outcomes import Outcome

__all__ = ["Requests"]

_SAY_FULL_EVERY = 60.0


class Requests:
    """A service calls `now` when a request is whole, and `done` when it is answered."""

    _log = Logger()

    def __init__(self, clock: IReactorTime, metrics: Metrics, service: str, config: LogConfig) -> None:
        self.metrics = metrics.of(service)
        self.access = AccessLog(service, config)
        self.now = clock.seconds
        self._service = service
        self.count = 0
        self._full_at = -_SAY_FULL_EVERY

    def done(self, since: float, outcome: Outcome, peer: str = "", about: str = "") -> None:
        """A request of a peer about somebody ("" for a list) was dealt with."""
        self.count += 1
        seconds = self.now() - since
        self.metrics.request(outcome, seconds)
        self.access.query(peer, about, outcome, seconds)

    def refused(self) -> None:
        """A request or a connection was one too many, or none that can be looked at."""
        self.count += 1
        self.metrics.refused()

    def full(self) -> None:
        """No more connections are let in; that is said once in a while."""
        now = self.now()
        if now - self._full_at >= _SAY_FULL_EVERY:
            self._full_at = now
            self._log.warn(
                "{finger_service}: as many connections are open as `limits.total` allows; more are turned away",
                message_id=Event.CONNECTION_LIMIT,
                finger_service=self._service,
            )
