"""How reading the database goes: said when it begins to fail, and when it no longer does."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IReactorTime
from twisted.logger import Logger
from zope.interface import implementer

from fingerpost.ops.events import Event
from fingerpost.store.interfaces import EngineFailed, IThreads

__all__ = ["Readings"]

_QUIET = 30.0  # seconds without a failure, after which reading works again: of a damaged file, some can be read

T = TypeVar("T")


@implementer(IThreads)
class Readings:
    """Runs calls that read in threads; `trouble` is why some of them fail."""

    _log = Logger()

    def __init__(self, threads: IThreads, clock: IReactorTime) -> None:
        self.trouble: str | None = None
        self._threads = threads
        self._clock = clock
        self._failed_at = 0.0

    def run(self, call: Callable[..., T], *args: Any) -> Deferred[T]:
        """See `IThreads`."""
        return self._threads.run(call, *args).addCallbacks(self._read, self._failed)

    def _read(self, found: T) -> T:
        if self.trouble is not None and self._clock.seconds() - self._failed_at > _QUIET:
            self.trouble = None
            self._log.info("The database can be read again", message_id=Event.DATABASE_READABLE)
        return found

    def _failed(self, failure: Any) -> Any:
        if failure.check(EngineFailed):
            self._failed_at = self._clock.seconds()
            if self.trouble is None:
                self.trouble = str(failure.value)
                self._log.error(
                    "{finger_reason}", message_id=Event.DATABASE_UNREADABLE, finger_reason=str(failure.value)
                )
        return failure
