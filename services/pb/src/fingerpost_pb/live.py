"""The live list as the server has it: one list for all who observe it, kept current by the feed while anybody does."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from attrs import astuple, define
from fingerpost.errors import TemporarilyUnavailable
from fingerpost.interfaces import IStatuses
from fingerpost.model import Change
from twisted.internet.defer import Deferred
from twisted.logger import Logger
from twisted.spread import pb

from fingerpost_pb.client import LIVE
from fingerpost_pb.current import Current, load

__all__ = ["BACKLOG", "LiveStatuses"]

BACKLOG = 1000  # updates that an observer may leave unacknowledged


@define
class _Observer:
    remote: Any
    unanswered: int = 0

    def tell(self, what: str, *arguments: object) -> None:
        if self.unanswered >= BACKLOG:
            self.remote.broker.refuse(f"it left {BACKLOG} updates of the live list unacknowledged")
            return
        self.unanswered += 1
        self.remote.callRemote(what, *arguments).addBoth(self._answered)

    def _answered(self, _: object) -> None:
        self.unanswered -= 1


class LiveStatuses(pb.Cacheable):
    """The `limit` latest statuses; what clients make of it is `fingerpost_pb.client.LiveStatuses`."""

    _log = Logger()

    def __init__(self, statuses: IStatuses, limit: int) -> None:
        self._statuses = statuses
        self._limit = limit
        self._current = Current(limit)
        self._observers: dict[Any, _Observer] = {}  # by broker
        self._unwatch: Callable[[], None] | None = None
        self._filling = False

    async def ready(self) -> LiveStatuses:
        """Itself, holding what is so in the turn in which this returns; raises `TemporarilyUnavailable`."""
        if not self._observers:
            self._adopt(await load(self._statuses, self._limit))
        return self

    # What PB calls

    def getTypeToCopy(self) -> bytes:
        """See `Copyable`."""
        return LIVE

    def getStateToCacheAndObserveFor(self, perspective: object, observer: Any) -> dict[str, Any]:
        """See `Cacheable`. This runs in the turn of `ready`, so no change is lost between the two."""
        self._observers[observer.broker] = _Observer(observer)
        if self._unwatch is None:
            self._unwatch = self._statuses.watch(self._heard)
        return {"limit": self._limit, "statuses": [astuple(entry) for entry in self._current]}

    def stoppedObserving(self, perspective: object, observer: Any) -> None:
        """See `Cacheable`."""
        self._observers.pop(observer.broker, None)
        if not self._observers and self._unwatch is not None:
            self._unwatch()
            self._unwatch = None

    # The feed

    def _heard(self, change: Change) -> None:
        if self._current.apply(change):
            self._tell_of(change.login)
        if self._current.short and not self._filling:
            self._filling = True
            Deferred.fromCoroutine(self._fill()).addErrback(self._failed)

    async def _fill(self) -> None:
        """Somebody has left the list, and others wait behind its end: load it again, and tell the difference."""
        try:
            found = await load(self._statuses, self._limit)
        except TemporarilyUnavailable:
            return  # the list is right but for its end, and the next change tries again
        finally:
            self._filling = False
        self._adopt(found)

    def _adopt(self, found: Current) -> None:
        before, self._current = self._current, found
        for entry in before:
            if entry.login not in found:
                self._tell_of(entry.login)
        for entry in found:
            if before.get(entry.login) != entry:
                self._tell_of(entry.login)

    def _tell_of(self, login: str) -> None:
        entry = self._current.get(login)
        for observer in tuple(self._observers.values()):
            if entry is None:
                observer.tell("removed", login)
            else:
                observer.tell("changed", astuple(entry))

    def _failed(self, failure: Any) -> None:
        self._log.failure("The live list could not be filled up", failure)
