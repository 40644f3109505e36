"""How long to wait before a network is tried again.

`ClientService` forgets its failures as soon as TCP connects. A server that throttles or refuses lets TCP connect, so
here a connection has succeeded only once the server's welcome is a minute old.
"""

from __future__ import annotations

from collections.abc import Callable
from random import uniform

from twisted.application.internet import backoffPolicy
from twisted.internet.interfaces import IReactorTime

__all__ = ["Backoff"]

_FIRST = 1.0
_LONGEST = 300.0
_SETTLED = 60.0


def _spread() -> float:
    """So that bots do not come back all at once."""
    return uniform(0.8, 1.2)  # noqa: S311 (it guards no secret)


class Backoff:
    """A `retryPolicy` of `ClientService`: called once for each connection that was lost or could not be made."""

    def __init__(self, clock: IReactorTime, spread: Callable[[], float] = _spread) -> None:
        self._clock = clock
        self._spread = spread
        self._delay = backoffPolicy(_FIRST, _LONGEST, 2.0, lambda: 0.0)
        self._failures = 0
        self._welcomed_at: float | None = None

    def welcomed(self) -> None:
        """The server has let us in."""
        self._welcomed_at = self._clock.seconds()

    def __call__(self, attempts: int) -> float:
        """Seconds to wait now; Twisted's own count of attempts is not used."""
        if self._welcomed_at is not None and self._clock.seconds() - self._welcomed_at >= _SETTLED:
            self._failures = 0
        self._welcomed_at = None
        delay = self._delay(self._failures) * self._spread()
        self._failures += 1
        return delay
