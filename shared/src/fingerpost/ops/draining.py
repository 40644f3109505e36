"""Waiting for the last of some connections to end, and making them end where that takes too long."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, Protocol

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IReactorTime

__all__ = ["DRAIN_SECONDS", "Drain", "Drainable"]

DRAIN_SECONDS = 10.0


class Drainable(Protocol):
    """A factory whose connections can be waited for."""

    def drain(self, seconds: float) -> Deferred[None]:
        """Fires when every connection has ended, which it is made to after `seconds`."""


class Drain:
    """`connections` is what its owner adds to and takes from; each has a `transport`."""

    def __init__(self, clock: IReactorTime, connections: Collection[Any]) -> None:
        self._clock = clock
        self._connections = connections
        self._waiting: list[Deferred[None]] = []

    def wait(self, seconds: float) -> Deferred[None]:
        """Fires when every connection has ended, which it is made to after `seconds`."""
        waiting: Deferred[None] = Deferred()
        self._waiting.append(waiting)
        self.left()
        return waiting.addTimeout(seconds, self._clock, onTimeoutCancel=self._cut_off)

    def left(self) -> None:
        """A connection has ended."""
        if not self._connections:
            waiting, self._waiting = self._waiting, []
            for each in waiting:
                each.callback(None)

    def _cut_off(self, result: object, seconds: float) -> None:
        for connection in tuple(self._connections):
            if connection.transport is not None:
                connection.transport.abortConnection()
