"""Where blocking calls are run: a pool of real threads in the daemon, at once in tests."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from twisted.application.service import Service
from twisted.internet.defer import Deferred, maybeDeferred
from twisted.internet.interfaces import IReactorFromThreads
from twisted.internet.threads import deferToThreadPool
from twisted.python.threadpool import ThreadPool
from zope.interface import implementer

from fingerpost.store.interfaces import IThreads

__all__ = ["AtOnce", "Threads"]

T = TypeVar("T")


@implementer(IThreads)
class AtOnce:
    """Runs every call at once, in the caller's thread."""

    def run(self, call: Callable[..., T], *args: Any) -> Deferred[T]:
        """See `IThreads`."""
        return maybeDeferred(call, *args)


@implementer(IThreads)
class Threads(Service):
    """A pool that belongs to the service alone, so that nobody else's slow call delays it."""

    def __init__(self, reactor: IReactorFromThreads, name: str, size: int = 1) -> None:
        self._reactor = reactor
        self._pool = ThreadPool(size, size, name)

    def startService(self) -> None:
        """Start the threads."""
        super().startService()
        self._pool.start()

    def stopService(self) -> None:
        """Let running calls end, and stop the threads."""
        super().stopService()
        self._pool.stop()

    def run(self, call: Callable[..., T], *args: Any) -> Deferred[T]:
        """See `IThreads`."""
        return deferToThreadPool(self._reactor, self._pool, call, *args)
