"""Ending a service that nobody wants anything of, where systemd starts it again for the next client."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from twisted.application.service import Service
from twisted.internet.task import LoopingCall
from twisted.logger import Logger

__all__ = ["IdleExit"]


class IdleExit(Service):
    """Stops the reactor after so many seconds without a connection or a request.

    `use` returns the connections that are open, and the requests there have been. Nobody is lost: a client who comes
    while the service stops waits in the socket, which is systemd's, and is the first of the next process.
    """

    _log = Logger()

    def __init__(self, reactor: Any, seconds: float, use: Callable[[], tuple[int, int]]) -> None:
        self._reactor = reactor
        self._seconds = seconds
        self._use = use
        self._looking = LoopingCall(self._look)
        self._looking.clock = reactor

    def startService(self) -> None:
        """Begin to wait."""
        super().startService()
        self._seen, self._since = self._use(), self._reactor.seconds()
        self._looking.start(min(1.0, self._seconds / 4))

    def stopService(self) -> None:
        """See `IService`."""
        super().stopService()
        if self._looking.running:
            self._looking.stop()

    def _look(self) -> None:
        now, use = self._reactor.seconds(), self._use()
        if use[0] or use != self._seen:
            self._seen, self._since = use, now
        elif now - self._since >= self._seconds:
            self._log.info("Nobody has asked for {seconds:g} s: ending, until the next client", seconds=self._seconds)
            self._looking.stop()
            self._reactor.stop()
