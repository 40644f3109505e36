"""A client that does not read what it is sent is not read from either, and is cut off in the end."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from twisted.internet.interfaces import IDelayedCall, IPushProducer, IReactorTime
from zope.interface import implementer

__all__ = ["PATIENCE", "Backpressure"]

PATIENCE = 60.0  # seconds for which a client may leave what it was sent unread


@implementer(IPushProducer)
class Backpressure:
    """Registered with a transport, learns from it when too much is unsent. Calls `resumed`, or in the end `stalled`.

    Being full is not yet a reason to stop reading: TLS reports it while it shakes hands, which takes reading.
    """

    def __init__(
        self, clock: IReactorTime, transport: Any, resumed: Callable[[], None], stalled: Callable[[], None]
    ) -> None:
        self.full = False
        self._holding = False
        self._clock = clock
        self._transport = transport
        self._resumed = resumed
        self._stalled = stalled
        self._waiting: IDelayedCall | None = None
        transport.registerProducer(self, True)

    def hold(self) -> None:
        """Read no more until what was written is sent: something has come that has to wait for that."""
        if not self._holding:
            self._holding = True
            self._transport.pauseProducing()

    def pauseProducing(self) -> None:
        """See `IPushProducer`."""
        self.full = True
        if self._waiting is None:
            self._waiting = self._clock.callLater(PATIENCE, self._stalled)

    def resumeProducing(self) -> None:
        """See `IPushProducer`."""
        self.full = False
        self._stop_waiting()
        if self._holding:
            self._holding = False
            self._transport.resumeProducing()
        self._resumed()

    def stopProducing(self) -> None:
        """See `IProducer`."""
        self._stop_waiting()

    def end(self) -> None:
        """Let the transport close as soon as what was written is sent."""
        self._stop_waiting()
        self._transport.unregisterProducer()

    def _stop_waiting(self) -> None:
        if self._waiting is not None and self._waiting.active():
            self._waiting.cancel()
        self._waiting = None
